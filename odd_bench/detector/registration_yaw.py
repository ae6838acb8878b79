"""How instances that stand alike lie to each other: a turn about the vertical and a shift along the floor.

Objects of one scene mostly stand on the same side. Then three numbers lay one upon another where all rotations need six, and a
wrong answer has fewer ways to fit. Heights are not searched: both stand on the floor. Where hulls fit badly under any yaw, as in
scenes whose objects lie on different sides, all rotations are searched (odd_bench.detector.registration).
"""

from __future__ import annotations

import torch
from torch import Tensor

from odd_bench.detector.hulls import Hulls, at, at_cells
from odd_bench.detector.object_pixels import ObjectRays
from odd_bench.detector.registration import (
    NUDGES,
    Pairs,
    Placements,
    Round,
    best,
    chosen,
    nudged,
    search,
    undone,
)
from odd_bench.detector.surface_appearance import Appearance, appearance_difference

YAWS = 72
COARSE_EVERY = 4  # of how many points one counts when all yaws are measured
ROUNDS = (
    Round(16, 0.06, 0.05, 4, at_cells),
    Round(6, 0.04, 0.025, 2, at),
    Round(4, 0.02, 0.012, 2, at),
)
APPEARANCE_EVERY = 2
APPEARANCE_WEIGHT = 0.06  # weight of the difference of appearance beside that of shapes, in the last choice
BETTER = 0.7  # of the misfit under the best yaw: another rotation must fit as much better
MISFIT = 0.045  # half sides: hulls that differ by more under the best yaw do not stand alike
MISFITS = 0.5  # share of such pairs from which on a scene's objects lie on different sides


@torch.no_grad()
def register_standing(
    hulls: Hulls, rims: ObjectRays | None = None, appearance: Appearance | None = None, mode: str = "auto"
) -> Placements:
    """Where every object lies upon every other. mode: `yaw`; `all` rotations; `auto`, all where yaws do not fit and these do.

    rims: rays along the rims of the objects; without them surfaces alone decide. appearance: of their surfaces.
    """
    n, device = len(hulls), hulls.signed.device
    rotation = torch.eye(3, device=device).repeat(n, n, 1, 1)
    shift = torch.zeros(n, n, 3, device=device)
    if n == 1:
        return Placements(rotation, shift)
    first, second = torch.triu_indices(n, n, 1, device=device)
    pairs = Pairs(chosen(hulls, rims, first), chosen(hulls, rims, second))
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
    """The best rotation (k, 3, 3) and shift (k, 3) of k pairs, and how badly the shapes fit under it, (k,) half sides.

    rise: (k,) shift along z that leaves heights above the floor as they are.
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
    """What appearance adds to how unlike k pairs are under h placements (k, h, 3, 3), (k, h, 3)."""
    if appearance is None:
        return 0.0
    points = pairs.first.points[:, ::every]  # (k, p, 3)
    placed = torch.einsum("khij,kpj->khpi", rotation, points) + shift[:, :, None]
    return APPEARANCE_WEIGHT * appearance_difference(*appearance, points, placed)


def yaw_matrices(angles: Tensor) -> Tensor:
    """(..., 3, 3) rotations about z by angles (...), radians."""
    cos, sin, zero, one = angles.cos(), angles.sin(), torch.zeros_like(angles), torch.ones_like(angles)
    return torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], dim=-1).unflatten(-1, (3, 3))


def yaw_nudges(chance: torch.Generator, turn: float, step: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Small yaws (m, 3, 3) and shifts along the floor (m, 3), the first of them none."""
    turns, steps = torch.randn(NUDGES, generator=chance), torch.randn(NUDGES, 3, generator=chance)
    turns[0], steps[0], steps[:, 2] = 0, 0, 0
    return yaw_matrices(turn * turns).to(device), (step * steps).to(device)
