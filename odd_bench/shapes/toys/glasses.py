"""Drinking glasses: stemmed glasses, tumblers and tall glasses, with fruit, a straw or an umbrella at the rim."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Color, Gradient, Pattern, Placed, Plain, Sectors, Spots, Stripes
from odd_bench.shapes.poses import frame_along
from odd_bench.shapes.sdf import Field, box, capsule, chain, cylinder, grown, lathe, placed, rotated, sphere, torus
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.turned import cavity, curve, filling, radius_at, relief, solid

TINTS = (
    (0.78, 0.9, 0.92),
    (0.62, 0.82, 0.95),
    (0.95, 0.75, 0.8),
    (0.75, 0.92, 0.75),
    (0.98, 0.85, 0.6),
    (0.85, 0.78, 0.95),
    (0.9, 0.93, 0.95),
)
DRINKS = (
    (0.98, 0.6, 0.15),
    (0.6, 0.06, 0.15),
    (0.95, 0.8, 0.3),
    (0.4, 0.75, 0.3),
    (0.95, 0.45, 0.55),
    (0.3, 0.15, 0.08),
    (0.25, 0.6, 0.85),
)


def glass(rng: np.random.Generator) -> list[Part]:
    return pick(rng, (_wine, _wine, _tumbler, _pint))(rng)


def _stuff(rng) -> tuple[Color, object]:
    return tint(rng, TINTS, 0.04), pick(rng, (palette.GLASS, palette.GLASS, palette.FROSTED))


def _wine(rng) -> list[Part]:
    """A wine, champagne or cocktail glass: a bowl on a stem with a bead and a round foot."""
    kind = pick(rng, ("wine", "flute", "cocktail"))
    foot, stem, low = rng.uniform(0.38, 0.46), rng.uniform(0.065, 0.09), rng.uniform(0.45, 0.58)
    tall = {"wine": 0.85, "flute": 0.85, "cocktail": 0.55}[kind] * rng.uniform(0.92, 1.05)
    wide = {"wine": 0.56, "flute": 0.36, "cocktail": 0.8}[kind] * rng.uniform(0.92, 1.08)
    shapes = {
        "wine": [(0.14, 0), (0.75, 0.16), (1.0, 0.45), (0.94, 0.75), (0.8, 1.0)],
        "flute": [(0.2, 0), (0.72, 0.14), (0.95, 0.4), (1.0, 0.7), (0.9, 1.0)],
        "cocktail": [(0.08, 0), (0.32, 0.25), (0.66, 0.62), (1.0, 1.0)],
    }
    profile = curve([(wide * r, low + tall * z) for r, z in shapes[kind]], 6)
    color, material = _stuff(rng)
    room, outer = cavity(profile, 0.06, low + 0.1 * tall), solid(profile)
    base = lathe([(0, 0), (foot, 0), (foot, 0.06), (foot * 0.4, 0.11), (stem, 0.22), (0, 0.24)], 0.0)
    knop = rng.uniform(0.35, 0.75)
    bead = capsule((0, 0, low * knop - 0.02), (0, 0, low * knop + 0.02), rng.uniform(0.13, 0.17))
    second = shade(tint(rng), 1.1)
    parts = [
        Part("bowl", outer, _cut_glass(rng, color, low, low + tall), material),
        Part("stem", capsule((0, 0, 0.08), (0, 0, low + 0.1), stem, stem * 1.2), Plain(color), material, blend=0.06),
        Part("foot", base, Plain(pick(rng, (color, second))), material, movable=True),
        Part("knop", bead, Plain(second), material, movable=True),
        Part(
            "rim",
            torus((0, 0, low + tall), profile[-1][0] - 0.03, 0.045),
            Plain(pick(rng, (color, palette.GOLD, second))),
            material,
        ),
        Part("hollow", room, Plain(shade(color, 1.3)), material, blend=0.02, cut=True),
        *_drink(rng, room, low + tall * rng.uniform(0.5, 0.72)),
    ]
    return parts + _garnish(rng, profile, low + 0.1 * tall)


def _tumbler(rng) -> list[Part]:
    """A short straight glass with a thick base."""
    wide, tall, taper = rng.uniform(0.62, 0.74), rng.uniform(1.0, 1.35), rng.uniform(0.76, 0.95)
    profile = [(wide * taper, 0.0), (wide * (taper + 1) / 2, tall / 2), (wide, tall)]
    return _straight(rng, profile, tall, rng.uniform(0.16, 0.26))


def _pint(rng) -> list[Part]:
    """A tall glass: a pint with a bulge, a flared milkshake glass or a waisted cola glass."""
    wide, tall = rng.uniform(0.52, 0.6), rng.uniform(1.25, 1.4)
    shapes = (
        [(0.7, 0.0), (0.78, 0.4), (0.9, 0.68), (1.06, 0.78), (1.0, 0.88), (1.0, 1.0)],
        [(0.62, 0.0), (0.64, 0.2), (0.8, 0.6), (1.0, 1.0)],
        [(0.72, 0.0), (0.76, 0.12), (0.68, 0.35), (1.0, 0.72), (0.98, 1.0)],
    )
    profile = curve([(wide * r, tall * z) for r, z in pick(rng, shapes)], 6)
    return _straight(rng, profile, tall, rng.uniform(0.12, 0.18))


def _straight(rng, profile, tall: float, floor: float) -> list[Part]:
    color, material = _stuff(rng)
    room, outer = cavity(profile, 0.065, floor), solid(profile)
    second, middle = tint(rng), tall * rng.uniform(0.42, 0.55)
    wall = radius_at(profile, middle)
    motif = motifs.draw(rng, rng.uniform(0.24, 0.3))
    parts = [
        Part("body", outer, _cut_glass(rng, color, 0, tall), material),
        Part("foot", torus((0, 0, 0.05), profile[0][0] - 0.03, 0.06), Plain(color), material),
        Part("badge", relief(outer, motif, 0, wall, middle, 0.06), Plain(second), palette.FROSTED, movable=True),
        Part("badge_back", relief(outer, motif, 180, wall, middle, 0.06), Plain(second), palette.FROSTED, movable=True),
        Part(
            "rim",
            torus((0, 0, tall), profile[-1][0] - 0.03, 0.045),
            Plain(pick(rng, (color, second, palette.GOLD))),
            material,
        ),
        Part("hollow", room, Plain(shade(color, 1.3)), material, blend=0.02, cut=True),
        *_drink(rng, room, tall * rng.uniform(0.6, 0.8)),
    ]
    return parts + _garnish(rng, profile, floor)


def _cut_glass(rng, color: Color, low: float, high: float) -> Pattern:
    second = shade(color, 0.8)
    return pick(
        rng,
        (
            Plain(color),
            Gradient(tint(rng), color, (0, 0, 1), low, low + 0.7 * (high - low)),
            Sectors(color, second, int(rng.integers(10, 20)), 0.5, twist=rng.uniform(0, 0.2)),
            Stripes(color, tint(rng), (0, 0, 1), (high - low) / rng.uniform(2.5, 5), 0.25, phase=rng.uniform()),
            Spots(color, palette.WHITE, 0.3, 0.07, 0.9, seed_from(rng)),
        ),
    )


def _drink(rng, room: Field, level: float) -> list[Part]:
    """The drink, and sometimes an ice cube that sticks out of it."""
    color = tint(rng, DRINKS, 0.05)
    parts = [Part("drink", filling(room, level), Plain(color), palette.CERAMIC, loose=True)]
    if rng.random() < 0.5:
        cube = rotated(box((0, 0, level), (0.15, 0.15, 0.15), 0.05), (0.3, 1, 0.2), rng.uniform(15, 40), (0, 0, level))
        parts.append(Part("ice", cube, Plain((0.88, 0.95, 0.98)), palette.FROSTED, movable=True, loose=True))
    return parts


def _garnish(rng, profile, floor: float) -> list[Part]:
    """The decoration at the rim: a slice of fruit or a cherry, and often a straw or a paper umbrella."""
    rim, top = profile[-1]
    azimuth = rng.uniform(-75, 10)
    parts = _slice(rng, rim, top, azimuth) if rng.random() < 0.7 else _cherry(rng, rim, top, azimuth)
    if rng.random() < 0.75:
        parts += _straw(rng, rim, top, floor, azimuth + rng.uniform(110, 200))
    return parts


def _slice(rng, rim: float, top: float, azimuth: float) -> list[Part]:
    """A round slice of citrus on the rim."""
    peel, flesh = pick(
        rng,
        (
            ((0.98, 0.6, 0.1), (0.99, 0.75, 0.3)),
            ((0.97, 0.85, 0.15), (0.99, 0.94, 0.55)),
            ((0.35, 0.65, 0.15), (0.75, 0.88, 0.45)),
        ),
    )
    a, radius = np.radians(azimuth), rng.uniform(0.26, 0.34)
    pose = frame_along(
        (-np.sin(a), np.cos(a), 0), ((rim - 0.03) * np.cos(a), (rim - 0.03) * np.sin(a), top + radius * 0.55)
    )
    disc = placed(cylinder((0, 0, -0.07), (0, 0, 0.07), radius, 0.03), pose)
    wedges = Placed(Sectors(palette.CREAM, flesh, 8, 0.86), pose)
    return [
        Part("slice", disc, Plain(peel), palette.SATIN, movable=True),
        Part(
            "slice",
            placed(cylinder((0, 0, -0.085), (0, 0, 0.085), radius * 0.84, 0.02), pose),
            wedges,
            palette.SATIN,
            movable=True,
        ),
    ]


def _cherry(rng, rim: float, top: float, azimuth: float) -> list[Part]:
    a = np.radians(azimuth)
    at = np.array([rim * np.cos(a), rim * np.sin(a), top + 0.1])
    stalk = chain([at + [0, 0, 0.1], at + [0.03, 0.02, 0.28], at + [0.12, 0.06, 0.42]], [0.05, 0.05, 0.06])
    red = tint(rng, ((0.8, 0.05, 0.1), (0.6, 0.05, 0.15), (0.9, 0.2, 0.2)), 0.03)
    return [
        Part("cherry", sphere(at, rng.uniform(0.17, 0.21)), Plain(red), palette.PLASTIC, movable=True, loose=True),
        Part("cherry", stalk, Plain((0.35, 0.5, 0.15)), palette.SATIN, movable=True, loose=True),
    ]


def _straw(rng, rim: float, top: float, floor: float, azimuth: float) -> list[Part]:
    """A bent striped straw or a paper umbrella, which leans on the rim."""
    a = np.radians(azimuth)
    out = np.array([np.cos(a), np.sin(a), 0])
    lean = (rim - 0.11) * out + [0, 0, top]
    foot = -0.25 * rim * out + [0, 0, floor + 0.02]
    up = (lean - foot) / np.linalg.norm(lean - foot)
    tip = lean + up * rng.uniform(0.18, 0.28)
    color = tint(rng)
    if rng.random() < 0.6:
        field = chain([foot, tip, tip + 0.26 * out + [0, 0, 0.08]], [0.065] * 3)
        return [
            Part(
                "straw",
                field,
                Stripes(palette.WHITE, color, (0.3, 0, 1), rng.uniform(0.14, 0.22), 0.5),
                palette.PLASTIC,
                movable=True,
                loose=True,
            )
        ]
    canopy = placed(lathe([(0, 0.16), (0.36, -0.06), (0.36, -0.12), (0, 0.04)]), frame_along(up, tip))
    paint = Placed(Sectors(color, contrast(rng, color), 8, 0.5), frame_along(up, tip))
    return [
        Part(
            "umbrella",
            chain([foot, tip + 0.16 * up], [0.055] * 2),
            Plain(palette.TAN),
            palette.WOOD,
            movable=True,
            loose=True,
        ),
        Part("umbrella", grown(canopy, 0.015), paint, palette.CLOTH, movable=True, loose=True),
    ]


TOYS = {"glass": glass}
