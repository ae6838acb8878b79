"""Popsicles: single and twin, one kind of ice cream."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Inlay, Plain, WoodGrain
from odd_bench.shapes.sdf import Field, box, capsule, cut, sphere, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import chance, contrast, pick, seed_from, tint
from odd_bench.shapes.toys.toppings import ICING, ICINGS, candy


def popsicle(rng) -> list[Part]:
    """A twin or single popsicle with waves of colour and candies, sometimes with a bite taken out."""
    twin = chance(rng, 0.5)
    wide = rng.uniform(0.6, 0.68) if twin else rng.uniform(0.5, 0.58)
    thick, tall = rng.uniform(0.22, 0.28), rng.uniform(0.7, 0.85)
    slab = union(box((0, 0, 0), (thick, wide, tall - 0.2), thick * 0.85), _rounded_end(thick, wide, tall))
    color = tint(rng, (*ICINGS, *palette.TOY))
    other, third = contrast(rng, color), tint(rng, ICINGS)
    level = rng.uniform(-0.2, 0.3)

    def waves(p):
        return level + 0.06 * np.sin(9 * p[:, 1]) - p[:, 2]

    paint = Inlay(Plain(color), Plain(other), waves)
    if chance(rng, 0.4):
        paint = Inlay(paint, Plain(third), lambda p: p[:, 2] - level + 0.55 - 0.05 * np.sin(8 * p[:, 1]))
    grooves = [
        capsule((s * (thick + 0.01), y, -0.6 * tall), (s * (thick + 0.01), y, 0.55 * tall), 0.06)
        for s in (1, -1)
        for y in ((0.0,) if twin else (-0.22, 0.22))
    ]
    bite = sphere((0, 0.9 * wide, 1.02 * tall), 0.3)
    field = cut(slab, *grooves, bite) if chance(rng, 0.4) else cut(slab, *grooves)
    parts = [Part("body", field, paint, ICING)]
    wood = WoodGrain(axis=(0.1, 0.05, 1), period=0.05, seed=seed_from(rng))
    for name, y in (("stick_left", 0.32), ("stick_right", -0.32)) if twin else (("stick", 0.0),):
        stick = box((0, y, -tall - 0.2), (0.07, 0.13, 0.5), 0.065)
        parts.append(Part(name, stick, wood, palette.WOOD, movable=True))
    for i, z in enumerate(np.linspace(-0.4, 0.45, int(rng.integers(2, 4))) * tall):
        side = rng.uniform(-0.2, 0.2) if not twin else pick(rng, (-0.3, 0.3))
        parts.append(candy(rng, f"candy_{i + 1}", (thick, side, z), (1, 0, 0), rng.uniform(0.13, 0.16)))
    return parts


def _rounded_end(thick: float, wide: float, tall: float) -> Field:
    """The rounded end of a popsicle, as a box with strongly rounded edges."""
    return box((0, 0, 0.1), (thick, 0.92 * wide, tall - 0.1), thick * 0.95)
