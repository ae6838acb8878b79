"""The views of a scene that a method is tested on, and trained on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

TEST_VIEWS = 5  # of a scene, that methods are tested on unless a table says otherwise


def spread_views(available: int, wanted: int) -> list[int]:
    """`wanted` view numbers evenly spread over a full turn of `available` views; all of them if fewer."""
    count = min(available, wanted)
    return [int(i * available / count) for i in range(count)]


def draw_views(rng: np.random.Generator, available: int, wanted: int, spread: bool) -> list[int]:
    """`wanted` different view numbers at random: an even number, and at most `available`.

    spread: the first half of them come from equal sectors of the full turn, one from each. A volume built from these sees its
    scene from all around, as it does at test, and differently at each draw.
    """
    if not spread:
        return rng.choice(available, wanted, replace=False).tolist()
    half = wanted // 2
    bounds = [int(i * available / half) for i in range(half + 1)]
    first = [int(rng.integers(low, high)) for low, high in pairwise(bounds)]
    left = np.setdiff1d(np.arange(available), first)
    return [*first, *rng.choice(left, wanted - half, replace=False).tolist()]
