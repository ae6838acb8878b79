"""Slices of bread: their outline, their cut face, and toast, which is one kind of bread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.shapes.patterns import Color, Inlay, Pattern, Placed, Plain, Spots
from odd_bench.shapes.poses import plane_pose
from odd_bench.shapes.sdf import box, grown, placed, rotated, scaled, sphere
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import plate, smooth_outline
from odd_bench.shapes.toys.draws import pick, seed_from, shade, tint
from odd_bench.shapes.toys.toppings import BAKED, CHOCOLATES, strawberry

CRUSTS = ((0.72, 0.44, 0.2), (0.62, 0.36, 0.16), (0.8, 0.55, 0.28), (0.45, 0.27, 0.15))
ACROSS = ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0))  # the plane of a slice that faces along x


def crumb_color(rng, crust: Color) -> Color:
    return tint(
        rng,
        ((0.95, 0.87, 0.68), (0.88, 0.75, 0.52)) if sum(crust) > 1.1 else ((0.7, 0.52, 0.34), (0.85, 0.7, 0.5)),
        0.03,
    )


def slice_outline(rng) -> np.ndarray:
    """(k, 2) cross-section of a loaf: straight sides under a bulging top."""
    wide, waist, tall = rng.uniform(0.55, 0.64), rng.uniform(0.44, 0.52), rng.uniform(0.9, 1.1)
    half = [
        (waist, 0.02),
        (waist + 0.02, 0.3 * tall),
        (waist + 0.01, 0.52 * tall),
        (wide, 0.68 * tall),
        (0.9 * wide, 0.9 * tall),
        (0.5 * wide, 1.02 * tall),
    ]
    dip = rng.uniform(0.97, 1.08)
    return smooth_outline([(0.0, 0.0), *half, (0.0, dip * tall), *[(-y, z) for y, z in half[::-1]]], 40)


def cut_face(rng, outline: np.ndarray, crust: Color, crumb: Color, pose: np.ndarray) -> Pattern:
    """Crumb with pores inside a rim of crust, placed by the (4, 4) pose of the slice."""
    seed = seed_from(rng)
    pores = Spots(crumb, shade(crumb, 0.86), 0.13, 0.035, 0.8, seed)
    inside = grown(plate(outline, 4.0, (0, 0, 0), (1, 0, 0), (0, 1, 0)), -0.04)
    return Placed(Inlay(Plain(crust), pores, inside), pose)


def toast(rng) -> list[Part]:
    """A standing slice with a spread and toppings."""
    crust, outline = tint(rng, CRUSTS, 0.04), 1.5 * slice_outline(rng)
    crumb, thick = crumb_color(rng, crust), rng.uniform(0.24, 0.32)
    pose = plane_pose((0, 0, 0), *ACROSS)
    parts = [Part("body", plate(outline, thick, (0, 0, 0), *ACROSS), cut_face(rng, outline, crust, crumb, pose), BAKED)]
    middle = np.array([thick / 2, 0, 0.5 * float(outline[:, 1].max())])
    spread = tint(rng, (palette.YELLOW, (0.8, 0.1, 0.2), (0.95, 0.6, 0.15), *CHOCOLATES))
    angle = np.arange(9) * 2 * np.pi / 9
    reach = rng.uniform(0.42, 0.6, 9)
    blob = np.stack([reach * np.cos(angle), middle[2] + reach * np.sin(angle)], axis=1)
    parts.append(
        Part("spread", plate(smooth_outline(blob, 30), 0.12, (thick / 2, 0, 0), *ACROSS), Plain(spread), palette.BEAD)
    )
    return parts + _garnish(rng, middle + [0.05, 0, 0])


def _garnish(rng, middle: np.ndarray) -> list[Part]:
    kind = pick(rng, ("butter", "egg", "berries"))
    if kind == "berries":
        spots = [(-0.25, -0.15), (0.25, -0.12), (0.0, 0.25)]
        parts = []
        for i, (y, z) in enumerate(spots):
            berry = strawberry(rng, f"berry_{i + 1}", (0, 0, 0), 0.17)
            pose = plane_pose(middle + [0.1, y, z], (0, 1, 0), (0, 0, 1))
            parts += [replace(p, field=placed(p.field, pose), pattern=Placed(p.pattern, pose)) for p in berry]
        return parts
    if kind == "egg":
        white = scaled(sphere(middle, 0.44), (0.22, 1, 0.95), tuple(middle))
        yolk = scaled(sphere(middle + [0.08, 0.05, 0], 0.22), (0.6, 1, 1), tuple(middle + [0.08, 0.05, 0]))
        return [
            Part("egg_white", white, Plain((0.97, 0.96, 0.93)), palette.SATIN, movable=True),
            Part("yolk", yolk, Plain((0.98, 0.7, 0.1)), palette.BEAD, movable=True),
        ]
    pats = []
    for i, (y, z) in enumerate(((0.05, 0.1), (-0.18, -0.25))):
        at = middle + [0.04, y, z]
        pat = rotated(box(at, (0.1, 0.19, 0.15), 0.04), (1, 0, 0), rng.uniform(-40, 40), tuple(at))
        pats.append(Part(f"butter_{i + 1}", pat, Plain((0.98, 0.88, 0.5)), palette.SATIN, movable=True))
    return pats
