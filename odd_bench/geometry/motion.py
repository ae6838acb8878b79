"""Points under a motion: turned, shifted, and perhaps scaled, by one 4x4 matrix."""

import numpy as np


def transformed(points: np.ndarray, motion: np.ndarray) -> np.ndarray:
    """(n, 3) points under a (4, 4) matrix; with `world_from_object` from the frame of an object to the world."""
    return points @ motion[:3, :3].T + motion[:3, 3]
