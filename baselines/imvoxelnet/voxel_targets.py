"""Assigning voxels to objects for the anchor-free head (FCOS in 3D, ImVoxelNet section 3.3).

Boxes are axis-aligned, (n, 6), centre and size, metres, world. Points are the voxel centres of all scales, one scale after another.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class AssignConfig:
    """The settings of the assignment."""

    least_points: int = 27
    """An object belongs to the coarsest scale on which it contains at least this many points, otherwise to the finest."""
    central_points: int = 18
    """Only this many of these points are assigned to it, those of highest centerness."""


@dataclass(frozen=True)
class VoxelTargets:
    """Targets of p points. owner: (p,), index of the object of each, -1 = none. centerness: (p,), in [0, 1], 0 if there is none."""

    owner: Tensor
    centerness: Tensor


def assign(points: Tensor, scale: Tensor, boxes: Tensor, voxel_m: float, config: AssignConfig) -> VoxelTargets:
    """Targets of one scene.

    points: (p, 3), metres, world. scale: (p,), 0 = finest. boxes: (n, 6). voxel_m: side of a voxel of the finest scale. If several
    objects claim a point, the one with the smallest volume gets it. A box thinner than a voxel may contain no voxel centre; it
    therefore counts as one voxel thick.
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
    """The boxes with every side enlarged to slightly more than `size_m`, if it is shorter, so that a voxel centre is inside."""
    return torch.cat([boxes[:, :3], boxes[:, 3:].clamp(min=1.001 * size_m)], dim=1)


def face_distances(points: Tensor, boxes: Tensor) -> Tensor:
    """Distances (..., 6) of points (..., 3) to the faces at low x y z and high x y z, metres, > 0 inside. Shapes broadcast."""
    offset, half = points - boxes[..., :3], boxes[..., 3:] / 2
    return torch.cat([offset + half, half - offset], dim=-1)


def box_from_distances(points: Tensor, distances: Tensor) -> Tensor:
    """Boxes (..., 6) from points and face distances, the inverse of `face_distances`."""
    low, high = distances[..., :3], distances[..., 3:]
    return torch.cat([points + (high - low) / 2, low + high], dim=-1)


def centerness(distances: Tensor) -> Tensor:
    """Centerness (...): root of the product over the axes of nearer / farther face distance; 1 at the centre, 0 at a face."""
    pairs = distances.unflatten(-1, (2, 3)).clamp(min=0)
    ratio = pairs.amin(dim=-2) / pairs.amax(dim=-2).clamp(min=1e-9)
    return ratio.prod(dim=-1).sqrt()


def object_scale(inside: Tensor, scale: Tensor, least_points: int) -> Tensor:
    """The coarsest scale (n,) on which each object contains at least `least_points` points, else 0. inside: (p, n) bool."""
    scales = torch.arange(int(scale.max()) + 1, device=scale.device)
    counts = scale.new_zeros(len(scales), inside.shape[1]).index_add_(0, scale, inside.to(scale.dtype))
    return (scales[:, None] * (counts >= least_points)).amax(dim=0)


def most_central(score: Tensor, count: int) -> Tensor:
    """Mask (p, n) bool of the `count` points with the highest scores of each object. score: (p, n)."""
    best = score.topk(min(count, len(score)), dim=0).indices
    return torch.zeros_like(score, dtype=torch.bool).scatter(0, best, True)
