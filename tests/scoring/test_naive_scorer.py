"""An independent implementation of docs/reference/protocol.md gives the same numbers."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from odd_bench.scoring.ground_truth import GroundTruth, TruthObject, TruthScene, digest
from odd_bench.scoring.score import Options, score_file
from tests.scoring import naive
from tests.scoring.worlds import make_truth, save_truth, write_predictions

PAGE = (Path(__file__).parent.parent.parent / "docs" / "reference" / "protocol.md").read_text()
RESAMPLES = 40


def random_answers(truth, rng):
    """Boxes of every kind: good, poor, doubled with equal or other scores, made up, none; and scores with ties."""
    answers = {}
    spread = rng.uniform(0, 0.03)
    for name, scene in truth.scenes.items():
        rows = []
        for item in scene.objects:
            for _ in range(int(rng.choice([0, 1, 1, 1, 2]))):
                box = np.array(item.obb) + [*rng.normal(0, spread, 3), *rng.normal(0, spread / 3, 3), 0]
                rows.append((box, item.label + rng.normal(0, 0.7)))
                if rng.random() < 0.15:
                    rows.append((box, rows[-1][1] + rng.choice([0.0, 0.5, -0.5])))
        if rng.random() < 0.3:
            rows.append((np.array([2.5, 0, 0.1, 0.2, 0.2, 0.2, 0.3]), rng.normal()))
        rows = [rows[place] for place in rng.permutation(len(rows))]
        boxes = np.array([box for box, _ in rows]).reshape(-1, 7)
        boxes[:, 3:6] = np.maximum(boxes[:, 3:6], 0.01)
        answers[name] = (boxes, np.round([score for _, score in rows], 1), None)
    return answers


def plain(truth, answers, threshold=0.5):
    objects = [(s.name, s.shape, o.label, o.obb) for s in truth.scenes.values() for o in s.objects]
    boxes = [
        (name, tuple(box), score, int(score > threshold))
        for name, (some, scores, _) in answers.items()
        for box, score in zip(some.tolist(), scores.tolist(), strict=True)
    ]
    return objects, boxes


@pytest.mark.parametrize("seed", range(12))
def test_a_scorer_written_from_the_page_agrees(tmp_path, seed):
    truth = make_truth(24, seed=seed, per_shape=2)
    answers = random_answers(truth, np.random.default_rng(seed))
    path = write_predictions(tmp_path / "p.json", truth, answers)
    found = score_file(path, Options(save_truth(tmp_path / "data", truth), resamples=RESAMPLES))
    metrics = found.metrics["detect"]
    objects, boxes = plain(truth, answers)
    for name, value in naive.score(objects, boxes).items():
        stated = math.nan if metrics[name].value is None else metrics[name].value
        assert stated == pytest.approx(value, abs=1e-9, nan_ok=True), name
    rows = naive.rows_of(objects, boxes, naive.match(objects, boxes))
    for name, metric in {
        "auc": naive.auc,
        "balanced_accuracy": naive.balanced_accuracy,
        "accuracy": lambda some: naive.share(row[4] for row in some),
    }.items():
        if metrics[name].shapes == 12:
            assert (metrics[name].low, metrics[name].high) == pytest.approx(
                naive.interval(metric, rows, RESAMPLES), abs=1e-9
            )


def table_rows(head):
    """The rows of the table on the page whose first line starts with `head`."""
    (block,) = re.findall(rf"^\| {re.escape(head)}.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]


EXAMPLE_NAMES = {
    "AUC": "auc",
    "accuracy": "accuracy",
    "balanced accuracy": "balanced_accuracy",
    "AUPR": "aupr",
    "AP50 of anomalies": "ap50",
    "recall of objects": "box_recall",
    "precision of boxes": "box_precision",
    "boxes an object": "boxes_per_object",
    "mean IoU": "mean_iou",
}


def test_both_scorers_give_the_worked_example(tmp_path):
    cubes = [(float(x), int(truth == "anomalous")) for _, x, truth in table_rows("object | x in m")]
    objects = tuple(
        TruthObject(i, (x, 0, 0.15, 0.3, 0.3, 0.3), (x, 0, 0.15, 0.3, 0.3, 0.3, 0), label, "crack" if label else None)
        for i, (x, label) in enumerate(cubes)
    )
    scenes = {"s": TruthScene("s", "test", "c", "c", objects)}
    truth = GroundTruth("t", "1", digest(scenes.values()), scenes)
    rows = table_rows("box | x in m")
    boxes = np.array([[float(x), 0, 0.15, 0.3, 0.3, 0.3] for _, x, _ in rows])
    answers = {"s": (boxes, np.array([float(score) for *_, score in rows]), None)}
    path = write_predictions(tmp_path / "p.json", truth, answers, split="test")
    metrics = score_file(path, Options(save_truth(tmp_path / "d", truth), resamples=5)).metrics["detect"]
    turned = {"s": (np.column_stack([boxes, np.zeros(len(boxes))]), answers["s"][1], None)}
    second = naive.score(*plain(truth, turned))
    stated = {name: float(value) for name, _, value in table_rows("metric | computation")}
    assert stated.keys() == EXAMPLE_NAMES.keys()
    for name, value in stated.items():
        assert metrics[EXAMPLE_NAMES[name]].value == pytest.approx(value, abs=1e-6), name
        assert second[EXAMPLE_NAMES[name]] == pytest.approx(value, abs=1e-6), name
