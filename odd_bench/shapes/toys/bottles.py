"""Bottles: wine, soda, milk, sports and potion bottles with labels, caps and handles."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Gradient, Inlay, Mottled, Pattern, Plain, Sectors, Split, Stripes
from odd_bench.shapes.sdf import (
    Field,
    box,
    capsule,
    cylinder,
    extrude,
    grown,
    intersection,
    lathe,
    rotated,
    sphere,
    torus,
    union,
)
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.turned import curve, loop_handle, on_wall, radius_at, relief, solid

TINTS = (
    (0.12, 0.35, 0.18),
    (0.35, 0.18, 0.08),
    (0.75, 0.88, 0.9),
    (0.2, 0.4, 0.75),
    (0.9, 0.92, 0.9),
    (0.55, 0.15, 0.25),
)
LIQUIDS = (
    (0.45, 0.08, 0.12),
    (0.95, 0.55, 0.15),
    (0.96, 0.95, 0.9),
    (0.35, 0.18, 0.08),
    (0.5, 0.8, 0.3),
    (0.95, 0.4, 0.55),
)
# Outer (radius, height) of each kind, as fractions of the largest radius and of the total height.
KINDS = {
    "wine": [(0.94, 0.0), (1.0, 0.03), (1.0, 0.52), (0.82, 0.64), (0.38, 0.74), (0.33, 0.82), (0.33, 1.0)],
    "soda": [(0.9, 0.0), (1.0, 0.05), (0.97, 0.2), (0.82, 0.38), (1.0, 0.58), (0.9, 0.7), (0.42, 0.86), (0.36, 1.0)],
    "milk": [(0.96, 0.0), (1.0, 0.04), (1.0, 0.5), (0.93, 0.62), (0.56, 0.78), (0.52, 0.88), (0.6, 1.0)],
    "sports": [
        (0.92, 0.0),
        (1.0, 0.04),
        (1.0, 0.36),
        (0.84, 0.46),
        (0.84, 0.54),
        (1.0, 0.64),
        (0.98, 0.8),
        (0.66, 0.92),
        (0.6, 1.0),
    ],
    "potion": [
        (0.55, 0.0),
        (0.85, 0.08),
        (1.0, 0.28),
        (0.85, 0.5),
        (0.38, 0.66),
        (0.28, 0.78),
        (0.3, 0.92),
        (0.4, 1.0),
    ],
}
WIDEST = {
    "wine": (0.36, 0.44),
    "soda": (0.38, 0.46),
    "milk": (0.48, 0.58),
    "sports": (0.42, 0.5),
    "potion": (0.66, 0.78),
}


def bottle(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, tuple(KINDS))
    wide, tall = rng.uniform(*WIDEST[kind]), rng.uniform(1.3, 1.5) if kind == "potion" else rng.uniform(1.45, 1.65)
    profile = curve([(wide * r, tall * z) for r, z in KINDS[kind]], 5)
    color, material = _stuff(rng, kind)
    outer = solid(profile)
    parts = [
        Part("body", outer, _body_paint(rng, kind, color, tall), material),
        Part(
            "collar",
            torus((0, 0, tall * 0.93), radius_at(profile, tall * 0.93), 0.055),
            Plain(shade(color, 0.8)),
            material,
            movable=True,
        ),
        *_closure(rng, kind, profile, tall),
        *_label(rng, kind, outer, profile, tall),
    ]
    if kind in ("milk", "potion") or rng.random() < 0.3:
        grip = loop_handle(
            profile, tall * 0.42, tall * 0.84, rng.uniform(0.14, 0.26), rng.uniform(0.06, 0.08), rng.uniform(0.6, 1.0)
        )
        parts.append(Part("handle", grip, Plain(shade(color, 0.85)), material, 0.03, movable=True))
    return parts


def _stuff(rng, kind: str) -> tuple[Color, Material]:
    if kind == "sports":
        return tint(rng), pick(rng, (palette.PLASTIC, palette.METAL, palette.SATIN))
    color = tint(rng, (*TINTS, *palette.TOY) if kind == "potion" else TINTS, 0.05)
    return color, pick(rng, (palette.GLASS, palette.FROSTED, palette.CERAMIC))


def _body_paint(rng, kind: str, color: Color, tall: float) -> Pattern:
    """Glass through which the filling shows up to a level, or an opaque coat."""
    level, liquid = tall * rng.uniform(0.5, 0.78), pick(rng, LIQUIDS)
    second = contrast(rng, color)
    filled = Split(tuple(0.35 * np.array(color) + 0.65 * np.array(liquid)), color, (0, 0, 1), level)
    options = (
        filled,
        filled,
        Plain(color),
        Gradient(shade(color, 0.7), shade(color, 1.4), (0, 0, 1), 0.2 * tall, tall),
        Sectors(color, shade(color, 0.8), int(rng.integers(10, 20)), 0.5, twist=rng.uniform(0, 0.15)),
        Stripes(color, second, (0, 0, 1), tall / 3, 0.25, phase=rng.uniform()),
        Mottled(color, second, 0.25, 1.2, seed_from(rng)),
    )
    return pick(rng, options if kind != "sports" else options[2:])


def _label(rng, kind: str, outer: Field, profile, tall: float) -> list[Part]:
    """A paper label around the front with a motif on it, and a small label on the back."""
    middle = tall * {"wine": 0.3, "soda": 0.55, "milk": 0.3, "sports": 0.22, "potion": 0.3}[kind]
    wall = radius_at(profile, middle)
    height = {"wine": 0.26, "soda": 0.16, "milk": 0.24, "sports": 0.18, "potion": 0.24}[kind] * rng.uniform(0.85, 1.05)
    paper = tint(rng, (palette.WHITE, palette.CREAM, *palette.PASTEL))
    ink = contrast(rng, paper)
    outline = pick(
        rng,
        (
            motifs.rounded_rectangle(wall * 0.78, height, 0.06),
            motifs.round_patch(min(wall * 0.8, 0.36), height / min(wall * 0.8, 0.36)),
        ),
    )
    shape = on_wall(extrude(outline, -0.3, 0.3), 0, wall, middle)
    frame = grown(on_wall(extrude(outline, -0.5, 0.5), 0, wall, middle), -0.05)
    paint = Inlay(
        Plain(ink),
        pick(rng, (Plain(paper), Stripes(paper, shade(ink, 1.5), (0, 0, 1), 0.12, 0.4))),
        frame,
    )
    back = relief(outer, motifs.rounded_rectangle(wall * 0.6, height * 0.8, 0.05), 180, wall, middle, 0.035)
    return [
        Part("label", intersection(grown(outer, 0.03), shape), paint, palette.CLOTH, movable=True),
        Part(
            "emblem",
            relief(outer, motifs.draw(rng, rng.uniform(0.17, 0.21)), 0, wall, middle, 0.075),
            Plain(ink),
            palette.SATIN,
            movable=True,
        ),
        Part("label_back", back, Stripes(paper, ink, (0, 0, 1), 0.09, 0.3), palette.CLOTH, movable=True),
    ]


def _closure(rng, kind: str, profile, tall: float) -> list[Part]:
    """A cork, with a gem on a potion; a crown cap; a foil lid with a tab; or a sports nozzle."""
    neck, color = profile[-1][0], tint(rng)
    if kind == "sports":
        cap = cylinder((0, 0, tall - 0.1), (0, 0, tall + 0.16), neck * 1.2, 0.04)
        spout = lathe(
            [
                (0, tall + 0.1),
                (0.16, tall + 0.1),
                (0.13, tall + 0.26),
                (0.17, tall + 0.29),
                (0.12, tall + 0.38),
                (0, tall + 0.38),
            ],
            0.02,
        )
        ridges = Sectors(color, shade(color, 0.75), 20, 0.5)
        return [
            Part("cap", cap, ridges, palette.PLASTIC, movable=True),
            Part("nozzle", spout, Plain(contrast(rng, color)), palette.RUBBER, movable=True),
        ]
    if kind == "potion" or (kind == "wine" and rng.random() < 0.6):
        high = rng.uniform(0.16, 0.26)
        cork = lathe([(0, tall - 0.2), (neck * 0.7, tall - 0.2), (neck * 0.92, tall + high), (0, tall + high)], 0.03)
        paint = Mottled((0.8, 0.62, 0.42), (0.55, 0.38, 0.22), 0.08, 2.0, seed_from(rng))
        parts = [Part("cork", cork, paint, palette.WOOD, movable=True)]
        if kind == "potion":
            gem = sphere((0, 0, tall + high + 0.06), neck * 0.55)
            parts.append(Part("cork", gem, Plain(color), palette.PLASTIC, movable=True))
        return parts
    if kind == "soda":
        teeth = motifs.flower(neck * 1.42, 14, 0.07)
        crown = extrude(teeth, tall - 0.06, tall + 0.07, 0.02)
        dome = sphere((0, 0, tall - 0.04), neck * 1.1)
        dome = intersection(dome, box((0, 0, tall + 0.3), (1, 1, 0.32)))
        return [Part("cap", union(crown, dome), Plain(color), palette.METAL, movable=True)]
    lid = cylinder((0, 0, tall - 0.08), (0, 0, tall + rng.uniform(0.08, 0.16)), neck * 1.16, 0.03)
    tab = rotated(capsule((neck, 0, tall), (neck + 0.16, 0, tall - 0.04), 0.07), (0, 0, 1), rng.uniform(-120, 60))
    return [
        Part("cap", lid, Sectors(color, shade(color, 0.8), 18, 0.5), palette.METAL, movable=True),
        Part("tab", tab, Plain(color), palette.METAL, movable=True),
    ]


TOYS = {"bottle": bottle}
