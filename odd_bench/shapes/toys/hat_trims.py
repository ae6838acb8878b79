"""Trims of hats: bands, bows, feathers, buckles and flowers; and the space for the head."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Checks, Color, Pattern, Plain, Sectors, Spots, Stripes
from odd_bench.shapes.sdf import (
    Field,
    box,
    capsule,
    cut,
    ellipsoid,
    extrude,
    lathe,
    moved,
    rotated,
    sphere,
    union,
    warped,
)
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.curves import leaf_outline
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.turned import on_wall, radius_at


def band(rng, profile, low: float, high: float, color: Color, out: float = 0.05) -> Field:
    """A ribbon around the crown between two heights; it stands out by `out`."""
    ring = [(radius_at(profile, z) + out, z) for z in np.linspace(low, high, 5)]
    inner = [(r - 0.12, z) for r, z in reversed(ring)]
    return lathe([*ring, *inner])


def ribbon_paint(rng, color: Color) -> Pattern:
    second = contrast(rng, color)
    third = contrast(rng, second)
    return pick(
        rng,
        (Plain(second), Plain(second), Stripes(second, third, (0, 0, 1), 0.1, 0.4), Sectors(second, third, 24, 0.4)),
    )


def feather(rng, at, length: float) -> list[Part]:
    """A feather at `at` that leans backwards."""
    outline = leaf_outline(length, length * 0.34, 0.3)
    color = tint(rng)
    paint = Stripes(color, shade(color, 0.6), (0.7, 0, 0.7), 0.12, 0.4)
    leaf = extrude(outline, -0.045, 0.045, 0.02)
    quill = capsule((-0.12, 0, 0), (length * 0.92, 0, 0), 0.05)
    upright = rotated(union(leaf, quill), (1, 0, 0), 90)
    return [
        Part(
            "feather",
            moved(rotated(upright, (0, 1, 0), rng.uniform(-135, -110)), at),
            paint,
            palette.PLUSH,
            movable=True,
        )
    ]


def bow(rng, at, size: float, paint: Pattern) -> list[Part]:
    """A bow at `at`: two loops, a knot and two tails."""
    loops = union(*(ellipsoid((s * size, 0, 0.05), (size, 0.1, size * 0.62)) for s in (1, -1)))
    knot = ellipsoid((0, -0.05, 0.02), (size * 0.4, 0.13, size * 0.4))
    tails = union(*(capsule((0, 0, 0), (s * size * 0.7, -0.02, -size * 1.3), 0.06, 0.1) for s in (1, -1)))
    return [Part("bow", moved(union(loops, knot, tails), at), paint, palette.CLOTH, movable=True)]


def buckle(rng, x: float, z: float, size: float) -> list[Part]:
    frame = cut(box((x, 0, z), (0.09, size * 1.1, size), 0.03), box((x, 0, z), (0.3, size * 0.62, size * 0.52), 0.02))
    return [Part("buckle", frame, Plain(tint(rng, (palette.GOLD, palette.SILVER))), palette.METAL, movable=True)]


def flower(rng, at, azimuth: float, size: float) -> list[Part]:
    """A flower on the crown: petals and a centre. at: (radius, height). azimuth: degrees."""
    petals = extrude(motifs.flower(size, int(rng.integers(5, 8)), 0.24), -0.14, 0.07, 0.02)
    color = tint(rng)
    a = np.radians(azimuth)
    heart = np.array([(at[0] + 0.06) * np.cos(a), (at[0] + 0.06) * np.sin(a), at[1]])
    return [
        Part("flower", on_wall(petals, azimuth, *at), Plain(color), palette.FELT, movable=True),
        Part("flower", sphere(heart, size * 0.36), Plain(palette.YELLOW), palette.FELT, movable=True),
    ]


def felt_coat(rng, color: Color) -> Pattern:
    """Felt in one colour, or with checks, wedges or dots."""
    second = contrast(rng, color)
    return pick(
        rng,
        (
            Plain(color),
            Plain(color),
            Checks(color, shade(color, 0.7), (0.18, 0.18, 0.18)),
            Sectors(color, second, int(rng.integers(6, 13)), 0.5),
            Spots(color, second, rng.uniform(0.28, 0.4), rng.uniform(0.08, 0.11), 0.9, seed_from(rng)),
        ),
    )


def inside(profile, top: float, wall: float = 0.1) -> Field:
    """The space for the head, open at the bottom, up to height `top`."""
    inner = [(max(r - wall, 0.04), z) for r, z in profile if z < top - 0.02]
    last = max(radius_at(profile, top) - wall, 0.03)
    return lathe([(0, -0.5), (inner[0][0], -0.5), *inner, (last, top), (0, top)])


def curl(brim: Field, radius: float, rise: float) -> Field:
    """The brim bent upwards on its left and right sides."""
    return warped(
        brim, lambda p: np.stack([p[:, 0], p[:, 1], p[:, 2] - rise * np.minimum((p[:, 1] / radius) ** 2, 1.5)], axis=1)
    )
