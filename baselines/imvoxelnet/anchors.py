"""Anchors on the floor map and boxes relative to them (SECOND and PointPillars, as ImVoxelNet section 3.3 uses them outdoors).

A headed box (7,) is centre, length, width, height in metres and yaw in radians: the long side lies along the yaw, which points
to the object's front.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from odd_bench.blocks.voxel_grid import VoxelGrid

YAWS = (0.0, math.pi / 2)
DIRECTION_OFFSET = math.pi / 4  # where the two halves of the full turn meet, away from both anchors


def headed_boxes(obbs: Tensor, world_from_object: Tensor) -> Tensor:
    """(n, 7) the same boxes, long side first and the yaw in [0, 2 pi).

    The box of an object has no front of its own; the end that the canonical x axis points to is taken for it.
    obbs: (n, 7); world_from_object: (n, 4, 4).
    """
    turned = obbs[:, 4] > obbs[:, 3]
    size_xy = torch.where(turned[:, None], obbs[:, [4, 3]], obbs[:, 3:5])
    yaw = obbs[:, 6] + turned * (math.pi / 2)
    front = world_from_object[:, :2, 0]
    ahead = front[:, 0] * yaw.cos() + front[:, 1] * yaw.sin()
    yaw = torch.remainder(yaw + (ahead < 0) * math.pi, 2 * math.pi)
    return torch.cat([obbs[:, :3], size_xy, obbs[:, 5:6], yaw[:, None]], dim=1)


def mean_anchor(obbs: np.ndarray) -> np.ndarray:
    """(4,) mean length, width, height and height of the centre above the floor of objects (n, 7), metres."""
    size_xy = np.sort(obbs[:, 3:5], axis=1)[:, ::-1]
    return np.column_stack([size_xy, obbs[:, 5], obbs[:, 2]]).mean(axis=0)


def anchor_boxes(grid: VoxelGrid, anchor: Tensor) -> Tensor:
    """(y * x * 2, 7) one box of the mean size at each of YAWS over the middle of every column. anchor: as `mean_anchor`."""
    floor = grid.centres(anchor.device)[0, :, :, :2].reshape(-1, 1, 2).expand(-1, len(YAWS), -1)
    rest = anchor[[3, 0, 1, 2]].expand(*floor.shape[:2], -1)
    yaw = anchor.new_tensor(YAWS)[:, None].expand(len(floor), -1, -1)
    return torch.cat([floor, rest, yaw], dim=-1).flatten(0, 1)


def encode(boxes: Tensor, anchors: Tensor) -> Tensor:
    """(..., 7) residuals: x, y by the anchor's diagonal, z by its height, logarithms of sizes, difference of yaws."""
    offset = (boxes[..., :3] - anchors[..., :3]) / scale_of(anchors)
    size = (boxes[..., 3:6] / anchors[..., 3:6]).log()
    return torch.cat([offset, size, boxes[..., 6:] - anchors[..., 6:]], dim=-1)


def decode(residuals: Tensor, direction: Tensor, anchors: Tensor) -> Tensor:
    """(..., 7) boxes, the inverse of `encode`; the yaw up to half a turn by the residual, the half by `direction`, 0 or 1."""
    centre = residuals[..., :3] * scale_of(anchors) + anchors[..., :3]
    size = residuals[..., 3:6].exp() * anchors[..., 3:6]
    half = torch.remainder(residuals[..., 6] + anchors[..., 6] - DIRECTION_OFFSET, math.pi)
    yaw = torch.remainder(half + DIRECTION_OFFSET + math.pi * direction, 2 * math.pi)
    return torch.cat([centre, size, yaw[..., None]], dim=-1)


def direction_of(yaw: Tensor) -> Tensor:
    """0 or 1: in which half of the full turn a yaw points."""
    return (torch.remainder(yaw - DIRECTION_OFFSET, 2 * math.pi) >= math.pi).long()


def scale_of(anchors: Tensor) -> Tensor:
    """(..., 3) what offsets along x, y, z are measured by."""
    diagonal = anchors[..., 3:5].norm(dim=-1, keepdim=True)
    return torch.cat([diagonal, diagonal, anchors[..., 5:6]], dim=-1)
