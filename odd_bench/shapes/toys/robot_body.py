"""The upper half of a robot: a chest with a panel and a winding key, and a head with a face and aerials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Checks, Color, Inlay, Pattern, Plain, Split, Stripes
from odd_bench.shapes.sdf import (
    Field,
    box,
    capsule,
    cylinder,
    ellipsoid,
    extrude,
    frustum,
    half_space,
    intersection,
    moved,
    sphere,
    torus,
    union,
)
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.draws import pick, shade, tint
from odd_bench.shapes.toys.turned import on_wall
from odd_bench.shapes.toys.wheels import PANE

LIT = ((0.3, 0.9, 0.95), (0.98, 0.85, 0.2), (0.95, 0.2, 0.2), (0.5, 0.95, 0.4), (0.98, 0.98, 0.9))


@dataclass(frozen=True)
class Build:
    """Sizes and style of one robot. wide, deep: half width and half depth of the chest. low, top: heights of its ends."""

    wide: float
    deep: float
    low: float
    top: float
    color: Color
    second: Color
    material: Material

    @property
    def paint(self) -> Pattern:
        return Plain(self.color)

    @property
    def trim(self) -> Pattern:
        return Plain(self.second)


def chest(rng, b: Build) -> list[Part]:
    """A box, barrel or egg with a control panel in front and a winding key at the back."""
    middle, half = (b.low + b.top) / 2, (b.top - b.low) / 2
    shape = pick(rng, ("box", "barrel", "egg"))
    body = {
        "box": box((0, 0, middle), (b.deep, b.wide, half), rng.uniform(0.05, 0.12)),
        "barrel": _oval_cylinder(b, 0.06),
        "egg": ellipsoid((0, 0, middle), (b.deep * 1.2, b.wide * 1.12, half * 1.15)),
    }[shape]
    rivets = Checks(b.color, shade(b.color, 0.7), (9.0, 0.16, 9.0))
    lower = Split(b.second, b.color, (0, 0, 1), b.low + rng.uniform(0.12, 0.24))
    band = Inlay(b.paint, rivets, box((0, 0, b.low + 0.1), (3, 3, 0.05)))
    front = b.deep * (1.2 if shape == "egg" else 1.0)
    return [
        Part("chest", body, pick(rng, (b.paint, lower, band)), b.material),
        *_panel(rng, b, front, middle),
        Part(
            "winding_key",
            _winding_key(front, middle),
            Plain(pick(rng, palette.METALS)),
            palette.METAL,
            movable=True,
        ),
    ]


def _oval_cylinder(b: Build, rounding: float) -> Field:
    """An upright oval drum, deeper than a box of the same build."""
    outline = [(1.15 * b.deep * np.cos(a), b.wide * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 28, endpoint=False)]
    return extrude(outline, b.low, b.top, rounding)


def _winding_key(front: float, z: float) -> Field:
    stem = capsule((-front + 0.08, 0, z), (-front - 0.24, 0, z), 0.065)
    loops = [torus((-front - 0.28, s * 0.15, z), 0.1, 0.055, (1, 0, 0)) for s in (1, -1)]
    return union(stem, *loops)


def _panel(rng, b: Build, front: float, z: float) -> list[Part]:
    """A raised plate with buttons, and a dial or an emblem."""
    plate = box((front - 0.06, 0, z + 0.03), (0.1, b.wide * 0.68, (b.top - b.low) * 0.32), 0.04)
    parts = [Part("panel", plate, b.trim, b.material)]
    x = front + 0.04
    if rng.random() < 0.5:
        dial = cylinder((x - 0.1, 0.45 * b.wide * 0.6, z + 0.06), (x + 0.05, 0.45 * b.wide * 0.6, z + 0.06), 0.15, 0.02)
        needle = box((x, 0.27 * b.wide, z + 0.12), (0.3, 0.022, 0.075))
        face = Inlay(Plain(palette.WHITE), Plain(palette.RED), needle)
        parts.append(Part("dial", dial, face, PANE, movable=True))
    else:
        badge = on_wall(extrude(motifs.draw(rng, 0.2), -0.12, 0.05), 0, x, z + 0.05)
        parts.append(
            Part("emblem", moved(badge, (0, 0.27 * b.wide, 0)), Plain(tint(rng)), palette.PLASTIC, movable=True)
        )
    for dz in (0.13, -0.06):
        at = (x - 0.01, -0.3 * b.wide, z + dz + 0.01)
        parts.append(Part("buttons", sphere(at, 0.1), Plain(tint(rng, LIT, 0.02)), PANE, movable=True))
    return parts


def head(rng, b: Build) -> list[Part]:
    """A box, dome or drum on a ribbed neck, with eyes, a mouth grille, ears and an aerial."""
    neck, tall = rng.uniform(0.08, 0.12), rng.uniform(0.34, 0.41)
    wide, deep = b.wide * rng.uniform(0.68, 0.86), b.deep * rng.uniform(0.85, 1.0)
    low = b.top + neck - 0.04
    shape = pick(rng, ("box", "dome", "drum"))
    z = low + tall / 2
    skull = {
        "box": box((0, 0, z), (deep, wide, tall / 2), rng.uniform(0.04, 0.1)),
        "dome": intersection(ellipsoid((0, 0, low), (deep * 1.1, wide, tall)), half_space((0, 0, low), (0, 0, -1))),
        "drum": cylinder((0, 0, low), (0, 0, low + tall), (wide + deep) / 2, 0.06),
    }[shape]
    front = {"box": deep, "dome": deep * 0.98, "drum": (wide + deep) / 2 * 0.9}[shape]
    pipe = union(
        *(torus((0, 0, b.top + t * neck), 0.13, 0.07) for t in (0.1, 0.6)),
        cylinder((0, 0, b.top - 0.1), (0, 0, low + 0.1), 0.16),
    )
    parts = [
        Part("neck", pipe, Plain(palette.CHARCOAL), palette.RUBBER),
        Part("head", skull, pick(rng, (b.paint, b.paint, b.trim)), b.material),
        *_face(rng, b, front, wide, z - (0.05 if shape == "dome" else 0.0), tall),
    ]
    side = {"box": wide, "dome": wide * 0.9, "drum": (wide + deep) / 2}[shape]
    for name, sign in SIDES:
        ear = frustum((0, sign * (side - 0.08), z - 0.04), (0, sign * (side + 0.1), z - 0.04), 0.17, 0.1, 0.02)
        parts.append(Part(f"ear_{name}", ear, b.trim, b.material, movable=True))
    return [*parts, *_aerials(rng, low + tall, wide)]


def _face(rng, b: Build, front: float, wide: float, z: float, tall: float) -> list[Part]:
    lit, size, apart = tint(rng, LIT, 0.02), rng.uniform(0.1, 0.13), wide * rng.uniform(0.4, 0.5)
    parts = []
    for name, sign in SIDES:
        at = np.array([front - 0.03, sign * apart, z + 0.08])
        rim = cylinder(at - [0.12, 0, 0], at + [0.05, 0, 0], size * 1.15, 0.02)
        pupil = Inlay(Plain(lit), Plain(palette.BLACK), sphere(at + [size + 0.03, 0, 0], 0.55 * size))
        parts.append(Part(f"eye_{name}", rim, Plain(palette.CHARCOAL), palette.RUBBER, movable=True))
        parts.append(Part(f"eye_{name}", sphere(at + [0.03, 0, 0], size * 0.95), pupil, PANE, movable=True))
    mouth = box((front - 0.04, 0, z - 0.12), (0.1, apart + 0.06, 0.075), 0.03)
    teeth = pick(
        rng, (Stripes(palette.WHITE, palette.CHARCOAL, (0, 1, 0), 0.09, 0.45), Plain(lit), Plain(palette.CHARCOAL))
    )
    return [*parts, Part("mouth", mouth, teeth, palette.PLASTIC, movable=True)]


def _aerials(rng, z: float, wide: float) -> list[Part]:
    """One aerial in the middle, two that lean outwards, or a lamp."""
    kind, color = pick(rng, ("one", "two", "lamp")), Plain(tint(rng))
    if kind == "lamp":
        dome = union(
            cylinder((0, 0, z - 0.06), (0, 0, z + 0.05), 0.18, 0.02), capsule((0, 0, z), (0, 0, z + 0.12), 0.13)
        )
        return [Part("lamp", dome, Plain(tint(rng, LIT, 0.02)), PANE, movable=True)]
    if kind == "one":
        spiral = [torus((0, 0, z + 0.02 + 0.08 * k), 0.06, 0.045) for k in range(2)]
        rod = union(capsule((0, 0, z - 0.08), (0, 0, z + 0.16), 0.05), sphere((0, 0, z + 0.18), 0.1), *spiral)
        return [Part("aerial", rod, color, palette.METAL, movable=True)]
    parts = []
    for name, sign in SIDES:
        root, tip = np.array([0, sign * wide * 0.4, z - 0.08]), np.array([0, sign * wide * 0.75, z + 0.17])
        parts.append(
            Part(
                f"aerial_{name}", union(capsule(root, tip, 0.05), sphere(tip, 0.1)), color, palette.METAL, movable=True
            )
        )
    return parts
