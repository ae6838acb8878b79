"""One convention for voxel centres: projecting, lifting and sampling agree with the cameras of the data."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.blocks.backprojection import backproject, pixel_directions, project_points
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.geometry.cameras import project, unproject
from tests.detector.worlds import ring_cameras, stacked

GRID = VoxelGrid((24, 16, 8), 0.05, (-0.6, -0.4, 0.0))


def test_the_first_voxel_centre_is_half_a_voxel_from_the_corner():
    centres = GRID.centres()
    assert centres.shape == (8, 16, 24, 3)
    assert torch.allclose(centres[0, 0, 0], torch.tensor([-0.575, -0.375, 0.025]))
    assert torch.allclose(centres[-1, -1, -1], torch.tensor([0.575, 0.375, 0.375]))


def test_sampling_at_voxel_centres_gives_the_voxels():
    volume = torch.randn(1, 3, *GRID.shape_zyx)
    sampled = GRID.sample(volume, GRID.centres().reshape(1, -1, 3))
    assert torch.allclose(sampled, volume.flatten(2).transpose(1, 2), atol=1e-5)


def test_a_linear_field_is_sampled_exactly_between_the_centres():
    volume = GRID.centres().permute(3, 0, 1, 2)[None]
    points = torch.rand(1, 200, 3) * torch.tensor([1.1, 0.7, 0.3]) + torch.tensor([-0.55, -0.35, 0.05])
    assert torch.allclose(GRID.sample(volume, points), points, atol=1e-5)


def test_index_and_world_are_inverse_and_whole_at_centres():
    centres = GRID.centres()
    index = GRID.index(centres)
    assert torch.allclose(index, index.round(), atol=1e-4)
    assert torch.allclose(GRID.world(index), centres, atol=1e-6)


@given(st.integers(0, 3), st.floats(-0.5, 0.5), st.floats(-0.4, 0.4), st.floats(0.0, 0.4))
def test_projection_equals_that_of_the_cameras(view, x, y, z):
    cameras = ring_cameras(4, 64)
    K, camera_from_world = stacked(cameras)
    pixels, depth = project_points(K, camera_from_world, torch.tensor([[x, y, z]]))
    expected, expected_depth = project(cameras[view], np.array([[x, y, z]]))
    assert np.allclose(pixels[view].numpy(), expected, atol=1e-3)
    assert np.allclose(depth[view].numpy(), expected_depth, atol=1e-5)


def test_depth_lifted_into_the_grid_projects_back_within_a_voxel():
    camera = ring_cameras(3, 48)[1]
    rng = np.random.default_rng(0)
    pixels, depth = rng.uniform(5, 43, (300, 2)), rng.uniform(0.8, 1.5, 300)
    index = GRID.index(torch.from_numpy(unproject(camera, pixels, depth))).round()
    centres = GRID.world(index).numpy()
    again, again_depth = project(camera, centres)
    pixel_m = depth[:, None] / camera.K[0, 0]
    assert (np.abs(again - pixels) * pixel_m <= GRID.voxel_m).all()
    assert (np.abs(again_depth - depth) <= GRID.voxel_m).all()


@pytest.mark.parametrize("stride", [1, 4])
def test_backprojecting_a_map_of_pixel_positions_gives_the_projections(stride):
    """A feature map of its own pixel positions must arrive as the projection of each voxel, without any shift."""
    pixels = 64
    K, camera_from_world = stacked(ring_cameras(1, pixels))
    centres = (torch.arange(pixels // stride) + 0.5) * stride
    v, u = torch.meshgrid(centres, centres, indexing="ij")
    volume, seen = backproject(
        torch.stack([u, v])[None, None], K[None], camera_from_world[None], (pixels, pixels), GRID
    )
    expected, _ = project_points(K, camera_from_world, GRID.centres().reshape(-1, 3))
    inner = ((expected[0] > stride) & (expected[0] < pixels - stride)).all(dim=-1)
    found = volume[0].flatten(1).T
    assert inner.sum() > 500
    assert seen[0, 0].flatten()[inner].all()
    assert torch.allclose(found[inner], expected[0][inner], atol=1e-2)


def test_the_mean_is_over_the_views_that_see_a_voxel():
    grid = VoxelGrid((8, 8, 8), 0.5, (-2.0, -2.0, -2.0))  # larger than what the cameras see
    K, camera_from_world = stacked(ring_cameras(2, 32))
    maps = torch.stack([torch.full((1, 8, 8), 1.0), torch.full((1, 8, 8), 3.0)])[None]
    volume, seen = backproject(maps, K[None], camera_from_world[None], (32, 32), grid)
    assert set(volume.round(decimals=4).unique().tolist()) == {0.0, 1.0, 2.0, 3.0}
    assert torch.equal(seen[0, 0], volume[0, 0] > 0)


def test_rays_through_pixels_reach_the_points_that_project_there():
    K, camera_from_world = stacked(ring_cameras(3, 64))
    points = torch.rand(50, 3) - 0.5
    pixels, depth = project_points(K, camera_from_world, points)
    for view in range(3):
        eye, directions = pixel_directions(K[view], camera_from_world[view], pixels[view])
        assert torch.allclose(eye + depth[view, :, None] * directions, points, atol=1e-4)


def test_the_variance_is_over_the_views_that_see_a_voxel_and_leaves_the_mean():
    grid = VoxelGrid((8, 8, 8), 0.5, (-2.0, -2.0, -2.0))  # larger than what the cameras see
    K, camera_from_world = stacked(ring_cameras(3, 32))
    maps = torch.tensor([1.0, 3.0, 8.0])[None, :, None, None, None].expand(1, 3, 1, 8, 8)
    views = (K[None], camera_from_world[None], (32, 32), grid)
    mean, seen = backproject(maps, *views)
    both, seen_too = backproject(maps, *views, variance=True)
    assert torch.equal(both[:, :1], mean) and torch.equal(seen_too, seen)
    seen_by = ([1], [3], [8], [1, 3], [1, 8], [3, 8], [1, 3, 8])  # no two have the same mean
    variance_of = {0.0: 0.0} | {round(float(np.mean(values)), 3): np.var(values) for values in seen_by}
    for value, variance in zip(both[0, 0].flatten().tolist(), both[0, 1].flatten().tolist(), strict=True):
        assert variance == pytest.approx(variance_of[round(value, 3)], abs=1e-3)


def test_the_variance_does_not_depend_on_the_order_of_the_views():
    K, camera_from_world = stacked(ring_cameras(4, 64))
    maps, order = torch.randn(1, 4, 3, 16, 16), torch.tensor([2, 0, 3, 1])
    straight, _ = backproject(maps, K[None], camera_from_world[None], (64, 64), GRID, variance=True)
    mixed, _ = backproject(
        maps[:, order], K[None, order], camera_from_world[None, order], (64, 64), GRID, variance=True
    )
    assert torch.allclose(straight, mixed, atol=1e-5)


def test_autocast_does_not_change_the_geometry():
    K, camera_from_world = stacked(ring_cameras(2, 64))
    maps = torch.randn(1, 2, 3, 16, 16)
    plain, _ = backproject(maps, K[None], camera_from_world[None], (64, 64), GRID)
    with torch.autocast("cpu", torch.bfloat16):
        mixed, _ = backproject(maps, K[None], camera_from_world[None], (64, 64), GRID)
    assert torch.equal(plain, mixed)
