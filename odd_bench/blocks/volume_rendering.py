"""Volume rendering by emission and absorption (paper eq. 3), and of features through fixed weights.

The density volume is an opacity alpha in [0, 1]: what one voxel's length of it hides. A step of another length d hides
1 - (1 - alpha)^(d / voxel). Rays run between where they enter and leave the grid, or between two given depths, each step
then hiding alpha as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from odd_bench.blocks.backprojection import pixel_directions
from odd_bench.blocks.precision import full_precision
from odd_bench.blocks.voxel_grid import VoxelGrid

MARGIN = 2  # cells around objects that count as near
NEAR_SHARE = 0.6  # of the drawn cells


def near_objects(coverage: Tensor, pixels: int) -> Tensor:
    """(v, r) bool: cells within MARGIN cells of one that objects touch. coverage: (v, r) of a pixels x pixels raster."""
    raster = coverage.unflatten(1, (pixels, pixels))[:, None]
    return max_pool2d(raster, 2 * MARGIN + 1, stride=1, padding=MARGIN).flatten(1) > 0


def draw_cells(near: Tensor, count: int) -> Tensor:
    """(v, count) different cell numbers of each view by torch's generator, NEAR_SHARE of them near objects on average.

    near: (v, r) bool. All r cells where count is not below r.
    """
    views, cells = near.shape
    if count >= cells:
        return torch.arange(cells, device=near.device).expand(views, -1)
    near = near.float()
    inside = near.sum(dim=1, keepdim=True).clamp(min=1)
    outside = (1 - near).sum(dim=1, keepdim=True).clamp(min=1)
    weight = near * NEAR_SHARE / inside + (1 - near) * (1 - NEAR_SHARE) / outside
    return torch.multinomial(weight, count)


def drawn_rays(rays: Rays, cells: Tensor) -> Rays:
    """The rays of the cells (v, count) alone."""
    return Rays(rays.origins, rays.directions.gather(1, cells[..., None].expand(-1, -1, 3)))


def targets_at(truth: tuple[Tensor, Tensor], cells: Tensor) -> tuple[Tensor, Tensor]:
    """Colour (v, r, 3) and mask (v, r) of the cells (v, count) alone."""
    color, mask = truth
    return color.gather(1, cells[..., None].expand(-1, -1, 3)), mask.gather(1, cells)


LIGHTEST = 1e-3  # contributions below this share of a ray are left out of feature rendering


@dataclass(frozen=True)
class RenderConfig:
    """How views are rendered from the volume."""

    samples: int = 128
    """Points on a ray."""
    pixels: int = 128
    """Side of rendered pictures."""
    feature_pixels: int = 32
    """Side of rendered feature maps."""
    rays: int | None = None
    """Cells of each rendered picture drawn in a training step, most near objects; None = all."""
    depths_m: tuple[float, ...] | None = None
    """Planar depths of the first and last sample; None = where the ray enters and leaves the grid."""


@dataclass(frozen=True)
class Rays:
    """Rays of v views. origins: (v, 3) metres, world. directions: (v, r, 3), scaled to planar depth 1."""

    origins: Tensor
    directions: Tensor


@full_precision
def pixel_rays(K: Tensor, camera_from_world: Tensor, image_size: tuple[int, int], pixels: int) -> Rays:
    """Rays through the centres of a pixels x pixels raster laid over pictures of image_size. K: (v, 3, 3)."""
    height, width = image_size
    centres = (torch.arange(pixels, device=K.device) + 0.5) / pixels
    v, u = torch.meshgrid(centres * height, centres * width, indexing="ij")
    return Rays(*pixel_directions(K, camera_from_world, torch.stack([u, v], dim=-1).reshape(-1, 2)))


def ray_samples(rays: Rays, grid: VoxelGrid, config: RenderConfig) -> tuple[Tensor, Tensor]:
    """Points (v, r, p, 3) on the rays in metres, and the length of a step (v, r) in voxels; 0 where a ray misses the grid."""
    origins = rays.origins[:, None]  # (v, 1, 3)
    if config.depths_m is not None:
        depth = torch.linspace(*config.depths_m, config.samples, device=origins.device)[None, None]
        steps = torch.ones(rays.directions.shape[:2], device=origins.device)
    else:
        near, far = crossing(rays, grid)
        fractions = (torch.arange(config.samples, device=origins.device) + 0.5) / config.samples
        depth = near[..., None] + (far - near)[..., None] * fractions  # (v, r, p)
        steps = (far - near) / config.samples * rays.directions.norm(dim=-1) / grid.voxel_m
    return origins[:, :, None] + rays.directions[:, :, None] * depth[..., None], steps


def crossing(rays: Rays, grid: VoxelGrid) -> tuple[Tensor, Tensor]:
    """Planar depths (v, r) at which rays enter and leave the grid's box; equal where they miss it."""
    low = rays.origins.new_tensor(grid.low_m)
    high = low + low.new_tensor(grid.size_m)
    slope = torch.where(rays.directions.abs() < 1e-9, 1e-9, rays.directions)
    at = torch.stack([low - rays.origins[:, None], high - rays.origins[:, None]]) / slope  # (2, v, r, 3)
    near, far = at.amin(dim=0).amax(dim=-1).clamp(min=0), at.amax(dim=0).amin(dim=-1)
    return near, torch.maximum(near, far)


def step_alpha(alpha: Tensor, step_voxels: Tensor) -> Tensor:
    """Opacity of a step of the given length. alpha: (..., p) in [0, 1); step_voxels: (...)."""
    return -torch.expm1(torch.log1p(-alpha.clamp(max=1 - 1e-6)) * step_voxels[..., None])


def composite_weights(alpha: Tensor) -> Tensor:
    """w_i = a_i T_i with T_i = prod_{j < i} (1 - a_j). alpha: (..., p) opacity of each step, front to back."""
    through = torch.cumprod(1 - alpha, dim=-1)
    return alpha * torch.cat([torch.ones_like(through[..., :1]), through[..., :-1]], dim=-1)


def render(color_alpha: Tensor, rays: Rays, grid: VoxelGrid, config: RenderConfig) -> tuple[Tensor, Tensor]:
    """Colour (v, r, 3) over black and mask (v, r) of one scene. color_alpha: (4, z, y, x), colour then alpha, in [0, 1]."""
    points, steps = ray_samples(rays, grid, config)
    values = grid.sample(color_alpha[None], points.reshape(1, -1, 3)).reshape(*points.shape[:3], 4)
    weights = composite_weights(step_alpha(values[..., 3], steps))  # (v, r, p)
    return (weights[..., None] * values[..., :3]).sum(dim=-2), weights.sum(dim=-1)


@dataclass(frozen=True)
class FeatureWeights:
    """How rendered features follow from voxel features: one sparse matrix a scene, without gradient.

    matrix: (rays, k) sparse. voxels: (k,) flat numbers of the k voxels that contribute, into (z, y, x).
    """

    matrix: Tensor
    voxels: Tensor

    def render(self, voxel_features: Tensor) -> Tensor:
        """(k, c) features of these voxels to (rays, c)."""
        return sparse_product(self.matrix, voxel_features.float())


@full_precision
def sparse_product(matrix: Tensor, dense: Tensor) -> Tensor:
    return torch.sparse.mm(matrix, dense)


@torch.no_grad()
def feature_weights(alpha: Tensor, rays: Rays, chosen: Tensor, grid: VoxelGrid, config: RenderConfig) -> FeatureWeights:
    """Weights of every voxel in every chosen ray: with the density fixed, rendering is linear in the features.

    alpha: (z, y, x). chosen: (v, r) bool, which rays to render. Contributions below LIGHTEST are left out.
    """
    points, steps = ray_samples(rays, grid, config)
    points, steps = points[chosen], steps[chosen]  # (q, p, 3), (q,)
    sampled = grid.sample(alpha[None, None], points.reshape(1, -1, 3)).reshape(points.shape[:2])
    weights = composite_weights(step_alpha(sampled, steps))
    ray, sample = torch.nonzero(weights > LIGHTEST, as_tuple=True)
    voxels, shares = trilinear_taps(grid, points[ray, sample])  # (s, 8)
    values = (shares * weights[ray, sample][:, None]).flatten()
    rows, kept = ray[:, None].expand(-1, 8).flatten(), values > 0
    used, columns = torch.unique(voxels.flatten()[kept], return_inverse=True)
    size = (len(points), len(used))
    matrix = torch.sparse_coo_tensor(torch.stack([rows[kept], columns]), values[kept], size, check_invariants=False)
    return FeatureWeights(matrix.coalesce(), used)


def trilinear_taps(grid: VoxelGrid, points: Tensor) -> tuple[Tensor, Tensor]:
    """The eight voxels around points (s, 3) and their shares, both (s, 8); a share of 0 outside the grid."""
    position = grid.index(points)
    low = torch.floor(position)
    corner = torch.tensor([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], device=points.device)
    index = low.long()[:, None] + corner  # (s, 8, 3)
    toward = (position - low)[:, None]
    shares = torch.where(corner == 1, toward, 1 - toward).prod(dim=-1)
    counts = torch.tensor(grid.counts, device=points.device)
    inside = ((index >= 0) & (index < counts)).all(dim=-1)
    x, y, z = torch.minimum(index.clamp(min=0), counts - 1).unbind(-1)
    return (z * grid.counts[1] + y) * grid.counts[0] + x, shares * inside
