"""Variation of the albedo: dirt and wear on all surfaces, machining marks on metal."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import ndimage

DIRT, MARKS = 0.12, 0.12  # relative changes of the albedo
CELLS = 64  # cells of the noise along the side of its cube, which is the largest side of an object
GRAINS = (1.0, 3.0, 8.0)  # sizes of the noise's features, in cells
ALONG = np.float32([[0.06], [1.0], [0.25]])  # frequency of the marks along each axis, relative to the noise


def worn(points: np.ndarray, metallic: np.ndarray) -> np.ndarray:
    """Factor (n,) on the albedo at points (3, n) in the canonical frame. metallic: (n,) in [0, 1]."""
    factor = 1 + DIRT * np.minimum(_at(points), 0.7)
    metal = np.flatnonzero(metallic > 0.5)
    if len(metal):
        factor[metal] *= 1 + MARKS * _at(points.take(metal, axis=1) * ALONG)
    return factor


def _at(points: np.ndarray) -> np.ndarray:
    """Noise (n,) float32 at points (3, n). It is periodic outside the cube."""
    x, y, z = ((points + 0.5) * CELLS).astype(np.intp) & (CELLS - 1)  # modulo CELLS, a power of two
    return _noise().take((x * CELLS + y) * CELLS + z)


@cache
def _noise() -> np.ndarray:
    """Noise values (CELLS**3,) float32, of about -2 to 2."""
    white = np.random.default_rng(7).standard_normal((CELLS,) * 3, np.float32)
    layers = [ndimage.gaussian_filter(white, size, mode="wrap", truncate=2.5) for size in GRAINS]
    total = sum(layer / layer.std() for layer in layers)
    return (total / total.std()).ravel()
