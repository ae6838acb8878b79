"""The floor of a draft picture: the colours of `odd_bench.generate.surroundings.draw_floor` in simple patterns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from odd_bench.color import linear
from odd_bench.generate.surroundings import FLOOR_FADES_M, mean_albedo

_LATTICE = np.random.default_rng(0).random((256, 256)).astype(np.float32)


def floor_albedo(draw: dict, points: np.ndarray) -> np.ndarray:
    """(n, 3) linear reflectance at places (n, 2) on the floor, metres, world. A set of textures shows as plain grey."""
    mean = mean_albedo(draw)
    if draw["kind"] == "textures":
        return np.broadcast_to(mean, (len(points), 3))
    cos, sin = np.cos(draw["rotation_rad"]), np.sin(draw["rotation_rad"])
    turned = points @ np.array([[cos, sin], [-sin, cos]]) + np.asarray(draw["offset_m"]) + draw["pattern"]
    near = 1 - np.clip((np.linalg.norm(points, axis=1) - FLOOR_FADES_M[0]) / np.ptp(FLOOR_FADES_M), 0, 1)
    return mean + near[:, None] * (PATTERNS[draw["kind"]](draw, turned) - mean)


def noise(points: np.ndarray, size_m: float, octaves: int = 3) -> np.ndarray:
    """(n,) in 0..1: smooth noise whose coarsest features are as large as `size_m`."""
    total, weight = np.zeros(len(points)), 0.0
    for octave in range(octaves):
        share, places = 0.55**octave, points / size_m * 2**octave + 17.3 * octave
        total += share * ndimage.map_coordinates(_LATTICE, places.T, order=1, mode="grid-wrap")
        weight += share
    return total / weight


def _mixed(draw: dict, second: np.ndarray, third: np.ndarray) -> np.ndarray:
    """The colours of the draw: the first, covered by shares (n,) of the second and then of the third."""
    colors = [linear(color) for color in draw["colors"]]
    covered = colors[0] + second[:, None] * (colors[1] - colors[0])
    return covered + third[:, None] * (colors[-1] - covered)


def _step(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip((values - low) / (high - low), 0, 1)


def _clouds(stretch: tuple[float, float], fine_m: float) -> Callable[[dict, np.ndarray], np.ndarray]:
    """Blotches as large as the drawn size, and a finer grain. stretch: along both axes of the floor."""

    def pattern(draw: dict, points: np.ndarray) -> np.ndarray:
        points = points / np.array(stretch)
        blotches, grain = noise(points, draw["size_m"], 4), noise(points + 3.1, fine_m, 2)
        return _mixed(draw, draw["contrast"] * _step(blotches, 0.4, 0.75), 0.6 * _step(grain, 0.5, 0.8))

    return pattern


def _chips(draw: dict, points: np.ndarray) -> np.ndarray:
    """Chips and grains of two colours."""
    dark, bright = noise(points, draw["size_m"], 2), noise(points + 9.7, draw["size_m"], 2)
    return _mixed(draw, draw["contrast"] * _step(dark, 0.58, 0.62), draw["contrast"] * _step(bright, 0.6, 0.64))


def _weave(draw: dict, points: np.ndarray) -> np.ndarray:
    warp, weft = np.sin(points / draw["size_m"] * np.pi).T
    return _mixed(
        draw, 0.7 * _step(np.abs(warp * weft), 0.3, 0.0), draw["contrast"] * 0.5 * _step(warp * weft, 0.0, 0.2)
    )


def _bricks(length: float, shift: float, gap: float, joint: int | None) -> Callable[[dict, np.ndarray], np.ndarray]:
    """Rows of bricks. length, shift: in widths of a brick. gap: share of a width. joint: its colour, None for dark."""

    def pattern(draw: dict, points: np.ndarray) -> np.ndarray:
        row = np.floor(points[:, 1] / draw["size_m"])
        along = points[:, 0] / draw["size_m"] / length + row * shift
        inside = np.stack([(along % 1) * length, points[:, 1] / draw["size_m"] % 1], axis=1)
        tone = _LATTICE[row.astype(int) % 256, np.floor(along).astype(int) % 256]
        grain = noise(points / np.array([4.0, 0.5]), draw["size_m"] / 2)
        color = _mixed(draw, 0.4 * draw["contrast"] * grain, draw["contrast"] * tone)
        between = 0.3 * color if joint is None else linear(draw["colors"][joint])
        return np.where((inside < gap).any(axis=1)[:, None], between, color)

    return pattern


PATTERNS: dict[str, Callable[[dict, np.ndarray], np.ndarray]] = {
    "planks": _bricks(7.0, 0.37, 0.015, None), "tiles": _bricks(1.0, 0.0, 0.03, 1), "terrazzo": _chips, "granite": _chips,
    "cork": _chips, "fabric": _weave, "marble": _clouds((1.0, 2.0), 0.05), "concrete": _clouds((1.0, 1.0), 0.02),
    "leather": _clouds((1.0, 1.0), 0.008), "carpet": _clouds((1.0, 1.0), 0.01), "paper": _clouds((1.0, 1.0), 0.02),
    "cardboard": _clouds((4.0, 1.0), 0.01), "brushed_metal": _clouds((40.0, 1.0), 0.004),
}  # fmt: skip
