"""Photographs so small that floor, cameras and objects may not be found in them: how messages say so."""

from __future__ import annotations

from collections.abc import Sequence

from odd_bench.captures.capture import Capture

SMALL_PX = 320  # of the longer side
Size = tuple[int, int]  # width and height, pixels


def sizes_of(capture: Capture) -> list[Size]:
    """Of the photographs."""
    return [(one.lens.width, one.lens.height) for one in capture.photographs]


def told_if_small(sizes: Sequence[Size]) -> str:
    """` of 128 x 96 pixels`, for behind the word photographs; empty where most of them are large enough."""
    width, height = sorted(sizes, key=max)[len(sizes) // 2]
    return f" of {width} x {height} pixels" if max(width, height) < SMALL_PX else ""


def hint_if_small(sizes: Sequence[Size], hint: str) -> str:
    """The hint, behind that of larger photographs where most are small."""
    return f"Use larger photographs, best 640 pixels or more. {hint}" if told_if_small(sizes) else hint
