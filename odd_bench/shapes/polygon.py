"""Closed polygons in the plane: the signed distance to a polygon, and the inset of a polygon."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Distance = Callable[[np.ndarray], np.ndarray]  # from points (n, 2) to signed distances (n,), negative inside


def polygon_distance(corners: Sequence[tuple[float, float]], axis_is_edge: bool = True) -> Distance:
    """The exact signed distance to a closed polygon of either orientation.

    axis_is_edge: False leaves out the edges along x = 0, which lie inside a solid of revolution.
    """
    v = np.asarray(corners, np.float32)
    edges = [(v[i], v[i - 1]) for i in range(len(v)) if not np.allclose(v[i], v[i - 1])]
    if not axis_is_edge:
        edges = [(a, b) for a, b in edges if max(a[0], b[0]) > 1e-6]

    def field(p):
        nearest = np.full(len(p), np.inf, np.float32)
        inside = np.zeros(len(p), bool)
        x, y = p[:, 0], p[:, 1]
        for a, b in edges:
            ex, ey = float(b[0] - a[0]), float(b[1] - a[1])
            length2 = ex * ex + ey * ey
            wx, wy = x - a[0], y - a[1]
            t = np.minimum(np.maximum(wx * (ex / length2) + wy * (ey / length2), 0.0), 1.0)
            nearest = np.minimum(nearest, (wx - ex * t) ** 2 + (wy - ey * t) ** 2)
            crosses = (a[1] <= y) != (b[1] <= y)
            if ey != 0.0:
                inside ^= crosses & (wx < wy * (ex / ey))
        return np.sqrt(nearest) * np.where(inside, -1.0, 1.0).astype(np.float32)

    return field


def inset(corners: Sequence[tuple[float, float]], amount: float) -> np.ndarray:
    """(k, 2) the polygon with every edge moved inwards by `amount`, which must be below half of its narrowest width."""
    v = np.asarray(corners, float)
    v = v[np.linalg.norm(v - np.roll(v, 1, axis=0), axis=1) > 1e-9]
    area = np.sum(v[:, 0] * np.roll(v[:, 1], -1) - np.roll(v[:, 0], -1) * v[:, 1])
    v = v if area > 0 else v[::-1]
    edge = np.roll(v, -1, axis=0) - v
    edge /= np.linalg.norm(edge, axis=1, keepdims=True)
    inward = np.stack([-edge[:, 1], edge[:, 0]], axis=1)
    before, after = np.roll(inward, 1, axis=0), inward
    bisector = (before + after) / np.maximum(1.0 + np.sum(before * after, axis=1, keepdims=True), 0.2)
    return v + amount * bisector
