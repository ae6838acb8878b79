"""Hammers that lie on their side: claw hammers, ball-peen hammers, mallets and squeaky toy hammers."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Pattern, Plain, Spots, Stripes
from odd_bench.shapes.sdf import (
    Field,
    box,
    capsule,
    chain,
    cylinder,
    extrude,
    frustum,
    lathe,
    moved,
    rotated,
    sphere,
    torus,
    union,
)
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint, wood_grain


def hammer(rng: np.random.Generator) -> list[Part]:
    """A hammer with its handle along x and its head at +x; the faces of the head point along y."""
    return pick(rng, (_claw, _claw, _mallet, _toy, _ball_peen))(rng)


def _handle(rng, z: float, reach: float) -> list[Part]:
    """A shaft that widens towards its end, with a grip, a ring and a loop to hang it up."""
    end, thick = -rng.uniform(1.15, 1.3), rng.uniform(0.095, 0.125)
    swell, grip_end = rng.uniform(1.15, 1.45), rng.uniform(-0.4, -0.2)
    x = np.linspace(end, reach, 9)
    radii = thick * (1 + (swell - 1) * np.clip((0.2 - x) / 1.2, 0, 1) ** 1.5)
    wood = rng.random() < 0.6
    color = tint(rng)
    second = contrast(rng, color)
    shaft_paint = wood_grain(rng, (1.0, 0.06, 0.08)) if wood else Plain(tint(rng, (*palette.TOY, palette.SILVER)))
    grip_radius = thick * swell + 0.045
    grip = capsule((end + 0.05, 0, z), (grip_end, 0, z), grip_radius, grip_radius * 0.9)
    grip_paint = pick(
        rng,
        (
            Plain(color),
            Stripes(color, second, (1, 0, 0), rng.uniform(0.12, 0.2), 0.35),
            Spots(color, second, 0.16, 0.045, 0.9, seed_from(rng)),
        ),
    )
    ring_x = grip_end + 0.1
    return [
        Part(
            "handle", chain([(a, 0, z) for a in x], list(radii)), shaft_paint, palette.WOOD if wood else palette.PLASTIC
        ),
        Part("grip", grip, grip_paint, palette.RUBBER, movable=True),
        Part(
            "ring", torus((ring_x, 0, z), thick * 1.12, 0.065, (1, 0, 0)), Plain(second), palette.PLASTIC, movable=True
        ),
        Part(
            "loop",
            torus((end - 0.16, 0, z), 0.15, 0.055, (0, 0.3, 1)),
            Plain(shade(color, 0.6)),
            palette.LEATHER,
            movable=True,
        ),
    ]


def _steel(rng) -> tuple[Pattern, Material]:
    color = tint(rng, ((0.62, 0.64, 0.67), (0.3, 0.31, 0.34), (0.8, 0.8, 0.82), palette.COPPER, palette.GOLD), 0.03)
    return Plain(color), pick(rng, (palette.METAL, palette.BRUSHED))


def _collar(rng, x: float, z: float, radius: float) -> Part:
    return Part(
        "collar",
        cylinder((x - 0.1, 0, z), (x + 0.1, 0, z), radius, 0.04),
        Plain(tint(rng)),
        palette.PAINTED_WOOD,
        movable=True,
    )


def _claw(rng) -> list[Part]:
    z, x = 0.26, rng.uniform(0.75, 0.85)
    paint, metal = _steel(rng)
    cheek = box((x, 0, z), (0.17, 0.2, 0.18), 0.07)
    neck = frustum((x, -0.1, z), (x, -0.5, z), 0.15, 0.13, 0.03)
    face = cylinder((x, -0.42, z), (x, -rng.uniform(0.6, 0.68), z), rng.uniform(0.2, 0.25), 0.05)
    bend, split = rng.uniform(0.16, 0.3), rng.uniform(0.1, 0.14)
    t = np.linspace(0, 1, 7)
    parts = [*_handle(rng, z, x), Part("head", union(cheek, neck), paint, metal)]
    parts.append(Part("face", face, Plain(shade(paint.color, 1.2)), metal, movable=True))
    for name, sign in (("upper", 1), ("lower", -1)):
        points = np.stack(
            [x - bend * t**2 + 0.02, 0.12 + rng.uniform(0.6, 0.62) * t, z + sign * split * np.minimum(0.55 + t, 1.0)],
            axis=1,
        )
        parts.append(Part(f"claw_{name}", chain(points, list(0.12 - 0.05 * t)), paint, metal, movable=True))
    top = cylinder((x + 0.1, 0, z), (x + 0.24, 0, z), 0.11, 0.02)
    return [
        *parts,
        Part("wedge", top, wood_grain(rng), palette.WOOD, movable=True),
        _collar(rng, x - 0.25, z, 0.17),
    ]


def _ball_peen(rng) -> list[Part]:
    z, x = 0.26, rng.uniform(0.75, 0.85)
    paint, metal = _steel(rng)
    barrel = lathe([(0, -0.3), (0.15, -0.3), (0.2, -0.12), (0.2, 0.12), (0.13, 0.3), (0, 0.3)], 0.02)
    upright = moved(rotated(barrel, (1, 0, 0), 90), (x, 0, z))
    face = cylinder((x, -0.24, z), (x, -rng.uniform(0.48, 0.56), z), rng.uniform(0.19, 0.24), 0.05)
    ball = sphere((x, rng.uniform(0.4, 0.46), z), rng.uniform(0.17, 0.21))
    top = cylinder((x + 0.1, 0, z), (x + 0.26, 0, z), 0.11, 0.02)
    shiny = Plain(shade(paint.color, 1.25))
    return [
        *_handle(rng, z, x),
        Part("head", upright, paint, metal),
        Part("face", face, shiny, metal, movable=True),
        Part("peen", ball, shiny, metal, movable=True),
        Part("wedge", top, wood_grain(rng), palette.WOOD, movable=True),
        _collar(rng, x - 0.28, z, 0.18),
    ]


def _mallet(rng) -> list[Part]:
    """A wooden or rubber mallet: a block, or a barrel with hoops, with caps at both ends."""
    half, radius = rng.uniform(0.5, 0.62), rng.uniform(0.27, 0.34)
    z, x = radius, rng.uniform(0.72, 0.82)
    color = tint(rng, (*palette.TOY, palette.CHARCOAL))
    wood = rng.random() < 0.55
    paint = wood_grain(rng, (0.1, 1.0, 0.1)) if wood else Plain(color)
    block = rng.random() < 0.4
    body = box((x, 0, z), (radius * 0.95, half, radius), 0.08) if block else _barrel((x, 0, z), half, radius)
    parts = [*_handle(rng, z, x + radius * 0.8), Part("head", body, paint, palette.WOOD if wood else palette.RUBBER)]
    second = Plain(contrast(rng, color))
    for name, sign in (("left", 1), ("right", -1)):
        cap = cylinder(
            (x, sign * (half - 0.06), z), (x, sign * (half + 0.07), z), radius * (0.8 if block else 0.88), 0.05
        )
        parts.append(Part(f"cap_{name}", cap, second, palette.RUBBER, movable=True))
        if not block:
            hoop = torus((x, sign * half * 0.5, z), radius + 0.0, 0.06, (0, 1, 0))
            parts.append(Part(f"hoop_{name}", hoop, Plain(pick(rng, palette.METALS)), palette.METAL, movable=True))
    tip = cylinder((x + radius * 0.7, 0, z), (x + radius + 0.09, 0, z), 0.13, 0.03)
    return [*parts, Part("wedge", tip, wood_grain(rng), palette.WOOD, movable=True)]


def _barrel(center, half: float, radius: float) -> Field:
    profile = [
        (0, -half),
        (radius * 0.88, -half),
        (radius * 0.98, -half * 0.5),
        (radius, 0),
        (radius * 0.98, half * 0.5),
        (radius * 0.88, half),
        (0, half),
    ]
    return moved(rotated(lathe(profile, 0.03), (1, 0, 0), 90), center)


def _toy(rng) -> list[Part]:
    """A squeaky hammer: a bright block with bellows at both ends and a badge on top."""
    radius, x = rng.uniform(0.3, 0.36), rng.uniform(0.72, 0.8)
    z, color = radius + 0.03, tint(rng)
    ends = contrast(rng, color)
    parts = [
        *_handle(rng, z, x),
        Part("head", box((x, 0, z), (radius * 0.9, 0.3, radius * 0.92), 0.1), Plain(color), palette.PLASTIC),
    ]
    folds = int(rng.integers(2, 4))
    for name, sign in (("left", 1), ("right", -1)):
        rings = [torus((x, sign * (0.34 + 0.13 * k), z), radius - 0.1, 0.105, (0, 1, 0)) for k in range(folds)]
        core = cylinder((x, sign * 0.1, z), (x, sign * (0.34 + 0.13 * folds), z), radius - 0.08, 0.05)
        parts.append(Part(f"bellows_{name}", union(core, *rings), Plain(ends), palette.RUBBER, movable=True))
    badge = extrude([(x + a, b) for a, b in motifs.draw(rng, 0.24)], z + radius * 0.7, z + radius * 0.92 + 0.06, 0.01)
    return [
        *parts,
        Part("badge", badge, Plain(contrast(rng, color)), palette.PLASTIC, movable=True),
        _collar(rng, x - radius - 0.08, z, 0.19),
    ]


TOYS = {"hammer": hammer}
