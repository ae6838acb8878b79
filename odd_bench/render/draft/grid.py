"""Interpolation on a regular grid."""

from __future__ import annotations

import numpy as np


def bilinear(grids: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Interpolate grids (k, h, w) at fractional rows x (n,) in [0, h - 1] and columns y (n,) in [0, w - 1].

    Returns (k, n) float32.
    """
    height, width = grids.shape[1:]
    row, column = np.minimum(x.astype(np.intp), height - 2), np.minimum(y.astype(np.intp), width - 2)
    below, beside = (x - row).astype(np.float32), (y - column).astype(np.float32)
    flat, first = grids.reshape(len(grids), -1), row * width + column

    def along(first: np.ndarray) -> np.ndarray:
        start = flat.take(first, axis=1)
        return start + beside * (flat.take(first + 1, axis=1) - start)

    start = along(first)
    return start + below * (along(first + width) - start)
