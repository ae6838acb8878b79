"""A motion that aligns two shapes for a viewer is found: a rotation that maps a shape onto itself, or a small motion."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from odd_bench.anomalies import AnomalyConfig
from odd_bench.anomalies.alignment import alignments
from odd_bench.anomalies.patches import largest_patch, picture
from odd_bench.anomalies.visible import looks_different
from odd_bench.geometry.raycast import nearest
from tests.anomalies.statuette import coarse_box, statuette

CONFIG = AnomalyConfig()


def moved(shape, turn_deg: float, axis, shift=(0.0, 0.0, 0.0)):
    turn = Rotation.from_rotvec(np.radians(turn_deg) * np.asarray(axis, float)).as_matrix()
    return replace(shape, vertices=shape.vertices @ turn.T + shift)


@pytest.mark.parametrize("turn_deg", (7.0, 50.0, 133.0, 180.0))
def test_a_rotated_shape_is_aligned_with_the_original(turn_deg):
    shape = statuette().shape()
    turned = moved(shape, turn_deg, (0, 0, 1), (0.01, 0.02, 0.0))
    motions = alignments(shape, turned)
    assert np.array_equal(motions[0], np.eye(4))
    places = [shape.vertices @ motion[:3, :3].T + motion[:3, 3] for motion in motions]
    assert min(nearest(turned, place)[0].mean() for place in places) < 0.004
    assert not looks_different(shape, turned, motions, "bump", CONFIG)


def test_a_rotated_shape_looks_different_unless_the_viewer_may_rotate_the_other():
    shape = statuette().shape()
    turned = moved(shape, 50.0, (0, 0, 1))
    assert looks_different(shape, turned, [np.eye(4)], "bump", CONFIG)


def test_a_shape_is_compared_with_itself_without_motion():
    assert len(alignments(statuette().shape(), statuette().shape())) == 1


def test_half_a_turn_of_a_box_changes_nothing():
    box = coarse_box()
    for axis in np.eye(3):
        assert not looks_different(box, moved(box, 180.0, axis), [np.eye(4)], "bump", replace(CONFIG, patch=1e-9))


def test_motions_are_rigid():
    shape = statuette().shape()
    for motion in alignments(shape, moved(shape, 20.0, (1, 0, 0))):
        assert np.allclose(motion[:3, :3] @ motion[:3, :3].T, np.eye(3), atol=1e-9)
        assert np.linalg.det(motion[:3, :3]) == pytest.approx(1.0)


def discs(*centers, radius=8.0, color=50.0):
    """(64, 64, 4) picture of discs in one colour."""
    row, column = np.mgrid[:64, :64]
    mask = np.any([np.hypot(row - r, column - c) < radius for r, c in centers] or [row < 0], axis=0)
    return picture(np.full((mask.sum(), 3), color), mask)


def test_a_shift_within_the_allowed_slide_makes_no_patch():
    before = discs((30, 30))
    assert largest_patch(before, discs((30, 32)), 20.0, 2) == 0
    assert largest_patch(before, discs((30, 36)), 20.0, 2) > 0
    assert largest_patch(before, before, 0.0, 1) == 0


def test_the_largest_patch_counts_and_not_the_sum_of_patches():
    nothing = discs(radius=0.0)
    one, two = discs((16, 16)), discs((16, 16), (48, 48))
    assert largest_patch(nothing, one, 20.0, 1) == largest_patch(nothing, two, 20.0, 1) == (one[..., 3] > 0).sum()


def test_comparing_two_pictures_is_symmetric():
    first, second = discs((20, 20), (40, 40)), discs((20, 20), radius=5.0)
    assert largest_patch(first, second, 20.0, 2) == largest_patch(second, first, 20.0, 2) > 0


def test_a_difference_below_the_contrast_makes_no_patch():
    assert largest_patch(discs((30, 30)), discs((30, 30), color=60.0), 20.0, 1) == 0
    assert largest_patch(discs((30, 30)), discs((30, 30), color=60.0), 10.0, 1) > 0


@pytest.mark.parametrize("seed", range(12))
def test_the_patch_equals_a_comparison_of_all_pixels_within_the_slide(seed):
    rng = np.random.default_rng(seed)
    slide, shape = int(rng.integers(1, 5)), tuple(rng.integers(12, 30, 2))
    first, second = (
        picture(rng.choice([20.0, 45.0, 80.0], (mask.sum(), 3)), mask) for mask in rng.random((2, *shape)) < 0.7
    )
    differs = np.zeros(shape, bool)
    for looks, other in ((first, second), (second, first)):
        around = np.pad(other, ((slide, slide), (slide, slide), (0, 0)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(
            around, (2 * slide + 1,) * 2, (0, 1)
        )  # (h, w, 4, side, side)
        apart = np.linalg.norm(windows - looks[..., None, None], axis=2)
        differs |= apart.min(axis=(2, 3)) > 30.0
    regions, count = ndimage.label(differs, np.ones((3, 3)))
    largest = max((int((regions == k).sum()) for k in range(1, count + 1)), default=0)
    assert largest_patch(first, second, 30.0, slide) == largest_patch(second, first, 30.0, slide) == largest
