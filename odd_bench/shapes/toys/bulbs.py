"""Light bulbs and energy savers, which stand upright on their screw caps."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Gradient, Plain, Split
from odd_bench.shapes.sdf import box, capsule, chain, cylinder, frustum, smooth_union, sphere, torus, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import contrast, pick, shade, tint
from odd_bench.shapes.toys.turned import curve, relief, solid

GLOW = ((0.99, 0.93, 0.7), (0.98, 0.97, 0.9), (0.99, 0.85, 0.5), (0.8, 0.92, 0.98))


def _screw(rng, top: float, radius: float) -> list[Part]:
    """A screw cap from the floor to height `top`: contact, insulator and a sleeve with a thread."""
    brass = Plain(pick(rng, (palette.SILVER, palette.GOLD, palette.COPPER)))
    turns, low = int(rng.integers(3, 5)), 0.2
    heights = np.linspace(low + 0.09, top - 0.06, turns)
    rings = union(*(torus((0, 0, z), radius, 0.06, (0.12, 0, 1)) for z in heights))
    return [
        Part("cap", cylinder((0, 0, low), (0, 0, top + 0.04), radius, 0.03), brass, palette.METAL),
        Part("thread", rings, brass, palette.METAL, movable=True),
        Part(
            "insulator",
            frustum((0, 0, 0.08), (0, 0, low + 0.03), radius * 0.55, radius * 0.98, 0.02),
            Plain(palette.CHARCOAL),
            palette.PLASTIC,
        ),
        Part("contact", cylinder((0, 0, 0.0), (0, 0, 0.16), radius * 0.45, 0.05), brass, palette.METAL, movable=True),
    ]


def bulb(rng) -> list[Part]:
    """A pear-shaped or round bulb on its screw cap, with its filament in relief on the glass."""
    neck, radius, z = rng.uniform(0.26, 0.3), rng.uniform(0.43, 0.52), rng.uniform(0.48, 0.56)
    lift = rng.uniform(1.0, 1.35)  # low for a globe, high for a pear
    middle, top = z + lift * radius, z + (lift + 1) * radius
    stem = frustum((0, 0, z - 0.05), (0, 0, middle), neck, (0.7 * lift - 0.2) * radius, 0.03)
    ball = sphere((0, 0, middle), radius)
    glass = tint(rng, (*GLOW, palette.WHITE, *palette.PASTEL, *palette.TOY[:6]), 0.03)
    blend = Gradient(shade(glass, 0.8), shade(glass, 1.5), (0, 0, 1), z, top)
    material, outer = pick(rng, (palette.GLASS, palette.FROSTED, palette.SATIN)), smooth_union(0.25, stem, ball)
    pip = capsule((0, 0, top - 0.1), (0, 0, top + 0.07), 0.12, 0.1)
    wire = Plain(contrast(rng, glass, (palette.CHARCOAL, palette.ORANGE, palette.RED, palette.COPPER)))
    return [
        *_screw(rng, z, neck * 0.92),
        Part("glass", outer, pick(rng, (Plain(glass), blend)), material),
        Part(
            "collar",
            torus((0, 0, z + 0.02), neck * 0.98, 0.065),
            Plain(palette.CHARCOAL),
            palette.PLASTIC,
            movable=True,
        ),
        Part("tip", pip, Plain(shade(glass, 0.75)), material, movable=True),
        Part(
            "filament",
            relief(outer, _filament(radius * 0.62, int(rng.integers(2, 4))), 0, radius, middle, 0.05),
            wire,
            palette.SATIN,
            movable=True,
        ),
    ]


def _filament(size: float, loops: int) -> list[tuple[float, float]]:
    """A zigzag stroke between two wires that come up from below."""
    x = np.linspace(-size, size, 2 * loops + 1)
    y = np.where(np.arange(2 * loops + 1) % 2 == 0, 0.45 * size, -0.25 * size)
    line = np.concatenate([[[-0.45 * size, -size]], np.stack([x, y], axis=1), [[0.45 * size, -size]]])
    offset = np.array([0.0, 0.075])
    across = np.array([0.075, 0.0])
    upper, lower = line + offset, line - offset
    upper[[0, -1]], lower[[0, -1]] = line[[0, -1]] + [-across, across], line[[0, -1]] + [across, -across]
    return [(float(a), float(b)) for a, b in np.concatenate([upper, lower[::-1]])]


def energy_saver(rng) -> list[Part]:
    """A double spiral of glass tube on a ballast and a screw cap."""
    neck, z = rng.uniform(0.26, 0.3), 0.56
    turns, radius, tall, tube = (
        rng.uniform(2.3, 3.2),
        rng.uniform(0.4, 0.48),
        rng.uniform(0.78, 0.9),
        rng.uniform(0.095, 0.115),
    )
    t = np.linspace(0, 1, 26)
    arms = []
    for start in (0, np.pi):
        r = radius * np.minimum(1.0, 0.35 + 5 * np.minimum(t, 1 - t))
        a = start + 2 * np.pi * turns / 2 * t
        points = np.stack([r * np.cos(a), r * np.sin(a), z + 0.3 + tall * t], axis=1)
        arms.append(chain([[*points[0][:2], z + 0.1], *points, [0, 0, points[-1][2] + 0.02]], [tube] * 28))
    glow = tint(rng, (*GLOW, palette.WHITE, *palette.PASTEL), 0.03)
    body = tint(rng, (palette.WHITE, palette.CREAM, palette.GREY, *palette.TOY))
    ballast = solid(curve([(neck, z - 0.02), (0.46, z + 0.12), (0.5, z + 0.28), (0.42, z + 0.34)], 5))
    fins = union(
        *(
            box((0.47 * np.cos(a), 0.47 * np.sin(a), z + 0.17), (0.06, 0.06, 0.13), 0.04)
            for a in np.arange(8) * np.pi / 4
        )
    )
    return [
        *_screw(rng, z, neck * 0.92),
        Part("ballast", ballast, Split(body, shade(body, 0.7), (0, 0, 1), z + 0.24), palette.PLASTIC),
        Part("fins", fins, Plain(shade(body, 0.6)), palette.PLASTIC, movable=True),
        Part("tube", union(*arms), Plain(glow), palette.FROSTED),
    ]
