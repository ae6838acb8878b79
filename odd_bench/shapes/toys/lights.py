"""Lights: table lamps, desk lamps, light bulbs, energy savers and lanterns."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Color, Gradient, Inlay, Pattern, Plain, Sectors, Spots, Stripes
from odd_bench.shapes.poses import frame_along
from odd_bench.shapes.sdf import (
    Field,
    box,
    capsule,
    cut,
    cylinder,
    ellipsoid,
    extrude,
    frustum,
    lathe,
    moved,
    placed,
    sphere,
    torus,
    union,
)
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.bulbs import GLOW, bulb, energy_saver
from odd_bench.shapes.toys.curves import smooth_outline
from odd_bench.shapes.toys.draws import contrast, decorated, pick, seed_from, shade, tint, wood_grain
from odd_bench.shapes.toys.turned import curve, relief, solid


def light(rng: np.random.Generator) -> list[Part]:
    return pick(rng, (_table_lamp, _table_lamp, _desk_lamp, bulb, energy_saver, _lantern))(rng)


def _shade_paint(rng, color: Color, low: float, high: float) -> Pattern:
    second, seed = contrast(rng, color, (*palette.TOY, palette.WHITE)), seed_from(rng)
    hem = cut(box((0, 0, 0), (3, 3, 9)), box((0, 0, (low + high) / 2), (9, 9, (high - low) / 2 - 0.09)))
    return pick(
        rng,
        (
            Inlay(Plain(color), Plain(second), hem),
            Sectors(color, second, int(rng.integers(8, 16)), float(rng.uniform(0.3, 0.5))),
            Spots(color, second, rng.uniform(0.26, 0.36), rng.uniform(0.07, 0.1), 0.95, seed),
            Stripes(color, second, (0, 0, 1), rng.uniform(0.16, 0.3), rng.uniform(0.25, 0.5)),
            Gradient(color, shade(color, 1.6), (0, 0, 1), low, high),
        ),
    )


def _table_lamp(rng) -> list[Part]:
    """A turned stand, a shade that is open below with a bulb in it, a finial on top and a pull chain."""
    wide, tall = rng.uniform(0.62, 0.78), rng.uniform(0.6, 0.75)
    low, narrow = rng.uniform(0.78, 0.9), rng.uniform(0.45, 0.8)
    color, foot_color = (
        tint(rng, (*palette.TOY, *palette.PASTEL, palette.CREAM)),
        tint(rng, (*palette.TOY, *palette.EARTH)),
    )
    belly, waist, foot = rng.uniform(0.12, 0.34), rng.uniform(0.09, 0.13), rng.uniform(0.4, 0.5)
    height = rng.uniform(0.3, 0.6)
    profile = [
        (foot, 0.0),
        (foot, 0.07),
        (foot * 0.55, 0.14),
        (max(belly, waist), 0.14 + height * low * 0.6),
        (waist, low * 0.85),
        (0.08, low + 0.2),
    ]
    stand = solid(curve(profile, 5))
    material = pick(rng, (palette.CERAMIC, palette.WOOD, palette.METAL))
    paint = {"wood": wood_grain(rng), "polished metal": Plain(pick(rng, palette.METALS))}.get(
        material.name, decorated(rng, foot_color, contrast(rng, foot_color))
    )
    top = low + tall
    shade_field = frustum((0, 0, low), (0, 0, top), wide, wide * narrow, 0.03)
    hollow = frustum(
        (0, 0, low - 0.3), (0, 0, top - 0.07), wide * (1 - 0.3 * (narrow - 1) / tall) - 0.07, wide * narrow - 0.07
    )
    ball = rng.uniform(0.085, 0.12)
    x = wide * 0.62
    pull = union(
        capsule((x, 0, low + 0.25), (x, 0, low - 0.2), 0.05),
        sphere((x, 0, low - 0.25), 0.1),
        box((x / 2, 0, low + 0.28), (x / 2, 0.06, 0.06)),
    )
    knob = union(capsule((0, 0, top - 0.1), (0, 0, top + 0.06), 0.055), sphere((0, 0, top + 0.06 + ball), ball))
    brass = Plain(pick(rng, palette.METALS))
    return [
        Part("shade", shade_field, _shade_paint(rng, color, low, top), palette.CLOTH),
        Part("shade", hollow, Plain(shade(color, 1.7)), palette.CLOTH, cut=True),
        Part("stand", union(stand, capsule((0, 0, low), (0, 0, top - 0.04), 0.07)), paint, material),
        Part("bulb", ellipsoid((0, 0, low + 0.2), (0.19, 0.19, 0.24)), Plain(pick(rng, GLOW)), palette.FROSTED),
        Part(
            "base",
            lathe([(0, 0), (foot * 1.12, 0), (foot * 1.1, 0.09), (foot * 0.6, 0.13), (0, 0.13)], 0.02),
            brass,
            palette.METAL,
            movable=True,
        ),
        Part("finial", knob, brass, palette.METAL, movable=True),
        Part("pull_chain", pull, brass, palette.METAL, movable=True),
        *_bow(rng, shade_field, wide * (1 + narrow) / 2, low + rng.uniform(0.24, 0.34)),
    ]


def _bow(rng, wall: Field, x: float, z: float) -> list[Part]:
    """A motif on the front of the shade."""
    field = relief(wall, motifs.draw(rng, rng.uniform(0.2, 0.26)), 0, x, z, 0.06)
    return [Part("ornament", field, Plain(tint(rng)), palette.FELT, movable=True)]


def _desk_lamp(rng) -> list[Part]:
    """An architect's lamp: a heavy base, two arms with a knee, and a bell-shaped head."""
    color = tint(rng, (*palette.TOY, palette.CHARCOAL, palette.WHITE))
    joint, metal = Plain(pick(rng, palette.METALS)), pick(rng, (palette.ENAMEL, palette.PLASTIC))
    knee = np.array([-rng.uniform(0.4, 0.6), 0, rng.uniform(0.75, 0.9)])
    neck = np.array([rng.uniform(0.15, 0.4), 0, rng.uniform(1.35, 1.52)])
    out = np.array([rng.uniform(0.7, 1.1), 0, -rng.uniform(0.5, 1.1)])
    out /= np.linalg.norm(out)
    head_pose = frame_along(-out, neck + 0.52 * out)
    long, wide = rng.uniform(0.55, 0.66), rng.uniform(0.4, 0.5)
    bell = curve([(wide, 0.0), (wide * 0.9, long * 0.35), (wide * 0.45, long * 0.7), (wide * 0.36, long)], 5)
    hollow = curve(
        [(wide - 0.06, -0.3), (wide - 0.065, 0.0), (wide * 0.9 - 0.08, long * 0.35), (wide * 0.3, long * 0.62)], 4
    )
    foot = rng.uniform(0.45, 0.55)
    pads = [(np.zeros(3) + [0, 0, 0.16], 0.12), (knee, 0.13), (neck, 0.13)]
    pins = [union(cylinder(c - [0, r, 0], c + [0, r, 0], r * 0.95, 0.03), sphere(c, r * 0.8)) for c, r in pads]
    bulb = neck + 0.52 * out - 0.12 * out
    button = lathe([(0, 0), (0.12, 0), (0.1, 0.16), (0, 0.17)], 0.02)
    return [
        Part("base", lathe([(0, 0), (foot, 0), (foot, 0.08), (foot * 0.4, 0.18), (0, 0.2)], 0.02), Plain(color), metal),
        Part("arm_lower", capsule((0, 0, 0.14), knee, 0.075), joint, palette.METAL),
        Part("arm_upper", capsule(knee, neck, 0.075), joint, palette.METAL),
        Part("head", placed(solid(bell, 0.0), head_pose), Plain(color), metal),
        Part("head", placed(solid(hollow), head_pose), Plain(palette.WHITE), metal, cut=True),
        Part(
            "bulb",
            union(sphere(bulb, 0.19), capsule(bulb, neck + 0.1 * out, 0.1)),
            Plain(pick(rng, GLOW)),
            palette.FROSTED,
            movable=True,
        ),
        Part("knee", pins[1], Plain(palette.CHARCOAL), palette.RUBBER, movable=True),
        Part("neck", pins[2], Plain(palette.CHARCOAL), palette.RUBBER),
        Part("hinge", pins[0], Plain(palette.CHARCOAL), palette.RUBBER, movable=True),
        Part(
            "switch",
            moved(button, (foot * 0.64, 0, 0.08)),
            Plain(contrast(rng, color)),
            palette.PLASTIC,
            movable=True,
        ),
    ]


def _lantern(rng) -> list[Part]:
    """A storm lantern: a foot, a glass with a flame, a cage, a roof and a ring to carry it."""
    color = tint(rng, (*palette.TOY, palette.CHARCOAL, *palette.METALS))
    metal = pick(rng, (palette.ENAMEL, palette.METAL, palette.BRUSHED))
    sides, radius, tall = pick(rng, (4, 6, 24)), rng.uniform(0.42, 0.52), rng.uniform(0.75, 0.9)
    foot, low = rng.uniform(0.6, 0.68), 0.26
    top = low + tall
    prism = _prism(sides, radius, low - 0.02, top + 0.02)
    glow = Gradient((0.99, 0.72, 0.3), pick(rng, GLOW), (0, 0, 1), low, top)
    count = 4 if sides == 24 else sides
    angles = (np.arange(count) + 0.5) * 2 * np.pi / count
    roof_tall = rng.uniform(0.3, 0.42)
    roof = lathe(
        [
            (0, top - 0.02),
            (radius * 1.3, top - 0.02),
            (radius * 1.26, top + 0.07),
            (0.16, top + roof_tall),
            (0, top + roof_tall),
        ],
        0.02,
    )
    ring_z = top + roof_tall + rng.uniform(0.16, 0.2)
    ring = union(
        torus((0, 0, ring_z), 0.2, 0.065, (1, 0, 0)), capsule((0, 0, top + roof_tall - 0.1), (0, 0, ring_z - 0.2), 0.09)
    )
    second = Plain(contrast(rng, color))
    parts = [
        Part("glass", prism, glow, palette.FROSTED),
        Part(
            "foot",
            lathe(
                [(0, 0), (foot, 0), (foot, 0.1), (foot * 0.82, 0.2), (foot * 0.8, low + 0.05), (0, low + 0.05)], 0.02
            ),
            Plain(color),
            metal,
        ),
        Part("roof", roof, Plain(color), metal),
        Part("handle", ring, second, palette.METAL, movable=True),
    ]
    for k, a in enumerate(angles):
        x, y = radius * 1.02 * np.cos(a), radius * 1.02 * np.sin(a)
        parts.append(
            Part(
                f"bar_{k + 1}",
                capsule((x, y, low - 0.02), (x, y, top + 0.02), 0.065),
                Plain(color),
                metal,
                movable=True,
            )
        )
    flame = [(0.0, -0.26), (0.17, -0.14), (0.15, 0.04), (0.0, 0.34), (-0.06, 0.12), (-0.15, 0.02), (-0.17, -0.14)]
    outline = smooth_outline([(1.15 * x, 1.15 * y) for x, y in flame], 24)
    emblem = relief(prism, outline, 0, radius * np.cos(np.pi / sides), low + tall * 0.45, 0.08)
    knob = union(capsule((0, -foot * 0.7, 0.14), (0, -foot * 1.12, 0.14), 0.055), sphere((0, -foot * 1.12, 0.14), 0.11))
    parts.append(
        Part(
            "flame",
            emblem,
            Gradient((0.95, 0.35, 0.1), (0.99, 0.85, 0.3), (0, 0, 1), low + 0.2, low + 0.6),
            palette.SATIN,
            movable=True,
        )
    )
    return [*parts, Part("wick_knob", knob, second, palette.METAL, movable=True)]


def _prism(sides: int, radius: float, low: float, high: float) -> Field:
    a = (np.arange(sides) + 0.5) * 2 * np.pi / sides
    return extrude([(radius * np.cos(t), radius * np.sin(t)) for t in a], low, high, 0.02)


TOYS = {"light": light}
