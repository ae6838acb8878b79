"""Registration of instances that stand on the same side: a rotation about the vertical axis and a translation along the floor.

The objects of a scene mostly stand on the same side. Three numbers then register two of them, instead of six for any rotation, and
fewer wrong placements fit. Heights are not searched, because both stand on the floor. If hulls fit badly under any yaw, as in
scenes whose objects lie on different sides, all rotations are searched (odd_bench.detector.registration).

The appearance of surfaces decides between placements for which the shapes fit equally well.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from odd_bench.blocks.backprojection import eyes_of, picture_positions, project_points
from odd_bench.detector.hulls import TOWARDS, Hulls, at, at_cells
from odd_bench.detector.object_pixels import ObjectRays, linear_light
from odd_bench.detector.registration import (
    NUDGES,
    Pairs,
    Placements,
    Round,
    best,
    hull_set,
    nudged,
    search,
    undone,
)

YAWS = 72
COARSE_EVERY = 4  # when all yaws are evaluated, only every so many surface points are used
ROUNDS = (
    Round(16, 0.06, 0.05, 4, at_cells),
    Round(6, 0.04, 0.025, 2, at),
    Round(4, 0.02, 0.012, 2, at),
)
APPEARANCE_EVERY = 2
APPEARANCE_WEIGHT = 0.06  # weight of the difference in appearance relative to that in shape
BETTER = 0.7  # another rotation is chosen only if its misfit is below this factor times that of the best yaw
MISFIT = 0.045  # half sides: hulls with a larger misfit under the best yaw do not stand on the same side
MISFITS = 0.5  # if the share of such pairs is larger, the objects of a scene lie on different sides


@torch.no_grad()
def register_standing(
    hulls: Hulls, rims: ObjectRays | None = None, appearance: Appearance | None = None, mode: str = "auto"
) -> Placements:
    """Register all pairs of objects.

    mode: `yaw`, only yaws; `all`, all rotations; `auto`, all rotations if yaws do not fit and other rotations do. rims: rays along
    the rims of the objects; if None, only surfaces count. appearance: of the surfaces; if None, it does not count.
    """
    n, device = len(hulls), hulls.signed.device
    rotation = torch.eye(3, device=device).repeat(n, n, 1, 1)
    shift = torch.zeros(n, n, 3, device=device)
    if n == 1:
        return Placements(rotation, shift)
    first, second = torch.triu_indices(n, n, 1, device=device)
    pairs = Pairs(hull_set(hulls, rims, first), hull_set(hulls, rims, second))
    if mode != "all":
        rise = (hulls.centres[first, 2] - hulls.centres[second, 2]) / hulls.half_m
        both = None if appearance is None else (appearance.of(first), appearance.of(second))
        found, moved, misfit = search_yaws(pairs, rise, both)
    if mode == "all":
        found, moved = search(pairs)
    elif mode == "auto" and (misfit > MISFIT).float().mean() > MISFITS:
        turned, shifted = search(pairs)
        better = pairs.unlike(turned[:, None], shifted[:, None], at)[:, 0] < BETTER * misfit
        found = torch.where(better[:, None, None], turned, found)
        moved = torch.where(better[:, None], shifted, moved)
    rotation[first, second], shift[first, second] = found, moved
    rotation[second, first], shift[second, first] = undone(found, moved)
    return Placements(rotation, shift)


def search_yaws(
    pairs: Pairs, rise: Tensor, appearance: tuple[Appearance, Appearance] | None
) -> tuple[Tensor, Tensor, Tensor]:
    """The best rotation (k, 3, 3) and shift (k, 3) of k pairs, and the misfit (k,) of their shapes, in half sides.

    rise: (k,), shift along z that preserves heights above the floor.
    """
    device, k = pairs.first.points.device, len(pairs.first.points)
    chance = torch.Generator().manual_seed(0)
    middle, target = pairs.first.points.mean(dim=1), pairs.second.points.mean(dim=1)  # (k, 3)
    rotation = yaw_matrices(torch.arange(YAWS) * (2 * torch.pi / YAWS)).to(device).expand(k, -1, -1, -1)
    shift = target[:, None] - (rotation @ middle[:, None, :, None])[..., 0]
    shift = torch.cat([shift[..., :2], rise[:, None, None].expand(-1, YAWS, 1)], dim=-1)
    apart = pairs.apart(rotation, shift, at_cells, COARSE_EVERY)
    judged = apart + weighted_appearance(pairs, appearance, rotation, shift, COARSE_EVERY)
    for one in ROUNDS:
        rotation, shift = best(one.kept, judged, rotation, shift)
        by = yaw_nudges(chance, one.turn, one.step, device)
        rotation, shift = nudged(pairs, rotation, shift, target, by, one)
        apart = pairs.unlike(rotation, shift, one.read)
        judged = apart + weighted_appearance(pairs, appearance, rotation, shift, APPEARANCE_EVERY)
    first = judged.argmin(dim=1, keepdim=True)  # (k, 1)
    return (
        rotation.take_along_dim(first[..., None, None], dim=1)[:, 0],
        shift.take_along_dim(first[..., None], dim=1)[:, 0],
        apart.take_along_dim(first, dim=1)[:, 0],
    )


def weighted_appearance(
    pairs: Pairs, appearance: tuple[Appearance, Appearance] | None, rotation: Tensor, shift: Tensor, every: int
) -> Tensor | float:
    """The weighted difference (k, h) in appearance under h placements (k, h, 3, 3), (k, h, 3); 0 without appearance."""
    if appearance is None:
        return 0.0
    points = pairs.first.points[:, ::every]  # (k, p, 3)
    placed = torch.einsum("khij,kpj->khpi", rotation, points) + shift[:, :, None]
    return APPEARANCE_WEIGHT * appearance_difference(*appearance, points, placed)


def yaw_matrices(angles: Tensor) -> Tensor:
    """Rotations (..., 3, 3) about z by angles (...), radians."""
    cos, sin, zero, one = angles.cos(), angles.sin(), torch.zeros_like(angles), torch.ones_like(angles)
    return torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], dim=-1).unflatten(-1, (3, 3))


def yaw_nudges(chance: torch.Generator, turn: float, step: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Perturbations: small random yaws (m, 3, 3) and shifts along the floor (m, 3). The first is the identity."""
    turns, steps = torch.randn(NUDGES, generator=chance), torch.randn(NUDGES, 3, generator=chance)
    turns[0], steps[0], steps[:, 2] = 0, 0, 0
    return yaw_matrices(turn * turns).to(device), (step * steps).to(device)


# The appearance of surfaces, in the cubes of their hulls

NEAR_CELLS = 1.5  # cells within this distance of the surface have an appearance
LARGEST_DIFFERENCE = 3.0
LEAST_SPREAD = 0.1  # minimum spread: objects without colour have only noise


@dataclass(frozen=True)
class Appearance:
    """Appearance of n surfaces. volume: (n, f + 1, c, c, c), sums of f values over the views that see a cell, and their number."""

    volume: Tensor

    def of(self, index: Tensor) -> Appearance:
        """The appearance of the objects with these indices."""
        return Appearance(self.volume[index])

    def read(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Mean appearance (n, h, p, f) at positions (n, h, p, 3), and how well it is known (n, h, p), in [0, 1]."""
        taken = grid_sample(self.volume, positions[:, None], align_corners=False)[:, :, 0]  # (n, f + 1, h, p)
        known = taken[:, -1]
        return (taken[:, :-1] / known[:, None].clamp(min=1e-3)).movedim(1, -1), known.clamp(max=1)


def hues(pictures: Tensor, masks: Tensor) -> Tensor:
    """Logarithms (v, 3, h, w) of the shares of red, green and blue, in units of their spread over the objects. Shadows hardly
    change them.

    pictures: (v, 3, h, w), sRGB in [0, 1]. masks: (v, h, w) bool, True where they show objects.
    """
    light = linear_light(pictures)
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
    """The appearance of the surfaces of hulls.

    shown: (v, h', w'), index of the object that each pixel shows, at any resolution. pictures: (v, f, h, w), the values to collect.
    K: (v, 3, 3), for the resolution of `pictures`.
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
    towards = torch.nn.functional.normalize(eyes_of(camera_from_world)[:, None] - world, dim=-1)
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
    """Mean difference (k, h) in appearance between points (k, p, 3) on the first and their positions (k, h, p, 3) on the second.

    Each point is weighted by how well both appearances are known.
    """
    own, known = first.read(points[:, None])  # (k, 1, p, f), (k, 1, p)
    other, also = second.read(placed)
    weight = known * also  # (k, h, p)
    apart = (own - other).norm(dim=-1).clamp(max=LARGEST_DIFFERENCE)
    return (weight * apart).sum(dim=-1) / weight.sum(dim=-1).clamp(min=1e-3)
