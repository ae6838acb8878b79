"""Fish: clown fish, goldfish, disc-shaped reef fish and trout."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Inlay, Patches, Pattern, Plain, Scales, Spots, Stripes
from odd_bench.shapes.sdf import Field, ellipsoid, half_space, scaled, torus
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import plate, smooth_outline
from odd_bench.shapes.toys.draws import chance, contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.eyes import eye
from odd_bench.shapes.toys.spindle import UPRIGHT, Spindle, fan, spindle


def fish(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, ("clown", "gold", "disc", "trout"))
    length = rng.uniform(0.85, 1.0)
    height = {"clown": 0.5, "gold": 0.62, "disc": 0.8, "trout": 0.4}[kind] * rng.uniform(0.9, 1.12)
    flatness = {"clown": 0.6, "gold": 0.8, "disc": 0.36, "trout": 0.7}[kind] * rng.uniform(0.9, 1.1)
    nose = rng.uniform(0.3, 0.45) * height
    body = spindle(
        [(-length, 0.16), (-0.55 * length, 0.5 * height), (0.0, height), (0.5 * length, 0.85 * height), (length, nose)],
        flatness,
    )
    coat, fin_color = _fish_coat(rng, kind, length)
    material = pick(rng, (palette.PLASTIC, palette.SATIN, palette.RUBBER, palette.CERAMIC, palette.PLUSH))
    lips = scaled(torus((length + 0.8 * nose, 0, -0.05), 0.1, 0.07, (1, 0, 0)), (1, 0.9, 1.0))
    lip_color = shade(fin_color, 0.8)
    parts = [
        Part("body", body.field(), coat, material),
        Part("mouth", lips, Plain(lip_color), material, blend=0.03),
        Part(
            "mouth",
            ellipsoid((length + nose, 0, -0.05), (0.15, 0.07, 0.08)),
            Plain((0.3, 0.1, 0.1)),
            material,
            cut=True,
        ),
    ]
    parts += _fish_fins(rng, kind, body, length, fin_color, material)
    return parts + _fish_eyes(rng, body, length)


def _fish_coat(rng, kind: str, length: float) -> tuple[Pattern, Color]:
    """The pattern of the body and the colour of the fins."""
    if kind == "clown":
        base = tint(rng, ((0.95, 0.45, 0.08), (0.9, 0.25, 0.1), (0.98, 0.65, 0.1)))
        coat: Pattern = Plain(base)
        for x in (0.42 * length, -0.15 * length, -0.72 * length):
            for half, color in ((rng.uniform(0.13, 0.17), palette.BLACK), (0.1, palette.WHITE)):
                coat = Inlay(coat, Plain(color), _slab(x, half))
        return coat, base
    if kind == "gold":
        base, other = (
            tint(rng, ((0.95, 0.5, 0.1), (0.9, 0.3, 0.12), (0.97, 0.75, 0.25))),
            tint(rng, (palette.WHITE, palette.CREAM), 0.03),
        )
        scales = Scales(base, shade(base, 0.8), rng.uniform(0.16, 0.22))
        coat = Patches(base, other, 0.6, rng.uniform(0.2, 0.5), seed_from(rng)) if chance(rng, 0.4) else scales
        return coat, shade(base, 1.15)
    if kind == "disc":
        base = tint(rng, palette.TOY)
        other = contrast(rng, base, (*palette.TOY, palette.BLACK, palette.WHITE))
        tilt = (1.0, 0.0, rng.uniform(-0.5, 0.5))
        return Stripes(
            base, other, tilt, rng.uniform(0.3, 0.55), rng.uniform(0.25, 0.5), 0.1, 0.3, seed_from(rng)
        ), other
    back = tint(rng, ((0.25, 0.4, 0.5), (0.3, 0.45, 0.25), (0.15, 0.35, 0.65), (0.5, 0.4, 0.25)))
    belly = tint(rng, ((0.85, 0.87, 0.88), (0.9, 0.8, 0.7)), 0.03)
    upper = pick(
        rng,
        (
            Spots(back, shade(back, 0.5), 0.16, 0.045, 0.9, seed_from(rng)),
            Stripes(back, shade(back, 0.55), (1, 0, 0.3), 0.22, 0.4, 0.15, 0.0, seed_from(rng)),
            Scales(back, shade(back, 0.75), 0.16),
        ),
    )
    line = half_space((0, 0, rng.uniform(-0.12, 0.02)), (0, 0, 1))
    return Inlay(upper, Plain(belly), line), shade(back, 1.2)


def _slab(x: float, half: float) -> Field:
    return lambda p: np.abs(p[:, 0] - x + 0.25 * p[:, 2] ** 2) - half


def _fish_fins(rng, kind: str, body: Spindle, length: float, color: Color, material: Material) -> list[Part]:
    thick = rng.uniform(0.075, 0.1)
    tall = {"clown": 0.3, "gold": 0.5, "disc": 0.6, "trout": 0.3}[kind] * rng.uniform(0.8, 1.2)
    sweep = rng.uniform(0.1, 0.3)
    dorsal = body.ridge(0.45 * length, -0.6 * length, tall, sweep, rng.uniform(0.6, 1.0))
    anal = body.ridge(-0.05 * length, -0.65 * length, 0.75 * tall, sweep, rng.uniform(0.7, 1.0)) * [1, -1]
    parts = []
    for name, outline in (("dorsal_fin", dorsal), ("anal_fin", anal)):
        paint = fan(color, (0.3 * length, 0, 0))
        parts.append(Part(name, plate(outline, thick, (0, 0, 0), *UPRIGHT), paint, material, blend=0.04, movable=True))
    reach, spread = rng.uniform(0.45, 0.65), rng.uniform(0.4, 0.6) * (1.25 if kind == "gold" else 1.0)
    notch = rng.uniform(0.3, 0.75)
    x = -length
    tail = [(x + 0.2, 0.1), (x - 0.3 * reach, 0.6 * spread), (x - reach, spread), (x - notch * reach, 0.0)]
    tail += [(a, -b) for a, b in tail[2::-1]]
    tail_field = plate(smooth_outline(tail, 28), thick, (0, 0, 0), *UPRIGHT)
    parts.append(Part("tail", tail_field, fan(color, (x + 0.3, 0, 0)), material, blend=0.05, movable=True))
    return parts + _fish_side_fins(rng, body, length, color, material, thick)


def _fish_side_fins(rng, body: Spindle, length: float, color: Color, material: Material, thick: float) -> list[Part]:
    size, droop, splay = rng.uniform(0.5, 0.65), rng.uniform(-0.6, -0.15), rng.uniform(0.55, 0.85)
    outline = smooth_outline(
        np.array([(-0.2, -0.08), (0.5, -0.3), (0.95, -0.22), (1.0, 0.12), (0.6, 0.28), (-0.2, 0.1)]) * size, 20
    )
    parts = []
    for side, s in SIDES:
        x, z = 0.22 * length, -0.15
        origin = (x, s * (body.side(x, z) - 0.03), z)
        plane = ((-0.8, s * splay, droop), (0.15, 0.25 * s, 1.0))
        paint = fan(color, origin, *plane, rays=36)
        parts.append(
            Part(f"fin_{side}", plate(outline, thick, origin, *plane), paint, material, blend=0.03, movable=True)
        )
    return parts


def _fish_eyes(rng, body: Spindle, length: float) -> list[Part]:
    radius, x = rng.uniform(0.2, 0.25), 0.74 * length
    z = 0.25 * float(body.top(x))
    iris = tint(rng, (palette.YELLOW, (0.4, 0.7, 0.9), (0.9, 0.5, 0.2))) if chance(rng, 0.5) else None
    pupil = rng.uniform(0.5, 0.7)
    return [
        eye(f"eye_{side}", (x, s * (body.side(x, z) - 0.3 * radius), z), (0.35, s, 0.15), radius, iris, pupil)
        for side, s in SIDES
    ]


TOYS = {"fish": fish}
