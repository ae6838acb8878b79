"""Boats: sailing boats, tugs, steamers and rowing boats, which share one kind of hull."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Inlay, Pattern, Plain, Split, Stripes
from odd_bench.shapes.sdf import (
    Field,
    box,
    capsule,
    cylinder,
    ellipsoid,
    frustum,
    grown,
    intersection,
    rotated,
    torus,
    union,
    warped,
)
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import contrast, pick, tint, wood_grain
from odd_bench.shapes.toys.hull import Hull
from odd_bench.shapes.toys.wheels import PANE, PANES, from_side, pane


def boat(rng: np.random.Generator) -> list[Part]:
    return pick(rng, (_sailing, _sailing, _tug, _steamer, _rowing))(rng)


def _sailing(rng) -> list[Part]:
    hull = Hull(rng, rng.uniform(0.95, 1.15), rng.uniform(0.38, 0.46), rng.uniform(0.36, 0.44))
    deck, foot, x = hull.height - 0.14, hull.height + 0.2, rng.uniform(0.05, 0.2)
    top = rng.uniform(1.5, 1.75)
    cloth, bulge = _sail_paint(rng, foot, top), rng.uniform(0.08, 0.18)
    main = [
        (x - 0.02, foot),
        (x - 0.02, top - 0.08),
        (x - 0.14, top - 0.1),
        (-hull.half * rng.uniform(0.75, 0.9), foot),
    ]
    jib = [(x + 0.03, foot + 0.02), (hull.half * 0.92, hull.height + 0.12), (x + 0.03, top * rng.uniform(0.78, 0.9))]
    boom = capsule((x, 0, foot), (-hull.half * 0.82, 0.03, foot), 0.055)
    bench = box((-hull.half * 0.5, 0, deck + 0.02), (0.13, hull.wide, 0.06), 0.02)
    wood = wood_grain(rng)
    return [
        *hull.parts(deck),
        Part("bench", intersection(bench, grown(hull.body, -0.02)), wood, palette.WOOD),
        Part("mast", capsule((x, 0, deck - 0.1), (x, 0, top), 0.06, 0.05), wood, palette.WOOD),
        Part("boom", boom, wood, palette.WOOD, movable=True),
        Part("mainsail", _billow(from_side(main, 0.04), bulge, foot, top), cloth, palette.CLOTH, movable=True),
        Part(
            "jib",
            _billow(from_side(jib, 0.04), bulge, foot, top),
            pick(rng, (cloth, Plain(palette.WHITE))),
            palette.CLOTH,
            movable=True,
        ),
        Part("flag", _flag(x, top, rng.uniform(0.32, 0.4)), Plain(tint(rng)), palette.CLOTH, movable=True),
    ]


def _billow(sail: Field, bulge: float, low: float, high: float) -> Field:
    def shift(p):
        rise = np.clip((p[:, 2] - low) / (high - low), 0, 1)
        return np.stack(
            [p[:, 0], p[:, 1] + bulge * (np.sin(np.pi * rise) * np.minimum(np.abs(p[:, 0]) * 2.2, 1.0)), p[:, 2]],
            axis=1,
        )

    return warped(sail, shift)


def _sail_paint(rng, low: float, high: float) -> Pattern:
    color = pick(rng, (palette.WHITE, palette.CREAM, tint(rng)))
    second = contrast(rng, color)
    middle = low + 0.35 * (high - low)
    emblem = cylinder((-0.24, -1, middle), (-0.24, 1, middle), rng.uniform(0.13, 0.2))
    options = (
        Plain(color),
        Stripes(color, second, (0, 0, 1), rng.uniform(0.22, 0.4), rng.uniform(0.3, 0.5)),
        Stripes(color, second, (0.7, 0, 0.7), rng.uniform(0.25, 0.4), 0.4),
        Inlay(Plain(color), Plain(second), emblem),
    )
    return pick(rng, options)


def _flag(x: float, z: float, length: float) -> Field:
    return from_side([(x + 0.03, z + 0.1), (x - length, z - 0.02), (x + 0.03, z - 0.14)], 0.04)


def _cabin(rng, hull: Hull, x: float, half: float, deck: float, tall: float, name: str = "cabin") -> list[Part]:
    """A deck house with a roof slab, a windscreen and round or square windows on both sides."""
    wide, color = hull.wide * rng.uniform(0.58, 0.68), tint(rng, (palette.WHITE, palette.CREAM, *palette.TOY))
    house = box((x, 0, deck + tall / 2 - 0.06), (half, wide, tall / 2 + 0.06), 0.06)
    roof = box((x, 0, deck + tall), (half + 0.08, wide + 0.07, 0.06), 0.05)
    glass, z = Plain(tint(rng, PANES, 0.03)), deck + tall * 0.58
    size = min(half * 0.5, tall * 0.34, 0.2)
    front = box((x + half + 0.3, 0, z), (0.4, wide * 0.7, size), 0.05)
    parts = [
        Part(name, house, Plain(color), hull.material),
        Part(f"{name}_roof", roof, Plain(contrast(rng, color)), hull.material, movable=True),
        Part(f"{name}_windscreen", pane(house, front), glass, PANE, movable=True),
    ]
    square = rng.random() < 0.5
    for side, sign in SIDES:
        round_holes = union(
            *(cylinder((x + o, sign * 0.1, z), (x + o, sign * 2, z), size) for o in (-half * 0.45, half * 0.45))
        )
        opening = box((x, sign * 1.05, z), (half * 0.75, 1.0, size), 0.04) if square else round_holes
        parts.append(Part(f"{name}_window_{side}", pane(house, opening), glass, PANE, movable=True))
    return parts


def _funnel(rng, x: float, z: float, tall: float, radius: float, name: str) -> list[Part]:
    tilt, color = rng.uniform(-8, 0), tint(rng)
    pipe = rotated(
        frustum((x, 0, z - 0.12), (x, 0, z + tall), radius * 1.1, radius * 0.95, 0.03), (0, 1, 0), tilt, (x, 0, z)
    )
    hole = cylinder((x, 0, z + tall - 0.1), (x, 0, z + tall + 0.3), radius * 0.62)
    smoke = Split(color, palette.CHARCOAL, (0, 0, 1), z + tall * 0.72)
    paint = Inlay(smoke, Plain(palette.WHITE), box((0, 0, z + tall * 0.52), (3, 3, tall * 0.12)))
    return [
        Part(name, pipe, paint, palette.ENAMEL, movable=True),
        Part(
            name,
            rotated(hole, (0, 1, 0), tilt, (x, 0, z)),
            Plain(palette.BLACK),
            palette.ENAMEL,
            cut=True,
            movable=True,
        ),
    ]


def _ring(rng, at, radius: float) -> Part:
    """A lifebuoy against a wall that faces sideways."""
    paint = Stripes(
        palette.WHITE, tint(rng, (palette.RED, palette.ORANGE)), (1, 0, 0), 2 * radius, 0.5, phase=rng.uniform()
    )
    return Part("lifebuoy", torus(at, radius, 0.065, (0, 1, 0)), paint, palette.RUBBER, movable=True)


def _tug(rng) -> list[Part]:
    hull = Hull(rng, rng.uniform(0.95, 1.1), rng.uniform(0.46, 0.54), rng.uniform(0.46, 0.56))
    deck, x, half, tall = hull.height - 0.1, rng.uniform(0.1, 0.22), rng.uniform(0.26, 0.34), rng.uniform(0.5, 0.62)
    tyre_z = hull.height * 0.66
    parts = [*hull.parts(deck), *_cabin(rng, hull, x, half, deck, tall)]
    parts += _funnel(rng, x - half - 0.22, deck, tall * rng.uniform(0.9, 1.2), rng.uniform(0.14, 0.18), "funnel")
    bow = torus((hull.half * 0.93, 0, hull.height * 0.95), 0.13, 0.075, (1, 0, -0.3))
    parts.append(Part("fender_bow", bow, Plain(palette.CHARCOAL), palette.RUBBER, movable=True))
    for side, sign in SIDES:
        tyre = torus((-0.1, sign * hull.wide * 0.97, tyre_z), 0.13, 0.075, (0, 1, 0))
        parts.append(Part(f"fender_{side}", tyre, Plain(palette.CHARCOAL), palette.RUBBER, movable=True))
    lamp = union(
        capsule((x, 0, deck + tall), (x, 0, deck + tall + 0.26), 0.055),
        ellipsoid((x, 0, deck + tall + 0.28), (0.1, 0.1, 0.1)),
    )
    return [
        *parts,
        Part(
            "mast_lamp", lamp, Split(palette.CHARCOAL, palette.YELLOW, (0, 0, 1), deck + tall + 0.2), PANE, movable=True
        ),
    ]


def _steamer(rng) -> list[Part]:
    """A steamer with two decks of cabins and a row of funnels."""
    hull = Hull(rng, rng.uniform(1.15, 1.3), rng.uniform(0.38, 0.44), rng.uniform(0.46, 0.54))
    deck, tall = hull.height - 0.08, rng.uniform(0.28, 0.34)
    low_half, high_half = hull.half * rng.uniform(0.55, 0.62), hull.half * rng.uniform(0.36, 0.44)
    lower = box((-0.08, 0, deck + tall / 2 - 0.05), (low_half, hull.wide * 0.72, tall / 2 + 0.05), 0.04)
    holes = union(
        *(
            cylinder((x, -3, deck + tall * 0.55), (x, 3, deck + tall * 0.55), 0.06)
            for x in np.arange(-low_half + 0.1, low_half - 0.2, 0.2)
        )
    )
    parts = [
        *hull.parts(deck),
        Part("lower_deck", lower, Inlay(Plain(palette.WHITE), Plain(palette.NAVY), holes), hull.material),
    ]
    parts += _cabin(rng, hull, -0.08, high_half, deck + tall, tall * 1.1, "bridge")
    count = int(rng.integers(2, 4))
    for k, x in enumerate(np.linspace(-high_half * 0.7, high_half * 0.6, count)):
        parts += _funnel(
            rng,
            x - 0.08,
            deck + 2.05 * tall,
            rng.uniform(0.36, 0.46),
            min(0.15, 0.32 * high_half / count + 0.04),
            f"funnel_{k + 1}",
        )
    parts.append(_ring(rng, (low_half * 0.75, -hull.wide * 0.73, deck + tall * 0.6), 0.12))
    flag_x = -hull.half * 0.8
    pole = union(capsule((flag_x, 0, deck - 0.1), (flag_x, 0, deck + 0.5), 0.05), _flag(flag_x, deck + 0.36, 0.3))
    return [*parts, Part("flag", pole, Plain(tint(rng)), palette.CLOTH, movable=True)]


def _rowing(rng) -> list[Part]:
    hull = Hull(rng, rng.uniform(1.05, 1.2), rng.uniform(0.46, 0.54), rng.uniform(0.4, 0.48))
    wood, parts = wood_grain(rng, (0.1, 1.0, 0.1)), hull.parts(0.13)
    for name, x in (("front", 0.42), ("middle", 0.0), ("rear", -0.45)):
        bench = intersection(
            box((x * hull.half, 0, hull.height * 0.68), (0.13, 1.0, 0.055), 0.02), grown(hull.body, -0.03)
        )
        parts.append(Part(f"bench_{name}", bench, wood, palette.WOOD, movable=True))
    swing, dip = rng.uniform(-0.35, 0.1), rng.uniform(-0.05, 0.14)
    blade_paint = Plain(tint(rng))
    for side, sign in SIDES:
        lock = np.array([-0.12, sign * hull.wide * 0.96, hull.height + 0.04])
        out = np.array([swing, sign * 0.62, -dip])
        shaft = capsule(lock - 0.55 * out, lock + 0.9 * out, 0.06)
        blade = ellipsoid(lock + 1.05 * out, (0.13, 0.24, 0.06))
        holder = capsule(lock - [0, 0, 0.12], lock, 0.085)
        parts.append(Part(f"oarlock_{side}", holder, Plain(palette.GOLD), palette.METAL))
        parts.append(Part(f"oar_{side}", shaft, wood, palette.WOOD, movable=True))
        parts.append(Part(f"oar_{side}", blade, blade_paint, palette.PAINTED_WOOD, movable=True))
    return [
        *parts,
        Part(
            "bow_ring",
            torus((hull.half * 0.9, 0, hull.height + hull.sheer * 0.7), 0.1, 0.055, (0, 1, 0)),
            Plain(palette.GOLD),
            palette.METAL,
            movable=True,
        ),
    ]


TOYS = {"boat": boat}
