"""Laws of the score: what an oracle gets, and what must not change a number."""

import dataclasses
import json

import numpy as np
import pytest

from odd_bench.scoring.document import ROC_POINTS
from odd_bench.scoring.evaluate import plain_values
from odd_bench.scoring.ground_truth import digest
from odd_bench.scoring.problems import ScoringError
from odd_bench.scoring.reference import reference_rows
from odd_bench.scoring.score import Options, score_file
from odd_bench.scoring.summary import summary, weakest_group
from tests.scoring.worlds import (
    make_truth,
    moved_box,
    noisy_answers,
    oracle_answers,
    save_truth,
    write_predictions,
)

LAW_METRICS = (
    "auc",
    "auc_within_scene",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "recall",
    "scene_exact_match",
    "top1_hit",
    "aupr",
    "precision",
    "scene_auroc",
)


def values(scored):
    """All values and intervals of all protocols."""
    return {
        (name, key): (found.value, found.low, found.high)
        for name, metrics in scored.metrics.items()
        for key, found in metrics.items()
    }


def assert_same_values(first, second, tolerance=0.0):
    assert first.keys() == second.keys()
    for key in first:
        assert first[key] == pytest.approx(second[key], abs=tolerance, nan_ok=True), key


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_an_oracle_scores_exactly_one_under_every_protocol(scored, truth, told, turned):
    result = scored(oracle_answers(truth, told, turned=turned), told=told)
    assert list(result.metrics) == (["classify"] if told else ["detect", "upstream"])
    for metrics in result.metrics.values():
        assert {name: metrics[name].value for name in LAW_METRICS} == dict.fromkeys(LAW_METRICS, 1.0)
        assert metrics["fpr_at_95_tpr"].value == 0.0
    if not told:
        for name in ("ap50", "box_recall", "box_precision", "boxes_per_object"):
            assert result.metrics["detect"][name].value == 1.0
        assert result.metrics["detect"]["count_accuracy"].value == 1.0
        assert result.metrics["detect"]["mean_iou"].value == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("told", [False, True])
def test_an_inverted_oracle_scores_exactly_zero_under_every_protocol(scored, truth, told):
    for metrics in scored(oracle_answers(truth, told, inverted=True), told=told).metrics.values():
        zero = [name for name in LAW_METRICS if name not in ("aupr", "scene_auroc")]
        assert {name: metrics[name].value for name in zero} == dict.fromkeys(zero, 0.0)


@pytest.mark.parametrize("told", [False, True])
def test_the_order_of_scenes_and_objects_does_not_matter(scored, truth, told):
    answers = noisy_answers(truth, told=told)
    rng = np.random.default_rng(0)
    shuffled = {}
    for name in rng.permutation(list(answers)):
        boxes, scores, objects = answers[name]
        order = rng.permutation(len(scores))
        shuffled[name] = (boxes[order], scores[order], None if objects is None else [objects[i] for i in order])
    first, second = scored(answers, told=told), scored(shuffled, "shuffled.json", told=told)
    assert values(first) == values(second)
    assert first.document["result"]["protocols"] == second.document["result"]["protocols"]


def test_the_order_of_equal_boxes_does_not_matter(scored, truth):
    """A method that gives every box twice with different scores neither gains nor loses by the order of the file."""
    answers = {}
    for name, (boxes, scores, _) in noisy_answers(truth).items():
        answers[name] = (np.repeat(boxes, 2, axis=0), np.column_stack([scores, -scores]).ravel(), None)
    reverse = {name: (boxes[::-1], scores[::-1], None) for name, (boxes, scores, _) in answers.items()}
    assert values(scored(answers)) == values(scored(reverse, "reverse.json"))


@pytest.mark.parametrize("told", [False, True])
def test_monotone_maps_of_the_scores_do_not_matter(scored, truth, told):
    answers = noisy_answers(truth, told=told)
    mapped = {name: (boxes, 5 + np.exp(scores), objects) for name, (boxes, scores, objects) in answers.items()}
    first = scored(answers, told=told, threshold=0.5)
    second = scored(mapped, "mapped.json", told=told, threshold=float(5 + np.exp(0.5)))
    assert values(first) == values(second)


def test_a_rigid_motion_of_the_world_does_not_matter(scored, truth, tmp_path):
    turn_rad, shift_m = 0.7, np.array([1.5, -2.0, 0.3])
    scenes = {}
    for scene in truth.scenes.values():
        objects = tuple(dataclasses.replace(o, obb=moved_box(o.obb, turn_rad, shift_m), aabb=moved_aabb(o, turn_rad, shift_m))
                        for o in scene.objects)  # fmt: skip
        scenes[scene.name] = dataclasses.replace(scene, objects=objects)
    moved = dataclasses.replace(truth, scenes=scenes, digest=digest(scenes.values()))
    folder = save_truth(tmp_path / "moved", moved)
    answers = noisy_answers(truth)
    turned = {
        name: (np.array([moved_box(tuple(box), turn_rad, shift_m) for box in boxes]).reshape(-1, 7), scores, None)
        for name, (boxes, scores, _) in answers.items()
    }
    path = write_predictions(tmp_path / "moved.json", moved, turned)
    second = score_file(path, Options(folder, resamples=200))
    assert_same_values(values(scored(answers)), values(second), tolerance=1e-5)


def moved_aabb(item, turn_rad, shift_m):
    from odd_bench.geometry.boxes import aabb_from_boxes

    return tuple(aabb_from_boxes(np.array(moved_box(item.obb, turn_rad, shift_m))).tolist())


def test_the_three_factors_multiply_to_the_auc(scored, truth):
    for seed in range(5):
        part = scored(noisy_answers(truth, seed)).document["result"]["protocols"]["detect"]
        factors = part["factors"]
        product = factors["recall_anomalous"] * factors["normal_share"] * factors["auc_matched"]
        assert part["metrics"]["auc"]["value"] == pytest.approx(product, abs=1e-8)
        assert factors["product"] == pytest.approx(product, abs=1e-8)


def test_missing_objects_never_raises_a_detect_number(scored, truth):
    """Omitting boxes does not pay: an object that is not detected counts as completely wrong."""
    answers = oracle_answers(truth)
    rng = np.random.default_rng(0)
    noisy = {
        name: (boxes, scores + rng.normal(0, 0.8, len(scores)), None) for name, (boxes, scores, _) in answers.items()
    }
    before = scored(noisy).metrics["detect"]
    fewer = {}
    for name, (boxes, scores, _) in noisy.items():
        kept = rng.random(len(scores)) > 0.3
        fewer[name] = (boxes[kept], scores[kept], None)
    after = scored(fewer, "fewer.json").metrics["detect"]
    for name in (
        "auc",
        "auc_within_scene",
        "accuracy",
        "balanced_accuracy",
        "recall",
        "scene_exact_match",
        "top1_hit",
        "aupr",
    ):
        assert after[name].value <= before[name].value, name
    assert after["fpr_at_95_tpr"].value >= before["fpr_at_95_tpr"].value


def test_missed_as_normal_is_the_other_convention(scored, truth):
    """A method that finds nothing calls everything normal: half of the ranking, and the share of normal objects."""
    nothing = {name: (np.zeros((0, 6)), np.zeros(0), None) for name in truth.scenes}
    part = scored(nothing).document["result"]["protocols"]["detect"]
    labels = [item.label for scene in truth.scenes.values() for item in scene.objects]
    assert part["missed_as_normal"]["auc"] == 0.5
    assert part["missed_as_normal"]["accuracy"] == pytest.approx(1 - np.mean(labels))
    assert part["metrics"]["auc"]["value"] == 0.0
    assert part["metrics"]["accuracy"]["value"] == 0.0


def test_an_empty_submission_scores_exactly_zero_in_all_that_is_defined(scored, truth):
    result = scored({name: (np.zeros((0, 6)), np.zeros(0), None) for name in truth.scenes})
    for name, found in result.metrics["detect"].items():
        if name == "fpr_at_95_tpr":
            assert found.value == 1.0  # lower is better
        elif name in ("mean_iou", "box_precision", "seconds_per_scene"):
            assert found.value is None and found.reason
        else:
            assert found.value == 0.0, name
    assert result.metrics["upstream"]["auc"].value is None
    assert result.metrics["upstream"]["auc"].reason
    json.dumps(result.document, allow_nan=False)


def test_a_file_without_scenes_is_missing_all_of_them(scored, truth, data):
    with pytest.raises(ScoringError, match=rf"missing scene \({len(truth.scenes)}\)"):
        scored({})
    accepted = scored({}, options=Options(data, accept_missing=True, resamples=20))
    assert accepted.metrics["detect"]["auc"].value == 0.0


def test_scoring_twice_gives_the_same_bytes(scored, truth):
    first, second = (json.dumps(scored(noisy_answers(truth)).document, sort_keys=True) for _ in range(2))
    assert first == second


def test_the_reference_rows_are_those_of_their_methods(scored, truth):
    labels = np.array([item.label for scene in truth.scenes.values() for item in scene.objects])
    parts = scored(noisy_answers(truth)).document["result"]["protocols"]
    for part in parts.values():
        rows = part["reference"]
        assert set(rows["oracle"].values()) == {1.0}
        assert rows["true boxes, all called normal"]["accuracy"] == pytest.approx(1 - labels.mean())
        assert set(rows["true boxes, random scores (expected)"].values()) == {0.5}
    detect = parts["detect"]
    share = detect["factors"]["recall_anomalous"] * detect["factors"]["normal_share"]
    assert detect["reference"]["these boxes, random scores (expected)"]["auc"] == pytest.approx(share / 2)


def test_the_row_of_random_scores_is_their_mean(scored, truth):
    """Their expectation is the mean over many draws of scores, with labels by a fair coin."""
    answers, rng = noisy_answers(truth), np.random.default_rng(0)
    table = scored(answers).judged["detect"]
    drawn = []
    for _ in range(400):
        score = np.where(table.matched, rng.random(len(table.matched)), np.nan)
        label = np.where(table.matched, rng.integers(0, 2, len(score)), -1)
        drawn.append(plain_values(dataclasses.replace(table, score=score, predicted_label=label)))
    stated = reference_rows(table)["these boxes, random scores (expected)"]
    for name, value in stated.items():
        found = np.array([one[name] for one in drawn])
        assert value == pytest.approx(found.mean(), abs=4 * found.std() / 20), name


def test_one_box_may_match_several_objects_upstream_but_not_in_detect(scored, truth):
    first = {name: (boxes[:1], scores[:1], None) for name, (boxes, scores, _) in oracle_answers(truth).items()}
    result = scored(first)
    objects = sum(len(scene.objects) for scene in truth.scenes.values())
    assert result.judged["upstream"].matched.sum() == objects
    assert result.judged["detect"].matched.sum() == len(truth.scenes)


def test_breakdowns_add_up(scored, truth):
    part = scored(noisy_answers(truth)).document["result"]["protocols"]["detect"]
    objects = sum(len(scene.objects) for scene in truth.scenes.values())
    odd = sum(item.label for scene in truth.scenes.values() for item in scene.objects)
    totals: dict[str, int] = {}
    for row in part["breakdowns"]:
        totals[row["breakdown"]] = totals.get(row["breakdown"], 0) + row["objects"]
        assert row["grey"] == (row["objects"] < 30)
    for name in ("anomaly type", "changed region visible", "magnitude"):
        assert totals[name] == odd
    for name in ("objects in the scene", "anomalies in the scene", "category", "category in training", "views used"):
        assert totals[name] == objects
    assert sum(cell["objects"] for cell in part["type_by_visibility"]) == odd


def test_the_weakest_group_is_never_the_whole_split(scored, truth):
    """If all scenes share a property, the group of that property equals the split."""
    result = scored(noisy_answers(truth)).document["result"]
    part = result["protocols"]["detect"]
    whole = [row for row in part["breakdowns"] if row["whole"]]
    assert {"not stated", "unseen"} <= {row["name"] for row in whole}
    assert all(row["auc"]["value"] == part["metrics"]["auc"]["value"] for row in whole if "accuracy" in row)
    for row in whole:
        row["auc"]["value"] = -1.0
    assert not weakest_group(part["breakdowns"])["whole"]


def test_boxes_that_overlap_are_named_in_the_summary(scored, truth):
    once = oracle_answers(truth)
    first = next(iter(once))
    boxes, scores, _ = once[first]
    twice = once | {first: (np.repeat(boxes, 2, axis=0), np.repeat(scores, 2), None)}
    assert "overlap another box" not in summary(scored(once).document)
    count = 2 * len(truth.scenes[first].objects)
    expected = f"{count} boxes in 1 scene overlap another box of their scene by more than IoU 0.5: {first}"
    assert expected in summary(scored(twice, "twice.json").document)


@pytest.mark.parametrize("scenes", [30, 600])
def test_the_drawn_curve_has_the_area_of_the_auc(scenes, tmp_path):
    """Its steps at both ends, for missed objects and false boxes, are drawn as vertical and horizontal as they are."""
    large = make_truth(scenes, seed=5)
    save_truth(tmp_path / "data", large)
    path = write_predictions(tmp_path / "p.json", large, noisy_answers(large))
    document = score_file(path, Options(tmp_path / "data", resamples=10)).document["result"]
    for protocol in document["protocols"].values():
        across, up = np.array(protocol["roc"]).T
        area = np.sum(np.diff(across) * (up[1:] + up[:-1]) / 2)
        assert len(across) <= ROC_POINTS and abs(area - protocol["metrics"]["auc"]["value"]) < 2e-3
