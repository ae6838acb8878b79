"""The toy box: colours, common materials and the draws that pick among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Mottled, Patches, Pattern, Plain, Spots, Stripes, WoodGrain

PLASTIC = Material("plastic", roughness=0.35, coat=0.2)
SATIN = Material("satin plastic", roughness=0.55)
RUBBER = Material("rubber", roughness=0.8, bump=0.1)
PAINTED_WOOD = Material("painted wood", roughness=0.45, coat=0.3)
WOOD = Material("wood", roughness=0.6, bump=0.2)
CERAMIC = Material("glazed ceramic", roughness=0.2, coat=0.7)
BISQUE = Material("matt ceramic", roughness=0.75, bump=0.15)
METAL = Material("polished metal", roughness=0.25, metallic=1.0)
BRUSHED = Material("brushed metal", roughness=0.45, metallic=0.9, bump=0.1)
ENAMEL = Material("enamelled metal", roughness=0.3, metallic=0.2, coat=0.6)
GLASS = Material("clear glass", roughness=0.05, coat=0.5, transmission=0.75)
FROSTED = Material("frosted glass", roughness=0.45, transmission=0.5)
FELT = Material("felt", roughness=0.95, bump=0.3)
PLUSH = Material("plush", roughness=1.0, bump=0.6)
CLOTH = Material("cloth", roughness=0.9, bump=0.4)
LEATHER = Material("leather", roughness=0.5, coat=0.15, bump=0.3)
STRAW = Material("straw", roughness=0.85, bump=0.5)
BEAD = Material("glossy bead", roughness=0.1, coat=1.0)

WHITE, CREAM, BLACK, CHARCOAL = (0.95, 0.95, 0.94), (0.95, 0.9, 0.78), (0.05, 0.05, 0.06), (0.2, 0.2, 0.22)
RED, ORANGE, YELLOW, GREEN = (0.83, 0.13, 0.12), (0.95, 0.5, 0.1), (0.97, 0.8, 0.15), (0.2, 0.6, 0.25)
TEAL, BLUE, NAVY, PURPLE = (0.1, 0.6, 0.6), (0.15, 0.4, 0.8), (0.12, 0.18, 0.4), (0.5, 0.25, 0.65)
PINK, BROWN, TAN, GREY = (0.95, 0.55, 0.68), (0.42, 0.26, 0.15), (0.78, 0.62, 0.42), (0.55, 0.56, 0.58)
GOLD, SILVER, COPPER = (0.88, 0.7, 0.32), (0.78, 0.79, 0.82), (0.78, 0.46, 0.33)
TOY = (RED, ORANGE, YELLOW, GREEN, TEAL, BLUE, PURPLE, PINK, (0.55, 0.78, 0.25), (0.35, 0.7, 0.92))
PASTEL = (
    (0.98, 0.8, 0.82),
    (0.99, 0.9, 0.7),
    (0.78, 0.92, 0.78),
    (0.74, 0.87, 0.96),
    (0.86, 0.8, 0.94),
    (0.99, 0.83, 0.7),
)
EARTH = (BROWN, TAN, (0.6, 0.4, 0.25), (0.68, 0.32, 0.2), (0.45, 0.45, 0.3), (0.3, 0.33, 0.36), (0.5, 0.55, 0.5))
DARK = (CHARCOAL, NAVY, (0.35, 0.08, 0.1), (0.08, 0.28, 0.2), (0.28, 0.14, 0.1))
METALS = (GOLD, SILVER, COPPER, (0.42, 0.43, 0.46))
WOODS = (
    ((0.85, 0.68, 0.45), (0.68, 0.48, 0.28)),
    ((0.7, 0.48, 0.28), (0.5, 0.31, 0.16)),
    ((0.5, 0.3, 0.17), (0.32, 0.18, 0.1)),
    ((0.75, 0.42, 0.26), (0.52, 0.25, 0.14)),
)

T = TypeVar("T")


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    return options[int(rng.integers(len(options)))]


def chance(rng: np.random.Generator, probability: float) -> bool:
    return bool(rng.random() < probability)


def seed_from(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 31))


def tint(rng: np.random.Generator, colors: Sequence[Color] = TOY, spread: float = 0.06) -> Color:
    """One of the colours, moved a little."""
    return clipped(np.asarray(pick(rng, colors)) + rng.uniform(-spread, spread, 3))


def shade(color: Color, factor: float) -> Color:
    """Darker below 1; above 1 the colour moves towards white by (factor - 1)."""
    c = np.asarray(color, float)
    return clipped(c * factor if factor <= 1 else c + (1 - c) * (factor - 1))


def contrast(rng: np.random.Generator, color: Color, colors: Sequence[Color] = TOY, least: float = 0.45) -> Color:
    """One of the colours at least `least` away from the given one, or white or charcoal where none is."""
    far = [c for c in colors if np.linalg.norm(np.subtract(c, color)) >= least]
    return tint(rng, far or [WHITE if sum(color) < 1.5 else CHARCOAL])


def clipped(color: np.ndarray) -> Color:
    return tuple(float(c) for c in np.clip(color, 0.02, 0.98))


def wood_grain(rng: np.random.Generator, axis: tuple[float, float, float] = (0.1, 0.15, 1.0)) -> WoodGrain:
    light, dark = pick(rng, WOODS)
    return WoodGrain(light, dark, axis, float(rng.uniform(0.06, 0.12)), seed_from(rng))


def decorated(rng: np.random.Generator, first: Color, second: Color) -> Pattern:
    """A coat of two colours: plain, striped, spotted, patched or clouded."""
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
