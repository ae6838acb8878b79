"""The choice of views of a scene, for testing and for training."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

TEST_VIEWS = 5  # number of views per scene in tests, unless a table says otherwise


def spread_views(available: int, wanted: int) -> list[int]:
    """Indices of `wanted` views that are evenly spread over the circle of `available` views; all of these if fewer."""
    count = min(available, wanted)
    return [int(i * available / count) for i in range(count)]


def draw_views(rng: np.random.Generator, available: int, wanted: int, spread: bool) -> list[int]:
    """Draw the indices of `wanted` different views. `wanted` must be even, and at most `available`.

    spread: whether the first half of the views comes from equal sectors of the circle, one view from each. A volume built from
    them then sees the scene from all sides, as in a test, but from different views in each draw.
    """
    if not spread:
        return rng.choice(available, wanted, replace=False).tolist()
    half = wanted // 2
    bounds = [int(i * available / half) for i in range(half + 1)]
    first = [int(rng.integers(low, high)) for low, high in pairwise(bounds)]
    left = np.setdiff1d(np.arange(available), first)
    return [*first, *rng.choice(left, wanted - half, replace=False).tolist()]
