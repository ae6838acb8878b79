"""From two classes to one score: laws of grouping and of the score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.baselines.two_class import ANOMALOUS, NORMAL, THRESHOLD, answer_for_true_boxes, leaders, scene_answer
from odd_bench.geometry.boxes import iou_matrix

CROWD = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def crowd(rng: np.random.Generator, columns: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Boxes that overlap strongly, and class scores without ties."""
    n = int(rng.integers(0, 30))
    boxes = np.column_stack([rng.uniform(-0.3, 0.3, (n, 3)), rng.uniform(0.1, 0.4, (n, 3)), rng.uniform(-2, 2, (n, 1))])
    return boxes[:, :columns], rng.uniform(0.01, 1.0, (n, 2))


@given(CROWD, st.sampled_from([6, 7]))
def test_kept_boxes_do_not_overlap_and_every_dropped_box_overlaps_a_kept_one(rng, columns):
    boxes, scores = crowd(rng, columns)
    answer = scene_answer(boxes, scores, duplicate_iou=0.25)
    between = iou_matrix(answer.boxes, answer.boxes)
    assert (between[~np.eye(len(between), dtype=bool)] <= 0.25).all()
    if len(boxes):
        kept = (iou_matrix(boxes, answer.boxes) > 1 - 1e-9).any(axis=1)
        assert (iou_matrix(boxes[~kept], answer.boxes).max(axis=1, initial=0) > 0.25).all()
        assert np.allclose(answer.boxes[0], boxes[scores.max(axis=1).argmax()])


@given(CROWD)
def test_the_order_of_the_detections_does_not_matter(rng):
    boxes, scores = crowd(rng)
    shuffled = rng.permutation(len(boxes))
    first, second = scene_answer(boxes, scores), scene_answer(boxes[shuffled], scores[shuffled])
    assert np.array_equal(first.boxes, second.boxes) and np.array_equal(first.scores, second.scores)


@given(CROWD)
def test_swapping_the_classes_inverts_the_score(rng):
    boxes, scores = crowd(rng)
    assert scene_answer(boxes, scores[:, ::-1]).scores == pytest.approx(1 - scene_answer(boxes, scores).scores)


@given(CROWD)
def test_leaders_equal_the_rule_written_out(rng):
    same = rng.random((12, 12)) < 0.2
    same |= same.T | np.eye(12, dtype=bool)
    kept: list[int] = []
    for row, leader in enumerate(leaders(same)):
        expected = next((one for one in kept if same[one, row]), row)
        assert leader == expected
        kept += [row] if expected == row else []


def test_an_object_found_in_both_classes_gives_one_answer_with_both_scores():
    box, far = [0, 0, 0.1, 0.2, 0.2, 0.2], [0.5, 0, 0.1, 0.2, 0.2, 0.2]
    answer = scene_answer([box, box, far], [[0.6, 0.1], [0.1, 0.3], [0.1, 0.4]])
    assert len(answer.boxes) == 2
    assert answer.scores == pytest.approx([0.6 / 0.9, 0.1 / 0.5])
    assert (answer.scores > THRESHOLD).tolist() == [True, False]
    assert (ANOMALOUS, NORMAL) == (0, 1)


def test_weak_detections_are_dropped_and_nothing_gives_nothing():
    answer = scene_answer(np.zeros((2, 7)), [[0.05, 0.04], [0.0, 0.1]], keep_above=0.1)
    assert answer.boxes.shape == (0, 7) and answer.scores.shape == (0,)
    assert scene_answer(np.zeros((0, 6)), np.zeros((0, 2))).scores.shape == (0,)


@given(CROWD, st.sampled_from([6, 7]))
def test_given_boxes_that_were_detected_get_the_scores_of_their_detections(rng, columns):
    boxes, scores = crowd(rng, columns)
    boxes[:, :2] += np.arange(len(boxes))[:, None]  # far apart
    answer = answer_for_true_boxes(boxes[::-1, :6], boxes, scores)
    expected = (scores[:, ANOMALOUS] / scores.sum(axis=1))[::-1]
    assert np.array_equal(answer.objects, np.arange(len(boxes)))
    assert np.allclose(answer.scores, expected)


def test_given_boxes_without_overlapping_detection_are_undecided():
    here, far = np.array([[0, 0, 0, 1, 1, 1.0]]), np.array([[5, 5, 5, 1, 1, 1.0]])
    assert answer_for_true_boxes(far, here, np.array([[0.9, 0.1]])).scores.tolist() == [THRESHOLD]
    assert answer_for_true_boxes(far, np.zeros((0, 6)), np.zeros((0, 2))).scores.tolist() == [THRESHOLD]
    assert len(answer_for_true_boxes(np.zeros((0, 6)), here, np.array([[0.9, 0.1]])).scores) == 0
