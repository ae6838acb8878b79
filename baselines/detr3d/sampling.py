"""Looking points up in every view and every level of its features (DETR3D section 3.3, equations 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from odd_bench.blocks.backprojection import picture_positions, project_points


@dataclass(frozen=True)
class Views:
    """What queries can look at. levels: maps (b, v, c, h', w'), fine to coarse. K: (b, v, 3, 3) of the pictures.

    camera_from_world: (b, v, 4, 4). image_size: height and width of the pictures in pixels.
    """

    levels: list[Tensor]
    K: Tensor
    camera_from_world: Tensor
    image_size: tuple[int, int]

    def project(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Points (b, q, 3), metres, world, to positions (b, v, q, 2), -1 and 1 at the borders, and visible (b, v, q) bool."""
        pixels, depth = project_points(self.K, self.camera_from_world, points[:, None])  # eq. 2
        position = picture_positions(pixels, self.image_size)
        return position, (position.abs() <= 1).all(dim=-1) & (depth > 0)

    def look_up(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Bilinear features (levels, b, v, c, q) at the points (b, q, 3), 0 where not visible, and visible (b, v, q)."""
        position, visible = self.project(points)
        position = torch.where(visible[..., None], position, 0.0).flatten(0, 1)[:, :, None]  # (b v, q, 1, 2)
        taken = torch.stack([sampled(level, position) for level in self.levels])
        return taken * visible[:, :, None], visible

    def sight(self, points: Tensor) -> Tensor:
        """(b, v, q, 4): the direction from each point to the camera, and the logarithm of how many widths of the picture a
        metre covers there."""
        rotation, shift = self.camera_from_world[..., :3, :3], self.camera_from_world[..., :3, 3:]
        centre = -(rotation.transpose(-1, -2) @ shift)[..., None, :, 0]  # (b, v, 1, 3)
        towards = centre - points[:, None]
        distance = towards.norm(dim=-1, keepdim=True).clamp(min=1e-3)
        focal = self.K[..., 0, 0, None, None] / self.image_size[1]
        return torch.cat([towards / distance, (focal / distance).log().expand_as(distance)], dim=-1)


def sampled(level: Tensor, position: Tensor) -> Tensor:
    """(b, v, c, q) of a map (b, v, c, h, w) at positions (b v, q, 1, 2); the outermost half feature is extended outwards."""
    taken = grid_sample(level.flatten(0, 1).float(), position, padding_mode="border", align_corners=False)  # eq. 3
    return taken[..., 0].unflatten(0, level.shape[:2])
