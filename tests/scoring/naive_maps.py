"""Metrics of anomaly maps, written from their definitions, pixel by pixel and threshold by threshold."""

from __future__ import annotations

import numpy as np


def patches_of(mask: np.ndarray) -> list[np.ndarray]:
    """Connected patches of pixels, corners included, by flood fill."""
    left, found = {tuple(spot) for spot in np.argwhere(mask)}, []
    while left:
        waiting, patch = [left.pop()], np.zeros(mask.shape, bool)
        while waiting:
            row, column = waiting.pop()
            patch[row, column] = True
            around = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= around
            waiting += around
        found.append(patch)
    return found


def pro_curve(maps: list[np.ndarray], masks: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The share of normal pixels above each threshold, and the mean of this share over all patches.

    The definition of MVTec AD and anomalib: false positives over the normal pixels of all pictures; every patch counts the same,
    whatever its size.
    """
    patches = [(number, patch) for number, mask in enumerate(masks) for patch in patches_of(mask)]
    normal = np.concatenate([one[~mask] for one, mask in zip(maps, masks, strict=True)])
    thresholds = np.unique(np.concatenate([one.ravel() for one in maps]))[::-1]
    false, right = [0.0], [0.0]
    for threshold in thresholds:
        false.append(float(np.mean(normal >= threshold)))
        right.append(float(np.mean([np.mean(maps[number][patch] >= threshold) for number, patch in patches])))
    return np.array(false), np.array(right)


def naive_aupro(maps: list[np.ndarray], masks: list[np.ndarray], limit: float) -> float:
    """Trapezoids up to the limit; the last one is cut there, on the straight line between its two thresholds."""
    area, (false, right) = 0.0, pro_curve(maps, masks)
    for place in range(len(false) - 1):
        start, end = false[place : place + 2]
        if start >= limit or end == start:
            continue
        low, high = right[place : place + 2]
        if end > limit:
            high = low + (high - low) * (limit - start) / (end - start)
            end = limit
        area += (end - start) * (low + high) / 2
    return area / limit


def naive_peak(maps: list[np.ndarray], own: list[np.ndarray], changed: list[np.ndarray]) -> float:
    """The share of the pixels of highest level of an object that lie at most 3 pixels from its change, centre to centre."""
    top = max(int(one[mine].max()) for one, mine in zip(maps, own, strict=True) if mine.any())
    at_top, near = 0, 0
    for one, mine, change in zip(maps, own, changed, strict=True):
        for spot in np.argwhere(mine & (one == top)):
            at_top += 1
            distances = np.linalg.norm(np.argwhere(change) - spot, axis=1)
            near += bool(len(distances) and distances.min() <= 3)
    return near / at_top
