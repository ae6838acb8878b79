"""Colours as screens show them and as light adds up."""

from __future__ import annotations

import numpy as np

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear Rec. 709 red, green and blue


def linear(srgb: np.ndarray) -> np.ndarray:
    """sRGB 0..1, any shape, to linear 0..1 (IEC 61966-2-1)."""
    srgb = np.asarray(srgb, float)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def encoded(radiance: np.ndarray) -> np.ndarray:
    """Linear light, any shape, to sRGB 0..1; what is brighter than white becomes white."""
    radiance = np.clip(radiance, 0.0, 1.0)
    return np.where(radiance <= 0.0031308, 12.92 * radiance, 1.055 * radiance ** (1 / 2.4) - 0.055)
