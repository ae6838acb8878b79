"""Conversions between sRGB, linear light and CIELAB."""

from __future__ import annotations

import numpy as np

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear Rec. 709 red, green and blue


def linear(srgb: np.ndarray) -> np.ndarray:
    """sRGB 0..1, any shape, to linear 0..1 (IEC 61966-2-1)."""
    srgb = np.asarray(srgb, float)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def encoded(radiance: np.ndarray) -> np.ndarray:
    """Linear light, any shape, to sRGB 0..1; values brighter than white become white."""
    radiance = np.clip(radiance, 0.0, 1.0)
    return np.where(radiance <= 0.0031308, 12.92 * radiance, 1.055 * radiance ** (1 / 2.4) - 0.055)


def lab(color: np.ndarray) -> np.ndarray:
    """(n, 3) uint8 sRGB to (n, 3) CIELAB; the Euclidean distance of two colours there is their CIE76 difference."""
    from skimage.color import rgb2lab

    return rgb2lab(np.asarray(color, np.uint8).reshape(-1, 3) / 255.0)
