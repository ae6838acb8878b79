"""Colours and materials that many toys share, and ways to vary them from instance to instance. Colours are sRGB in 0..1."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np

from odd_bench.shapes.patterns import Color
from odd_bench.shapes.shape import Material

PLASTIC = Material("plastic", roughness=0.35, coat=0.2)
RUBBER = Material("rubber", roughness=0.7)
PAINTED_WOOD = Material("painted wood", roughness=0.5, coat=0.3, bump=0.1)
BARE_WOOD = Material("bare wood", roughness=0.65, bump=0.2)
GLAZE = Material("glazed ceramic", roughness=0.2, coat=0.6)
PLUSH = Material("plush", roughness=1.0, bump=0.6)
FELT = Material("felt", roughness=0.95, bump=0.3)
METAL = Material("metal", roughness=0.3, metallic=1.0)
GLOSS = Material("glossy bead", roughness=0.1, coat=1.0)
TOY_MATERIALS = (PLASTIC, RUBBER, PAINTED_WOOD, GLAZE, PLUSH, FELT)

WHITE: Color = (0.94, 0.93, 0.9)
CREAM: Color = (0.93, 0.87, 0.73)
BLACK: Color = (0.06, 0.06, 0.07)
CHARCOAL: Color = (0.17, 0.17, 0.19)
GREY: Color = (0.55, 0.56, 0.58)
TAN: Color = (0.8, 0.62, 0.4)
BROWN: Color = (0.45, 0.28, 0.16)
DARK_BROWN: Color = (0.26, 0.16, 0.1)
PINK: Color = (0.94, 0.66, 0.67)
RED: Color = (0.82, 0.14, 0.13)
ORANGE: Color = (0.93, 0.5, 0.13)
YELLOW: Color = (0.96, 0.8, 0.2)
GREEN: Color = (0.3, 0.62, 0.26)
BLUE: Color = (0.2, 0.42, 0.78)
PURPLE: Color = (0.52, 0.3, 0.66)


def pick(rng: np.random.Generator, choices: Sequence):
    """One of the choices, each as likely."""
    return choices[int(rng.integers(len(choices)))]


def chance(rng: np.random.Generator, probability: float) -> bool:
    return bool(rng.random() < probability)


def pattern_seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 31))


def varied(rng: np.random.Generator, color: Color, amount: float = 0.06) -> Color:
    """The colour with hue, saturation and value jittered; `amount` is the largest change of the value."""
    hue, saturation, value = colorsys.rgb_to_hsv(*color)
    hue = (hue + rng.uniform(-0.3, 0.3) * amount) % 1.0
    saturation = np.clip(saturation * (1 + 2 * rng.uniform(-amount, amount)), 0, 1)
    return colorsys.hsv_to_rgb(hue, float(saturation), float(np.clip(value + rng.uniform(-amount, amount), 0.03, 0.97)))


def shade(color: Color, factor: float) -> Color:
    """Darker (factor below 1) or lighter towards white (above 1)."""
    c = np.asarray(color, float)
    return tuple(c * factor if factor <= 1 else 1 - (1 - c) / factor)


def toy_color(rng: np.random.Generator) -> Color:
    """A bright colour of any hue."""
    return colorsys.hsv_to_rgb(float(rng.random()), float(rng.uniform(0.5, 0.85)), float(rng.uniform(0.6, 0.95)))


def pastel_color(rng: np.random.Generator) -> Color:
    return colorsys.hsv_to_rgb(float(rng.random()), float(rng.uniform(0.2, 0.4)), float(rng.uniform(0.8, 0.95)))
