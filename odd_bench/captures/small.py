"""Messages about photographs that may be too small to find floor, cameras and objects."""

from __future__ import annotations

from collections.abc import Sequence

from odd_bench.captures.capture import Capture

SMALL_PX = 320  # of the longer side
Size = tuple[int, int]  # width and height, pixels


def sizes_of(capture: Capture) -> list[Size]:
    """The sizes of the photographs."""
    return [(one.lens.width, one.lens.height) for one in capture.photographs]


def told_if_small(sizes: Sequence[Size]) -> str:
    """` of 128 x 96 pixels`, to follow the word photographs; empty if most of them are large enough."""
    width, height = sorted(sizes, key=max)[len(sizes) // 2]
    return f" of {width} x {height} pixels" if max(width, height) < SMALL_PX else ""


def hint_if_small(sizes: Sequence[Size], hint: str) -> str:
    """The hint, preceded by advice to use larger photographs if most are small."""
    return f"Use larger photographs, ideally 640 pixels or more. {hint}" if told_if_small(sizes) else hint
