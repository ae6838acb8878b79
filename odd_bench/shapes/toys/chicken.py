"""Chickens: hen, rooster, chick and a plump cartoon bird."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Gradient, Inlay, Mottled, Pattern, Plain, Scales, Spots
from odd_bench.shapes.sdf import (
    capsule,
    chain,
    ellipsoid,
    half_space,
    moved,
    rotated,
    scaled,
    smooth_union,
    sphere,
    union,
)
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import smooth_path
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.eyes import bead_eye, eye
from odd_bench.shapes.toys.placing import lowered

FEATHERS = (
    palette.WHITE,
    palette.CREAM,
    palette.TAN,
    palette.BROWN,
    palette.CHARCOAL,
    (0.75, 0.4, 0.18),
    (0.6, 0.3, 0.2),
)


def chicken(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, ("hen", "rooster", "chick", "plump"))
    coat = tint(rng, (palette.YELLOW, (0.98, 0.87, 0.45)) if kind == "chick" else FEATHERS)
    material = pick(
        rng, (palette.PLASTIC, palette.SATIN, palette.RUBBER, palette.PLUSH, palette.CERAMIC, palette.PAINTED_WOOD)
    )
    girth = rng.uniform(0.5, 0.6) * (1.12 if kind == "plump" else 1.0)
    long = girth * rng.uniform(1.15, 1.3) * {"plump": 0.92, "chick": 0.9}.get(kind, 1.0)
    middle = np.array([0.0, 0.0, 0.3 + girth])
    head_radius = rng.uniform(0.28, 0.34) * {"plump": 1.35, "chick": 1.35}.get(kind, 1.0)
    rise = {"rooster": 1.35, "hen": 1.1, "chick": 0.95, "plump": 0.8}[kind] * rng.uniform(0.93, 1.07) * girth
    head = middle + [0.75 * long, 0, rise]
    rump = capsule(middle - [0.4 * long, 0, 0], middle + [-1.05 * long, 0, 0.65 * girth], 0.7 * girth, 0.2)
    neck = capsule(middle + [0.35 * long, 0, 0.2 * girth], head, 0.72 * girth, 0.8 * head_radius)
    body = smooth_union(0.15, ellipsoid(middle, (long, 0.92 * girth, girth)), rump, neck, sphere(head, head_radius))
    parts = [Part("body", body, _plumage(rng, kind, coat, head, head_radius), material)]
    parts += _legs(rng, middle, girth, material)
    parts += _wings(rng, middle, long, girth, coat, material)
    parts += _tail(rng, kind, middle - [1.0 * long, 0, -0.6 * girth], coat, material)
    return lowered(parts + _head(rng, kind, head, head_radius, coat), 1.0)


def _plumage(rng, kind: str, coat: Color, head: np.ndarray, head_radius: float) -> Pattern:
    dark, seed = shade(coat, 0.65), seed_from(rng)
    if kind == "chick":
        return Gradient(shade(coat, 0.88), coat, (0, 0, 1), 0.3, 1.2)
    pattern = pick(
        rng,
        (
            Plain(coat),
            Scales(coat, dark, rng.uniform(0.16, 0.24)),
            Spots(coat, palette.CHARCOAL if sum(coat) > 1.5 else palette.WHITE, 0.14, 0.035, 0.8, seed),
            Mottled(coat, dark, 0.25, 1.4, seed),
        ),
    )
    if kind == "rooster" or chance(rng, 0.25):  # a hackle of another colour on head and neck
        hackle = tint(rng, ((0.9, 0.55, 0.15), (0.8, 0.35, 0.12), (0.95, 0.8, 0.45), palette.WHITE))
        edge = half_space(head - [0.0, 0, 1.35 * head_radius], (-0.55, 0, -1))
        pattern = Inlay(
            pattern, Plain(hackle), lambda p: edge(p) + 0.05 * np.sin(22 * np.arctan2(p[:, 1], p[:, 0] - head[0] + 0.3))
        )
    return pattern


def _legs(rng, middle: np.ndarray, girth: float, material: Material) -> list[Part]:
    color, toe = tint(rng, (palette.ORANGE, palette.YELLOW, (0.85, 0.45, 0.2))), rng.uniform(0.3, 0.38)
    apart = rng.uniform(0.38, 0.5) * girth
    parts = []
    for side, s in SIDES:
        ankle = np.array([0.05, s * apart, 0.06])
        shank = capsule((0.0, s * apart, middle[2] - 0.6 * girth), ankle, 0.11, 0.075)
        angles = s * 0.1 + np.array([-0.65, 0.0, 0.65, np.pi])
        toes = [
            capsule(ankle, ankle + toe * np.array([np.cos(a), np.sin(a), 0]) * (0.9 if a > 3 else 1), 0.065, 0.05)
            for a in angles
        ]
        parts.append(Part(f"leg_{side}", union(shank, *toes), Plain(color), material, blend=0.02, movable=True))
    return parts


def _wings(rng, middle: np.ndarray, long: float, girth: float, coat: Color, material: Material) -> list[Part]:
    size, droop, flare = rng.uniform(0.62, 0.75) * long, rng.uniform(-5, 30), rng.uniform(5, 25)
    tip = shade(coat, rng.uniform(0.6, 0.9)) if sum(coat) > 1.0 else shade(coat, 1.3)
    paint = pick(
        rng,
        (
            Scales(shade(coat, 0.95), tip, rng.uniform(0.15, 0.24)),
            Plain(tip),
            Gradient(tip, coat, (1, 0, 0), -0.7, 0.2),
        ),
    )
    parts = []
    for side, s in SIDES:
        shoulder = middle + [0.1 * long, s * 0.84 * girth, 0.12 * girth]
        lobes = [
            capsule((0.15 * size, 0, 0), (-size * (0.95 - 0.17 * i), 0, -0.21 * size * i), 0.22 * size + 0.06, 0.1)
            for i in range(3)
        ]
        wing = scaled(union(*lobes, sphere((0.1 * size, 0, -0.1 * size), 0.36 * size)), (1, 0.42, 1))
        wing = rotated(rotated(wing, (0, 1, 0), -droop + 8), (0, 0, 1), -s * flare)
        parts.append(Part(f"wing_{side}", moved(wing, shoulder), paint, material, blend=0.03, movable=True))
    return parts


def _tail(rng, kind: str, root: np.ndarray, coat: Color, material: Material) -> list[Part]:
    if kind == "chick":
        nub = capsule(root + [0.1, 0, 0], root + [-0.28, 0, 0.22], 0.22, 0.09)
        return [Part("tail", nub, Plain(shade(coat, 0.9)), material, blend=0.05, movable=True)]
    tall, back, bend, color = rng.uniform(0.4, 0.55), 0.3, 1.1, shade(coat, rng.uniform(0.6, 0.95))
    if kind == "rooster":
        tall, back, bend = 1.5 * tall, rng.uniform(0.45, 0.6), 0.25
        color = tint(rng, ((0.08, 0.3, 0.25), (0.1, 0.2, 0.4), palette.CHARCOAL, palette.RED))
    start, plumes = root + [0.2, 0, -0.1], []
    for spread in np.linspace(-1, 1, 5):
        high = tall * (1 - 0.35 * abs(spread))
        steps = [(0, 0, 0), (-0.45 * back, 0.1, 0.75 * high), (-back, 0.25, high), (-1.6 * back, 0.36, bend * high)]
        points = [start + np.array([x, y * spread, z]) for x, y, z in steps]
        plumes.append(chain(smooth_path(points, 9), list(np.interp(np.arange(9), [0, 5, 8], [0.12, 0.13, 0.06]))))
    paint = Gradient(color, shade(color, 1.35), (0, 0, 1), root[2], root[2] + tall)
    return [Part("tail", union(*plumes), paint, material, blend=0.04, movable=True)]


def _head(rng, kind: str, head: np.ndarray, radius: float, coat: Color) -> list[Part]:
    bill, red = (
        tint(rng, (palette.YELLOW, palette.ORANGE)),
        tint(rng, (palette.RED, (0.75, 0.12, 0.2), (0.9, 0.25, 0.2))),
    )
    root, long = head + [0.85 * radius, 0, 0], rng.uniform(0.22, 0.32)
    beak = union(
        capsule(root, root + [long, 0, -0.08], 0.125, 0.04),
        capsule(root - [0, 0, 0.06], root + [0.7 * long, 0, -0.13], 0.08, 0.03),
    )
    parts = [Part("beak", beak, Plain(bill), palette.PLASTIC, movable=True)]
    size = rng.uniform(0.32, 0.4) * radius
    beady = chance(rng, 0.4)
    for side, s in SIDES:
        direction = np.array([0.6, 0.75 * s, 0.25])
        at = head + (radius - 0.3 * size) * direction / np.linalg.norm(direction)
        parts.append(
            bead_eye(f"eye_{side}", at, direction, 0.75 * size, False)
            if beady
            else eye(f"eye_{side}", at, direction, size, movable=False)
        )
    if kind == "chick":
        tuft = [
            capsule(head + [0, 0, 0.8 * radius], head + [x, 0.0, radius + 0.2], 0.08, 0.05) for x in (-0.17, 0.0, 0.12)
        ]
        return [*parts, Part("tuft", union(*tuft), Plain(shade(coat, 0.9)), palette.PLUSH, blend=0.02, movable=True)]
    count, height = int(rng.integers(4, 7)), rng.uniform(0.17, 0.26) * (1.35 if kind == "rooster" else 1.0)
    lobes = []
    for angle in np.linspace(-0.75, 0.85, count):
        foot = head + radius * 0.8 * np.array([np.sin(angle), 0, np.cos(angle)])
        lobes.append(capsule(foot, foot + (height + 0.1) * np.array([0.6 * np.sin(angle) - 0.15, 0, 1]), 0.15, 0.09))
    comb = scaled(union(*lobes), (1, 0.7, 1))
    drop = rng.uniform(0.14, 0.22)
    wattles = [ellipsoid(head + [0.85 * radius, s * 0.09, -0.3 - drop * 0.6], (0.1, 0.085, drop)) for s in (1, -1)]
    wattles.append(sphere(head + [0.8 * radius, 0, -0.22], 0.13))
    return [
        *parts,
        Part("comb", comb, Plain(red), palette.RUBBER, movable=True),
        Part("wattles", union(*wattles), Plain(red), palette.RUBBER, movable=True),
    ]


TOYS = {"chicken": chicken}
