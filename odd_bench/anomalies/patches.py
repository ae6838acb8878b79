"""Where two pictures of an object differ so that the eye notices: connected patches of contrast."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np
from scipy import ndimage

AT_ONCE = 2**12  # pixels that are compared in one batch
APART = 1000.0  # difference between object and background, whatever their colours, CIELAB


def picture(color: np.ndarray, is_object: np.ndarray) -> np.ndarray:
    """(h, w, 4) float32: a picture in which all of the background looks alike. The fourth channel is APART on the object, else 0.

    is_object: (h, w) bool. color: (n, 3) CIELAB colours of its n object pixels.
    """
    looks = np.zeros((*is_object.shape, 4), np.float32)
    looks[is_object, :3], looks[is_object, 3] = color, APART
    return looks


def largest_patch(before: np.ndarray, after: np.ndarray, contrast: float, slide: int) -> int:
    """Number of pixels in the largest connected patch in which two pictures (h, w, 4) differ by more than `contrast` (CIELAB).

    Each pixel of either picture is compared with all pixels of the other one up to `slide` rows and columns away, and the
    smallest difference counts: an edge or a pattern that moved a little is not noticed. Pixels that share a corner are connected.
    """
    apart = before - after
    unlike = np.einsum("ijk,ijk->ij", apart, apart) > contrast**2
    if not unlike.any():
        return 0
    differs = _unmatched(before, after, unlike, contrast, slide) | _unmatched(after, before, unlike, contrast, slide)
    if not differs.any():
        return 0
    regions, _ = ndimage.label(differs, np.ones((3, 3)))
    return int(np.bincount(regions.ravel())[1:].max())


def _unmatched(looks: np.ndarray, other: np.ndarray, unlike: np.ndarray, contrast: float, slide: int) -> np.ndarray:
    """(h, w) bool: the pixels that differ by more than `contrast` from all pixels of the other picture within `slide`.

    unlike: (h, w) bool, the pixels that differ by more than `contrast` from the pixel at the same place in the other picture.
    """
    row, column = np.nonzero(unlike)
    around = np.pad(other, ((slide, slide), (slide, slide), (0, 0)), mode="edge")
    width = around.shape[1]
    around, own, first = around.reshape(-1, 4), looks[row, column], row * width + column
    steps = _steps(slide, width)
    while len(steps) and len(first):
        now, steps = np.split(steps, [max(1, AT_ONCE // len(first))])
        places = (now[:, None] + first).ravel()
        difference = (own - around.take(places, axis=0).reshape(len(now), -1, 4)).reshape(-1, 4)
        still = (np.einsum("ij,ij->i", difference, difference) > contrast**2).reshape(len(now), -1).all(axis=0)
        own, first = own[still], first[still]
    differs = np.zeros(looks.shape[:2], bool)
    differs[first // width, first % width] = True
    return differs


@lru_cache(maxsize=64)
def _steps(slide: int, width: int) -> np.ndarray:
    """(k,) offsets in a flattened padded picture of all steps of up to `slide` rows and columns, shortest first."""
    steps = product(range(2 * slide + 1), repeat=2)
    return np.array([down * width + right for down, right in sorted(steps, key=lambda step: _from_middle(step, slide))])


def _from_middle(step: tuple[int, int], slide: int) -> int:
    return abs(step[0] - slide) + abs(step[1] - slide)
