"""The floor, transferred by its plane, looks the same in every view; objects on it do not."""

from __future__ import annotations

import torch
from torch import Tensor

from odd_bench.blocks.backprojection import picture_positions, project_points
from odd_bench.detector.silhouettes import FLOOR_CHANNELS, floor_differences
from tests.detector.worlds import noise_batch, ring_cameras, stacked

PIXELS = 48


def pattern(points: Tensor) -> Tensor:
    """(..., 3) smooth colours in [0.2, 0.8] at places x, y on the floor."""
    x, y = points[..., 0], points[..., 1]
    return 0.5 + 0.3 * torch.stack([(3 * x).sin(), (4 * y).cos(), (2 * x + 3 * y).sin()], dim=-1)


def painted(K: Tensor, camera_from_world: Tensor, height_m: float) -> Tensor:
    """(v, 3, h, w) pictures of a painted plane at a height."""
    rows, columns = torch.meshgrid(torch.arange(PIXELS) + 0.5, torch.arange(PIXELS) + 0.5, indexing="ij")
    pixels = torch.stack([columns, rows, torch.ones_like(rows)], dim=-1)
    to_world = camera_from_world[:, :3, :3].transpose(1, 2)
    eyes = -(to_world @ camera_from_world[:, :3, 3:])[..., 0]
    rays = torch.einsum("vij,hwj->vhwi", to_world @ torch.linalg.inv(K), pixels)
    reach = (height_m - eyes[:, None, None, 2]) / rays[..., 2]
    return pattern(eyes[:, None, None] + reach[..., None] * rays).permute(0, 3, 1, 2)


def differences(height_m: float, views: int = 4) -> Tensor:
    K, camera_from_world = stacked(ring_cameras(views, PIXELS))
    images = painted(K, camera_from_world, height_m)
    return floor_differences(images[None], K[None], camera_from_world[None])[0]


def test_a_painted_floor_looks_the_same_in_all_views():
    found = differences(0.0)
    assert found.shape == (4, FLOOR_CHANNELS, PIXELS, PIXELS)
    inner = found[..., 12:-12, 12:-12]
    assert inner.max() < 0.1 and inner.mean() < 0.01


def test_a_painted_plane_above_the_floor_looks_different_across_views():
    inner = differences(0.15)[..., 12:-12, 12:-12]
    assert inner[:, 1].mean() > 5 * differences(0.0)[:, 1, 12:-12, 12:-12].mean() and inner[:, 1].mean() > 0.1


def test_the_least_difference_is_at_most_the_median():
    batch = noise_batch(views=5)
    found = floor_differences(batch.images.float() / 255, batch.K, batch.camera_from_world)
    assert found.isfinite().all() and (found >= 0).all() and (found[:, :, 0] <= found[:, :, 1]).all()


def test_the_order_of_views_does_not_matter():
    batch, order = noise_batch(views=5), [3, 1, 4, 0, 2]
    images = batch.images.float() / 255
    found = floor_differences(images, batch.K, batch.camera_from_world)
    again = floor_differences(images[:, order], batch.K[:, order], batch.camera_from_world[:, order])
    assert torch.allclose(again, found[:, order], atol=1e-5)


def test_a_single_view_gives_no_difference():
    batch = noise_batch(views=1)
    assert (floor_differences(batch.images.float() / 255, batch.K, batch.camera_from_world) == 0).all()


def test_a_place_on_the_floor_is_transferred_to_where_it_is_seen():
    K, camera_from_world = stacked(ring_cameras(2, PIXELS))
    images = torch.full((1, 2, 3, PIXELS, PIXELS), 0.5)
    place = torch.tensor([[0.05, -0.03, 0.0]])
    pixels = project_points(K, camera_from_world, place)[0][:, 0].floor().long()  # (v, 2)
    for view in range(2):
        images[0, view, :, pixels[view, 1] - 1 : pixels[view, 1] + 2, pixels[view, 0] - 1 : pixels[view, 0] + 2] = 1.0
    found = floor_differences(images, K[None], camera_from_world[None])[0]
    assert all(found[view, 0, pixels[view, 1], pixels[view, 0]] < 0.2 for view in range(2))
    assert picture_positions(pixels.float(), (PIXELS, PIXELS)).abs().max() < 1
