"""The number of pixels an object would have without occlusion, estimated from the surface points of all views."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from odd_bench.geometry.cameras import project
from odd_bench.scene import Camera

POINTS = 8_000
BEHIND_M = 0.01


def amodal_pixels(
    points: np.ndarray, i: int, cameras: tuple[Camera, ...], instance: np.ndarray, depth_m: np.ndarray
) -> np.ndarray:
    """(views,) int: the visible pixels of object `i`, plus those where another object hides its points.

    points: (n, 3) metres, world, of the object's surface. instance: (views, h, w) uint8. depth_m: (views, h, w) float32.
    """
    points = points[:: len(points) // POINTS + 1]
    visible = (instance == i + 1).sum(axis=(1, 2))
    hidden = [_hidden(points, i, *view) for view in zip(cameras, instance, depth_m, strict=True)]
    return visible + np.array(hidden)


def _hidden(points: np.ndarray, i: int, camera: Camera, instance: np.ndarray, depth_m: np.ndarray) -> int:
    pixels, depth = project(camera, points)
    column, row = np.floor(pixels).astype(int).T
    within = (depth > 0) & (row >= 0) & (column >= 0) & (row < instance.shape[0]) & (column < instance.shape[1])
    row, column, depth = row[within], column[within], depth[within]
    other = (instance[row, column] > 0) & (instance[row, column] != i + 1)
    behind = other & (depth_m[row, column] < depth - BEHIND_M)
    if not behind.any():
        return 0
    mask = np.zeros(instance.shape, bool)
    mask[row[behind], column[behind]] = True
    filled = ndimage.binary_closing(mask | (instance == i + 1), np.ones((3, 3)))
    return int((filled & (instance > 0) & (instance != i + 1)).sum())
