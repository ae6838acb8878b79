"""Corners of a convex hull. Boxes, cameras and image windows need no other points of a mesh."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, QhullError


def hull_points(points: np.ndarray) -> np.ndarray:
    """Corners (k, d) of the convex hull of points (n, d); all the points if the hull has no volume."""
    try:
        return points[ConvexHull(points).vertices]
    except (QhullError, ValueError):  # flat, or fewer than four
        return points
