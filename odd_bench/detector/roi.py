"""Object volumes z_n: cells of a cube around each box, read off a dense volume (paper section 3.3, RoI pooling)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from odd_bench.blocks.voxel_grid import VoxelGrid


@dataclass(frozen=True)
class RoiConfig:
    """cells: along each side of the cube. margin_voxels: by how much the cube exceeds the largest object of the scene.

    compared: the most opaque cells of each object take part in the comparison, the others are air; None = all.
    """

    cells: int = 8
    margin_voxels: float = 1.0
    compared: int | None = None


def cell_centres(boxes: Tensor, grid: VoxelGrid, config: RoiConfig) -> Tensor:
    """World positions of the cells of every object, (n, cells^3, 3) metres, z slowest and x fastest. boxes: (n, 6).

    All cubes of a scene have the same side, that of its largest object, so that a cell means the same length everywhere.
    """
    side = boxes[:, 3:].max() + config.margin_voxels * grid.voxel_m
    offsets = (torch.arange(config.cells, device=boxes.device) + 0.5) / config.cells - 0.5
    z, y, x = torch.meshgrid(offsets, offsets, offsets, indexing="ij")
    local = side * torch.stack([x, y, z], dim=-1).reshape(-1, 3)
    return boxes[:, None, :3] + local[None]


def pool(volume: Tensor, points: Tensor, grid: VoxelGrid) -> Tensor:
    """Trilinear values of a (c, z, y, x) volume at (n, cells^3, 3). Returns (n, cells^3, c)."""
    return grid.sample(volume[None], points.reshape(1, -1, 3)).reshape(*points.shape[:2], -1)


def most_opaque(alpha: Tensor, count: int | None) -> Tensor:
    """(n, count) numbers of the most opaque cells of each object, ascending. alpha: (n, t). All cells where count is None."""
    n, t = alpha.shape
    if count is None or count >= t:
        return torch.arange(t, device=alpha.device).expand(n, -1)
    return alpha.detach().topk(count, dim=1).indices.sort(dim=1).values
