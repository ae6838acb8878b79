"""Where two pictures of an object differ so that the eye finds it: connected patches with contrast."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy import ndimage

APART = 1000.0  # how far the object is from what lies around it, whatever their colours, CIELAB


def looks(color: np.ndarray, is_object: np.ndarray) -> np.ndarray:
    """(h, w, 4) float32 for CIELAB colours (h, w, 3) and a mask (h, w) of the object; what is around it all looks alike."""
    return np.concatenate(
        [np.where(is_object[..., None], color, 0), APART * is_object[..., None]], axis=-1, dtype=np.float32
    )


def contrast(before: np.ndarray, after: np.ndarray, near: int) -> np.ndarray:
    """(h, w) float32: how much two pictures (h, w, 4) of `looks` differ at each pixel, CIELAB.

    Each pixel is compared with all pixels up to `near` away in the other picture and the most alike counts: an edge or a
    pattern that slid a little meets no eye.
    """
    return np.maximum(_unmatched(before, after, near), _unmatched(after, before, near))


def largest_patch(differs: np.ndarray) -> int:
    """Pixels of the largest connected region of an (h, w) mask; pixels that meet at a corner are connected."""
    if not differs.any():
        return 0
    regions, count = ndimage.label(differs, np.ones((3, 3)))
    return int(np.bincount(regions.ravel())[1:].max())


def _unmatched(looks: np.ndarray, other: np.ndarray, near: int) -> np.ndarray:
    """(h, w) float32: the least difference of each pixel from the other picture's pixels around its place."""
    row, column = np.nonzero((looks != other).any(axis=-1))
    around = np.pad(other, ((near, near), (near, near), (0, 0)), mode="edge")
    own, least = looks[row, column], np.full(len(row), np.inf, np.float32)
    for down, right in product(range(2 * near + 1), repeat=2):
        difference = own - around[row + down, column + right]
        np.minimum(least, np.einsum("ij,ij->i", difference, difference), out=least)
    result = np.zeros(looks.shape[:2], np.float32)
    result[row, column] = np.sqrt(least)
    return result
