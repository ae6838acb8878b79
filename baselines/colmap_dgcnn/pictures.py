"""Drawing the objects of a scene, to monitor the training."""

from __future__ import annotations

import colorsys

import numpy as np
import torch
from torch import Tensor

from odd_bench.baselines.colmap_dgcnn.cutting import Objects

SIDE_M, PIXELS = 1.6, 320


def from_above(objects: Objects) -> Tensor:
    """The objects from above, (3, h, w) in [0, 1], y upwards: one colour per object, higher points lighter, boxes outlined."""
    picture = np.zeros((PIXELS, PIXELS, 3))
    for number, (cloud, box) in enumerate(zip(objects.clouds, objects.boxes, strict=True)):
        color = np.array(colorsys.hsv_to_rgb(number * 0.381966 % 1, 0.7, 1.0))
        draw(picture, outline(box), 0.4 * color[None])
        cloud = cloud[np.argsort(cloud[:, 2])]
        light = 0.35 + 0.65 * np.clip(cloud[:, 2:] / max(box[5], 1e-6), 0, 1)
        draw(picture, cloud[:, :2], light * color)
    return torch.from_numpy(picture).permute(2, 0, 1).float()


def draw(picture: np.ndarray, points_xy: np.ndarray, color: np.ndarray) -> None:
    """Set the pixels at points (n, 2), metres, to colours (n, 3) or (1, 3)."""
    column = ((points_xy[:, 0] / SIDE_M + 0.5) * PIXELS).astype(int)
    row = ((0.5 - points_xy[:, 1] / SIDE_M) * PIXELS).astype(int)
    inside = (column >= 0) & (column < PIXELS) & (row >= 0) & (row < PIXELS)
    picture[row[inside], column[inside]] = np.broadcast_to(color, (len(row), 3))[inside]


def outline(box: np.ndarray) -> np.ndarray:
    """Points (n, 2) along the four sides of a box seen from above."""
    along = np.linspace(-0.5, 0.5, PIXELS)
    half = np.full_like(along, 0.5)
    sides = [(along, half), (along, -half), (half, along), (-half, along)]
    return box[:2] + np.concatenate([np.column_stack(side) for side in sides]) * box[3:5]
