"""The appearance of objects' surfaces, in the cubes of their hulls: it separates placements whose shapes fit equally well."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from odd_bench.blocks.backprojection import picture_positions, project_points
from odd_bench.detector.hulls import Hulls, at

NEAR_CELLS = 1.5  # cells so near to a surface show it
LARGEST_DIFFERENCE = 3.0
DARKEST, DISPLAY_GAMMA = 1e-3, 2.2  # of linear light
LEAST_SPREAD = 0.1  # of objects without colour, whose hues are noise
TOWARDS = 0.12  # half sides: a step towards a camera after which a seen place is outside of its hull


@dataclass(frozen=True)
class Appearance:
    """volume: (n, f + 1, c, c, c) sum over the views that see a cell of what they show there; the last: how many do."""

    volume: Tensor

    def of(self, index: Tensor) -> Appearance:
        return Appearance(self.volume[index])

    def read(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Mean appearance (n, h, p, f) at positions (n, h, p, 3), and how well they are known (n, h, p)."""
        taken = grid_sample(self.volume, positions[:, None], align_corners=False)[:, :, 0]  # (n, f + 1, h, p)
        known = taken[:, -1]
        return (taken[:, :-1] / known[:, None].clamp(min=1e-3)).movedim(1, -1), known.clamp(max=1)


def hues(pictures: Tensor, masks: Tensor) -> Tensor:
    """(v, 3, h, w) logarithms of the shares of red, green and blue, which shadows hardly change, in units of the objects' spread.

    pictures: (v, 3, h, w) sRGB in [0, 1]. masks: (v, h, w) bool, where they show objects.
    """
    light = pictures.clamp(min=0) ** DISPLAY_GAMMA + DARKEST
    share = (light / light.sum(dim=1, keepdim=True)).log()
    shown = share.movedim(1, -1)[masks]  # (k, 3)
    if len(shown) < 2:
        return torch.zeros_like(share)
    spread = shown.var(dim=0).sum().sqrt() + LEAST_SPREAD
    return (share - shown.mean(dim=0)[:, None, None]) / spread


@torch.no_grad()
def surface_appearance(
    hulls: Hulls, shown: Tensor, pictures: Tensor, K: Tensor, camera_from_world: Tensor
) -> Appearance:
    """shown: (v, h', w') number of the object that each pixel shows, at any size. pictures: (v, f, h, w) what to remember.

    K: of pictures of the size of `pictures`.
    """
    n, cells = len(hulls), hulls.signed.shape[1]
    flat = hulls.signed.flatten(1)
    inside = (flat.abs() < NEAR_CELLS * 2 / cells) | (flat == flat.amin(dim=1, keepdim=True))
    owner, cell = inside.nonzero(as_tuple=True)
    local = hulls.grid[cell]  # (k, 3)
    world = hulls.centres[owner] + hulls.half_m * local
    pixels, depth = project_points(K, camera_from_world, world)  # (v, k, 2), (v, k)
    position = picture_positions(pixels, tuple(pictures.shape[-2:]))
    spots = position[:, None]
    seen = grid_sample(shown[:, None].float() + 1, spots, mode="nearest", align_corners=False)[:, 0, 0]
    rotation = camera_from_world[:, :3, :3]
    eyes = -(rotation.transpose(1, 2) @ camera_from_world[:, :3, 3:])[..., 0]  # (v, 3)
    towards = torch.nn.functional.normalize(eyes[:, None] - world, dim=-1)
    stepped = local + TOWARDS * towards  # (v, k, 3)
    free = torch.empty_like(depth)
    for number in range(n):
        mine = owner == number
        free[:, mine] = at(hulls.signed[number : number + 1], stepped[:, mine][None])[0]
    visible = (seen.round() == owner + 1) & (free > 0) & (depth > 0)
    values = grid_sample(pictures, spots, align_corners=False)[:, :, 0]  # (v, f, k)
    weighted = torch.cat([values, torch.ones_like(values[:, :1])], dim=1) * visible[:, None]
    volume = pictures.new_zeros(n, values.shape[1] + 1, cells**3)
    volume[owner, :, cell] = weighted.sum(dim=0).T
    return Appearance(volume.unflatten(2, (cells,) * 3))


def appearance_difference(first: Appearance, second: Appearance, points: Tensor, placed: Tensor) -> Tensor:
    """(k, h) mean difference in appearance of points (k, p, 3) of the first and their places on the second (k, h, p, 3).

    Points count where both are known.
    """
    own, known = first.read(points[:, None])  # (k, 1, p, f), (k, 1, p)
    other, also = second.read(placed)
    weight = known * also  # (k, h, p)
    apart = (own - other).norm(dim=-1).clamp(max=LARGEST_DIFFERENCE)
    return (weight * apart).sum(dim=-1) / weight.sum(dim=-1).clamp(min=1e-3)
