"""Random draws for the toy families: choices, colours close to those of the palette, and patterns of two colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from odd_bench.shapes.patterns import Color, Mottled, Patches, Pattern, Plain, Spots, Stripes, WoodGrain
from odd_bench.shapes.toys import palette

T = TypeVar("T")


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    return options[int(rng.integers(len(options)))]


def chance(rng: np.random.Generator, probability: float) -> bool:
    return bool(rng.random() < probability)


def seed_from(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 31))


def tint(rng: np.random.Generator, colors: Sequence[Color] = palette.TOY, spread: float = 0.06) -> Color:
    """One of the colours, changed by up to `spread` in each channel."""
    return clipped(np.asarray(pick(rng, colors)) + rng.uniform(-spread, spread, 3))


def shade(color: Color, factor: float) -> Color:
    """The colour darkened by a factor below 1, or mixed with a share (factor - 1) of white above 1."""
    c = np.asarray(color, float)
    return clipped(c * factor if factor <= 1 else c + (1 - c) * (factor - 1))


def contrast(
    rng: np.random.Generator, color: Color, colors: Sequence[Color] = palette.TOY, least: float = 0.45
) -> Color:
    """One of the colours at a distance of at least `least` from the given one, in RGB; white or charcoal if there is none."""
    far = [c for c in colors if np.linalg.norm(np.subtract(c, color)) >= least]
    return tint(rng, far or [palette.WHITE if sum(color) < 1.5 else palette.CHARCOAL])


def clipped(color: np.ndarray) -> Color:
    return tuple(float(c) for c in np.clip(color, 0.02, 0.98))


def wood_grain(rng: np.random.Generator, axis: tuple[float, float, float] = (0.1, 0.15, 1.0)) -> WoodGrain:
    light, dark = pick(rng, palette.WOODS)
    return WoodGrain(light, dark, axis, float(rng.uniform(0.06, 0.12)), seed_from(rng))


def decorated(rng: np.random.Generator, first: Color, second: Color) -> Pattern:
    """A random pattern: plain, striped, spotted or patched in two colours, or mottled."""
    direction = tuple(float(x) for x in pick(rng, ((0, 0, 1), (0, 0.6, 0.8), (1, 0, 0), (0.6, 0, 0.8))))
    seed, period, share = seed_from(rng), float(rng.uniform(0.14, 0.4)), float(rng.uniform(0.25, 0.5))
    return pick(
        rng,
        (
            Plain(first),
            Stripes(first, second, direction, period, share, float(rng.uniform(0, 0.08)), seed=seed),
            Spots(first, second, period + 0.08, 0.35 * period + 0.02, 0.9, seed),
            Patches(first, second, 2 * period, share, seed),
            Mottled(first, shade(first, 0.75), period, 1.2, seed),
        ),
    )
