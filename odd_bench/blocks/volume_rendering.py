"""Volume rendering by emission and absorption (paper eq. 3), and rendering of features with fixed weights.

The density volume stores an opacity alpha in [0, 1]: the fraction of light that is absorbed over the length of one voxel. A
step of another length d absorbs 1 - (1 - alpha)^(d / voxel). Samples lie between the points where a ray enters and leaves the
grid. If two planar depths are given, samples lie between these, and every step absorbs alpha, whatever its length.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from odd_bench.blocks.backprojection import pixel_directions
from odd_bench.blocks.precision import full_precision
from odd_bench.blocks.voxel_grid import VoxelGrid

MARGIN = 2  # cells within this distance of an object count as near
NEAR_SHARE = 0.6  # expected fraction of drawn cells that are near objects
LIGHTEST = 1e-3  # contributions below this fraction of a ray are omitted from feature rendering


def near_objects(coverage: Tensor, pixels: int) -> Tensor:
    """The cells (v, r) bool at most MARGIN cells from one that an object covers. coverage: (v, r), r = pixels * pixels."""
    raster = coverage.unflatten(1, (pixels, pixels))[:, None]
    return max_pool2d(raster, 2 * MARGIN + 1, stride=1, padding=MARGIN).flatten(1) > 0


def draw_cells(near: Tensor, count: int) -> Tensor:
    """Draw `count` different cells of each view with torch's global generator, NEAR_SHARE of them near objects on average.

    near: (v, r) bool. Returns indices (v, count) int, or all r cells if count is at least r.
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
    """The rays of the cells with indices (v, count)."""
    return Rays(rays.origins, rays.directions.gather(1, cells[..., None].expand(-1, -1, 3)))


def targets_at(truth: tuple[Tensor, Tensor], cells: Tensor) -> tuple[Tensor, Tensor]:
    """The colour (v, count, 3) and mask (v, count) of the cells with indices (v, count). truth: those of all r cells."""
    color, mask = truth
    return color.gather(1, cells[..., None].expand(-1, -1, 3)), mask.gather(1, cells)


@dataclass(frozen=True)
class RenderConfig:
    """How views are rendered from the volume."""

    samples: int = 128
    """Number of samples on a ray."""
    pixels: int = 128
    """Width and height of rendered pictures."""
    feature_pixels: int = 32
    """Width and height of rendered feature maps."""
    rays: int | None = None
    """Number of pixels of each rendered picture that a training step draws, most of them near objects; None = all."""
    depths_m: tuple[float, ...] | None = None
    """Planar depths of the first and last sample in metres; None = where the ray enters and leaves the grid."""


@dataclass(frozen=True)
class Rays:
    """The r rays of each of v views. origins: (v, 3) metres, world. directions: (v, r, 3), scaled to planar depth 1."""

    origins: Tensor
    directions: Tensor


@full_precision
def pixel_rays(K: Tensor, camera_from_world: Tensor, image_size: tuple[int, int], pixels: int) -> Rays:
    """Rays through the centres of pixels x pixels cells, into which every picture is divided.

    K: (v, 3, 3). camera_from_world: (v, 4, 4). image_size: height and width of the pictures in pixels.
    """
    height, width = image_size
    centres = (torch.arange(pixels, device=K.device) + 0.5) / pixels
    v, u = torch.meshgrid(centres * height, centres * width, indexing="ij")
    return Rays(*pixel_directions(K, camera_from_world, torch.stack([u, v], dim=-1).reshape(-1, 2)))


def ray_samples(rays: Rays, grid: VoxelGrid, config: RenderConfig) -> tuple[Tensor, Tensor]:
    """Samples (v, r, p, 3) on the rays in metres, world, and the length (v, r) of a step in voxels.

    The length is 0 for a ray that misses the grid, and 1 if the configuration gives depths.
    """
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
    """Planar depths (v, r) at which rays enter and leave the grid; the two are equal if a ray misses the grid."""
    low = rays.origins.new_tensor(grid.low_m)
    high = low + low.new_tensor(grid.size_m)
    slope = torch.where(rays.directions.abs() < 1e-9, 1e-9, rays.directions)
    at = torch.stack([low - rays.origins[:, None], high - rays.origins[:, None]]) / slope  # (2, v, r, 3)
    near, far = at.amin(dim=0).amax(dim=-1).clamp(min=0), at.amax(dim=0).amin(dim=-1)
    return near, torch.maximum(near, far)


def step_alpha(alpha: Tensor, step_voxels: Tensor) -> Tensor:
    """Opacity (..., p) of steps of the given length. alpha: (..., p) in [0, 1). step_voxels: (...)."""
    return -torch.expm1(torch.log1p(-alpha.clamp(max=1 - 1e-6)) * step_voxels[..., None])


def composite_weights(alpha: Tensor) -> Tensor:
    """Weights w_i = a_i T_i with T_i = prod_{j < i} (1 - a_j). alpha: (..., p), the opacity of each step from front to back."""
    through = torch.cumprod(1 - alpha, dim=-1)
    return alpha * torch.cat([torch.ones_like(through[..., :1]), through[..., :-1]], dim=-1)


def render(color_alpha: Tensor, rays: Rays, grid: VoxelGrid, config: RenderConfig) -> tuple[Tensor, Tensor]:
    """Render the colour (v, r, 3), over black, and the mask (v, r) of one scene.

    color_alpha: (4, z, y, x) in [0, 1], the colour and then alpha.
    """
    points, steps = ray_samples(rays, grid, config)
    values = grid.sample(color_alpha[None], points.reshape(1, -1, 3)).reshape(*points.shape[:3], 4)
    weights = composite_weights(step_alpha(values[..., 3], steps))  # (v, r, p)
    return (weights[..., None] * values[..., :3]).sum(dim=-2), weights.sum(dim=-1)


@dataclass(frozen=True)
class FeatureWeights:
    """The linear map from the voxel features of one scene to its rendered features. It has no gradient.

    matrix: (rays, k) sparse. voxels: (k,) int, flat indices into (z, y, x) of the k voxels that contribute.
    """

    matrix: Tensor
    voxels: Tensor

    def render(self, voxel_features: Tensor) -> Tensor:
        """Render features (rays, c). voxel_features: (k, c), of the voxels in `voxels`."""
        return sparse_product(self.matrix, voxel_features.float())


@full_precision
def sparse_product(matrix: Tensor, dense: Tensor) -> Tensor:
    return torch.sparse.mm(matrix, dense)


@torch.no_grad()
def feature_weights(alpha: Tensor, rays: Rays, chosen: Tensor, grid: VoxelGrid, config: RenderConfig) -> FeatureWeights:
    """The weight of every voxel in every chosen ray. For a fixed density, rendering is linear in the features.

    alpha: (z, y, x) in [0, 1]. chosen: (v, r) bool, the rays to render. Contributions below LIGHTEST are omitted.
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
    """The flat indices of the eight voxels around points (s, 3), and their trilinear weights, both (s, 8).

    The weight of a voxel outside the grid is 0.
    """
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
