"""Matching is optimal, strict at the threshold, independent of scores, and uses the box that the prediction asks for."""

import dataclasses
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.geometry.boxes import iou_matrix
from odd_bench.scoring.breakdown import changed_visibility
from odd_bench.scoring.ground_truth import GroundTruth, TruthObject, TruthScene
from odd_bench.scoring.matching import match
from odd_bench.scoring.predictions import Boxes
from odd_bench.scoring.protocol import load_protocol, protocols_for
from odd_bench.scoring.truth_table import truth_table


def table_of(boxes, label=0, **fields):
    objects = tuple(
        TruthObject(i, tuple(box[:6]), (*box[:6], box[6] if len(box) > 6 else 0.0), label, **fields)
        for i, box in enumerate(boxes)
    )
    return truth_table(GroundTruth("t", "1", "", {"s": TruthScene("s", "test", "c", "c-1", objects)}), "test")


def rows_of(boxes, turned=False):
    boxes = np.asarray(boxes, float).reshape(-1, 7 if turned else 6)
    count = len(boxes)
    yaw_rad = boxes[:, 6] if turned else np.full(count, np.nan)
    zeros = np.zeros(count, int)
    return Boxes(zeros, np.arange(count), boxes[:, :6], yaw_rad, np.zeros(count), zeros - 1, zeros - 1)


def overlapping_boxes(rng, count):
    return np.column_stack([rng.uniform(0, 0.3, (count, 3)), rng.uniform(0.8, 1, (count, 3))])


def best_total(gain):
    """The largest total over all one-to-one assignments, by trying all of them."""
    if gain.shape[0] > gain.shape[1]:
        gain = gain.T
    columns = permutations(range(gain.shape[1]), gain.shape[0])
    return max(sum(gain[row, column] for row, column in enumerate(chosen)) for chosen in columns)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=60)
def test_the_one_to_one_match_has_the_largest_total_iou(seed, objects, predicted):
    rng = np.random.default_rng(seed)
    truth, boxes = overlapping_boxes(rng, objects), overlapping_boxes(rng, predicted)
    found = match(load_protocol("detect"), table_of(truth), rows_of(boxes))
    overlap = iou_matrix(truth, boxes)
    assert found.iou.sum() == pytest.approx(best_total(np.where(overlap > 0.5, overlap, 0)))
    used = found.box_row[found.box_row >= 0]
    assert len(set(used)) == len(used)
    assert np.all((found.iou > 0.5) == (found.box_row >= 0))


def test_an_iou_of_exactly_one_half_is_not_a_match():
    truth = table_of([[0, 0, 0, 1, 1, 1]])
    assert match(load_protocol("detect"), truth, rows_of([[0, 0, 0, 1, 1, 0.5]])).box_row[0] == -1
    assert match(load_protocol("detect"), truth, rows_of([[0, 0, 0, 1, 1, 0.5 + 5e-10]])).box_row[0] == -1
    assert match(load_protocol("detect"), truth, rows_of([[0, 0, 0, 1, 1, 0.500001]])).box_row[0] == 0


def test_a_box_with_yaw_is_compared_with_the_obb_and_one_without_with_the_aabb():
    turned = [0, 0, 0, 1, 0.2, 1, np.pi / 4]
    side = 1.2 / np.sqrt(2)
    item = TruthObject(0, (0, 0, 0, side, side, 1), tuple(turned), 0)
    truth = truth_table(GroundTruth("t", "1", "", {"s": TruthScene("s", "test", "c", "c", (item,))}), "test")
    assert match(load_protocol("detect"), truth, rows_of([turned], turned=True)).iou[0] == pytest.approx(1)
    assert match(load_protocol("detect"), truth, rows_of([[0, 0, 0, side, side, 1]])).iou[0] == pytest.approx(1)


def test_legacy_boxes_are_used_only_on_request():
    truth = table_of([[0, 0, 0, 1, 1, 1]], legacy_box=(5, 0, 0, 1, 1, 1))
    boxes = rows_of([[5, 0, 0, 1, 1, 1]])
    assert match(load_protocol("detect"), truth, boxes).box_row[0] == -1
    assert match(load_protocol("detect"), truth, boxes, legacy=True).box_row[0] == 0


def test_upstream_matches_the_best_box_however_poor():
    truth = table_of([[0, 0, 0, 1, 1, 1], [5, 0, 0, 1, 1, 1], [9, 0, 0, 1, 1, 1]])
    found = match(load_protocol("upstream"), truth, rows_of([[0.9, 0, 0, 1, 1, 1], [6, 0, 0, 1, 1, 1]]))
    assert found.box_row.tolist() == [0, 1, 1]
    assert found.iou[2] == 0


def test_upstream_matches_the_higher_score_of_boxes_that_fit_equally_well():
    truth = table_of([[0, 0, 0, 1, 1, 1]])
    sides = rows_of([[-0.5, 0, 0, 1, 1, 1], [0.5, 0, 0, 1, 1, 1], [0.5, 0, 0, 1, 1, 1]])
    for score in ([0.2, 0.9, 0.5], [0.9, 0.2, 0.5], [0.5, 0.2, 0.9]):
        found = match(load_protocol("upstream"), truth, dataclasses.replace(sides, score=np.array(score)))
        assert score[found.box_row[0]] == 0.9


def test_an_empty_answer_matches_nothing():
    found = match(load_protocol("detect"), table_of([[0, 0, 0, 1, 1, 1]]), rows_of([]))
    assert found.box_row.tolist() == [-1]


def test_the_protocols_follow_from_what_the_method_was_given():
    assert [protocol.name for protocol in protocols_for(given_boxes=False)] == ["detect", "upstream"]
    assert [protocol.name for protocol in protocols_for(given_boxes=True)] == ["classify"]


@pytest.mark.parametrize(
    ("views", "expected"),
    [(None, (10 + 5) / (4 * 10)), ((0,), 1.0), ((1,), 0.5), ((2, 3), 0.0), ((0, 2), 0.5)],
)
def test_visibility_is_the_share_of_the_best_view_over_the_declared_views(views, expected):
    truth = table_of([[0, 0, 0, 1, 1, 1]], label=1, type="crack", changed_pixels=(10, 5, 0, 0))
    assert changed_visibility(truth, (views,))[0] == expected


def test_visibility_is_unknown_for_normal_objects_and_without_pixels():
    assert np.isnan(changed_visibility(table_of([[0, 0, 0, 1, 1, 1]], changed_pixels=(0, 0)), (None,))[0])
    assert np.isnan(changed_visibility(table_of([[0, 0, 0, 1, 1, 1]], label=1, type="crack"), (None,))[0])
