"""Matches of one point lie on their epipolar lines; a match that is moved across its line lies that far away."""

import numpy as np
import pytest

from odd_bench.captures.agreement import epipolar_px
from odd_bench.geometry.cameras import project
from tests.captures.worlds import FOCAL, surface_points, walk


def matches(first, second, points):
    """Places on the plane at depth 1 of the points in both cameras, and the motion between the cameras."""
    places = []
    for camera in (first, second):
        pixels, depth = project(camera, points)
        assert (depth > 0).all()
        places.append((pixels - camera.K[:2, 2]) / camera.K[[0, 1], [0, 1]])
    return second.camera_from_world @ np.linalg.inv(first.camera_from_world), *places


@pytest.mark.parametrize("other", [1, 4, 7])
def test_matches_of_one_point_agree_and_moved_matches_differ_by_their_distance(other):
    cameras, points = walk(14), surface_points(300)
    points = points[np.abs(points[:, :2]).max(axis=1) < 0.5]
    moved, first, second = matches(cameras[0], cameras[other], points)
    np.testing.assert_allclose(epipolar_px(moved, first, second, FOCAL), 0, atol=1e-6)
    off = epipolar_px(moved, first, second + [30 / FOCAL, 0], FOCAL)
    assert (off <= 30 + 1e-6).all() and np.median(off) > 3
    back = epipolar_px(np.linalg.inv(moved), second + [30 / FOCAL, 0], first, FOCAL)
    np.testing.assert_allclose(off, back, rtol=1e-6)


def test_a_world_shifted_by_a_plank_does_not_agree():
    """The same matches, but one of the cameras stands in another place."""
    cameras, points = walk(14), surface_points(300)
    moved, first, second = matches(cameras[0], cameras[3], points[np.abs(points[:, :2]).max(axis=1) < 0.5])
    wrong = moved.copy()
    wrong[:3, 3] += [0.0, 0.3, 0.1]
    assert np.mean(epipolar_px(wrong, first, second, FOCAL) < 4) < 0.5
