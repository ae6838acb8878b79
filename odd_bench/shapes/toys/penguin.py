"""Penguins: emperor, Adélie, rockhopper and downy chick; some wear a scarf or a hat."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Inlay, Pattern, Plain, Stripes
from odd_bench.shapes.sdf import Field, capsule, chain, ellipsoid, rotated, smooth_union, sphere, torus, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import plate, smooth_outline
from odd_bench.shapes.toys.draws import chance, contrast, pick, shade, tint
from odd_bench.shapes.toys.eyes import bead_eye, eye
from odd_bench.shapes.toys.placing import lowered


def penguin(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, ("emperor", "adelie", "rockhopper", "chick"))
    slim = rng.uniform(0.88, 1.1)
    tall = rng.uniform(0.72, 0.86) * (0.82 if kind == "chick" else 1.0)
    girth = 0.54 * slim * (1.12 if kind == "chick" else 1.0)
    head_radius = rng.uniform(0.36, 0.43)
    head = np.array([0.08, 0.0, 0.12 + 1.85 * tall + 0.2 * head_radius])
    body = smooth_union(0.25, ellipsoid((0, 0, 0.1 + tall), (0.92 * girth, girth, tall)), sphere(head, head_radius))
    coat = tint(
        rng,
        (palette.GREY, (0.62, 0.6, 0.6))
        if kind == "chick"
        else (palette.BLACK, palette.CHARCOAL, palette.NAVY, (0.15, 0.25, 0.45)),
        0.03,
    )
    bill = tint(rng, (palette.ORANGE, palette.YELLOW, (0.9, 0.35, 0.15)))
    material = pick(rng, (palette.PLASTIC, palette.SATIN, palette.RUBBER, palette.PLUSH, palette.CERAMIC))
    paint = _coat(rng, kind, coat, girth, tall, head, head_radius)
    parts = [Part("body", body, paint, material)]
    parts += _flippers(rng, girth, tall, coat, material)
    parts += _feet_and_tail(rng, girth, bill, coat, material)
    parts += _face(rng, kind, head, head_radius, bill)
    if kind == "rockhopper":
        parts += _crest(rng, head, head_radius)
    if chance(rng, 0.5):
        parts += _clothes(rng, head, head_radius, coat)
    return lowered(parts, 1.1)


def _coat(rng, kind: str, coat: Color, girth: float, tall: float, head: np.ndarray, head_radius: float) -> Pattern:
    white = tint(rng, (palette.WHITE, palette.CREAM), 0.02)
    belly = ellipsoid((0.75 * girth, 0, 0.05 + 0.9 * tall), (0.9 * girth, rng.uniform(0.7, 0.85) * girth, 0.95 * tall))
    paint: Pattern = Inlay(Plain(coat), Plain(white), belly)
    if kind == "emperor":
        glow = tint(rng, (palette.YELLOW, palette.ORANGE))
        paint = Inlay(paint, Plain(glow), sphere((0.8 * girth, 0, head[2] - 1.35 * head_radius), 0.27))
        return Inlay(paint, Plain(glow), _pair(head, head_radius, (0.1, 0.95, -0.15), 0.17))
    if kind == "chick":
        cap = Inlay(paint, Plain(palette.BLACK), sphere(head, 1.05 * head_radius))
        return Inlay(cap, Plain(white), _pair(head, head_radius, (0.75, 0.5, 0.0), 0.75 * head_radius))
    if kind == "adelie" and chance(rng, 0.6):
        return Inlay(paint, Plain(white), _pair(head, head_radius, (0.85, 0.5, 0.1), 0.62 * head_radius))
    return paint


def _pair(head: np.ndarray, head_radius: float, direction, radius: float) -> Field:
    x, y, z = np.asarray(direction, float) / np.linalg.norm(direction)
    return union(*(sphere(head + head_radius * np.array([x, s * y, z]), radius) for s in (1, -1)))


def _flippers(rng, girth: float, tall: float, coat: Color, material: Material) -> list[Part]:
    long, wide = rng.uniform(0.8, 0.95) * tall, rng.uniform(0.3, 0.38)
    outline = smooth_outline(
        [
            (0, -0.1),
            (0.3 * long, -0.5 * wide),
            (0.75 * long, -0.35 * wide),
            (long, 0),
            (0.7 * long, 0.5 * wide),
            (0, 0.15),
        ],
        22,
    )
    lift, swing = rng.uniform(0.35, 1.1), rng.uniform(-0.25, 0.35)
    parts = []
    for side, s in SIDES:
        out = s * np.tan(lift * 0.8)
        origin = (0, s * 0.78 * girth, 0.1 + 1.45 * tall)
        field = plate(outline, 0.15, origin, (swing, out, -1.0), (1.0, 0, swing))
        parts.append(Part(f"flipper_{side}", field, Plain(coat), material, blend=0.08, movable=True))
    return parts


def _feet_and_tail(rng, girth: float, bill: Color, coat: Color, material: Material) -> list[Part]:
    apart, long, splay = rng.uniform(0.45, 0.55) * girth, rng.uniform(0.3, 0.38), rng.uniform(0.2, 0.5)
    parts = []
    for side, s in SIDES:
        heel = np.array([0.1, s * apart, 0.1])
        toes = [
            capsule(heel, heel + [long * np.cos(a) + 0.1, long * np.sin(a), -0.02], 0.1, 0.075)
            for a in s * splay + np.array([-0.42, 0.0, 0.42])
        ]
        foot = union(*toes, ellipsoid(heel + [0.2, s * 0.05, 0.0], (0.3, 0.2, 0.1)))
        parts.append(Part(f"foot_{side}", foot, Plain(bill), material, blend=0.02, movable=True))
    tail = capsule((-0.7 * girth, 0, 0.35), (-1.1 * girth - 0.1, 0, 0.12), 0.17, 0.06)
    return [*parts, Part("tail", tail, Plain(coat), material, blend=0.08, movable=True)]


def _face(rng, kind: str, head: np.ndarray, radius: float, bill: Color) -> list[Part]:
    long, droop = rng.uniform(0.24, 0.36), rng.uniform(-0.1, 0.02)
    root = head + [0.85 * radius, 0, -0.1 * radius]
    upper = capsule(root, root + [long, 0, droop], 0.12, 0.035)
    lower = capsule(root - [0, 0, 0.07], root + [0.75 * long, 0, droop - 0.06], 0.09, 0.03)
    parts = [
        Part("beak", upper, Plain(bill), palette.PLASTIC, blend=0.02, movable=True),
        Part("beak", lower, Plain(shade(bill, 0.8)), palette.PLASTIC, movable=True),
    ]
    iris = (
        tint(rng, ((0.7, 0.2, 0.15), (0.3, 0.5, 0.8), palette.YELLOW))
        if kind == "rockhopper" or chance(rng, 0.2)
        else None
    )
    size = rng.uniform(0.3, 0.36) * radius
    for side, s in SIDES:
        direction = np.array([0.8, s * 0.55, 0.28])
        at = head + (radius - 0.35 * size) * direction / np.linalg.norm(direction)
        if kind in ("chick", "emperor") and iris is None:
            parts.append(bead_eye(f"eye_{side}", at, direction, 0.8 * size, movable=False))
        else:
            parts.append(eye(f"eye_{side}", at, direction, size, iris, rng.uniform(0.5, 0.65), movable=False))
    return parts


def _crest(rng, head: np.ndarray, radius: float) -> list[Part]:
    """Yellow plumes above the eyes."""
    color, rise = tint(rng, (palette.YELLOW, (0.98, 0.9, 0.35))), rng.uniform(0.15, 0.4)
    parts = []
    for side, s in SIDES:
        root = head + radius * np.array([0.55, s * 0.6, 0.5])
        ends = [root + [-0.25 - 0.08 * i, s * (0.22 + 0.07 * i), rise * (1 - 0.5 * i)] for i in range(3)]
        plumes = union(*(chain([root, (root + e) / 2 + [0, 0, 0.06], e], [0.075, 0.065, 0.035]) for e in ends))
        parts.append(Part(f"crest_{side}", plumes, Plain(color), palette.PLUSH, movable=True))
    return parts


def _clothes(rng, head: np.ndarray, radius: float, coat: Color) -> list[Part]:
    color = contrast(rng, coat)
    knit = Stripes(
        color,
        contrast(rng, color, (palette.WHITE, palette.YELLOW, palette.PINK)),
        (0, 0.5, 1),
        rng.uniform(0.12, 0.2),
        0.4,
    )
    neck = head[2] - 0.95 * radius
    if chance(rng, 0.6):
        ring = torus((0.02, 0, neck), 0.95 * radius + 0.03, 0.12)
        end = chain(
            [(0.9 * radius, 0.15, neck), (1.25 * radius, 0.2, neck - 0.2), (1.3 * radius, 0.2, neck - 0.5)],
            [0.1, 0.11, 0.12],
        )
        return [
            Part("scarf", ring, knit, palette.CLOTH),
            Part("scarf_end", end, knit, palette.CLOTH, blend=0.03, movable=True),
        ]
    top = head[2] + 0.85 * radius
    about, lean = tuple(head), rng.uniform(-20, 20)
    pieces = [
        (ellipsoid((head[0], 0, top - 0.1), (0.95 * radius, 0.95 * radius, 0.3)), knit),
        (torus((head[0], 0, top - 0.2), 0.83 * radius, 0.09), Plain(color)),
        (sphere((head[0], 0, top + 0.22), 0.12), Plain(palette.WHITE)),
    ]
    return [Part("hat", rotated(f, (1, 0, 0), lean, about), p, palette.FELT, movable=True) for f, p in pieces]


TOYS = {"penguin": penguin}
