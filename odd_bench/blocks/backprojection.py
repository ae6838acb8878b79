"""Lifting 2D features into the voxel grid (paper eqs. 1 and 2)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from odd_bench.blocks.precision import full_precision
from odd_bench.blocks.voxel_grid import VoxelGrid

OUTSIDE = 3.0  # a position outside the picture, where grid_sample returns 0


@full_precision
def project_points(K: Tensor, camera_from_world: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Project world points into views. K: (..., 3, 3); camera_from_world: (..., 4, 4); points: (n, 3) metres.

    Returns pixels (..., n, 2), with centres at half-integers, and planar depths (..., n) in metres, which are positive only in
    front of the camera.
    """
    to_pixels = K @ camera_from_world[..., :3, :]  # (..., 3, 4)
    homogeneous = points @ to_pixels[..., :3].transpose(-1, -2) + to_pixels[..., None, :, 3]
    depth = homogeneous[..., 2]
    return homogeneous[..., :2] / depth.clamp(min=1e-6)[..., None], depth


@full_precision
def pixel_directions(K: Tensor, camera_from_world: Tensor, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Rays through pixels (n, 2), the inverse of `project_points`.

    Returns the positions of the cameras (..., 3) in metres, world, and the directions (..., n, 3), scaled to planar depth 1.
    """
    rotation = camera_from_world[..., :3, :3]
    homogeneous = torch.cat([pixels, torch.ones_like(pixels[:, :1])], dim=1)
    directions = homogeneous @ torch.linalg.inv(K).transpose(-1, -2) @ rotation
    return eyes_of(camera_from_world), directions


def eyes_of(camera_from_world: Tensor) -> Tensor:
    """Positions (..., 3) of cameras in metres, world. camera_from_world: (..., 4, 4)."""
    return -(camera_from_world[..., :3, :3].transpose(-1, -2) @ camera_from_world[..., :3, 3:])[..., 0]


def picture_positions(pixels: Tensor, image_size: tuple[int, int]) -> Tensor:
    """Convert pixels (..., 2) to the coordinates of grid_sample (..., 2), in which the picture's borders are -1 and 1.

    image_size: height and width in pixels.
    """
    height, width = image_size
    return torch.stack([2 * pixels[..., 0] / width - 1, 2 * pixels[..., 1] / height - 1], dim=-1)


@full_precision
def lift(
    features: Tensor, K: Tensor, camera_from_world: Tensor, image_size: tuple[int, int], points: Tensor,
    interpolation: str = "bilinear", variance: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The mean feature at a point's projections into all views that see the point; occlusion is ignored.

    features: (b, m, c, h, w). K: (b, m, 3, 3), of the pictures. image_size: height and width of the pictures in pixels.
    points: (n, 3) metres, world. variance: whether the variance over the same views follows the mean as c more channels; it is
    small where the views show the same surface (MVSNet, Yao et al. 2018, eq. 2).
    Returns (b, c, n), or (b, 2 c, n) with variance, 0 where no view sees the point; and (b, n) bool, whether any view does.
    """
    b, m, c = features.shape[:3]
    pixels, depth = project_points(K, camera_from_world, points)  # (b, m, n, 2), (b, m, n)
    position = picture_positions(pixels, image_size)
    visible = (position.abs() <= 1).all(dim=-1) & (depth > 0)  # (b, m, n)
    right, below = (1 - 1 / side for side in features.shape[:-3:-1])  # centres of the outermost features
    inner = torch.stack([position[..., 0].clamp(-right, right), position[..., 1].clamp(-below, below)], dim=-1)
    position = torch.where(visible[..., None], inner, OUTSIDE).reshape(b * m, 1, -1, 2)
    features = features.flatten(0, 1).float()
    taken = grid_sample(features, position, mode=interpolation, padding_mode="zeros", align_corners=False)  # eq. 1
    taken = taken.reshape(b, m, c, -1)
    views = visible.sum(dim=1).clamp(min=1)[:, None]  # (b, 1, n)
    mean = taken.sum(dim=1) / views  # eq. 2: "aggr" = mean over the views that see the point
    if variance:
        apart = ((taken - mean[:, None]).square() * visible[:, :, None]).sum(dim=1) / views
        mean = torch.cat([mean, apart], dim=1)
    return mean, visible.any(dim=1)


def backproject(
    features: Tensor, K: Tensor, camera_from_world: Tensor, image_size: tuple[int, int], grid: VoxelGrid,
    interpolation: str = "bilinear", variance: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Apply `lift` to the centres of all voxels.

    Returns the volume (b, c, z, y, x), or (b, 2 c, z, y, x) with variance; and (b, 1, z, y, x) bool, whether any view sees the
    voxel.
    """
    centres = grid.centres(K.device).reshape(-1, 3)
    volume, seen = lift(features, K, camera_from_world, image_size, centres, interpolation, variance)
    return volume.unflatten(2, grid.shape_zyx), seen.unflatten(1, grid.shape_zyx)[:, None]
