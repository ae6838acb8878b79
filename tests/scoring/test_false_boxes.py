"""False boxes never pay: laws of AUC, AUPR and accuracy under `detect`, and the tricks that version 1 rewarded."""

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from odd_bench.geometry.boxes import iou
from odd_bench.scoring.evaluate import evaluate
from odd_bench.scoring.judged import Submission, judge
from odd_bench.scoring.matching import canonical_rows
from odd_bench.scoring.overlap import NEIGHBOURS, overlapping, overlapping_rows
from odd_bench.scoring.predictions import Boxes
from odd_bench.scoring.protocol import load_protocol
from odd_bench.scoring.truth_table import truth_table
from tests.scoring.worlds import make_truth

DETECT = load_protocol("detect")
NEVER_RAISED = (
    "auc",
    "auc_within_scene",
    "aupr",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "precision",
    "recall",
    "scene_exact_match",
    "top1_hit",
    "box_recall",
    "box_precision",
)


def judged(truth, scene, box, score):
    """Score boxes. boxes: (m, 7) with yaw; labels by the threshold 0.5."""
    count = len(score)
    boxes = Boxes(scene, np.arange(count), box[:, :6], box[:, 6], score, np.full(count, -1), np.full(count, -1))
    order = canonical_rows(boxes)
    return judge(DETECT, truth, Submission(boxes.rows(order), (score > 0.5).astype(int)[order]))


def values(answers):
    counts = np.zeros((0, answers.truth.clusters))
    return {
        name: found.value
        for name, found in evaluate(answers, np.full(answers.truth.scenes, np.nan), False, counts).items()
    }


def noisy(truth, rng, spread=0.03):
    """One slightly moved box per object, with an informative score."""
    box = truth.obb + np.pad(rng.normal(0, spread, (len(truth.label), 3)), ((0, 0), (0, 4)))
    return truth.scene.copy(), box, truth.label + rng.normal(0, 0.6, len(box))


def added(answers, scene, box, score):
    one = answers[0], answers[1], answers[2]
    order = np.argsort(np.append(one[0], scene), kind="stable")
    return tuple(np.concatenate(pair)[order] for pair in zip(one, (scene, box, score), strict=True))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.3), st.floats(-3, 3))
def test_a_box_that_matches_nothing_never_raises_a_number(seed, away, score):
    rng = np.random.default_rng(seed)
    truth = truth_table(make_truth(6, seed=seed % 7, per_shape=2), "test-unseen")
    answers = noisy(truth, rng)
    kept = rng.random(len(answers[2])) < 0.8
    answers = tuple(column[kept] for column in answers)
    near = rng.integers(len(truth.label))
    box = truth.obb[near] + np.append(rng.normal(0, away + 1e-3, 3), np.zeros(4))
    before = judged(truth, *answers)
    after = judged(truth, *added(answers, truth.scene[[near]], box[None], np.array([score])))
    assume(
        after.matched.sum() == before.matched.sum() and after.iou.sum() == pytest.approx(before.iou.sum(), abs=1e-12)
    )
    assert after.false_boxes.sum() == before.false_boxes.sum() + 1
    first, second = values(before), values(after)
    for name in NEVER_RAISED:
        if second[name] is not None and first[name] is not None:
            assert second[name] <= first[name] + 1e-12, name


def copies(truth, rng, times):
    """Each box `times` times with jitter, of which the match would take the best."""
    scene, box, score = noisy(truth, rng)
    many = np.repeat(box, times, axis=0)
    many[:, :3] += rng.normal(0, 0.03, (len(many), 3))
    return np.repeat(scene, times), many, np.repeat(score, times)


def sizes(truth, rng):
    """Boxes of many sizes around each centre, with scores guessed from the size without looking at a picture."""
    widths, heights = np.meshgrid(np.linspace(0.1, 0.35, 5), np.linspace(0.05, 0.2, 4))
    shape = np.column_stack([widths.ravel(), widths.ravel() / 2, heights.ravel()])
    many = np.repeat(truth.obb, len(shape), axis=0)
    many[:, 3:6] = np.tile(shape, (len(truth.label), 1))
    return np.repeat(truth.scene, len(shape)), many, -many[:, 3:6].prod(axis=1)


def everywhere(truth, rng):
    """The same grid of boxes in every scene."""
    x, y = np.meshgrid(np.linspace(-1.1, 1.1, 12), np.linspace(-1.1, 1.1, 12))
    grid = np.column_stack([x.ravel(), y.ravel(), np.full(x.size, 0.05), np.tile([0.3, 0.15, 0.1, 0.0], (x.size, 1))])
    return (
        np.repeat(np.arange(truth.scenes), len(grid)),
        np.tile(grid, (truth.scenes, 1)),
        rng.random(truth.scenes * len(grid)),
    )


GAMES = {
    "ten copies": lambda truth, rng: copies(truth, rng, 10),
    "a hundred copies": lambda truth, rng: copies(truth, rng, 100),
    "many sizes": sizes,
    "boxes everywhere": everywhere,
}


@pytest.mark.parametrize("game", GAMES)
def test_tricks_score_below_one_honest_box_per_object(game):
    truth = truth_table(make_truth(40, per_shape=4), "test-unseen")
    honest = values(judged(truth, *noisy(truth, np.random.default_rng(0))))
    gamed = values(judged(truth, *GAMES[game](truth, np.random.default_rng(0))))
    for name in ("auc", "aupr", "accuracy", "auc_within_scene", "f1", "ap50"):
        assert gamed[name] < honest[name], name
    assert gamed["balanced_accuracy"] <= 0.5  # one side can be sacrificed for the other, but no more


def grown(factor):
    """Boxes of another size around the same centres."""
    return lambda truth, scene, box, score: (scene, box * np.append([1, 1, 1, factor, factor, factor], 1), score)


def moved(share):
    """Boxes moved along their length by this share of it; from a third on, the IoU is just below 0.5."""

    def game(truth, scene, box, score):
        along = np.column_stack([np.cos(box[:, 6]), np.sin(box[:, 6])]) * box[:, 3:4] * share
        return scene, np.hstack([box[:, :2] + along, box[:, 2:]]), score

    return game


def spanning(truth, scene, box, score):
    """One box over two neighbours in place of their boxes."""
    same = np.flatnonzero(scene[1:] == scene[:-1])[::2]
    low = np.minimum(box[same, :3] - box[same, 3:6] / 2, box[same + 1, :3] - box[same + 1, 3:6] / 2)
    high = np.maximum(box[same, :3] + box[same, 3:6] / 2, box[same + 1, :3] + box[same + 1, 3:6] / 2)
    both = np.column_stack([(low + high) / 2, high - low, np.zeros(len(same))])
    return scene[same], both, np.maximum(score[same], score[same + 1])


def nested(truth, scene, box, score):
    """Each box again, slightly smaller, with the same score."""
    return added((scene, box, score), scene, box * np.append([1, 1, 1, 0.9, 0.9, 0.9], 1), score)


def kept(choose):
    """Only some of the boxes. choose: a function from scores and scenes to a mask."""

    def game(truth, scene, box, score):
        mask = choose(score, scene)
        return scene[mask], box[mask], score[mask]

    return game


def surest(score, scene):
    return np.array([score[row] == score[scene == scene[row]].max() for row in range(len(score))])


PLAYS = {
    "half as large again": grown(1.5),
    "two thirds as large": grown(0.67),
    "just below the gate": moved(0.36),
    "one box over two objects": spanning,
    "nested boxes": nested,
    "one score for all": lambda truth, scene, box, score: (scene, box, np.full(len(score), 0.6)),
    "the scene's number as the score": lambda truth, scene, box, score: (scene, box, scene / truth.scenes),
    "the unsure left out": kept(lambda score, scene: np.abs(score - 0.5) > 0.25),
    "anomalous boxes alone": kept(lambda score, scene: score > 0.5),
    "normal boxes alone": kept(lambda score, scene: score <= 0.5),
    "the surest of each scene alone": kept(surest),
}


@pytest.mark.parametrize("play", PLAYS)
def test_tricks_gain_nothing_for_a_good_answer(play):
    """An answer of which 96 of 100 boxes match."""
    truth = truth_table(make_truth(40, per_shape=4), "test-unseen")
    honest = noisy(truth, np.random.default_rng(0), 0.01)
    before, after = (values(judged(truth, *some)) for some in (honest, PLAYS[play](truth, *honest)))
    assert before["box_recall"] > 0.9
    for name in ("auc", "accuracy", "auc_within_scene", "balanced_accuracy"):
        assert after[name] < before[name], name


@pytest.mark.parametrize("spread", [0.01, 0.02, 0.03, 0.045])
@pytest.mark.parametrize("times", [2, 3, 10])
def test_copies_never_raise_accuracy_nor_the_auc_of_mostly_matching_boxes(spread, times):
    truth = truth_table(make_truth(60, per_shape=4), "test-unseen")
    scene, box, score = noisy(truth, np.random.default_rng(0), spread)
    many = np.repeat(box, times, axis=0)
    jitter = np.random.default_rng(1).normal(0, 0.02, (len(box), times - 1, 3))
    many.reshape(len(box), times, 7)[:, 1:, :3] += jitter
    before = values(judged(truth, scene, box, score))
    after = values(judged(truth, np.repeat(scene, times), many, np.repeat(score, times)))
    assert after["accuracy"] < before["accuracy"] and after["box_precision"] < before["box_precision"]
    if before["box_recall"] > 0.5:
        assert after["auc"] < before["auc"]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-1e6, 1e6))
def test_adding_a_constant_to_all_scores_of_a_scene_changes_no_number_within_scenes(seed, size):
    rng = np.random.default_rng(seed)
    truth = truth_table(make_truth(8, per_shape=2), "test-unseen")
    scene, box, score = noisy(truth, rng, 0.01)
    shifted = score + (np.round(rng.normal(0, 1, truth.scenes) * size) if size else np.zeros(truth.scenes))[scene]
    before, after = (values(judged(truth, scene, box, some)) for some in (score, shifted))
    assert after["auc_within_scene"] == pytest.approx(before["auc_within_scene"], abs=1e-9)
    assert after["top1_hit"] == pytest.approx(before["top1_hit"], abs=1e-9)


def test_the_higher_score_of_equal_boxes_is_matched():
    truth = truth_table(make_truth(6), "test-unseen")
    low, high = np.full(len(truth.label), 0.2), np.full(len(truth.label), 0.8)
    for first, second in ((low, high), (high, low)):
        found = judged(truth, *added((truth.scene, truth.obb, first), truth.scene, truth.obb, second))
        assert np.all(found.score == 0.8) and found.false_boxes.sum() == len(truth.label)


def test_a_scene_whose_objects_are_all_missed_is_not_a_hit():
    truth = truth_table(make_truth(8), "test-unseen")
    all_odd = dataclasses.replace(truth, label=np.ones_like(truth.label))
    nothing = (np.zeros(0, int), np.zeros((0, 7)), np.zeros(0))
    assert values(judged(all_odd, *nothing))["top1_hit"] == 0.0


def test_the_cost_of_many_thousand_boxes_grows_only_with_close_neighbours(monkeypatch):
    """Boxes stand at one x, in a row along y or all in one place.

    Only centres near each other are compared, at most NEIGHBOURS times.
    """
    compared = []

    def counted(first, second):
        compared.append(len(first))
        return iou(first, second)

    monkeypatch.setattr("odd_bench.scoring.overlap.iou", counted)
    n = 4000
    column, heap = np.tile([0.9, 0, 0.07, 0.3, 0.005, 0.005], (n, 1)), np.tile([0.9, 0, 0.07, 0.3, 0.1, 0.1], (n, 1))
    column[:, 1] = np.arange(n) * 0.01
    for box, overlap in ((column, False), (heap, True)):
        compared.clear()
        rows = np.zeros(n, int)
        boxes = Boxes(rows, np.arange(n), box, np.full(n, np.nan), np.zeros(n), rows, rows - 1)
        assert (overlapping_rows(boxes) == overlap).all()
        assert len(compared) <= NEIGHBOURS and sum(compared) <= 40 * n


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.booleans())
def test_overlapping_boxes_equal_those_of_comparing_every_pair(seed, count, turned):
    """The plain double loop is the definition."""
    from odd_bench.geometry.boxes import iou_matrix

    rng = np.random.default_rng(seed)
    box = np.column_stack([rng.uniform(0, 1, (count, 3)), rng.uniform(0.4, 1, (count, 3))])
    yaw = rng.uniform(-3, 3, count) if turned else np.full(count, np.nan)
    scene = np.sort(rng.integers(0, 3, count))
    boxes = Boxes(scene, np.arange(count), box, yaw, np.zeros(count), np.zeros(count, int), np.zeros(count, int))
    full = np.column_stack([box, np.nan_to_num(yaw)])
    overlap = iou_matrix(full, full) * (scene[:, None] == scene) * (1 - np.eye(count))
    expected = (overlap > 0.5).any(axis=1) if count else np.zeros(0, bool)
    np.testing.assert_array_equal(overlapping_rows(boxes), expected)
    told = overlapping(boxes, ("a", "b", "c"))
    assert told["boxes"] == expected.sum() and told["scenes"] == len(np.unique(scene[expected]))
