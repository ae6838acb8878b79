"""A shape with some of its vertices moved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.geometry.shape import Shape


def warped(shape: Shape, moved: np.ndarray, positions: np.ndarray) -> Shape:
    """moved: (v,) bool. positions: (moved.sum(), 3). All other vertices, and all labels and colours, are kept."""
    vertices = shape.vertices.copy()
    vertices[moved] = positions
    return replace(shape, vertices=vertices)
