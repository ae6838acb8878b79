"""A shape with some of its vertices moved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.geometry.shape import Shape


def warped(shape: Shape, moved: np.ndarray, positions: np.ndarray) -> Shape:
    """The shape with some vertices at new positions; all other vertices and all labels and colours are kept.

    moved: (v,) bool. positions: (moved.sum(), 3), canonical frame.
    """
    vertices = shape.vertices.copy()
    vertices[moved] = positions
    return replace(shape, vertices=vertices)
