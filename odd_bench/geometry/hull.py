"""Corners of a convex hull: all that boxes, cameras and image windows need of many points."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, QhullError


def hull_points(points: np.ndarray) -> np.ndarray:
    """The corners of the convex hull of (n, d) points; the points themselves where that has no volume."""
    try:
        return points[ConvexHull(points).vertices]
    except (QhullError, ValueError):  # flat, or fewer than four
        return points
