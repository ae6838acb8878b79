"""Uneven surfaces: dirt and wear on everything, marks of machining on metal."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import ndimage

DIRT, MARKS = 0.12, 0.12  # how much the reflectance changes, as a share of it
CELLS = 64  # of the noise along the side of its cube, and along the largest side of an object
GRAINS = (1.0, 3.0, 8.0)  # sizes of its features, cells
ALONG = np.float32([[0.06], [1.0], [0.25]])  # how much finer the marks are along each axis than the noise


def worn(points: np.ndarray, metallic: np.ndarray) -> np.ndarray:
    """(n,) factor on the reflectance at places (3, n) of the canonical frame. metallic: (n,) 0..1."""
    factor = 1 + DIRT * np.minimum(_at(points), 0.7)
    metal = np.flatnonzero(metallic > 0.5)
    if len(metal):
        factor[metal] *= 1 + MARKS * _at(points.take(metal, axis=1) * ALONG)
    return factor


def _at(points: np.ndarray) -> np.ndarray:
    """(n,) float32 noise at places (3, n); it repeats itself outside of the cube."""
    x, y, z = ((points + 0.5) * CELLS).astype(np.intp) & (CELLS - 1)  # the remainder, for CELLS is a power of two
    return _noise().take((x * CELLS + y) * CELLS + z)


@cache
def _noise() -> np.ndarray:
    """(CELLS**3,) float32 of about -2..2."""
    white = np.random.default_rng(7).standard_normal((CELLS,) * 3, np.float32)
    layers = [ndimage.gaussian_filter(white, size, mode="wrap", truncate=2.5) for size in GRAINS]
    total = sum(layer / layer.std() for layer in layers)
    return (total / total.std()).ravel()
