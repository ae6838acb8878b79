"""How instances lie to each other: the rotation and shift that lay one hull upon another.

A search, not a descent: hundreds of rotations evenly spread over all, then the best ones nudged in ever smaller steps. All pairs
of a scene are searched at once. Of a symmetric shape any of its poses will do.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from odd_bench.detector.canonical import canonical_coordinates
from odd_bench.detector.hulls import Hulls, at

ROTATIONS = 700  # some 25 degrees apart
KEPT = 6  # of these
NUDGES = 24  # of each in every round
ROUNDS = ((0.20, 0.06), (0.10, 0.03), (0.05, 0.015), (0.025, 0.008))  # spread in radians and in half sides
PSI = 1.533751168755204288118041


@dataclass(frozen=True)
class Placements:
    """rotation: (n, n, 3, 3) and shift: (n, n, 3): position x in the cube of a lies at rotation[a, b] x + shift[a, b] in b's."""

    rotation: Tensor
    shift: Tensor

    def moved(self, positions: Tensor) -> Tensor:
        """(a, b, t, 3): positions (a, t, 3) of every object in the cube of every other."""
        return torch.einsum("abij,atj->abti", self.rotation, positions) + self.shift[:, :, None]


def spread_rotations(count: int) -> Tensor:
    """(count, 3, 3) rotations spread evenly: super-Fibonacci spirals (Alexa 2022, "Super-Fibonacci Spirals", algorithm 1)."""
    s = torch.arange(count, dtype=torch.float64) + 0.5
    alpha, beta = 2 * torch.pi * s / 2**0.5, 2 * torch.pi * s / PSI
    low, high = (s / count).sqrt(), (1 - s / count).sqrt()
    quaternions = torch.stack([low * alpha.sin(), low * alpha.cos(), high * beta.sin(), high * beta.cos()], dim=-1)
    return rotation_matrices(quaternions).float()


def rotation_matrices(quaternions: Tensor) -> Tensor:
    """(..., 3, 3) of quaternions (..., 4), x y z w, of any length."""
    x, y, z, w = (quaternions / quaternions.norm(dim=-1, keepdim=True)).unbind(-1)
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))


@torch.no_grad()
def register(hulls: Hulls) -> Placements:
    """Where every object lies upon every other."""
    n, device = len(hulls), hulls.signed.device
    rotation = torch.eye(3, device=device).repeat(n, n, 1, 1)
    shift = torch.zeros(n, n, 3, device=device)
    first, second = torch.triu_indices(n, n, 1, device=device)
    if n > 1:
        found, moved = search(
            Pairs(hulls.signed[first], hulls.points[first], hulls.signed[second], hulls.points[second])
        )
        rotation[first, second], shift[first, second] = found, moved
        back = found.transpose(1, 2)
        rotation[second, first], shift[second, first] = back, -(back @ moved[..., None])[..., 0]
    return Placements(rotation, shift)


@dataclass(frozen=True)
class Pairs:
    """k pairs of hulls: signed distances (k, c, c, c) and surface points (k, p, 3) of their first and their second."""

    first_signed: Tensor
    first_points: Tensor
    second_signed: Tensor
    second_points: Tensor

    def apart(self, rotation: Tensor, shift: Tensor, every: int = 1) -> Tensor:
        """(k, h) mean distances of the surfaces from each other under h placements; every: of how many points one counts."""
        there = self.first_points[:, None, ::every] @ rotation.transpose(-1, -2) + shift[:, :, None]  # (k, h, p, 3)
        back = (self.second_points[:, None, ::every] - shift[:, :, None]) @ rotation
        return at(self.second_signed, there).abs().mean(dim=2) + at(self.first_signed, back).abs().mean(dim=2)


def search(pairs: Pairs) -> tuple[Tensor, Tensor]:
    """The best rotation (k, 3, 3) and shift (k, 3) of k pairs."""
    device, k = pairs.first_points.device, len(pairs.first_points)
    chance = torch.Generator().manual_seed(0)
    # the middles of the surfaces upon each other
    middle, target = pairs.first_points.mean(dim=1), pairs.second_points.mean(dim=1)  # (k, 3)
    rotation = spread_rotations(ROTATIONS).to(device).expand(k, -1, -1, -1)
    shift = target[:, None] - (rotation @ middle[:, None, :, None])[..., 0]
    rotation, shift = best(KEPT, pairs.apart(rotation, shift, every=4), rotation, shift)
    for turn, step in ROUNDS:
        turned, stepped = nudges(chance, turn, step, device)  # (m, 3, 3), (m, 3)
        rotated = turned @ rotation[:, :, None]  # (k, kept, m, 3, 3)
        moved = (turned @ (shift - target[:, None])[:, :, None, :, None])[..., 0] + target[:, None, None] + stepped
        apart = pairs.apart(rotated.flatten(1, 2), moved.flatten(1, 2), every=2).unflatten(1, rotated.shape[1:3])
        chosen = apart.argmin(dim=2)[..., None, None]  # the best nudge of each: different ones stay different
        rotation = rotated.take_along_dim(chosen[..., None], dim=2)[:, :, 0]
        shift = moved.take_along_dim(chosen, dim=2)[:, :, 0]
    rotation, shift = best(1, pairs.apart(rotation, shift), rotation, shift)
    return rotation[:, 0], shift[:, 0]


def nudges(chance: torch.Generator, turn: float, step: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Small rotations (m, 3, 3) about the middle and shifts (m, 3), the first of them none."""
    turns, steps = torch.randn(2, NUDGES, 3, generator=chance)
    turns[0], steps[0] = 0, 0
    turned = rotation_matrices(torch.cat([turn * turns / 2, torch.ones(NUDGES, 1)], dim=-1))
    return turned.to(device), (step * steps).to(device)


def best(count: int, apart: Tensor, rotation: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
    """The `count` placements of each pair that lie the least apart, (k, h)."""
    chosen = apart.topk(count, dim=1, largest=False).indices
    rows = torch.arange(len(apart), device=apart.device)[:, None]
    return rotation[rows, chosen], shift[rows, chosen]


def placement_accuracy(hulls: Hulls, placements: Placements, world_from_object: Tensor, diagonal: float) -> float:
    """Share of the surface points that are laid within a tenth of the diagonal of their true place; NaN of one object.

    world_from_object: (n, 4, 4). diagonal: of the object, in canonical units. Of symmetric shapes one pose alone counts as true.
    """
    n = len(hulls)
    if n < 2:
        return float("nan")
    true = canonical_coordinates(hulls.world(hulls.points), world_from_object)  # (a, p, 3)
    there = placements.moved(hulls.points).transpose(0, 1).flatten(1, 2)  # (b, a p, 3)
    found = canonical_coordinates(hulls.world(there), world_from_object).unflatten(1, (n, -1)).transpose(0, 1)
    right = (found - true[:, None]).norm(dim=-1) <= 0.1 * diagonal  # (a, b, p)
    return float(right[~torch.eye(n, dtype=torch.bool, device=right.device)].float().mean())
