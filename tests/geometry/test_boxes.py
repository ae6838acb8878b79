"""Laws of boxes: a box equals itself at any yaw, and comparing two depends neither on their order nor on the origin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.geometry import boxes as B

metres = st.floats(-3, 3)
size = st.floats(1e-3, 2)
yaw = st.floats(-2 * np.pi, 2 * np.pi)
aabb = st.tuples(metres, metres, metres, size, size, size).map(np.array)
obb = st.tuples(metres, metres, metres, size, size, size, yaw).map(np.array)
near = st.tuples(*[st.floats(-0.5, 0.5)] * 3, *[st.floats(0.05, 1)] * 3, yaw).map(np.array)


def moved(box: np.ndarray, turn_rad: float, shift_m: np.ndarray) -> np.ndarray:
    """The box after the world is turned about +z and shifted."""
    centre = B.rotate_about_z(box[:3], turn_rad) + shift_m
    return np.concatenate([centre, box[3:6], [box[6] + turn_rad]])


@given(obb)
def test_a_box_equals_itself_at_any_yaw(box):
    assert B.iou(box, box) == pytest.approx(1.0, abs=1e-12)
    assert B.iou(box[:6], box[:6]) == 1.0


@given(obb)
def test_a_half_turn_changes_nothing(box):
    turned = box + np.array([0, 0, 0, 0, 0, 0, np.pi])
    quarter = np.concatenate([box[:3], box[[4, 3, 5]], [box[6] + np.pi / 2]])
    assert B.iou(box, turned) == pytest.approx(1.0, abs=1e-9)
    assert B.iou(box, quarter) == pytest.approx(1.0, abs=1e-9)


@given(near, near)
def test_iou_is_symmetric_and_in_range(a, b):
    assert 0.0 <= B.iou(a, b) <= 1.0
    assert B.iou(a, b) == pytest.approx(B.iou(b, a), abs=1e-12)


@given(near, near, yaw, st.tuples(metres, metres, metres).map(np.array))
def test_iou_is_invariant_to_rigid_motion(a, b, turn_rad, shift_m):
    assert B.iou(moved(a, turn_rad, shift_m), moved(b, turn_rad, shift_m)) == pytest.approx(B.iou(a, b), abs=1e-9)


@given(near, near)
def test_yaw_zero_agrees_with_axis_aligned(a, b):
    a, b = a[:6], b[:6]
    assert B.iou(B.as_obb(a), B.as_obb(b)) == pytest.approx(B.iou(a, b), abs=1e-12)
    assert B.iou(a, B.as_obb(b)) == pytest.approx(B.iou(a, b), abs=1e-12)


@given(near, near)
def test_overlap_equals_polygon_clipping(a, b):
    assert B.floor_overlap(a, b) == pytest.approx(sutherland_hodgman_area(a, b), abs=1e-10)


def sutherland_hodgman_area(a: np.ndarray, b: np.ndarray) -> float:
    """An independent overlap area: the outline of b is clipped by the four sides of a, one after another."""
    polygon = [tuple(p) for p in B.box_corners(b)[:4, :2]]
    sides = B.box_corners(a)[:4, :2]
    for start, end in zip(sides, np.roll(sides, -1, axis=0), strict=True):

        def height(p, start=start, end=end):
            return (end[0] - start[0]) * (p[1] - start[1]) - (end[1] - start[1]) * (p[0] - start[0])

        kept = []
        for p, q in zip(polygon, polygon[1:] + polygon[:1], strict=True):
            hp, hq = height(p), height(q)
            if hp >= 0:
                kept.append(p)
            if hp * hq < 0:
                t = hp / (hp - hq)
                kept.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
        polygon = kept
        if not polygon:
            return 0.0
    x, y = np.array(polygon).T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def test_known_overlaps_are_reproduced():
    unit = np.array([0, 0, 0, 1, 1, 1, 0.0])
    shift_x, turn = np.eye(7)[0], np.eye(7)[6]
    assert B.iou(unit, unit + 0.5 * shift_x) == pytest.approx(1 / 3)
    assert B.iou(unit, unit + shift_x) == 0.0
    octagon = 2 * (np.sqrt(2) - 1)
    assert B.floor_overlap(unit, unit + np.pi / 4 * turn) == pytest.approx(octagon)


@given(obb)
def test_the_box_is_recovered_from_its_corners(box):
    corners = B.box_corners(box)
    again = B.obb_from_points(corners, yaw_rad=box[6])
    np.testing.assert_allclose(again, box, atol=1e-12)
    np.testing.assert_allclose(B.aabb_from_points(corners), B.aabb_from_boxes(box), atol=1e-12)


@given(obb)
def test_every_side_length_occurs_on_four_edges(box):
    corners = B.box_corners(box)
    lengths = [np.linalg.norm(corners[a] - corners[b]) for a, b in B.EDGES]
    assert np.allclose(sorted(lengths), sorted(np.repeat(box[3:6], 4)), atol=1e-9)


@given(near)
def test_the_minimum_area_box_of_a_box_is_the_box(box):
    found = B.obb_from_points(B.box_corners(box))
    assert 0 <= found[6] <= np.pi / 2
    assert B.iou(found, box) == pytest.approx(1.0, abs=1e-8)


@given(st.integers(0, 2**32 - 1), yaw)
def test_the_minimum_area_box_contains_all_points_and_is_the_smallest(seed, other_yaw):
    points = np.random.default_rng(seed).normal(size=(30, 3))
    found = B.obb_from_points(points)
    local = B.rotate_about_z(points - found[:3], -found[6])
    assert np.all(np.abs(local) <= found[3:6] / 2 + 1e-9)
    other = B.obb_from_points(points, yaw_rad=other_yaw)
    assert found[3] * found[4] <= other[3] * other[4] + 1e-9


def test_points_on_a_line_have_a_flat_box():
    line = np.array([[0, 0, 0], [1, 1, 0.5], [2, 2, 1.0]])
    found = B.obb_from_points(line)
    assert found[6] == pytest.approx(np.pi / 4)
    assert sorted(found[3:5]) == pytest.approx([0, 2 * np.sqrt(2)], abs=1e-12)


@given(st.lists(aabb, min_size=1, max_size=4), st.lists(obb, min_size=1, max_size=4))
def test_the_matrix_contains_every_pair(many_a, many_b):
    matrix = B.iou_matrix(np.array(many_a), np.array(many_b))
    assert matrix.shape == (len(many_a), len(many_b))
    assert matrix[-1, 0] == pytest.approx(float(B.iou(many_a[-1], many_b[0])), abs=1e-12)


def test_no_boxes_give_an_empty_matrix():
    assert B.iou_matrix(np.zeros((0, 6)), np.zeros((3, 7))).shape == (0, 3)
