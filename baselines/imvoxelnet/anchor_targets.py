"""Assigning anchors to objects by their overlap seen from above, both rotated to the nearest axis (PointPillars)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

BACKGROUND, IGNORED = -1, -2


@dataclass(frozen=True)
class OverlapConfig:
    """Thresholds of the assignment of anchors to objects."""

    positive_iou: float = 0.6
    """An anchor with at least this IoU is assigned to the object that it overlaps most."""
    negative_iou: float = 0.45
    """An anchor with a lower IoU is background. Anchors between the two thresholds are ignored."""


def assign(anchors: Tensor, boxes: Tensor, config: OverlapConfig) -> Tensor:
    """Index (a,) of the object of each anchor, or BACKGROUND or IGNORED. anchors: (a, 7). boxes: (n, 7).

    Each object is assigned at least the anchors that overlap it most, however low their IoU. Otherwise some objects would have
    none, because there is one size of anchor for objects of many proportions.
    """
    if not len(boxes):
        return torch.full((len(anchors),), BACKGROUND, device=anchors.device)
    overlap = rectangle_iou(nearest_rectangle(anchors)[:, None], nearest_rectangle(boxes)[None])  # (a, n)
    most, owner = overlap.max(dim=1)
    unowned = torch.where(most < config.negative_iou, BACKGROUND, IGNORED)
    best_of_object = (overlap == overlap.amax(dim=0)) & (overlap > 0)
    forced = torch.where(best_of_object, overlap, -1.0).max(dim=1)
    owner = torch.where(most >= config.positive_iou, owner, unowned)
    return torch.where(best_of_object.any(dim=1), forced.indices, owner)


def nearest_rectangle(boxes: Tensor) -> Tensor:
    """Rectangles (n, 4), centre and size, of boxes (n, 7) seen from above and rotated to the nearest axis."""
    from_x = (torch.remainder(boxes[:, 6] + math.pi / 2, math.pi) - math.pi / 2).abs()
    across = (from_x > math.pi / 4)[:, None]
    return torch.cat([boxes[:, :2], torch.where(across, boxes[:, [4, 3]], boxes[:, 3:5])], dim=1)


def rectangle_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU (...) of rectangles (..., 4). Shapes broadcast."""
    low = torch.maximum(a[..., :2] - a[..., 2:] / 2, b[..., :2] - b[..., 2:] / 2)
    high = torch.minimum(a[..., :2] + a[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2)
    shared = (high - low).clamp(min=0).prod(dim=-1)
    return shared / (a[..., 2:].prod(dim=-1) + b[..., 2:].prod(dim=-1) - shared)
