"""Where two pictures of an object differ so that the eye finds it: connected patches with contrast."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy import ndimage

APART = 1000.0  # how far the object is from what lies around it, whatever their colours, CIELAB


def picture(color: np.ndarray, is_object: np.ndarray) -> np.ndarray:
    """(h, w, 4) float32 from CIELAB colours (n, 3) of the n pixels of an (h, w) mask; all that is around the object looks alike."""
    looks = np.zeros((*is_object.shape, 4), np.float32)
    looks[is_object, :3], looks[is_object, 3] = color, APART
    return looks


def largest_patch(before: np.ndarray, after: np.ndarray, contrast: float, slide: int) -> int:
    """Pixels of the largest connected patch in which two pictures (h, w, 4) differ by more than `contrast` (CIELAB).

    Each pixel of either picture is compared with all pixels up to `slide` rows and columns away in the other one, and the most
    alike counts: an edge or a pattern that slid a little is not noticed. Pixels that meet at a corner are connected.
    """
    differs = _unmatched(before, after, contrast, slide) | _unmatched(after, before, contrast, slide)
    if not differs.any():
        return 0
    regions, _ = ndimage.label(differs, np.ones((3, 3)))
    return int(np.bincount(regions.ravel())[1:].max())


def _unmatched(looks: np.ndarray, other: np.ndarray, contrast: float, slide: int) -> np.ndarray:
    """(h, w) bool: pixels that differ by more than the contrast from all of the other picture's pixels around their place."""
    apart = looks - other
    row, column = np.nonzero(np.einsum("ijk,ijk->ij", apart, apart) > contrast**2)
    around = np.pad(other, ((slide, slide), (slide, slide), (0, 0)), mode="edge")
    for down, right in sorted(product(range(2 * slide + 1), repeat=2), key=lambda step: _from_middle(step, slide)):
        difference = looks[row, column] - around[row + down, column + right]
        still = np.einsum("ij,ij->i", difference, difference) > contrast**2
        row, column = row[still], column[still]
        if len(row) == 0:
            break
    differs = np.zeros(looks.shape[:2], bool)
    differs[row, column] = True
    return differs


def _from_middle(step: tuple[int, int], slide: int) -> int:
    return abs(step[0] - slide) + abs(step[1] - slide)
