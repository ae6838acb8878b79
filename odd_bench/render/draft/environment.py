"""Reduction of an environment map of any size to a coarse grid."""

from __future__ import annotations

import numpy as np

ENVIRONMENT_CELLS = (64, 128)  # rows and columns


def coarse_environment(pixels: np.ndarray) -> np.ndarray:
    """Mean radiance (64, 128, 3) of an environment map (h, w, 3) in the cells of a grid; h and w are at least 1."""
    for axis, cells in enumerate(ENVIRONMENT_CELLS):
        if pixels.shape[axis] % cells:
            pixels = np.moveaxis(_means(np.moveaxis(pixels, axis, 0), cells), 0, axis)
    rows, columns = ENVIRONMENT_CELLS
    return pixels.reshape(rows, len(pixels) // rows, columns, -1, 3).mean(axis=(1, 3))


def _means(values: np.ndarray, cells: int) -> np.ndarray:
    """Means (cells, ...) of values (n, ...) over equal parts of the first axis. A value across a border counts in both parts."""
    edges = np.arange(cells + 1) * len(values) / cells
    whole = np.minimum(edges.astype(int), len(values) - 1)
    part = (edges - whole).reshape(-1, *[1] * (values.ndim - 1))
    below = np.cumsum(np.concatenate([np.zeros_like(values[:1]), values[:-1]]), axis=0, dtype=np.float64)
    return np.diff(below[whole] + part * values[whole], axis=0) * cells / len(values)
