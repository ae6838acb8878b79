"""Tableware to drink from: mugs, and tea cups on their saucers."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Color, Inlay, Mottled, Pattern, Plain, Sectors, Spots, Stripes
from odd_bench.shapes.sdf import Field, box, chain, ellipsoid, extrude, intersection, rotated, sphere, torus, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.turned import cavity, curve, filling, loop_handle, on_wall, radius_at, relief, solid

MUGS = {  # outer radius at the bottom, lower third, upper third and rim, as fractions of the largest
    "straight": (0.96, 1.0, 1.0, 1.0),
    "barrel": (0.82, 1.0, 1.0, 0.86),
    "tapered": (0.72, 0.82, 0.92, 1.0),
    "bell": (0.9, 0.86, 0.86, 1.0),
}
DRINKS = ((0.25, 0.13, 0.07), (0.55, 0.34, 0.2), (0.62, 0.3, 0.1), (0.93, 0.88, 0.8), (0.45, 0.55, 0.2))


def glaze(rng: np.random.Generator, color: Color, height: float) -> Pattern:
    """The glaze of a vessel of that height: plain, cloudy, dipped, banded, fluted or dotted."""
    second, seed = contrast(rng, color, (palette.WHITE, palette.CREAM, *palette.TOY)), seed_from(rng)
    dip = box((0, 0, height * float(rng.uniform(0.5, 0.8))), (3, 3, height * float(rng.uniform(0.12, 0.3))))
    options = (
        Plain(color),
        Mottled(color, shade(color, 0.65), float(rng.uniform(0.1, 0.3)), 1.4, seed),
        Inlay(Plain(color), Plain(second), dip),
        Stripes(
            color,
            second,
            (0, 0, 1),
            float(rng.uniform(0.2, 0.45)),
            float(rng.uniform(0.2, 0.5)),
            phase=float(rng.uniform()),
        ),
        Sectors(
            color, second, int(rng.integers(8, 18)), float(rng.uniform(0.3, 0.5)), twist=float(rng.uniform(0, 0.12))
        ),
        Spots(color, second, float(rng.uniform(0.28, 0.4)), float(rng.uniform(0.08, 0.12)), 0.95, seed),
    )
    return pick(rng, options)


def mug(rng: np.random.Generator) -> list[Part]:
    animal = rng.random() < 0.35
    height = rng.uniform(1.15, 1.4) if animal else rng.uniform(1.4, 1.9)
    radius, wall = rng.uniform(0.68, 0.88) * (0.9 if animal else 1.0), rng.uniform(0.07, 0.11)
    shape = MUGS[pick(rng, tuple(MUGS))]
    foot = (radius * shape[0] * 0.93, 0.0)
    levels = (0.06, 0.33, 0.68, 1.0)
    profile = curve([foot, *((radius * s, height * z) for s, z in zip(shape, levels, strict=True))])
    color = tint(rng, pick(rng, (palette.TOY, palette.PASTEL, palette.EARTH)))
    coat, inner = (
        glaze(rng, color, height),
        pick(rng, (palette.WHITE, palette.CREAM, shade(color, 0.8))),
    )
    material = pick(rng, (palette.CERAMIC, palette.CERAMIC, palette.BISQUE, palette.ENAMEL))
    trim = pick(rng, (color, inner, shade(color, 0.6)))
    outer, room = solid(profile), cavity(profile, wall, 0.12, 1.2)
    handle = loop_handle(
        profile,
        height * rng.uniform(0.14, 0.26),
        height * rng.uniform(0.72, 0.86),
        rng.uniform(0.42, 0.6),
        rng.uniform(0.085, 0.12),
        rng.uniform(0.5, 1.05),
        rng.uniform(-0.1, 0.12),
    )
    front = _face if animal else _badge
    return [
        Part("body", outer, coat, material),
        Part("foot", torus((0, 0, 0.05), foot[0] - 0.05, 0.07), Plain(trim), material, blend=0.03),
        Part("handle", handle, Plain(trim), material, blend=0.06, movable=True),
        Part("rim", torus((0, 0, height - 0.01), radius * shape[3] - 0.03, 0.055), Plain(trim), material, blend=0.02),
        *front(rng, outer, profile, color),
        Part("inside", room, Plain(inner), material, blend=0.03, cut=True),
        Part(
            "drink",
            filling(room, height * rng.uniform(0.72, 0.88)),
            Plain(pick(rng, DRINKS)),
            palette.CERAMIC,
            loose=True,
        ),
    ]


def _badge(rng, outer, profile, color: Color) -> list[Part]:
    """A large relief on the front with a smaller one on either side."""
    height, material = profile[-1][1], palette.CERAMIC
    paint = Plain(contrast(rng, color))
    size, middle = rng.uniform(0.3, 0.38), height * rng.uniform(0.48, 0.56)
    wall = radius_at(profile, middle)
    parts = [Part("badge", relief(outer, motifs.draw(rng, size), 0, wall, middle, 0.07), paint, material, movable=True)]
    small = motifs.draw(rng, 0.8 * size)
    for name, azimuth in (("motif_left", 58), ("motif_right", -48)):
        field = relief(outer, small, azimuth, wall, middle + rng.uniform(-0.12, 0.12), 0.06)
        parts.append(Part(name, field, paint, material, movable=True))
    return parts


def _face(rng, outer, profile, color: Color) -> list[Part]:
    """An animal's face: ears at the rim, eyes, and a snout with a nose."""
    height, material = profile[-1][1], palette.CERAMIC
    middle, dark = height * rng.uniform(0.5, 0.6), Plain(palette.BLACK)
    wall, size, long = radius_at(profile, middle), rng.uniform(0.19, 0.24), rng.uniform(0.9, 1.5)
    muzzle = Plain(shade(color, 1.5))
    parts = [Part("snout", ellipsoid((wall, 0, middle - 0.12), (0.14, 0.26, 0.19)), muzzle, material, movable=True)]
    parts.append(
        Part("snout", ellipsoid((wall + 0.13, 0, middle - 0.06), (0.06, 0.09, 0.06)), dark, material, movable=True)
    )
    for name, side in (("left", 1), ("right", -1)):
        a = np.radians(26 * side)
        eye = radius_at(profile, middle + 0.2) * np.array([np.cos(a), np.sin(a), 0]) + [0, 0, middle + 0.2]
        parts.append(Part(f"eye_{name}", sphere(eye, 0.085), dark, material))
        outline = motifs.round_patch(size, long)
        ear = on_wall(extrude(outline, -0.09, 0.09, 0.05), 36 * side, profile[-1][0] + 0.03, height + size * long * 0.5)
        pad = [(0.55 * x, 0.55 * y) for x, y in outline]
        inner = on_wall(extrude(pad, 0.0, 0.12, 0.02), 36 * side, profile[-1][0] + 0.03, height + size * long * 0.5)
        parts.append(Part(f"ear_{name}", ear, Plain(color), material, 0.04, movable=True))
        parts.append(Part(f"ear_{name}", inner, muzzle, material, movable=True))
    return parts


def cup(rng: np.random.Generator) -> list[Part]:
    """A tea cup on a saucer, with a spoon and something sweet next to it."""
    height, radius, wall = rng.uniform(0.75, 1.0), rng.uniform(0.66, 0.8), rng.uniform(0.06, 0.08)
    base = 0.14
    flare, belly, foot = rng.uniform(0.0, 0.12), rng.uniform(0.72, 0.95), rng.uniform(0.38, 0.5)
    points = [(foot, 0), (foot * 0.95, 0.1), (radius * belly * 0.86, 0.3), (radius * belly, 0.55), (radius, 0.85)]
    profile = curve([*((r, base + z * height) for r, z in points), (radius * (1 + flare), base + height)])
    plate = rng.uniform(1.0, 1.15)
    color, second = tint(rng, (palette.WHITE, palette.CREAM, *palette.PASTEL, *palette.TOY)), palette.GOLD
    coat = glaze(rng, color, base + height)
    ring = torus((0, 0, 0.2), plate - 0.02, 0.09)
    gilt = Plain(second if rng.random() < 0.5 else contrast(rng, color))
    room = cavity(profile, wall, base + 0.16)
    handle = loop_handle(
        profile,
        base + height * rng.uniform(0.28, 0.36),
        base + height * rng.uniform(0.78, 0.9),
        rng.uniform(0.3, 0.42),
        rng.uniform(0.065, 0.085),
        rng.uniform(0.6, 1.1),
        rng.uniform(-0.05, 0.15),
    )
    return [
        Part("saucer", _saucer(plate), Inlay(Plain(color), gilt, ring), palette.CERAMIC),
        Part("cup", solid(profile), coat, palette.CERAMIC, blend=0.03),
        Part("handle", handle, gilt, palette.CERAMIC, blend=0.05, movable=True),
        Part("rim", torus((0, 0, base + height - 0.01), profile[-1][0] - 0.03, 0.05), gilt, palette.CERAMIC),
        Part("inside", room, Plain(shade(color, 1.6)), palette.CERAMIC, blend=0.03, cut=True),
        Part(
            "tea",
            filling(room, base + height * rng.uniform(0.7, 0.85)),
            Plain(pick(rng, DRINKS)),
            palette.CERAMIC,
            loose=True,
        ),
        *_spoon(rng, plate),
        *_sweets(rng, plate),
    ]


def _saucer(plate: float) -> Field:
    under = [(0.45, 0), (0.55, 0.03), (0.85, 0.09), (1.0, 0.17)]
    upper = [(0.97, 0.23), (0.8, 0.16), (0.55, 0.14)]
    return solid(curve([(plate * r, z) for r, z in (*under, *upper)]))


def _spoon(rng, plate: float) -> list[Part]:
    metal, color = palette.METAL, Plain(pick(rng, palette.METALS))
    tilt, y = rng.uniform(-20, 20), -0.8 * plate
    bowl = ellipsoid((-0.42, y, 0.2), (0.2, 0.13, 0.08))
    stem = chain([(-0.35, y, 0.2), (0.1, y, 0.24), (0.5, y, 0.22)], [0.045, 0.05, 0.075])
    return [Part("spoon", rotated(union(bowl, stem), (0, 0, 1), tilt), color, metal, movable=True, loose=True)]


def _sweets(rng, plate: float) -> list[Part]:
    place = 0.8 * plate * np.array([np.cos(0.25), np.sin(0.25), 0])
    if rng.random() < 0.5:
        cube = rotated(box((*place[:2], 0.26), (0.12, 0.12, 0.12), 0.03), (0, 0, 1), rng.uniform(0, 90), place)
        return [Part("sugar", cube, Plain(palette.WHITE), palette.BISQUE, movable=True, loose=True)]
    seed = seed_from(rng)
    biscuit = intersection(ellipsoid((*place[:2], 0.2), (0.24, 0.24, 0.14)), sphere((*place[:2], 0.2), 0.22))
    return [
        Part(
            "biscuit",
            biscuit,
            Spots((0.8, 0.58, 0.3), (0.3, 0.16, 0.08), 0.1, 0.03, 0.7, seed),
            palette.BISQUE,
            movable=True,
            loose=True,
        )
    ]


TOYS = {"mug": mug, "cup": cup}
