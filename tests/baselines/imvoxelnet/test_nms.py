"""Suppression: the best box stays, no two remaining boxes overlap too much, and the result equals that of a plain double loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.baselines.imvoxelnet.nms import Detections, class_aware, floor_iou, survivors
from odd_bench.geometry.boxes import iou, iou_matrix

SEEDS = st.integers(0, 2**32 - 1).map(np.random.default_rng)
KINDS = st.sampled_from([(6, iou), (7, floor_iou)])


def crowd(rng: np.random.Generator, columns: int) -> tuple[np.ndarray, np.ndarray]:
    n = int(rng.integers(0, 40))
    boxes = np.column_stack([rng.uniform(-0.3, 0.3, (n, 3)), rng.uniform(0.1, 0.4, (n, 3)), rng.uniform(-2, 2, (n, 1))])
    return boxes[:, :columns], rng.random(n)


@settings(max_examples=40)
@given(SEEDS, KINDS, st.floats(0, 0.6))
def test_suppression_equals_brute_force(rng, kind, above):
    columns, overlap = kind
    boxes, scores = crowd(rng, columns)
    kept: list[int] = []
    for box in sorted(range(len(boxes)), key=lambda one: -scores[one]):
        if all(overlap(boxes[other], boxes[box : box + 1])[0] <= above for other in kept):
            kept.append(box)
    assert survivors(boxes, scores, overlap, above).tolist() == kept
    assert not len(boxes) or kept[0] == scores.argmax()


@given(SEEDS)
def test_overlap_from_above_is_the_iou_of_boxes_of_one_height(rng):
    boxes, _ = crowd(rng, 7)
    boxes[:, [2, 5]] = 0.1
    for box in boxes[:3]:
        assert floor_iou(box, boxes) == pytest.approx(iou(box, boxes))


@given(SEEDS, st.floats(0, 0.6))
def test_each_class_is_suppressed_separately(rng, above):
    boxes, _ = crowd(rng, 6)
    scores = rng.random((len(boxes), 2))
    found = class_aware(Detections(boxes, scores), iou, above, 0.3)
    rows = [int(np.flatnonzero((scores == kept).all(axis=1))[0]) for kept in found.class_scores]
    expected = set()
    for column in range(2):
        able = np.flatnonzero(scores[:, column] > 0.3)
        expected |= set(able[survivors(boxes[able], scores[able, column], iou, above)].tolist())
    assert set(rows) == expected and len(rows) == len(expected)


def test_two_classes_at_one_place_both_stay():
    box = np.array([0, 0, 0.1, 0.2, 0.2, 0.2])
    scores = np.array([[0.9, 0.2], [0.1, 0.8], [0.5, 0.7]])
    found = class_aware(Detections(np.tile(box, (3, 1)), scores), iou, 0.25, 0.01)
    assert found.class_scores.tolist() == [[0.9, 0.2], [0.1, 0.8]]
    assert iou_matrix(found.boxes, found.boxes).min() == 1
