"""Colours and hides of toy dinosaurs."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Color, Gradient, Mottled, Pattern, Plain, Spots, Stripes
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint

SKINS = (
    palette.GREEN,
    palette.GREEN,
    (0.45, 0.6, 0.25),
    palette.TEAL,
    palette.ORANGE,
    palette.PURPLE,
    palette.BLUE,
    (0.6, 0.5, 0.35),
    (0.75, 0.35, 0.3),
)


def skin_colors(rng: np.random.Generator) -> tuple[Color, Color, Color]:
    """The colours of the skin, of plates and marks, and of the belly."""
    skin = tint(rng, SKINS, 0.05)
    second = pick(
        rng,
        (
            shade(skin, 0.5),
            contrast(
                rng, skin, (palette.YELLOW, palette.ORANGE, palette.RED, palette.TEAL, palette.PURPLE, palette.CREAM)
            ),
        ),
    )
    return skin, second, pick(rng, (shade(skin, 1.55), tint(rng, (palette.CREAM, (0.95, 0.88, 0.6)), 0.03)))


def hide(rng: np.random.Generator, skin: Color, second: Color) -> Pattern:
    seed, mark = seed_from(rng), pick(rng, (second, shade(skin, 0.6)))
    return pick(
        rng,
        (
            Plain(skin),
            Stripes(skin, mark, (1, 0, 0.15), rng.uniform(0.2, 0.32), rng.uniform(0.25, 0.45), 0.15, 0, seed),
            Spots(skin, mark, rng.uniform(0.2, 0.3), rng.uniform(0.05, 0.085), 0.7, seed),
            Mottled(skin, shade(skin, 0.6), rng.uniform(0.15, 0.3), 1.8, seed),
            Gradient(shade(skin, 1.35), shade(skin, 0.7), (0, 0, 1), 0.3, 1.1),
        ),
    )
