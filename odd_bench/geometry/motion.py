"""Applying a 4x4 matrix to points: rotation, translation and, if any, scale."""

import numpy as np


def transformed(points: np.ndarray, motion: np.ndarray) -> np.ndarray:
    """Apply a matrix (4, 4) to points (n, 3). With `world_from_object`, they go from the object's frame to the world."""
    return points @ motion[:3, :3].T + motion[:3, 3]
