"""Sharks: white, tiger, whale and hammerhead sharks."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Inlay, Pattern, Plain, Spots, Stripes
from odd_bench.shapes.sdf import capsule, ellipsoid, scaled, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import plate, smooth_outline
from odd_bench.shapes.toys.draws import pick, seed_from, shade, tint
from odd_bench.shapes.toys.eyes import bead_eye
from odd_bench.shapes.toys.spindle import UPRIGHT, Spindle, spindle


def shark(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, ("white", "tiger", "whale", "hammerhead"))
    length, girth = rng.uniform(1.05, 1.2), rng.uniform(0.42, 0.52)
    nose = girth * {"white": 0.22, "tiger": 0.45, "whale": 0.75, "hammerhead": 0.45}[kind]
    body = spindle(
        [(-length, 0.09), (-0.5 * length, 0.5 * girth), (0.05, girth), (0.55 * length, 0.85 * girth), (length, nose)],
        rng.uniform(0.85, 1.0) * (1.2 if kind == "whale" else 1.0),
    )
    coat, back = _shark_coat(rng, kind, girth)
    material = pick(rng, (palette.PLASTIC, palette.SATIN, palette.RUBBER, palette.PLUSH))
    parts = [Part("body", body.field(), coat, material)]
    head_width = body.side(0.8 * length)
    if kind == "hammerhead":
        head_width = rng.uniform(0.55, 0.7)
        bar = capsule((length, -head_width, 0), (length, head_width, 0), 0.2)
        parts.append(Part("hammer", scaled(bar, (1, 1, 0.6)), coat, material, blend=0.15))
    parts += _shark_mouth(rng, body, length)
    parts += _shark_fins(rng, body, length, girth, back, material)
    for side, s in SIDES:
        x, z = (length + 0.03, 0.02) if kind == "hammerhead" else (0.78 * length, 0.12)
        y = head_width + 0.13 if kind == "hammerhead" else body.side(x, z)
        parts.append(
            bead_eye(f"eye_{side}", (x, s * (y - 0.02), z), (0.5, s, 0.3), rng.uniform(0.1, 0.12), movable=False)
        )
        gills = [
            capsule((gx, s * body.side(gx), -0.14), (gx - 0.05, s * body.side(gx), 0.12), 0.025)
            for gx in _gills(length)
        ]
        parts.append(Part(f"gills_{side}", union(*gills), Plain(shade(back, 0.45)), material, cut=True))
    return parts


def _gills(length: float) -> np.ndarray:
    return 0.42 * length - 0.1 * np.arange(4)


def _shark_coat(rng, kind: str, girth: float) -> tuple[Pattern, Color]:
    back = tint(rng, ((0.42, 0.48, 0.55), (0.3, 0.42, 0.58), (0.25, 0.55, 0.7), (0.5, 0.46, 0.42), (0.35, 0.35, 0.4)))
    upper: Pattern = Plain(back)
    if kind == "tiger":
        upper = Stripes(back, shade(back, 0.55), (1, 0, 0.15), rng.uniform(0.2, 0.3), 0.4, 0.15, 0.0, seed_from(rng))
    if kind == "whale":
        upper = Spots(back, shade(back, 1.75), rng.uniform(0.17, 0.24), 0.05, 0.95, seed_from(rng))
    belly = tint(rng, (palette.WHITE, palette.CREAM), 0.03)
    wave = rng.uniform(0.03, 0.08)
    level = -rng.uniform(0.15, 0.4) * girth
    return Inlay(upper, Plain(belly), lambda p: p[:, 2] - level - wave * np.sin(5 * p[:, 0])), back


def _shark_mouth(rng, body: Spindle, length: float) -> list[Part]:
    """An open grin under the snout with a row of teeth along its front edge."""
    x = 0.74 * length + 0.4 * (body.top(length) - 0.2)  # blunt snouts open further forward
    z, wide = -0.75 * float(body.top(x)), 0.85 * body.side(x)
    hole = ellipsoid((x, 0, z), (0.3, wide, rng.uniform(0.11, 0.15)))
    teeth = []
    for angle in np.linspace(-1.25, 1.25, 9):
        tooth_x = x + 0.2 * np.cos(angle)
        y = min(0.9 * wide, 0.8 * body.side(tooth_x)) * np.sin(angle)
        tip = max(z, -0.7 * float(body.top(tooth_x))) - 0.07
        teeth.append(capsule((tooth_x, y, tip + 0.2), (tooth_x, y, tip), 0.06, 0.025))
    return [
        Part("mouth", hole, Plain(tint(rng, ((0.6, 0.12, 0.15), (0.75, 0.3, 0.32)))), palette.RUBBER, cut=True),
        Part("teeth", union(*teeth), Plain(palette.WHITE), palette.PLASTIC, movable=True),
    ]


def _shark_fins(rng, body: Spindle, length: float, girth: float, back: Color, material: Material) -> list[Part]:
    thick, tall = rng.uniform(0.1, 0.13), rng.uniform(0.5, 0.7)
    dorsal = _blade(0.6, tall, rng.uniform(0.2, 0.4))
    x = 0.12 * length
    parts = [
        Part(
            "dorsal_fin",
            plate(dorsal, thick, (x, 0, girth - 0.12), *UPRIGHT),
            Plain(back),
            material,
            blend=0.06,
            movable=True,
        )
    ]
    rear = _blade(0.25, 0.45 * tall, 0.15)
    x = -0.6 * length
    parts.append(
        Part(
            "rear_fin",
            plate(rear, 0.09, (x, 0, body.top(x) - 0.08), *UPRIGHT),
            Plain(back),
            material,
            0.04,
            movable=True,
        )
    )
    upper, lower = rng.uniform(0.6, 0.8), rng.uniform(0.35, 0.5)
    tail = [
        (0.25, 0.06),
        (0.0, 0.2),
        (-0.35, upper),
        (-0.5, upper),
        (-0.22, 0.1),
        (-0.3, -lower),
        (-0.2, -lower),
        (0.05, -0.12),
    ]
    parts.append(
        Part(
            "tail",
            plate(smooth_outline(tail, 30), 0.1, (-length, 0, 0), *UPRIGHT),
            Plain(back),
            material,
            blend=0.06,
            movable=True,
        )
    )
    size, droop = rng.uniform(0.6, 0.8), rng.uniform(-0.5, -0.2)
    for side, s in SIDES:
        for name, x, scale in (("fin", 0.3 * length, size), ("belly_fin", -0.42 * length, 0.5 * size)):
            origin = (x, s * (body.side(x) - 0.12), -0.4 * body.top(x))
            field = plate(_blade(0.42 * scale + 0.12, scale, 0.45 * scale), thick, origin, (1, 0, 0), (0, s, droop))
            parts.append(Part(f"{name}_{side}", field, Plain(back), material, blend=0.05, movable=True))
    return parts


def _blade(root: float, height: float, sweep: float) -> np.ndarray:
    """(k, 2) outline of a swept-back fin with its root along x."""
    points = [
        (root / 2, -0.05),
        (0.0, 0.55 * height),
        (-sweep, height),
        (-sweep - 0.12, 0.95 * height),
        (-0.3 * root - 0.05, 0.4 * height),
    ]
    return smooth_outline([*points, (-root / 2, -0.05)], 22)


TOYS = {"shark": shark}
