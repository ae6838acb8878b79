"""Registration of instances: the rotation and translation that align one hull with another.

The registration is a search: it evaluates hundreds of evenly distributed rotations, then perturbs the best ones in ever smaller
steps. All pairs of a scene are searched at once. For a symmetric shape, any of its equivalent poses may result.

The distance between surfaces gives approximate placements, because hulls bulge where no view cuts them, and do so in a different
place for each object. But every ray through an object should hit the hull of an equal object. Rays along the rims of the
silhouettes therefore decide between the placements that surfaces suggest.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from odd_bench.detector.correspondences import canonical_coordinates
from odd_bench.detector.hulls import Hulls, Read, at, at_cells, passing
from odd_bench.detector.object_pixels import ObjectRays

ROTATIONS = 700  # about 25 degrees apart
NUDGES = 24  # perturbations of each placement in every round
SURFACES = 0.15  # weight of the distance between surfaces relative to that of rays, which is more reliable
SAMPLES = 28  # number of samples along a ray
PSI = 1.533751168755204288118041


@dataclass(frozen=True)
class Round:
    """One round of the search.

    kept: number of the best placements that are perturbed. turn, step: standard deviation of the perturbations, radians and half
    sides. every: only every so many surface points are used. read: function that reads distances from hulls.
    """

    kept: int
    turn: float
    step: float
    every: int
    read: Read


COARSE_EVERY = 4  # when all rotations are evaluated, only every so many surface points are used
ROUNDS = (
    Round(32, 0.20, 0.06, 4, at_cells),
    Round(12, 0.10, 0.03, 2, at_cells),
    Round(4, 0.05, 0.015, 2, at),
    Round(4, 0.025, 0.008, 2, at),
)


@dataclass(frozen=True)
class Placements:
    """Registration of all pairs. A position x in the cube of object a is rotation[a, b] x + shift[a, b] in the cube of b.

    rotation: (n, n, 3, 3). shift: (n, n, 3), half sides.
    """

    rotation: Tensor
    shift: Tensor

    def moved(self, positions: Tensor) -> Tensor:
        """Positions (a, b, t, 3) in the cubes of all objects b of positions (a, t, 3) in the cubes of objects a."""
        return torch.einsum("abij,atj->abti", self.rotation, positions) + self.shift[:, :, None]

    def between_cubes(self, hulls: Hulls, others: Hulls) -> Placements:
        """Convert placements from the cubes of `hulls` to those of `others`, which are new hulls of the same objects."""
        off = (others.centres - hulls.centres) / hulls.half_m  # (n, 3)
        moved = self.shift + torch.einsum("abij,aj->abi", self.rotation, off) - off
        return Placements(self.rotation, moved * (hulls.half_m / others.half_m))


def spread_rotations(count: int) -> Tensor:
    """Evenly distributed rotations (count, 3, 3) on super-Fibonacci spirals (Alexa 2022, "Super-Fibonacci Spirals", alg. 1)."""
    s = torch.arange(count, dtype=torch.float64) + 0.5
    alpha, beta = 2 * torch.pi * s / 2**0.5, 2 * torch.pi * s / PSI
    low, high = (s / count).sqrt(), (1 - s / count).sqrt()
    quaternions = torch.stack([low * alpha.sin(), low * alpha.cos(), high * beta.sin(), high * beta.cos()], dim=-1)
    return rotation_matrices(quaternions).float()


def rotation_matrices(quaternions: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of quaternions (..., 4), x y z w, of any norm."""
    x, y, z, w = (quaternions / quaternions.norm(dim=-1, keepdim=True)).unbind(-1)
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))


@dataclass(frozen=True)
class HullSet:
    """k hulls: signed distances (k, c, c, c), surface points (k, p, 3) and, unless None, rays along their rims."""

    signed: Tensor
    points: Tensor
    rims: ObjectRays | None

    def apart(self, other: HullSet, rotation: Tensor, shift: Tensor, read: Read = at, every: int = 1) -> Tensor:
        """Mean distance (k, h) of the placed surface points from the surfaces of `other`.

        rotation, shift: (k, h, 3, 3) and (k, h, 3), h placements of each hull. every: only every so many points are used.
        """
        there = turned(self.points[:, ::every], rotation) + shift[:, None]
        return read(other.signed, there).abs().mean(dim=1)

    def missing(self, other: HullSet, rotation: Tensor, shift: Tensor, read: Read = at) -> Tensor:
        """Mean distance (k, h) by which the placed rays along the rims miss the hulls of `other`. rotation, shift: see `apart`."""
        origins, counted = turned(self.rims.origins, rotation) + shift[:, None], self.rims.counted[..., None]
        beside = passing(other.signed, origins, turned(self.rims.directions, rotation), SAMPLES, read)
        return (beside * counted).sum(dim=1) / counted.sum(dim=1).clamp(min=1)


def turned(positions: Tensor, rotation: Tensor) -> Tensor:
    """Positions (k, p, h, 3) that result from rotating positions (k, p, 3) by rotations (k, h, 3, 3)."""
    return (positions @ rotation.permute(0, 3, 1, 2).flatten(2)).unflatten(2, (-1, 3))


def hull_set(hulls: Hulls, rims: ObjectRays | None, index: Tensor) -> HullSet:
    """The hulls with these indices (k,), which may repeat."""
    picked = None if rims is None else ObjectRays(rims.origins[index], rims.directions[index], rims.counted[index])
    return HullSet(hulls.signed[index], hulls.points[index], picked)


def undone(rotation: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
    """The inverse of placements (..., 3, 3), (..., 3)."""
    back = rotation.transpose(-1, -2)
    return back, -(back @ shift[..., None])[..., 0]


@dataclass(frozen=True)
class Pairs:
    """k pairs of hulls. A placement, of h per pair with shapes (k, h, 3, 3) and (k, h, 3), brings the first onto the second."""

    first: HullSet
    second: HullSet

    def apart(self, rotation: Tensor, shift: Tensor, read: Read, every: int = 1) -> Tensor:
        """Mean distances (k, h) between the surfaces, in both directions. every: only every so many points are used."""
        back = undone(rotation, shift)
        there = self.first.apart(self.second, rotation, shift, read, every)
        return there + self.second.apart(self.first, *back, read, every)

    def unlike(self, rotation: Tensor, shift: Tensor, read: Read) -> Tensor:
        """Misfit (k, h): by how much rays miss the other object, plus a small weight times the distance between surfaces."""
        surfaces = self.apart(rotation, shift, read)
        if self.first.rims is None:
            return surfaces
        back = undone(rotation, shift)
        missing = self.first.missing(self.second, rotation, shift, read) + self.second.missing(self.first, *back, read)
        return missing + SURFACES * surfaces


def search(pairs: Pairs) -> tuple[Tensor, Tensor]:
    """The best rotation (k, 3, 3) and shift (k, 3) of k pairs."""
    device, k = pairs.first.points.device, len(pairs.first.points)
    chance = torch.Generator().manual_seed(0)
    # align the centroids of the surface points
    middle, target = pairs.first.points.mean(dim=1), pairs.second.points.mean(dim=1)  # (k, 3)
    rotation = spread_rotations(ROTATIONS).to(device).expand(k, -1, -1, -1)
    shift = target[:, None] - (rotation @ middle[:, None, :, None])[..., 0]
    measured = pairs.apart(rotation, shift, at_cells, COARSE_EVERY)
    for one in ROUNDS:
        rotation, shift = best(one.kept, measured, rotation, shift)
        rotation, shift = nudged(pairs, rotation, shift, target, nudges(chance, one.turn, one.step, device), one)
        measured = pairs.unlike(rotation, shift, one.read)
    rotation, shift = best(1, measured, rotation, shift)
    return rotation[:, 0], shift[:, 0]


def nudged(
    pairs: Pairs, rotation: Tensor, shift: Tensor, about: Tensor, by: tuple[Tensor, Tensor], one: Round
) -> tuple[Tensor, Tensor]:
    """Apply the best perturbation to each placement (k, h, 3, 3), (k, h, 3): the one with the smallest distance between surfaces.

    Each placement is perturbed by itself, so that different placements remain. about: (k, 3), centre of the rotations. by: see
    `nudges`.
    """
    by_turns, stepped = by
    rotated = by_turns @ rotation[:, :, None]  # (k, h, m, 3, 3)
    moved = (by_turns @ (shift - about[:, None])[:, :, None, :, None])[..., 0] + about[:, None, None] + stepped
    apart = pairs.apart(rotated.flatten(1, 2), moved.flatten(1, 2), one.read, one.every).unflatten(
        1, rotated.shape[1:3]
    )
    found = apart.argmin(dim=2)[..., None, None]
    return rotated.take_along_dim(found[..., None], dim=2)[:, :, 0], moved.take_along_dim(found, dim=2)[:, :, 0]


def nudges(chance: torch.Generator, turn: float, step: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Perturbations: small random rotations (m, 3, 3) and shifts (m, 3). The first is the identity."""
    turns, steps = torch.randn(2, NUDGES, 3, generator=chance)
    turns[0], steps[0] = 0, 0
    by_turns = rotation_matrices(torch.cat([turn * turns / 2, torch.ones(NUDGES, 1)], dim=-1))
    return by_turns.to(device), (step * steps).to(device)


def best(count: int, apart: Tensor, rotation: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
    """The `count` placements of each pair with the lowest values. apart: (k, h), the value of each placement."""
    chosen = apart.topk(count, dim=1, largest=False).indices
    rows = torch.arange(len(apart), device=apart.device)[:, None]
    return rotation[rows, chosen], shift[rows, chosen]


def placement_accuracy(hulls: Hulls, placements: Placements, world_from_object: Tensor, diagonal: float) -> float:
    """Share of the surface points that are placed within a tenth of the diagonal of their true position; NaN for a single object.

    world_from_object: (n, 4, 4). diagonal: of the object, in canonical units. For symmetric shapes, only one pose counts as true.
    """
    n = len(hulls)
    if n < 2:
        return float("nan")
    true = canonical_coordinates(hulls.world(hulls.points), world_from_object)  # (a, p, 3)
    there = placements.moved(hulls.points).transpose(0, 1).flatten(1, 2)  # (b, a p, 3)
    found = canonical_coordinates(hulls.world(there), world_from_object).unflatten(1, (n, -1)).transpose(0, 1)
    right = (found - true[:, None]).norm(dim=-1) <= 0.1 * diagonal  # (a, b, p)
    return float(right[~torch.eye(n, dtype=torch.bool, device=right.device)].float().mean())
