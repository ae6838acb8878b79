"""The colours of the floor in a draft picture, as simple patterns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from odd_bench.color import linear
from odd_bench.plan_line import Floor
from odd_bench.render.draft.grid import bilinear
from odd_bench.render.surroundings import FLOOR_FADES_M, TEXTURES, mean_albedo

Pattern = Callable[[Floor, np.ndarray, float], np.ndarray]  # maps a floor, points (2, n) and cell_m to albedo (3, n)
_PERIOD = 256
_LATTICE = np.random.default_rng(0).random((_PERIOD, _PERIOD)).astype(np.float32)
WEAVE_MEANS = (0.25, 0.41)  # fractions of the area that gaps between threads, and upper threads, cover
CHIPS_MEAN, GRAIN_MEAN = 0.15, 0.19  # fractions of the area that chips of one colour, and grains, cover
_REPEATED = np.pad(_LATTICE, (0, 1), mode="wrap")[None]


def floor_albedo(floor: Floor, points: np.ndarray, cell_m: float = 0.0) -> np.ndarray:
    """Linear albedo (3, n) at points (2, n) on the floor, metres, world. A texture set appears as plain grey.

    cell_m: side of the square that each point represents; finer patterns are replaced by their means.
    """
    mean = mean_albedo(floor).astype(points.dtype)[:, None]
    if floor.kind == TEXTURES:
        return np.broadcast_to(mean, (3, points.shape[1]))
    cos, sin = np.cos(floor.rotation_rad), np.sin(floor.rotation_rad)
    # Patterns lie far from the origin, where only double precision separates neighbouring points.
    place = np.asarray(floor.offset_m) + floor.pattern
    x, y = points.astype(np.float64)
    turned = np.stack([cos * x - sin * y, sin * x + cos * y]) + place[:, None]
    near = 1 - np.clip((np.sqrt((points**2).sum(axis=0)) - FLOOR_FADES_M[0]) / float(np.ptp(FLOOR_FADES_M)), 0, 1)
    return mean + near * (PATTERNS[floor.kind](floor, turned, cell_m) - mean)


def noise(points: np.ndarray, size_m: float, octaves: int = 3, cell_m: float = 0.0) -> np.ndarray:
    """Smooth noise (n,) float32 in [0, 1] at points (2, n). Its coarsest features have the size `size_m`.

    Octaves finer than cell_m are replaced by their mean.
    """
    total, weight = np.zeros(points.shape[1], np.float32), 0.0
    for octave in range(octaves):
        share = np.float32(0.55**octave)
        weight += share
        if size_m < cell_m * 2**octave:
            total += share * np.float32(0.5)
            continue
        places = points * (2**octave / size_m) + 17.3 * octave
        places -= _PERIOD * np.floor(places / _PERIOD)
        total += share * bilinear(_REPEATED, *places)[0]
    return total / weight


def _mixed(floor: Floor, second: np.ndarray, third: np.ndarray) -> np.ndarray:
    """The first colour of the floor (3, n), covered by fractions (n,) of the second and then of the third colour."""
    colors = [linear(color).astype(second.dtype)[:, None] for color in floor.colors]
    covered = colors[0] + second * (colors[1] - colors[0])
    return covered + third * (colors[-1] - covered)


def _step(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip((values - low) / (high - low), 0, 1)


def _clouds(stretch: tuple[float, float], fine_m: float) -> Pattern:
    """A pattern of blotches of the drawn size with finer grains. stretch: factors along both axes of the floor."""

    def pattern(floor: Floor, points: np.ndarray, cell_m: float) -> np.ndarray:
        points = points / np.array(stretch)[:, None]
        blotches, grain = noise(points, floor.size_m, 4, cell_m), noise(points + 3.1, fine_m, 2)
        sharp = np.float32(np.clip(2 - 1.5 * cell_m / fine_m, 0, 1))
        grains = GRAIN_MEAN + sharp * (_step(grain, 0.5, 0.8) - GRAIN_MEAN)
        return _mixed(floor, floor.contrast * _step(blotches, 0.4, 0.75), 0.6 * grains)

    return pattern


def _chips(floor: Floor, points: np.ndarray, cell_m: float) -> np.ndarray:
    """A pattern of chips of two colours."""
    sharp = np.float32(np.clip(2 - 1.5 * cell_m / floor.size_m, 0, 1))
    dark, bright = (
        CHIPS_MEAN + sharp * (_step(noise(points + shift, floor.size_m, 2), 0.63, 0.67) - CHIPS_MEAN)
        for shift in (0.0, 9.7)
    )
    return _mixed(floor, floor.contrast * dark, floor.contrast * bright)


def _weave(floor: Floor, points: np.ndarray, cell_m: float) -> np.ndarray:
    """A pattern of woven threads; if cells are too coarse for these, their means."""
    sharp = np.float32(np.clip(1.5 - 2 * cell_m / floor.size_m, 0, 1))
    warp, weft = np.sin((points / floor.size_m % 2 * np.pi).astype(np.float32))
    gaps, threads = _step(np.abs(warp * weft), 0.3, 0.0), _step(warp * weft, 0.0, 0.2)
    gaps, threads = (
        mean + sharp * (value - mean) for value, mean in ((gaps, WEAVE_MEANS[0]), (threads, WEAVE_MEANS[1]))
    )
    return _mixed(floor, 0.7 * gaps, floor.contrast * 0.5 * threads)


def _bricks(length: float, shift: float, gap: float, joint: int | None) -> Pattern:
    """A pattern of rows of bricks.

    length: of a brick, in widths of a brick. shift: between rows, in lengths of a brick. gap: width of a joint, in widths of a
    brick. joint: index of its colour; None = dark.
    """

    def pattern(floor: Floor, points: np.ndarray, cell_m: float) -> np.ndarray:
        along, across = points / floor.size_m
        row = np.floor(across)
        along = along / length + row * shift
        brick = np.floor(along)
        cell = max(cell_m / floor.size_m, 1e-3)
        covered = np.maximum(_joint((along - brick) * length, length, gap, cell), _joint(across - row, 1.0, gap, cell))
        tone = _LATTICE[row.astype(int) % _PERIOD, brick.astype(int) % _PERIOD]
        grain = noise(points / np.array([[4.0], [0.5]]), floor.size_m / 2, 3, cell_m)
        color = _mixed(floor, 0.4 * floor.contrast * grain, floor.contrast * tone)
        between = 0.3 * color if joint is None else linear(floor.colors[joint]).astype(color.dtype)[:, None]
        return color + covered * (between - color)

    return pattern


def _joint(inside: np.ndarray, length: float, gap: float, cell: float) -> np.ndarray:
    """The fraction (n,) of a cell that the joint at the start of a brick covers. inside: (n,), position along the brick."""
    off = np.abs((inside - gap / 2 + length / 2) % length - length / 2)  # distance from the middle of the nearest joint
    return np.clip((gap / 2 - off) / cell + 0.5, 0, 1) * min(1.0, gap / cell)


PATTERNS: dict[str, Pattern] = {
    "planks": _bricks(7.0, 0.37, 0.015, None), "tiles": _bricks(1.0, 0.0, 0.03, 1), "terrazzo": _chips, "granite": _chips,
    "cork": _chips, "fabric": _weave, "marble": _clouds((1.0, 2.0), 0.05), "concrete": _clouds((1.0, 1.0), 0.02),
    "leather": _clouds((1.0, 1.0), 0.008), "carpet": _clouds((1.0, 1.0), 0.01), "paper": _clouds((1.0, 1.0), 0.02),
    "cardboard": _clouds((4.0, 1.0), 0.01), "brushed_metal": _clouds((40.0, 1.0), 0.004),
}  # fmt: skip
