"""A small toy with known parts, to make odd variants of: a body with a knob, a fin and a foot; and a coarse box."""

from __future__ import annotations

from functools import cache

import numpy as np

from odd_bench.anomalies import Refusal, Variant, make_variant
from odd_bench.geometry.shape import Material, Shape
from odd_bench.shapes.patterns import Plain, Stripes
from odd_bench.shapes.sdf import box, capsule, ellipsoid
from odd_bench.shapes.toy import Part, Toy

TYPES = ("bump", "bend", "twist", "part_translation", "part_rotation", "missing_part", "material_mismatch")
CLAY, PAINT = Material("clay", 0.8), Material("paint", 0.3)
STRIPES = Stripes((0.8, 0.3, 0.2), (0.9, 0.8, 0.7), period=0.3)


@cache
def statuette() -> Toy:
    return Toy(
        "statuette-0001",
        "statuette",
        (
            Part("body", ellipsoid((0, 0, 0), (0.9, 0.45, 0.35)), STRIPES, CLAY),
            Part("fin", ellipsoid((-0.1, 0, 0.4), (0.35, 0.07, 0.3)), Plain((0.2, 0.3, 0.7)), CLAY, 0.03, movable=True),
            Part("knob", capsule((0.8, 0, 0.1), (1.2, 0, 0.3), 0.16, 0.2), Plain((0.2, 0.6, 0.3)), PAINT, movable=True),
            Part("foot", box((0.1, 0, -0.4), (0.3, 0.3, 0.15), 0.05), Plain((0.3, 0.3, 0.3)), PAINT, movable=True),
        ),
    )


@cache
def variant(type: str, seed: int = 0, tries: int = 30) -> Variant:
    """The first variant of the statuette that is not refused."""
    for attempt in range(tries):
        try:
            return make_variant(type, statuette(), statuette().shape(), np.random.default_rng([seed, attempt]))
        except Refusal:
            continue
    raise AssertionError(f"{type}: {tries} tries refused")


def coarse_box(half=(0.5, 0.2, 0.1)) -> Shape:
    """A box of twelve long faces; each pair of opposite sides has its own colour."""
    vertices = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * np.array(half, float)
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([triangle for a, b, c, d in sides for triangle in ((a, b, c), (a, c, d))], np.int32)
    part = np.arange(12, dtype=np.int32) // 4
    colors = np.array([[200, 40, 40], [40, 200, 40], [40, 40, 200]], np.uint8)[part]
    return Shape("box-0001", "box", vertices, faces, part, part * 0, colors, ("ends", "sides", "top"), (CLAY,))
