"""The targets of the volume: occupied voxels by masks and boxes, and what silhouettes say about voxels."""

import numpy as np
import pytest
import torch

from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.detector.hulls import soft_hull
from odd_bench.detector.losses import occupancy_loss, owners_of_voxels
from tests.detector.shapes import Ball, boxes_of, cameras_around, shown
from tests.detector.worlds import stacked

GRID = VoxelGrid((32, 32, 32), 0.025, (-0.4, -0.4, -0.4))
CAMERAS = cameras_around(12, 128, 1.3)
BALLS = [Ball((-0.2, 0.0, 0.0), 0.097), Ball((0.15, 0.1, 0.05), 0.113)]
VOXEL_M = GRID.voxel_m


def owners(balls: list[Ball]) -> torch.Tensor:
    return owners_of_voxels(shown(balls, CAMERAS), *stacked(CAMERAS), boxes_of(balls), GRID)


def distances(balls: list[Ball]) -> np.ndarray:
    """(n, z, y, x) signed distances in metres from every voxel to the surface of each ball, negative inside."""
    return np.stack([ball.distance(GRID.centres().numpy()) for ball in balls])


def test_a_voxel_inside_an_object_belongs_to_it_and_a_distant_voxel_to_none():
    found, apart = owners(BALLS).numpy(), distances(BALLS)
    for number in range(len(BALLS)):
        assert (found[apart[number] < 0] == number).all()
    assert (found[apart.min(axis=0) > 2 * VOXEL_M] == -1).all()


def test_the_order_of_objects_does_not_matter():
    swapped = owners(BALLS[::-1])
    assert torch.equal(torch.where(swapped >= 0, 1 - swapped, -1), owners(BALLS))


def test_more_views_never_occupy_more():
    few, many = (
        owners_of_voxels(shown(BALLS, cameras), *stacked(cameras), boxes_of(BALLS), GRID) >= 0
        for cameras in (CAMERAS[:3], CAMERAS)
    )
    assert (many & ~few).sum() == 0 and many.sum() < few.sum()


def test_the_soft_hull_of_certain_silhouettes_is_the_visual_hull():
    K, camera_from_world = stacked(CAMERAS)
    chances = (shown(BALLS, CAMERAS) > 0).float()
    mean, least = soft_hull(chances[None], K[None], camera_from_world[None], GRID)[0]
    apart = distances(BALLS).min(axis=0)
    assert (least.numpy()[apart < -0.3 * VOXEL_M] == 1).all() and (mean >= least).all()
    assert (least.numpy()[apart > 3 * VOXEL_M] == 0).mean() > 0.99


def test_the_soft_hull_is_empty_where_no_view_looks():
    K, camera_from_world = stacked(CAMERAS[:2])
    beyond = VoxelGrid((4, 4, 4), 0.025, (5.0, 5.0, 5.0))
    assert not soft_hull(torch.ones(1, 2, 128, 128), K[None], camera_from_world[None], beyond).any()


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_loss_is_lowest_for_the_true_probabilities(share):
    occupied = torch.rand(8, 8, 8) < share
    right, wrong = occupied.float(), (~occupied).float()
    assert (
        occupancy_loss(right, occupied) < occupancy_loss((right + 0.5) / 2, occupied) < occupancy_loss(wrong, occupied)
    )
