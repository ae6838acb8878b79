"""The voxel grid. Every module takes the positions of voxels from here: the centre of voxel i is low_m + (i + 0.5) * voxel_m."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class VoxelGrid:
    """A regular grid of voxels in the world. Volumes are tensors (b, c, z, y, x). The defaults are those of section 4.2 of
    the paper.
    """

    counts: tuple[int, ...] = (96, 96, 16)
    """Number of voxels along x, y and z."""
    voxel_m: float = 0.04
    """Side of a voxel in metres."""
    low_m: tuple[float, ...] = (-1.92, -1.92, -0.32)
    """Corner of the grid with the lowest x, y and z, in metres, world."""

    @property
    def size_m(self) -> tuple[float, ...]:
        return tuple(count * self.voxel_m for count in self.counts)

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        return self.counts[2], self.counts[1], self.counts[0]

    def centres(self, device: torch.device | None = None) -> Tensor:
        """Centres (z, y, x, 3) of all voxels in metres, world."""
        axes = [
            low + (torch.arange(count, device=device) + 0.5) * self.voxel_m
            for low, count in zip(self.low_m, self.counts, strict=True)
        ]
        z, y, x = torch.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
        return torch.stack([x, y, z], dim=-1)

    def finer(self, factor: int) -> VoxelGrid:
        """A grid of the same region whose voxels are smaller by this factor."""
        return VoxelGrid(tuple(factor * count for count in self.counts), self.voxel_m / factor, self.low_m)

    def index(self, points: Tensor) -> Tensor:
        """Convert points (..., 3) in metres, world, to fractional voxel indices (..., 3) x, y, z: integers at voxel centres."""
        return (points - points.new_tensor(self.low_m)) / self.voxel_m - 0.5

    def world(self, index: Tensor) -> Tensor:
        """Convert voxel indices (..., 3) x, y, z to points (..., 3) in metres, world. This is the inverse of `index`."""
        return index.new_tensor(self.low_m) + (index + 0.5) * self.voxel_m

    def sample(self, volume: Tensor, points: Tensor) -> Tensor:
        """Interpolate a volume trilinearly at points; values outside the grid are 0.

        volume: (b, c, z, y, x). points: (b, n, 3) metres, world. Returns (b, n, c).
        """
        position = 2 * (points - points.new_tensor(self.low_m)) / points.new_tensor(self.size_m) - 1
        position = position[:, :, None, None]  # (b, n, 1, 1, 3)
        taken = torch.nn.functional.grid_sample(volume.float(), position, padding_mode="zeros", align_corners=False)
        return taken.flatten(2).transpose(1, 2)
