"""Which of a scene's views a method is tested on."""

from __future__ import annotations

TEST_VIEWS = 5  # of a scene, that methods are tested on unless a table says otherwise


def spread_views(available: int, wanted: int) -> list[int]:
    """`wanted` view numbers evenly spread over a full turn of `available` views; all of them if fewer."""
    count = min(available, wanted)
    return [int(i * available / count) for i in range(count)]
