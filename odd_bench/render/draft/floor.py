"""The floor of a draft picture: the colours of `odd_bench.render.surroundings.draw_floor` in simple patterns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from odd_bench.color import linear
from odd_bench.render.draft.grid import bilinear
from odd_bench.render.surroundings import FLOOR_FADES_M, mean_albedo

_PERIOD = 256
_LATTICE = np.random.default_rng(0).random((_PERIOD, _PERIOD)).astype(np.float32)
_REPEATED = np.pad(_LATTICE, (0, 1), mode="wrap")[None]


def floor_albedo(draw: dict, points: np.ndarray) -> np.ndarray:
    """(3, n) linear reflectance at places (2, n) on the floor, metres, world. A set of textures shows as plain grey."""
    mean = mean_albedo(draw).astype(points.dtype)[:, None]
    if draw["kind"] == "textures":
        return np.broadcast_to(mean, (3, points.shape[1]))
    cos, sin = np.cos(draw["rotation_rad"]), np.sin(draw["rotation_rad"])
    place = np.asarray(draw["offset_m"]) + draw["pattern"]  # far off: only double precision tells neighbours apart
    x, y = points.astype(np.float64)
    turned = np.stack([cos * x - sin * y, sin * x + cos * y]) + place[:, None]
    near = 1 - np.clip((np.sqrt((points**2).sum(axis=0)) - FLOOR_FADES_M[0]) / float(np.ptp(FLOOR_FADES_M)), 0, 1)
    return mean + near * (PATTERNS[draw["kind"]](draw, turned) - mean)


def noise(points: np.ndarray, size_m: float, octaves: int = 3) -> np.ndarray:
    """(n,) float32 in 0..1 at places (2, n): smooth noise whose coarsest features are as large as `size_m`."""
    total, weight = np.zeros(points.shape[1], np.float32), 0.0
    for octave in range(octaves):
        share, places = 0.55**octave, points * (2**octave / size_m) + 17.3 * octave
        places -= _PERIOD * np.floor(places / _PERIOD)
        total += np.float32(share) * bilinear(_REPEATED, *places)[0]
        weight += share
    return total / np.float32(weight)


def _mixed(draw: dict, second: np.ndarray, third: np.ndarray) -> np.ndarray:
    """(3, n): the first colour of the draw, covered by shares (n,) of the second and then of the third."""
    colors = [linear(color).astype(second.dtype)[:, None] for color in draw["colors"]]
    covered = colors[0] + second * (colors[1] - colors[0])
    return covered + third * (colors[-1] - covered)


def _step(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip((values - low) / (high - low), 0, 1)


def _clouds(stretch: tuple[float, float], fine_m: float) -> Callable[[dict, np.ndarray], np.ndarray]:
    """Blotches as large as the drawn size, and a finer grain. stretch: along both axes of the floor."""

    def pattern(draw: dict, points: np.ndarray) -> np.ndarray:
        points = points / np.array(stretch)[:, None]
        blotches, grain = noise(points, draw["size_m"], 4), noise(points + 3.1, fine_m, 2)
        return _mixed(draw, draw["contrast"] * _step(blotches, 0.4, 0.75), 0.6 * _step(grain, 0.5, 0.8))

    return pattern


def _chips(draw: dict, points: np.ndarray) -> np.ndarray:
    """Chips and grains of two colours."""
    dark, bright = noise(points, draw["size_m"], 2), noise(points + 9.7, draw["size_m"], 2)
    return _mixed(draw, draw["contrast"] * _step(dark, 0.58, 0.62), draw["contrast"] * _step(bright, 0.6, 0.64))


def _weave(draw: dict, points: np.ndarray) -> np.ndarray:
    warp, weft = np.sin((points / draw["size_m"] % 2 * np.pi).astype(np.float32))
    return _mixed(
        draw, 0.7 * _step(np.abs(warp * weft), 0.3, 0.0), draw["contrast"] * 0.5 * _step(warp * weft, 0.0, 0.2)
    )


def _bricks(length: float, shift: float, gap: float, joint: int | None) -> Callable[[dict, np.ndarray], np.ndarray]:
    """Rows of bricks. length, shift: in widths of a brick. gap: share of a width. joint: its colour, None for dark."""

    def pattern(draw: dict, points: np.ndarray) -> np.ndarray:
        along, across = points / draw["size_m"]
        row = np.floor(across)
        along = along / length + row * shift
        brick = np.floor(along)
        inside = np.minimum((along - brick) * length, across - row)
        tone = _LATTICE[row.astype(int) % _PERIOD, brick.astype(int) % _PERIOD]
        grain = noise(points / np.array([[4.0], [0.5]]), draw["size_m"] / 2)
        color = _mixed(draw, 0.4 * draw["contrast"] * grain, draw["contrast"] * tone)
        between = 0.3 * color if joint is None else linear(draw["colors"][joint]).astype(color.dtype)[:, None]
        return np.where(inside < gap, between, color)

    return pattern


PATTERNS: dict[str, Callable[[dict, np.ndarray], np.ndarray]] = {
    "planks": _bricks(7.0, 0.37, 0.015, None), "tiles": _bricks(1.0, 0.0, 0.03, 1), "terrazzo": _chips, "granite": _chips,
    "cork": _chips, "fabric": _weave, "marble": _clouds((1.0, 2.0), 0.05), "concrete": _clouds((1.0, 1.0), 0.02),
    "leather": _clouds((1.0, 1.0), 0.008), "carpet": _clouds((1.0, 1.0), 0.01), "paper": _clouds((1.0, 1.0), 0.02),
    "cardboard": _clouds((4.0, 1.0), 0.01), "brushed_metal": _clouds((40.0, 1.0), 0.004),
}  # fmt: skip
