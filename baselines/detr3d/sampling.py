"""Sampling the features of all views and levels at 3D points (DETR3D section 3.3, equations 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from odd_bench.blocks.backprojection import picture_positions, project_points


@dataclass(frozen=True)
class Views:
    """The features and cameras of all views.

    levels: maps (b, v, c, h', w'), fine to coarse. K: (b, v, 3, 3), pixels of the pictures. camera_from_world: (b, v, 4, 4).
    image_size: height and width of the pictures in pixels.
    """

    levels: list[Tensor]
    K: Tensor
    camera_from_world: Tensor
    image_size: tuple[int, int]

    def project(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Project points (b, q, 3), metres, world, to positions (b, v, q, 2), from -1 to 1, and visible (b, v, q) bool."""
        pixels, depth = project_points(self.K, self.camera_from_world, points[:, None])  # eq. 2
        position = picture_positions(pixels, self.image_size)
        return position, (position.abs() <= 1).all(dim=-1) & (depth > 0)

    def look_up(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Features (levels, b, v, c, q) at points (b, q, 3), interpolated bilinearly, 0 if not visible; and visible (b, v, q)."""
        position, visible = self.project(points)
        position = torch.where(visible[..., None], position, 0.0).flatten(0, 1)[:, :, None]  # (b v, q, 1, 2)
        taken = torch.stack([sampled(level, position) for level in self.levels])
        return taken * visible[:, :, None], visible

    def sight(self, points: Tensor) -> Tensor:
        """Position of the cameras relative to each point, (b, v, q, 4).

        The first three numbers are the unit direction from the point to the camera. The last is the logarithm of the length that
        a metre at the point has in the picture, in widths of the picture.
        """
        rotation, shift = self.camera_from_world[..., :3, :3], self.camera_from_world[..., :3, 3:]
        centre = -(rotation.transpose(-1, -2) @ shift)[..., None, :, 0]  # (b, v, 1, 3)
        towards = centre - points[:, None]
        distance = towards.norm(dim=-1, keepdim=True).clamp(min=1e-3)
        focal = self.K[..., 0, 0, None, None] / self.image_size[1]
        return torch.cat([towards / distance, (focal / distance).log().expand_as(distance)], dim=-1)


def sampled(level: Tensor, position: Tensor) -> Tensor:
    """Features (b, v, c, q) of a map (b, v, c, h, w) at positions (b v, q, 1, 2), constant beyond the outermost centres."""
    taken = grid_sample(level.flatten(0, 1).float(), position, padding_mode="border", align_corners=False)  # eq. 3
    return taken[..., 0].unflatten(0, level.shape[:2])
