"""Anchors on the floor, and boxes relative to them (SECOND and PointPillars; ImVoxelNet uses them outdoors, section 3.3).

A headed box (7,) consists of centre, length, width and height in metres and yaw in radians. Its long side lies along the yaw, which
points to the front of the object.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from odd_bench.blocks.voxel_grid import VoxelGrid

YAWS = (0.0, math.pi / 2)
DIRECTION_OFFSET = math.pi / 4  # yaw at which the two directions meet, between the yaws of the anchors


def headed_boxes(obbs: Tensor, world_from_object: Tensor) -> Tensor:
    """The boxes as headed boxes (n, 7), with the yaw in [0, 2 pi).

    A box has no front of its own, so the end to which the canonical x axis points counts as the front. obbs: (n, 7).
    world_from_object: (n, 4, 4).
    """
    turned = obbs[:, 4] > obbs[:, 3]
    size_xy = torch.where(turned[:, None], obbs[:, [4, 3]], obbs[:, 3:5])
    yaw = obbs[:, 6] + turned * (math.pi / 2)
    front = world_from_object[:, :2, 0]
    ahead = front[:, 0] * yaw.cos() + front[:, 1] * yaw.sin()
    yaw = torch.remainder(yaw + (ahead < 0) * math.pi, 2 * math.pi)
    return torch.cat([obbs[:, :3], size_xy, obbs[:, 5:6], yaw[:, None]], dim=1)


def mean_anchor(obbs: np.ndarray) -> np.ndarray:
    """Means (4,) of length, width, height, and height of the centre above the floor, of boxes (n, 7), metres."""
    size_xy = np.sort(obbs[:, 3:5], axis=1)[:, ::-1]
    return np.column_stack([size_xy, obbs[:, 5], obbs[:, 2]]).mean(axis=0)


def anchor_boxes(grid: VoxelGrid, anchor: Tensor) -> Tensor:
    """Anchors (y * x * 2, 7): over every column, one box of the mean size for each of YAWS. anchor: see `mean_anchor`."""
    floor = grid.centres(anchor.device)[0, :, :, :2].reshape(-1, 1, 2).expand(-1, len(YAWS), -1)
    rest = anchor[[3, 0, 1, 2]].expand(*floor.shape[:2], -1)
    yaw = anchor.new_tensor(YAWS)[:, None].expand(len(floor), -1, -1)
    return torch.cat([floor, rest, yaw], dim=-1).flatten(0, 1)


def encode(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Residuals (..., 7): x and y over the diagonal of the anchor, z over its height, log ratios of sizes, difference of yaws."""
    offset = (boxes[..., :3] - anchors[..., :3]) / scale_of(anchors)
    size = (boxes[..., 3:6] / anchors[..., 3:6]).log()
    return torch.cat([offset, size, boxes[..., 6:] - anchors[..., 6:]], dim=-1)


def decode(residuals: Tensor, direction: Tensor, anchors: Tensor) -> Tensor:
    """Boxes (..., 7), the inverse of `encode`. Residuals give the yaw modulo half a turn; direction, 0 or 1, gives the half."""
    centre = residuals[..., :3] * scale_of(anchors) + anchors[..., :3]
    size = residuals[..., 3:6].exp() * anchors[..., 3:6]
    half = torch.remainder(residuals[..., 6] + anchors[..., 6] - DIRECTION_OFFSET, math.pi)
    yaw = torch.remainder(half + DIRECTION_OFFSET + math.pi * direction, 2 * math.pi)
    return torch.cat([centre, size, yaw[..., None]], dim=-1)


def direction_of(yaw: Tensor) -> Tensor:
    """The half of the full turn in which a yaw lies, 0 or 1."""
    return (torch.remainder(yaw - DIRECTION_OFFSET, 2 * math.pi) >= math.pi).long()


def scale_of(anchors: Tensor) -> Tensor:
    """Units (..., 3) of the offsets along x, y and z."""
    diagonal = anchors[..., 3:5].norm(dim=-1, keepdim=True)
    return torch.cat([diagonal, diagonal, anchors[..., 5:6]], dim=-1)
