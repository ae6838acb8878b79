"""Plane sweep in worlds whose depth is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from odd_bench.baselines.colmap_dgcnn.planesweep import PlaneSweepConfig, best_two, box_mean, nearest_views, sweep
from tests.baselines.colmap_dgcnn.worlds import CENTRE_M, RADIUS_M, ball_on_floor

CONFIG = PlaneSweepConfig(planes=48)


@pytest.fixture(scope="module")
def views():
    return ball_on_floor(views=20)


def range_of(views) -> np.ndarray:
    return np.stack([[depth.min() * 0.9, np.quantile(depth, 0.98) * 1.1] for depth in views.depth_m])


def test_floor_and_ball_are_recovered_within_a_plane(views):
    limits = range_of(views)
    found = sweep(views, limits, CONFIG, "cpu")
    known = found > 0
    inverse_step = (1 / limits[:, 0] - 1 / limits[:, 1])[:, None, None] / (CONFIG.planes - 1)
    planes_off = np.abs(1 / np.maximum(found, 1e-3) - 1 / views.depth_m) / inverse_step
    in_range = (views.depth_m > limits[:, :1, None]) & (views.depth_m < limits[:, 1:, None])
    on_ball = in_range & (np.abs(surface_distance(views)) < 1e-6)
    assert known[on_ball].mean() > 0.7 and known[in_range & ~on_ball].mean() > 0.5
    assert np.median(planes_off[known & on_ball]) < 0.5 and np.median(planes_off[known & in_range & ~on_ball]) < 0.5
    assert np.quantile(planes_off[known & in_range], 0.8) < 1.0


def surface_distance(views) -> np.ndarray:
    """(v, h, w) distance in metres from the true surface points to the surface of the ball."""
    v, u = np.mgrid[: views.height, : views.width] + 0.5
    pixels = np.stack([u, v, np.ones_like(u)], axis=-1)
    distance = []
    for K, camera_from_world, depth in zip(views.K, views.camera_from_world, views.depth_m, strict=True):
        points = (pixels @ np.linalg.inv(K).T) * depth[..., None]
        points = (points - camera_from_world[:3, 3]) @ camera_from_world[:3, :3]
        distance.append(np.linalg.norm(points - CENTRE_M, axis=-1) - RADIUS_M)
    return np.stack(distance)


def test_a_picture_without_texture_has_no_depth(views):
    flat = replace(views, images=np.full_like(views.images, 127))
    assert not sweep(flat, range_of(views), replace(CONFIG, planes=8), "cpu").any()


def test_depth_outside_the_planes_is_rejected(views):
    """No plane passes through anything, so that the best chance match is not convincing."""
    limits = np.tile([0.1, 0.2], (len(views), 1))
    assert (sweep(views, limits, replace(CONFIG, planes=16), "cpu") > 0).mean() < 0.05


def test_sources_are_the_nearest_cameras_of_a_ring(views):
    nearest = nearest_views(views, 4)
    steps = np.abs((nearest - np.arange(len(views))[:, None] + 10) % 20 - 10)
    assert np.array_equal(np.sort(steps, axis=1), np.tile([1, 1, 2, 2], (20, 1)))
    assert nearest_views(replace(views, camera_from_world=views.camera_from_world[:2]), 1).tolist() == [[1], [0]]


@pytest.mark.parametrize("radius", [1, 2, 3, 5])
def test_box_means_are_means_over_windows(radius):
    pictures = torch.rand(2, 9, 12, dtype=torch.float64)
    padded = np.pad(pictures.numpy(), [(0, 0), (radius, radius), (radius, radius)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * radius + 1, 2 * radius + 1), axis=(1, 2))
    assert np.allclose(box_mean(pictures, radius).numpy(), windows.mean(axis=(-1, -2)))


@pytest.mark.parametrize("count", [2, 3, 5])
def test_only_the_two_best_sources_count(count):
    scores = torch.rand(count, 3, 4, 5)
    expected = scores.sort(dim=0, descending=True).values[:2].mean(dim=0)
    assert torch.allclose(best_two(list(scores)), expected)
