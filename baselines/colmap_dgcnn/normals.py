"""Surface normals of depth maps, in the form that COLMAP's fusion reads."""

from __future__ import annotations

import numpy as np


def normals_of_depth(depth_m: np.ndarray, K: np.ndarray) -> np.ndarray:
    """Unit normals (h, w, 3) float32 in the axes of the camera, on the side of the camera.

    A pixel with a neighbour without depth gets the direction to the camera instead. depth_m: (h, w), planar depth in metres, 0 =
    none. K: (3, 3), pixels.
    """
    height, width = depth_m.shape
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    rays = np.stack([u, v, np.ones_like(u)], axis=-1) @ np.linalg.inv(K).T  # (h, w, 3)
    points = rays * depth_m[..., None]
    along_u, along_v = central_differences(points, axis=1), central_differences(points, axis=0)
    normals = np.cross(along_v, along_u)  # x right, y down: towards the camera
    known = neighbours_known(depth_m > 0) & (np.linalg.norm(normals, axis=-1) > 0)
    normals = np.where(known[..., None], normals, -rays)
    return (normals / np.linalg.norm(normals, axis=-1, keepdims=True)).astype(np.float32)


def central_differences(points: np.ndarray, axis: int) -> np.ndarray:
    """Differences (h, w, 3) between the next and the previous point along an axis."""
    return np.roll(points, -1, axis=axis) - np.roll(points, 1, axis=axis)


def neighbours_known(known: np.ndarray) -> np.ndarray:
    """Whether a pixel and its four neighbours are all known, (h, w) bool; False on the border."""
    inner = np.zeros_like(known)
    centre = known[1:-1, 1:-1] & known[:-2, 1:-1] & known[2:, 1:-1] & known[1:-1, :-2] & known[1:-1, 2:]
    inner[1:-1, 1:-1] = centre
    return inner
