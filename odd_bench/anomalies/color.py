"""Colours as the eye compares them."""

from __future__ import annotations

import numpy as np


def lab(color: np.ndarray) -> np.ndarray:
    """(n, 3) uint8 sRGB to (n, 3) CIELAB; the Euclidean distance of two colours there is their CIE76 difference."""
    from skimage.color import rgb2lab

    return rgb2lab(np.asarray(color, np.uint8).reshape(-1, 3) / 255.0)
