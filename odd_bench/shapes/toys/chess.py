"""Chess pieces: pawn, rook, knight, bishop, queen and king on turned feet of one family."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Inlay, Plain
from odd_bench.shapes.sdf import box, capsule, cylinder, ellipsoid, extrude, frustum, rotated, sphere, torus, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.chess_stand import Look, collar, draw_look, foot
from odd_bench.shapes.toys.curves import smooth_outline
from odd_bench.shapes.toys.draws import pick, shade
from odd_bench.shapes.toys.turned import curve, solid


def chess(rng: np.random.Generator) -> list[Part]:
    piece = pick(rng, (_pawn, _rook, _knight, _bishop, _queen, _king))
    return piece(rng, draw_look(rng))


def _pawn(rng, look: Look) -> list[Part]:
    wide, z = rng.uniform(0.5, 0.68), rng.uniform(0.75, 1.1)
    radius = rng.uniform(0.3, 0.42)
    ball = sphere((0, 0, z + 0.12 + radius * 0.85), radius)
    return [
        *foot(rng, look, wide, z, 0.2),
        *collar(rng, look, z, rng.uniform(0.36, 0.44)),
        Part("head", ball, look.paint, look.material),
    ]


def _rook(rng, look: Look) -> list[Part]:
    wide, z = rng.uniform(0.58, 0.68), rng.uniform(0.75, 0.95)
    neck, tower, tall = rng.uniform(0.34, 0.4), rng.uniform(0.46, 0.54), rng.uniform(0.4, 0.5)
    low = z + 0.1
    wall = frustum((0, 0, low - 0.05), (0, 0, low + tall), tower * 0.88, tower, 0.02)
    bricks = look.paint
    pit = cylinder((0, 0, low + tall - 0.08), (0, 0, low + tall + 0.6), tower - 0.16)
    parts = [
        *foot(rng, look, wide, z, neck),
        *collar(rng, look, z, tower * 1.05, 0.85),
        Part("tower", wall, bricks, look.material),
    ]
    count, slit = int(rng.integers(4, 7)), Plain(shade(look.felt, 0.4))
    gap = 2 * np.pi / count
    for k in range(count):
        arc = np.linspace(-0.3 * gap, 0.3 * gap, 5) + k * gap
        outline = [
            (r * np.cos(a), r * np.sin(a)) for r, sweep in ((tower, arc), (tower - 0.17, arc[::-1])) for a in sweep
        ]
        parts.append(
            Part(
                f"merlon_{k + 1}",
                extrude(outline, low + tall - 0.14, low + tall + 0.18, 0.015),
                look.paint,
                look.material,
                movable=True,
            )
        )
    door = union(
        box((tower * 0.85, 0, low + 0.12), (0.12, 0.085, 0.1)),
        cylinder((tower * 0.6, 0, low + 0.22), (tower * 1.0, 0, low + 0.22), 0.085),
    )
    return [
        *parts,
        Part("pit", pit, look.trim, look.material, cut=True),
        Part("door", door, slit, look.material, movable=True),
    ]


def _knight(rng, look: Look) -> list[Part]:
    wide, z = rng.uniform(0.58, 0.66), rng.uniform(0.5, 0.6)
    size, width = rng.uniform(0.84, 0.96), rng.uniform(0.2, 0.26)
    head = [
        (-0.36, 0.0),
        (-0.5, 0.35),
        (-0.42, 0.8),
        (-0.15, 1.12),
        (0.1, 1.2),
        (0.28, 1.05),
        (0.58, 0.78),
        (0.62, 0.62),
    ]
    head += [(0.5, 0.53), (0.22, 0.62), (0.12, 0.5), (0.3, 0.25), (0.38, 0.0)]
    outline = smooth_outline([(size * x - 0.03, z + size * y) for x, y in head], 40)
    body = rotated(extrude(outline, -width, width, 0.09), (1, 0, 0), 90)
    spine = np.array([(-0.5, 0.3), (-0.53, 0.5), (-0.45, 0.8), (-0.25, 1.08), (0.02, 1.24)]) * size + [-0.02, z]
    lumps = [capsule((x, 0, y), (x - 0.08, 0, y - 0.1), 0.11, 0.08) for x, y in _along(spine, int(rng.integers(6, 10)))]
    parts = [
        *foot(rng, look, wide, z, 0.42),
        Part("head", body, look.paint, look.material),
        Part("mane", union(*lumps), look.trim, look.material, movable=True),
        Part(
            "muzzle",
            ellipsoid((0.52 * size, 0, z + 0.67 * size), (0.16, width * 1.1, 0.15)),
            look.paint,
            look.material,
            blend=0.05,
        ),
    ]
    for side, sign in (("left", 1), ("right", -1)):
        ear = capsule(
            (-0.04, sign * 0.12, z + 1.08 * size),
            (-0.08, sign * 0.17, z + 1.08 * size + rng.uniform(0.26, 0.32)),
            0.11,
            0.05,
        )
        eye = np.array([0.2 * size, sign * width, z + 0.88 * size])
        paint = Inlay(Plain(palette.WHITE), Plain(palette.BLACK), sphere(eye + [0.03, sign * 0.07, 0], 0.06))
        nostril = sphere((0.58 * size, sign * width * 0.85, z + 0.72 * size), 0.055)
        parts.append(Part(f"ear_{side}", ear, look.paint, look.material, movable=True))
        parts.append(Part(f"eye_{side}", sphere(eye, 0.085), paint, palette.PLASTIC))
        parts.append(Part(f"nostril_{side}", nostril, Plain(palette.BLACK), palette.PLASTIC))
    bridle = torus((0.33 * size, 0, z + 0.78 * size), 0.27 * size, 0.055, (0.8, 0, -0.5))
    return [*parts, Part("bridle", bridle, Plain(palette.GOLD), palette.METAL, 0.05, movable=True)]


def _along(points: np.ndarray, count: int) -> np.ndarray:
    """(count, 2) points of a polyline, evenly spaced in its parameter."""
    t = np.linspace(0, len(points) - 1, count)
    return np.stack([np.interp(t, np.arange(len(points)), points[:, k]) for k in range(2)], axis=1)


def _bishop(rng, look: Look) -> list[Part]:
    wide, z = rng.uniform(0.55, 0.64), rng.uniform(0.95, 1.1)
    fat, tall = rng.uniform(0.31, 0.37), rng.uniform(0.55, 0.66)
    mitre = solid(
        curve(
            [
                (fat * 0.62, z + 0.06),
                (fat, z + 0.06 + 0.35 * tall),
                (fat * 0.75, z + 0.06 + 0.7 * tall),
                (0.1, z + 0.06 + tall),
            ],
            6,
        )
    )
    slit_at = (fat * 0.75, 0, z + 0.2 + 0.55 * tall)
    slit = rotated(box(slit_at, (0.4, 1, 0.045)), (0, 1, 0), rng.uniform(-60, -40), slit_at)
    return [
        *foot(rng, look, wide, z, 0.2),
        *collar(rng, look, z, rng.uniform(0.34, 0.4)),
        Part("mitre", mitre, look.paint, look.material),
        Part("slit", slit, look.trim, look.material, cut=True),
        Part("finial", sphere((0, 0, z + 0.1 + tall), rng.uniform(0.12, 0.15)), look.trim, look.material, movable=True),
    ]


def _queen(rng, look: Look) -> list[Part]:
    wide, z = rng.uniform(0.56, 0.66), rng.uniform(0.95, 1.1)
    rim, tall = rng.uniform(0.38, 0.45), rng.uniform(0.36, 0.46)
    crown = solid(curve([(rim * 0.6, z + 0.06), (rim * 0.68, z + 0.06 + tall * 0.4), (rim, z + 0.06 + tall)], 6))
    top, count = z + 0.06 + tall, int(rng.integers(5, 9))
    parts = [
        *foot(rng, look, wide, z, 0.22),
        *collar(rng, look, z, rim * 1.0),
        Part("crown", crown, look.paint, look.material),
    ]
    for k in range(count):
        a = 2 * np.pi * k / count
        x, y = (rim - 0.05) * np.cos(a), (rim - 0.05) * np.sin(a)
        point = capsule((x * 0.9, y * 0.9, top - 0.12), (x * 1.08, y * 1.08, top + 0.08), 0.085, 0.075)
        parts.append(Part(f"point_{k + 1}", point, look.trim, look.material, movable=True))
    dome = ellipsoid((0, 0, top), (rim * 0.66, rim * 0.66, 0.16))
    return [
        *parts,
        Part("dome", dome, look.paint, look.material),
        Part("orb", sphere((0, 0, top + 0.2), rng.uniform(0.11, 0.14)), look.trim, look.material, movable=True),
    ]


def _king(rng, look: Look) -> list[Part]:
    wide, z = rng.uniform(0.56, 0.66), rng.uniform(0.95, 1.06)
    rim, tall = rng.uniform(0.36, 0.42), rng.uniform(0.34, 0.42)
    crown = solid(curve([(rim * 0.58, z + 0.06), (rim * 0.72, z + 0.06 + tall * 0.5), (rim, z + 0.06 + tall)], 6))
    top = z + 0.06 + tall
    dome = ellipsoid((0, 0, top), (rim * 0.9, rim * 0.9, 0.14))
    arm, thick = rng.uniform(0.13, 0.16), rng.uniform(0.05, 0.07)
    cross = union(
        box((0, 0, top + 0.24), (0.06, thick, 0.2), 0.03),
        box((0, 0, top + 0.29), (0.06, arm, thick), 0.03),
    )
    return [
        *foot(rng, look, wide, z, 0.22),
        *collar(rng, look, z, rim * 1.05),
        Part("crown", crown, look.paint, look.material),
        Part("crown_ring", torus((0, 0, top - 0.02), rim - 0.01, 0.06), look.trim, look.material, movable=True),
        Part("dome", dome, look.paint, look.material),
        Part("cross", cross, look.trim, look.material, movable=True),
    ]


TOYS = {"chess": chess}
