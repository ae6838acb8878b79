"""Which voxel answers for which object, for the anchor-free head (FCOS in 3D, ImVoxelNet section 3.3).

Axis-aligned boxes (n, 6), centre and size, metres, world. Points are voxel centres of all scales, one after another.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class AssignConfig:
    """Which voxels are to detect an object."""

    least_points: int = 27
    """An object belongs to the coarsest scale on which it holds at least so many points, else to the finest."""
    central_points: int = 18
    """Only so many of them answer for it, those of highest centerness."""


@dataclass(frozen=True)
class VoxelTargets:
    """owner: (p,) the object that each point answers for, -1 for none. centerness: (p,) in [0, 1], 0 for none."""

    owner: Tensor
    centerness: Tensor


def assign(points: Tensor, scale: Tensor, boxes: Tensor, voxel_m: float, config: AssignConfig) -> VoxelTargets:
    """Targets of one scene. points: (p, 3) metres; scale: (p,) from 0 = finest; boxes: (n, 6); voxel_m: of the finest scale.

    Of several objects that claim a point, the one of least volume gets it. A box thinner than a voxel may hold no voxel
    centre; here it counts as one voxel thick.
    """
    if not len(boxes):
        return VoxelTargets(torch.full_like(scale, -1), points.new_zeros(len(points)))
    distances = face_distances(points[:, None], at_least(boxes, voxel_m))  # (p, n, 6)
    inside = (distances > 0).all(dim=-1)
    eligible = inside & (scale[:, None] == object_scale(inside, scale, config.least_points))
    score = torch.where(eligible, centerness(distances), -1.0)  # (p, n)
    claimed = eligible & most_central(score, config.central_points)
    volume = torch.where(claimed, boxes[:, 3:].prod(dim=-1), torch.inf)
    smallest, owner = volume.min(dim=1)
    own = score.gather(1, owner[:, None])[:, 0]
    return VoxelTargets(torch.where(smallest.isinf(), -1, owner), torch.where(smallest.isinf(), 0.0, own))


def at_least(boxes: Tensor, size_m: float) -> Tensor:
    """The boxes with every side as long as `size_m` or longer, a hair more so that a voxel centre is inside."""
    return torch.cat([boxes[:, :3], boxes[:, 3:].clamp(min=1.001 * size_m)], dim=1)


def face_distances(points: Tensor, boxes: Tensor) -> Tensor:
    """(..., 6) metres from points (..., 3) to the faces at low x y z and at high x y z, above 0 inside. Shapes broadcast."""
    offset, half = points - boxes[..., :3], boxes[..., 3:] / 2
    return torch.cat([offset + half, half - offset], dim=-1)


def box_from_distances(points: Tensor, distances: Tensor) -> Tensor:
    """(..., 6) boxes from their points and face distances: the inverse of `face_distances`."""
    low, high = distances[..., :3], distances[..., 3:]
    return torch.cat([points + (high - low) / 2, low + high], dim=-1)


def centerness(distances: Tensor) -> Tensor:
    """(...,) 1 at the centre, 0 at a face: root of the product of nearer over farther face, over the three axes."""
    pairs = distances.unflatten(-1, (2, 3)).clamp(min=0)
    ratio = pairs.amin(dim=-2) / pairs.amax(dim=-2).clamp(min=1e-9)
    return ratio.prod(dim=-1).sqrt()


def object_scale(inside: Tensor, scale: Tensor, least_points: int) -> Tensor:
    """(n,) the coarsest scale on which each object holds enough points, else 0. inside: (p, n) bool."""
    scales = torch.arange(int(scale.max()) + 1, device=scale.device)
    counts = scale.new_zeros(len(scales), inside.shape[1]).index_add_(0, scale, inside.to(scale.dtype))
    return (scales[:, None] * (counts >= least_points)).amax(dim=0)


def most_central(score: Tensor, count: int) -> Tensor:
    """(p, n) bool: the `count` points of highest score of each object. score: (p, n)."""
    best = score.topk(min(count, len(score)), dim=0).indices
    return torch.zeros_like(score, dtype=torch.bool).scatter(0, best, True)
