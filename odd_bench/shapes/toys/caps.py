"""Baseball caps and woolly hats."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Checks, Plain, Sectors, Spots, Stripes
from odd_bench.shapes.sdf import (
    Field,
    cylinder,
    ellipsoid,
    extrude,
    grown,
    half_space,
    intersection,
    lathe,
    scaled,
    sphere,
    torus,
    union,
    warped,
)
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.hat_trims import inside
from odd_bench.shapes.toys.turned import curve, on_wall, radius_at, solid


def cap(rng) -> list[Part]:
    """A baseball cap: panels, a peak, a button on top, a badge and an adjusting strap."""
    wide, tall = rng.uniform(0.78, 0.86), rng.uniform(0.68, 0.8)
    color = tint(rng)
    second = contrast(rng, color, (*palette.TOY, palette.WHITE))
    profile = curve(
        [(wide, 0.0), (wide * 1.02, 0.16), (wide * 0.9, tall * 0.62), (wide * 0.5, tall * 0.94), (0.08, tall)], 5
    )
    panels = pick(rng, (Sectors(color, second, 3, 0.5), Plain(color), Sectors(color, second, 1, 0.34, phase=0.17)))
    reach, droop = rng.uniform(0.5, 0.68), rng.uniform(0.1, 0.3)
    visor = intersection(
        scaled(cylinder((0, 0, -0.02), (0, 0, 0.1), wide, 0.04), ((wide + reach) / wide, 1, 1)),
        half_space((0.2, 0, 0), (-1, 0, 0)),
    )
    visor = warped(
        visor, lambda p: np.stack([p[:, 0], p[:, 1], p[:, 2] + droop * (p[:, 1] / wide) ** 2 - 0.02], axis=1)
    )
    badge = intersection(
        grown(solid(profile), 0.07), on_wall(extrude(motifs.draw(rng, 0.26), -0.4, 0.4), 0, wide * 0.8, tall * 0.52)
    )
    strap = intersection(torus((0, 0, 0.12), wide + 0.01, 0.09), half_space((-0.4 * wide, 0, 0), (1, 0, 0)))
    return [
        Part("crown", solid(profile), panels, palette.CLOTH),
        Part("visor", visor, Plain(pick(rng, (color, second))), palette.CLOTH, movable=True),
        Part("button", ellipsoid((0, 0, tall), (0.14, 0.14, 0.1)), Plain(second), palette.CLOTH, movable=True),
        Part(
            "badge",
            badge,
            Plain(contrast(rng, color, (palette.WHITE, *palette.TOY))),
            palette.FELT,
            movable=True,
        ),
        Part("strap", strap, Plain(second), palette.CLOTH, movable=True),
        Part("lining", inside(profile, tall - 0.12), Plain(shade(color, 0.6)), palette.CLOTH, cut=True),
    ]


def woolly_hat(rng) -> list[Part]:
    """A knitted hat with a turned-up cuff, a pompom, a badge and often ears."""
    wide, tall = rng.uniform(0.7, 0.8), rng.uniform(0.95, 1.2)
    color = tint(rng, (*palette.TOY, *palette.PASTEL))
    second = contrast(rng, color, (*palette.TOY, palette.WHITE))
    profile = curve([(wide, 0.0), (wide, 0.3), (wide * 0.86, tall * 0.62), (wide * 0.5, tall * 0.92), (0.1, tall)], 5)
    ribs = Sectors(second, shade(second, 0.75), 36, 0.4)
    knit = pick(
        rng,
        (
            Stripes(color, second, (0, 0, 1), rng.uniform(0.2, 0.36), 0.4),
            Plain(color),
            Checks(color, second, (0.2, 0.2, 0.2)),
        ),
    )
    cuff = lathe([(wide - 0.1, 0.0), (wide + 0.1, 0.0), (wide + 0.1, 0.32), (wide - 0.1, 0.32)], 0.07)
    parts = [
        Part("crown", solid(profile), knit, palette.PLUSH),
        Part("cuff", cuff, ribs, palette.PLUSH),
        Part(
            "pompom",
            _pompom(rng, tall),
            Spots(second, palette.WHITE, 0.1, 0.03, 0.6, seed_from(rng)),
            palette.PLUSH,
            movable=True,
        ),
        Part(
            "badge",
            on_wall(extrude(motifs.draw(rng, 0.24), -0.2, 0.16, 0.02), 0, wide, 0.2),
            Plain(color),
            palette.LEATHER,
            movable=True,
        ),
    ]
    size, high = rng.uniform(0.18, 0.24), tall * rng.uniform(0.66, 0.74)
    for side, sign in (("left", 1), ("right", -1)) if rng.random() < 0.7 else ():
        at = np.array([0, sign * radius_at(profile, high), high + 0.06])
        ear = ellipsoid(at, (0.13, size, size))
        inner = ellipsoid(at + [0.07, 0, 0], (0.09, size * 0.6, size * 0.6))
        parts.append(Part(f"ear_{side}", ear, Plain(color), palette.PLUSH, movable=True))
        parts.append(Part(f"ear_{side}", inner, Plain(second), palette.PLUSH, movable=True))
    return [
        *parts,
        Part("lining", inside(profile, tall - 0.14, 0.12), Plain(shade(color, 0.6)), palette.PLUSH, cut=True),
    ]


def _pompom(rng, z: float) -> Field:
    """A ball of short tufts."""
    radius = rng.uniform(0.2, 0.27)
    k = np.arange(22) + 0.5
    polar, around = np.arccos(1 - 2 * k / 22), np.pi * (1 + 5**0.5) * k
    out = np.stack([np.cos(around) * np.sin(polar), np.sin(around) * np.sin(polar), np.cos(polar)], axis=1)
    center = np.array([0, 0, z + 0.6 * radius])
    return union(sphere(center, radius * 0.9), *(sphere(center + 0.75 * radius * o, radius * 0.38) for o in out))
