"""Splits that lack something and extreme answers are scored, reported and ranked."""

import dataclasses

import numpy as np
import pytest

from odd_bench.report.folder import write_report
from odd_bench.report.leaderboard import leaderboard
from odd_bench.scoring.ground_truth import GroundTruth, digest
from odd_bench.scoring.score import Options, score_file
from odd_bench.scoring.summary import summary
from tests.scoring.worlds import make_truth, oracle_answers, save_truth, write_predictions

BASE = make_truth(24, per_shape=2)
LOWER_IS_BETTER = ("fpr_at_95_tpr",)
NO_SHARE = ("seconds_per_scene",)


def labelled(scene, label):
    kind = "crack" if label else None
    return dataclasses.replace(
        scene, objects=tuple(dataclasses.replace(one, label=label, type=kind) for one in scene.objects)
    )


def unseen(scene):
    kept = (dataclasses.replace(one, visible_fraction=(), changed_pixels=()) for one in scene.objects)
    return dataclasses.replace(scene, objects=tuple(kept))


SPLITS = {
    "all odd": lambda scene: labelled(scene, 1),
    "no odd object": lambda scene: labelled(scene, 0),
    "no object": lambda scene: dataclasses.replace(scene, objects=()),
    "some scenes without objects": lambda scene: (
        dataclasses.replace(scene, objects=()) if int(scene.name[-1]) % 2 else scene
    ),
    "one object a scene": lambda scene: dataclasses.replace(scene, objects=scene.objects[:1]),
    "one shape": lambda scene: dataclasses.replace(scene, shape="x"),
    "shapes not named": lambda scene: dataclasses.replace(scene, shape=""),
    "views not known": unseen,
}


KINDS = ("oracle", "nothing", "false boxes", "one score", "largest numbers")


def answer(scene, kind):
    """(boxes, scores, None) for a scene that may contain no object. kind: one of KINDS."""
    if kind == "false boxes":
        first = np.array(BASE.scenes[scene.name].objects[0].obb)
        return np.array([first, first + 0.5 * np.eye(7)[1]]), [0.9, 0.8], None
    objects = () if kind == "nothing" else scene.objects
    label = np.array([one.label for one in objects])
    scores = {"one score": 0.3 + 0.0 * label, "largest numbers": (2 * label - 1) * np.finfo(float).max}.get(kind, label)
    return np.array([one.obb for one in objects]).reshape(-1, 7), scores, None


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_is_scored_reported_and_ranked(split, tmp_path):
    scenes = {name: SPLITS[split](scene) for name, scene in BASE.scenes.items()}
    truth = GroundTruth(BASE.name, BASE.version, digest(scenes.values()), scenes)
    options = Options(save_truth(tmp_path / "data", truth), resamples=20)
    scored = {}
    for kind in KINDS:
        answers = {name: answer(scene, kind) for name, scene in scenes.items()}
        path = write_predictions(tmp_path / f"{kind}.json", truth, answers)
        scored[kind] = score_file(path, options)
        assert "AUC_detect" in summary(scored[kind].document)
        write_report(tmp_path / "scores" / kind, scored[kind])
    for kind, value in (("oracle", 1.0), ("largest numbers", 1.0), ("nothing", 0.0)):
        for name, found in scored[kind].metrics["detect"].items():
            if found.value is None:
                assert found.reason, name
            elif name not in NO_SHARE:
                expected = 1 - value if name in LOWER_IS_BETTER else value
                assert found.value == pytest.approx(expected, abs=1e-12), (kind, name)
    for one in scored.values():
        part = one.document["result"]["protocols"]["detect"]
        assert part["factors"]["product"] == pytest.approx(part["metrics"]["auc"]["value"], abs=1e-8)
    text = leaderboard(tmp_path / "scores")
    assert text.count("detect") >= 1 and all(kind in text for kind in scored)


def test_a_box_at_exactly_one_half_matches_nothing(tmp_path):
    """Two cubes shifted against each other by a third of their side do not match, however their IoU is rounded."""
    scene = next(iter(BASE.scenes.values()))
    for side in (0.3, 0.27, 0.123456):
        box = (0.1, 0.2, side / 2, side, side, side)
        one = dataclasses.replace(scene.objects[0], aabb=box, obb=(*box, 0.0))
        scenes = {scene.name: dataclasses.replace(scene, objects=(one,))}
        truth = GroundTruth(BASE.name, BASE.version, digest(scenes.values()), scenes)
        options = Options(save_truth(tmp_path / "data", truth), resamples=2)
        for share, matched in ((1 / 3, False), (1 / 3 - 1e-6, True), (1 / 3 + 1e-6, False)):
            moved = np.array(box) + np.eye(6)[0] * side * share
            path = write_predictions(tmp_path / "p.json", truth, {scene.name: (moved[None], [0.9], None)})
            assert score_file(path, options).judged["detect"].matched.all() == matched


def test_each_object_is_matched_at_most_once_by_a_thousand_boxes(tmp_path):
    truth = make_truth(4)
    options = Options(save_truth(tmp_path / "data", truth), resamples=2)
    rng, answers = np.random.default_rng(0), oracle_answers(truth)
    first = next(iter(answers))
    boxes = answers[first][0][rng.integers(len(answers[first][0]), size=5000)]
    boxes = boxes + np.pad(rng.normal(0, 0.02, (5000, 3)), ((0, 0), (0, 4)))
    path = write_predictions(tmp_path / "p.json", truth, answers | {first: (boxes, rng.random(5000), None)})
    found = score_file(path, options)
    assert found.judged["detect"].matched.all()
    assert found.judged["detect"].false_boxes.max() == 5000 - len(truth.scenes[first].objects)
    assert found.metrics["detect"]["auc"].value < 0.01
