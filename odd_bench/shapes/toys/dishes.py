"""Dishes to eat from: plates with ornaments on the rim, and bowls."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Color, Inlay, Mottled, Pattern, Plain, Sectors
from odd_bench.shapes.sdf import (
    Field,
    box,
    capsule,
    chain,
    cut,
    cylinder,
    ellipsoid,
    extrude,
    grown,
    intersection,
    moved,
    rotated,
    scaled,
    sphere,
    torus,
)
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint, wood_grain
from odd_bench.shapes.toys.tableware import glaze
from odd_bench.shapes.toys.turned import cavity, curve, filling, radius_at, relief, solid

OUTLINES = ("round", "oval", "scalloped", "square")


def plate(rng: np.random.Generator) -> list[Part]:
    """A plate with raised ornaments on its rim and in its middle, or a child's plate with an animal's face."""
    color = tint(rng, pick(rng, ((palette.WHITE, palette.CREAM), palette.PASTEL, palette.TOY)))
    accent = contrast(rng, color, (*palette.TOY, palette.NAVY, palette.GOLD))
    material = pick(rng, (palette.CERAMIC, palette.CERAMIC, palette.SATIN, palette.ENAMEL))
    outline, height = pick(rng, OUTLINES), rng.uniform(0.16, 0.26)
    edge, narrow = _edge(rng, outline)
    body, well = _dish(rng, height, narrow)
    decoration = _plate_face if rng.random() < 0.4 and outline == "round" else _ornaments
    return [
        Part("body", intersection(body, edge), _plate_paint(rng, color, accent, edge), material),
        Part("foot", scaled(torus((0, 0, 0.05), 0.55, 0.07), (narrow, 1, 1)), Plain(color), material, blend=0.03),
        Part("well", well, Plain(pick(rng, (color, shade(color, 1.5)))), material, 0.05, cut=True),
        *decoration(rng, height, narrow, color, accent, material),
    ]


def _edge(rng, outline: str) -> tuple[Field, float]:
    """The prism over the plate's outline, and the scale of the plate along x (1, or less for an oval)."""
    if outline == "oval":
        narrow = rng.uniform(0.72, 0.82)
        return scaled(cylinder((0, 0, -1), (0, 0, 1), 1.15), (narrow, 1, 1)), narrow
    if outline == "scalloped":
        petals = motifs.flower(1.15, int(rng.integers(9, 15)), rng.uniform(0.02, 0.04))
        return extrude(petals, -1, 1), 1.0
    if outline == "square":
        return box((0, 0, 0), (0.95, 0.95, 1.5), rng.uniform(0.15, 0.4)), 1.0
    return cylinder((0, 0, -1), (0, 0, 1), 1.15), 1.0


def _dish(rng, height: float, narrow: float) -> tuple[Field, Field]:
    """The solid dish, whose rim has that height and reaches beyond the edge, and the well that is cut into it."""
    flat = rng.uniform(0.58, 0.66)
    under = [(flat * 0.8, 0.0), (flat, 0.02), (flat + 0.12, height * 0.6), (1.3, height)]
    upper = [(1.3, height + 0.1), (flat + 0.12, height * 0.6 + 0.12), (flat, 0.15), (flat * 0.8, 0.13)]
    well = curve([(flat * 0.72, 0.1), (flat * 0.98, 0.13), (flat + 0.08, 0.35)], 3)
    return scaled(solid(curve([*under, *upper], 4)), (narrow, 1, 1)), scaled(solid(well), (narrow, 1, 1))


def _plate_paint(rng, color: Color, accent: Color, edge: Field) -> Pattern:
    room, width = sphere((0, 0, 0), 3), rng.uniform(0.06, 0.14)
    band = cut(room, grown(edge, -width))
    line = cut(grown(edge, -width - 0.06), grown(edge, -width - 0.1))
    ringed = Inlay(Inlay(Plain(color), Plain(accent), band), Plain(accent), line)
    rim = Inlay(Plain(color), Plain(shade(accent, 1.3)), cut(room, grown(edge, -0.42)))
    wedges = Sectors(color, accent, int(rng.integers(12, 28)), float(rng.uniform(0.3, 0.5)))
    rayed = Inlay(wedges, Plain(color), grown(edge, -0.4))
    cloudy = Mottled(color, shade(accent, 1.3), 0.3, 1.3, seed_from(rng))
    return pick(rng, (ringed, ringed, rim, rayed, cloudy))


def _ornaments(rng, height: float, narrow: float, color: Color, accent: Color, material) -> list[Part]:
    paint = Plain(contrast(rng, color) if rng.random() < 0.5 else accent)
    count, phase = int(rng.integers(3, 7)), rng.uniform(0, 1)
    motif = motifs.draw(rng, rng.uniform(0.17, 0.2))
    crest = grown(extrude(motifs.draw(rng, rng.uniform(0.26, 0.36)), 0.05, 0.15), 0.02)
    parts = [Part("crest", crest, paint, material, movable=True)]
    for k in range(count):
        turn = 2 * np.pi * (k + phase) / count
        place = (0.85 * narrow * np.cos(turn), 0.85 * np.sin(turn), height + 0.01)
        field = rotated(grown(extrude(motif, -0.06, 0.09), 0.02), (0, 0, 1), np.degrees(turn))
        parts.append(Part(f"ornament_{k + 1}", moved(field, place), paint, material, movable=True))
    return parts


def _plate_face(rng, depth: float, narrow: float, color: Color, accent: Color, material) -> list[Part]:
    """A bear or a rabbit: ears beyond the rim, eyes and a nose in the well."""
    dark, long = Plain(palette.CHARCOAL), rng.uniform(0.0, 0.4)
    parts = []
    for name, side in (("left", 1), ("right", -1)):
        tip = (1.15 + long, 0.62 * side, depth)
        ear = capsule((0.95, 0.58 * side, depth - 0.02), tip, 0.3)
        flat = intersection(ear, box((1.2, 0, depth), (0.9, 2, 0.09), 0.03))
        inner = intersection(capsule((1.14, 0.62 * side, depth), tip, 0.16), box((1.2, 0, depth), (0.9, 2, 0.12), 0.03))
        parts.append(Part(f"ear_{name}", flat, Plain(color), material, 0.03, movable=True))
        parts.append(Part(f"ear_{name}", inner, Plain(accent), material, movable=True))
        parts.append(
            Part(f"eye_{name}", ellipsoid((0.25, 0.3 * side, 0.13), (0.16, 0.12, 0.1)), dark, material, movable=True)
        )
    parts.append(Part("nose", ellipsoid((-0.08, 0, 0.12), (0.13, 0.19, 0.13)), Plain(accent), material, movable=True))
    smile = [(-0.32 - 0.12 * np.cos(a), 0.36 * np.sin(a), 0.12) for a in np.linspace(-1.2, 1.2, 9)]
    return [*parts, Part("mouth", chain(smile, [0.05] * 9), dark, material, movable=True)]


def bowl(rng: np.random.Generator) -> list[Part]:
    """A noodle bowl with chopsticks, a soup bowl with lugs, a mixing bowl with a spout or a salad bowl on a stem."""
    height, wide, wall = rng.uniform(0.8, 1.1), rng.uniform(1.0, 1.15), rng.uniform(0.07, 0.1)
    foot, belly, lip = rng.uniform(0.42, 0.55), rng.uniform(0.72, 0.9), rng.uniform(0.0, 0.08)
    kind = pick(rng, ("noodle", "soup", "mixing", "stemmed"))
    lift = rng.uniform(0.25, 0.4) if kind == "stemmed" else 0.12
    points = [(foot, 0.02), (belly * 0.86, 0.22), (belly, 0.45), (0.97, 0.8), (1.0 + lip, 1.0)]
    profile = curve([(0.2, lift)] + [(wide * r, lift + height * z) for r, z in points])
    color = tint(rng, pick(rng, (palette.TOY, palette.PASTEL, palette.EARTH, (palette.WHITE, palette.CREAM))))
    material = pick(rng, (palette.CERAMIC, palette.BISQUE, palette.SATIN, palette.WOOD))
    coat = wood_grain(rng) if material is palette.WOOD else glaze(rng, color, lift + height)
    trim = Plain(shade(color, 0.6) if rng.random() < 0.5 else contrast(rng, color))
    inner = coat if material is palette.WOOD else Plain(pick(rng, (palette.CREAM, shade(color, 1.5))))
    base = solid(
        curve(
            [(wide * foot * (1.5 if kind == "stemmed" else 1.1), 0), (wide * foot * 0.75, lift), (0.3, lift + 0.2)], 4
        )
    )
    room, outer, top = cavity(profile, wall, lift + 0.14), solid(profile), lift + height
    extras = {"noodle": _chopsticks, "soup": _lugs, "mixing": _spout, "stemmed": _lugs}[kind]
    before, after = extras(rng, profile, outer, color, material)
    return [
        Part("body", outer, coat, material),
        Part("foot", base, trim, material, blend=0.05),
        Part("rim", torus((0, 0, top), profile[-1][0] - 0.04, rng.uniform(0.05, 0.075)), trim, material, blend=0.02),
        *before,
        Part("inside", room, inner, material, blend=0.03, cut=True),
        *after,
    ]


def _lugs(rng, profile, outer, color, material) -> tuple[list[Part], list[Part]]:
    """Two handles, left and right, and a badge in front."""
    z, reach, half = profile[-1][1] - 0.16, rng.uniform(0.26, 0.36), rng.uniform(0.24, 0.34)
    thick, lift = rng.uniform(0.075, 0.1), rng.uniform(-0.05, 0.15)
    paint = Plain(pick(rng, (color, contrast(rng, color))))
    parts = [_badge(rng, profile, outer, paint, material)]
    wall = radius_at(profile, z) - 0.06
    for name, side in (("left", 1), ("right", -1)):
        t = np.linspace(-1.6, 1.6, 13)
        loop = [
            (
                half * np.sin(a) / np.sin(1.6),
                side * (wall + reach * np.cos(a) ** 0.7 if abs(a) < 1.57 else wall - 0.02),
                z + lift * np.cos(a),
            )
            for a in t
        ]
        parts.append(Part(f"handle_{name}", chain(loop, [thick] * 13), paint, material, 0.04, movable=True))
    return parts, []


def _spout(rng, profile, outer, color, material) -> tuple[list[Part], list[Part]]:
    """A pouring lip in front, a grip behind and a spoon inside."""
    top, rim = profile[-1][1], profile[-1][0]
    lip = capsule((rim - 0.2, 0, top - 0.3), (rim + rng.uniform(0.2, 0.3), 0, top - 0.04), 0.2, 0.17)
    groove = capsule((rim - 0.4, 0, top - 0.08), (rim + 0.45, 0, top + 0.14), 0.15, 0.13)
    grip = box((-rim - 0.1, 0, top - 0.12), (0.26, rng.uniform(0.2, 0.32), 0.075), 0.06)
    paint = Plain(contrast(rng, color))
    spoon = [(0.1, -0.2, 0.4), (-0.3, -0.9 * rim, top + 0.02), (-0.5, -1.05 * rim, top + 0.4)]
    wood = wood_grain(rng)
    before = [
        Part("spout", cut(lip, groove), Plain(color), material, 0.04, movable=True),
        Part("grip", grip, paint, material, 0.03, movable=True),
        _badge(rng, profile, outer, paint, material, -62),
    ]
    return before, [Part("spoon", chain(spoon, [0.12, 0.09, 0.11]), wood, palette.WOOD, movable=True, loose=True)]


def _chopsticks(rng, profile, outer, color, material) -> tuple[list[Part], list[Part]]:
    """Soup with an egg and two chopsticks across the rim."""
    top, rim = profile[-1][1], profile[-1][0]
    level, wood, turn = top - rng.uniform(0.2, 0.3), wood_grain(rng, (1.0, 0.1, 0.05)), rng.uniform(-40, 40)
    soup = filling(cavity(profile, 0.06, 0.2), level)
    yolk, egg = sphere((0.3, 0.35, level + 0.03), 0.14), ellipsoid((0.3, 0.35, level), (0.32, 0.26, 0.1))
    after = [
        Part(
            "soup",
            soup,
            Mottled((0.85, 0.5, 0.2), (0.95, 0.75, 0.45), 0.15, 1.5, seed_from(rng)),
            palette.CERAMIC,
            loose=True,
        ),
        Part("egg", egg, Plain(palette.WHITE), palette.SATIN, movable=True, loose=True),
        Part("egg", yolk, Plain(palette.YELLOW), palette.SATIN, movable=True, loose=True),
    ]
    for name, y in (("left", -0.3), ("right", -0.52)):
        stick = capsule((-rim * 1.08, y, top + 0.04), (rim * 1.2, y * 1.2, top + 0.04), 0.06, 0.085)
        after.append(
            Part(f"chopstick_{name}", rotated(stick, (0, 0, 1), turn), wood, palette.WOOD, movable=True, loose=True)
        )
    return [_badge(rng, profile, outer, Plain(contrast(rng, color)), material)], after


def _badge(rng, profile, outer, paint, material, azimuth: float = 0.0) -> Part:
    middle = (profile[0][1] + profile[-1][1]) / 2 + 0.08
    field = relief(outer, motifs.draw(rng, rng.uniform(0.28, 0.34)), azimuth, radius_at(profile, middle), middle, 0.07)
    return Part("badge", field, paint, material, movable=True)


TOYS = {"plate": plate, "bowl": bowl}
