"""Boxes from opaque voxels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.detector.boxes import BoxConfig, boxes_from_alpha, clusters
from odd_bench.geometry.boxes import iou_matrix

GRID = VoxelGrid((40, 40, 12), 0.04, (-0.8, -0.8, 0.0))


def alpha_of(boxes: np.ndarray) -> np.ndarray:
    """A volume that is opaque inside the boxes."""
    centres = GRID.centres().numpy()
    inside = [(np.abs(centres - box[:3]) < box[3:] / 2).all(axis=-1) for box in boxes]
    return np.any(inside, axis=0).astype(float)


def two_boxes(gap_voxels: int) -> np.ndarray:
    """Two cubes of six voxels, `gap_voxels` apart, with their faces on voxel borders."""
    first = np.array([-0.36, 0.0, 0.12, 0.24, 0.24, 0.24])
    return np.stack([first, first + [0.24 + 0.04 * gap_voxels, 0, 0, 0, 0, 0]])


@given(st.integers(1, 10))
def test_separate_objects_are_found_exactly(gap):
    truth = two_boxes(gap)
    found = boxes_from_alpha(alpha_of(truth), GRID, BoxConfig())
    assert np.allclose(found[np.argsort(found[:, 0])], truth, atol=1e-6)


def test_touching_objects_are_merged_unless_their_number_is_given():
    truth = two_boxes(0)
    assert len(boxes_from_alpha(alpha_of(truth), GRID, BoxConfig())) == 1
    told = boxes_from_alpha(alpha_of(truth), GRID, BoxConfig(source="oracle-count"), count=2)
    assert np.allclose(told[np.argsort(told[:, 0])], truth, atol=1e-6)


@given(st.integers(2, 10))
def test_boxes_grow_to_the_faint_voxels_around_them_and_stay_separate(gap):
    """Cores of opaque voxels lie inside faint shells that touch if the gap is small."""
    truth = two_boxes(gap)
    cores = truth - np.array([0, 0, 0, 0.08, 0.08, 0.08])
    shells = truth + np.array([0, 0, 0, 0.08, 0.08, 0.0])
    alpha = np.maximum(alpha_of(cores), np.maximum(0.15 * alpha_of(truth), 0.05 * alpha_of(shells)))
    config = BoxConfig(alpha_above=0.2, grow_above=0.1)
    found = boxes_from_alpha(alpha, GRID, config)
    assert np.allclose(found[np.argsort(found[:, 0])], truth, atol=1e-6)
    small = boxes_from_alpha(alpha, GRID, replace(config, grow_above=None))
    assert np.allclose(small[np.argsort(small[:, 0])], cores, atol=1e-6)
    fainter = boxes_from_alpha(alpha, GRID, replace(config, grow_above=0.04))
    assert len(fainter) == 2 and (fainter[:, 3:5] >= truth[:, 3:5] - 1e-6).all()


def test_a_volume_without_opaque_voxels_gives_no_box():
    for count in (None, 3):
        assert boxes_from_alpha(np.zeros(GRID.shape_zyx), GRID, BoxConfig(), count).shape == (0, 6)


def test_specks_are_dropped():
    alpha = alpha_of(two_boxes(3))
    alpha[1, 2, 2:4] = 1.0
    assert len(boxes_from_alpha(alpha, GRID, BoxConfig())) == 2


def test_many_opaque_voxels_are_clustered_quickly():
    grid = VoxelGrid((96, 96, 16), 0.04)
    assert len(boxes_from_alpha(np.ones((16, 96, 96)), grid, BoxConfig())) >= 1


@pytest.mark.parametrize(
    ("voxel_unit", "eps", "min_samples", "expected"),
    [
        (1.0, 0.5, 5, 0),  # the defaults of scikit-learn on voxel indices: all is noise
        (0.04, 0.5, 5, 1),  # on metres: all is one object
        (1.0, 1.0, 1, 3),
        (1.0, 1.01, 4, 3),
        (1.0, 3.0, 5, 2),
    ],
)
def test_the_unit_of_the_distance_changes_the_clusters(voxel_unit, eps, min_samples, expected):
    """Three shells of six voxels with gaps of two, four and five voxels, like those of the published sample scene."""
    shell = np.argwhere(np.ones((6, 6, 6)))
    shell = shell[(shell == 0).any(axis=1) | (shell == 5).any(axis=1)]
    voxels = np.concatenate([shell, shell + [8, 0, 0], shell + [0, 10, 0]])
    config = BoxConfig(eps_voxels=eps, min_samples=min_samples, min_voxels=1)
    assert len(clusters(voxels * voxel_unit, config)) == expected


@given(st.permutations(range(3)))
def test_the_order_of_voxels_does_not_matter(order):
    truth = np.concatenate([two_boxes(2), [[0.0, 0.6, 0.08, 0.16, 0.16, 0.16]]])
    found = boxes_from_alpha(alpha_of(truth[list(order)]), GRID, BoxConfig())
    assert np.isclose(iou_matrix(found, truth).max(axis=0), 1.0).all()
