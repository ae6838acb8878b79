"""Toppings of sweet things: cherries, strawberries, candies, cream, candles, sprinkles and runny icing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Confetti, Inlay, Pattern, Plain, Sectors, Spots, Stripes
from odd_bench.shapes.poses import Vector
from odd_bench.shapes.sdf import Field, capsule, chain, cylinder, grown, intersection, scattered, sphere, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import heart_outline, plate, star_outline
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint

ICING = Material("icing", roughness=0.3, coat=0.5)
BAKED = Material("baked dough", roughness=0.85, bump=0.4)
CHOCOLATE = Material("chocolate", roughness=0.35, coat=0.3)
CHOCOLATES = ((0.3, 0.16, 0.09), (0.22, 0.11, 0.07), (0.45, 0.26, 0.15))
ICINGS = (
    (0.95, 0.62, 0.72),
    (0.97, 0.94, 0.88),
    (0.62, 0.82, 0.9),
    (0.72, 0.87, 0.62),
    (0.8, 0.7, 0.9),
    (0.98, 0.85, 0.5),
    *CHOCOLATES,
)


def cherry(rng: np.random.Generator, name: str, at: Vector, radius: float) -> list[Part]:
    """A cherry with its stalk."""
    center, lean = np.asarray(at, float), rng.uniform(-0.6, 0.6, 2)
    red = tint(rng, (palette.RED, (0.7, 0.05, 0.15)), 0.04)
    top = center + [0, 0, 0.85 * radius]
    path = [
        top,
        top + [0.3 * lean[0] * radius, 0.3 * lean[1] * radius, radius],
        top + [lean[0] * radius, lean[1] * radius, 1.9 * radius],
    ]
    return [
        Part(name, sphere(center, radius), Plain(red), palette.BEAD, movable=True),
        Part(name, chain(path, [0.045, 0.04, 0.05]), Plain(shade(palette.GREEN, 0.6)), palette.PLASTIC, movable=True),
    ]


def strawberry(rng: np.random.Generator, name: str, at: Vector, radius: float) -> list[Part]:
    """A strawberry that stands on its leaves, with its point upwards."""
    center = np.asarray(at, float)
    flesh = capsule(center, center + [0, 0, 0.9 * radius], radius, 0.45 * radius)
    paint = Spots(tint(rng, (palette.RED,), 0.04), palette.YELLOW, 0.34 * radius, 0.07 * radius, 0.9, seed_from(rng))
    angles = np.arange(6) * np.pi / 3
    leaves = union(
        *(
            capsule(
                center + [0, 0, -0.75 * radius], center + radius * np.array([np.cos(a), np.sin(a), -0.45]), 0.06, 0.045
            )
            for a in angles
        )
    )
    return [
        Part(name, flesh, paint, palette.SATIN, movable=True),
        Part(name, leaves, Plain(palette.GREEN), palette.SATIN, movable=True),
    ]


def dollop(name: str, at: Vector, radius: float, color: Color) -> Part:
    """A piped star of cream."""
    base = np.asarray(at, float)
    field = capsule(base, base + [0, 0, 1.15 * radius], radius, 0.3 * radius)

    def ribbed(p):
        turn = np.arctan2(p[:, 1] - base[1], p[:, 0] - base[0]) + 2.0 * (p[:, 2] - base[2]) / radius
        return field(p) + 0.06 * radius * np.cos(7 * turn)

    return Part(name, ribbed, Plain(color), ICING, movable=True)


def candle(rng: np.random.Generator, name: str, at: Vector, height: float) -> list[Part]:
    """A striped candle with a flame. at: (3,) its foot, which should lie inside the cake."""
    foot, color = np.asarray(at, float), tint(rng)
    tip = foot + [0, 0, height]
    wax = Stripes(color, pick(rng, (palette.WHITE, contrast(rng, color))), (0.5, 0.3, 1), 0.14, 0.45)
    flame = capsule(tip + [0, 0, 0.07], tip + [0, 0, 0.22], 0.085, 0.03)
    return [
        Part(name, cylinder(foot, tip, 0.075, 0.02), wax, palette.PLASTIC, movable=True),
        Part(
            name,
            flame,
            Inlay(Plain(palette.ORANGE), Plain(palette.YELLOW), sphere(tip + [0, 0, 0.04], 0.12)),
            palette.BEAD,
            movable=True,
        ),
    ]


def candy(rng: np.random.Generator, name: str, at: Vector, normal: Vector, size: float) -> Part:
    """A heart, star, ball or button on a surface. normal: (3,) of the surface at `at`. size: radius of the candy."""
    center, n = np.asarray(at, float), np.asarray(normal, float) / np.linalg.norm(normal)
    right = np.cross(n, [0.3, 1.0, 0.2])
    up = np.cross(right, n)
    kind, color = pick(rng, ("heart", "star", "ball", "button")), tint(rng)
    if kind == "ball":
        return Part(name, sphere(center, 0.8 * size), Plain(color), palette.BEAD, movable=True)
    if kind == "button":
        return Part(
            name,
            cylinder(center - 0.6 * size * n, center + 0.5 * size * n, size, 0.04),
            Plain(color),
            palette.BEAD,
            movable=True,
        )
    outline = heart_outline(2.1 * size) if kind == "heart" else star_outline(1.15 * size, 0.6 * size, 5)
    return Part(name, plate(outline, 1.1 * size, center, right, up), Plain(color), palette.BEAD, movable=True)


def sprinkles(
    rng: np.random.Generator, points: np.ndarray, normals: np.ndarray, length: float = 0.07, radius: float = 0.03
) -> Part:
    """Sugar strands on a surface, as one part. points, normals: (k, 3) of the surface."""
    across = np.cross(normals, rng.normal(size=points.shape))
    half_axes = length * across / np.linalg.norm(across, axis=1, keepdims=True)
    colors = tuple(tint(rng, palette.TOY, 0.03) for _ in range(5)) if rng.random() < 0.75 else (tint(rng, CHOCOLATES),)
    paint = Confetti(tuple(tuple(float(x) for x in p) for p in points), colors)
    return Part("sprinkles", scattered(points, half_axes, radius), paint, palette.BEAD)


def runny(field: Field, thickness: float, edge: Callable[[np.ndarray], np.ndarray]) -> Field:
    """A coat over a solid down to a wavy rim. edge: maps (n,) angles around z, in radians, to (n,) heights of the rim."""
    return intersection(grown(field, thickness), lambda p: 0.8 * (edge(np.arctan2(p[:, 1], p[:, 0])) - p[:, 2]))


def drips(rng: np.random.Generator, level: float, depth: float) -> Callable[[np.ndarray], np.ndarray]:
    """A rim with rounded drips between `depth / 2` above and below `level`; see `runny`."""
    waves = int(rng.integers(5, 9))
    phase, other = rng.uniform(0, 6.28, 2)
    share = rng.uniform(0.3, 0.6)
    return lambda a: (
        level - 0.5 * depth * ((1 - share) * np.cos(waves * a + phase) + share * np.cos((waves + 3) * a + other))
    )


def spread_out(rng: np.random.Generator, count: int, low: float, high: float, apart: float) -> np.ndarray:
    """(k, 2) random points in a ring between two radii, at least `apart` from each other; k is at most `count`."""
    kept: list[np.ndarray] = []
    for _ in range(40 * count):
        radius, angle = np.sqrt(rng.uniform(low**2, high**2)), rng.uniform(0, 2 * np.pi)
        point = radius * np.array([np.cos(angle), np.sin(angle)])
        if len(kept) < count and all(np.linalg.norm(point - k) >= apart for k in kept):
            kept.append(point)
    return np.array(kept)


def sugared(color: Color, rng: np.random.Generator) -> Pattern:
    """Plain, swirled or dotted icing."""
    other = pick(rng, (shade(color, 0.85), shade(color, 1.4), palette.CREAM))
    return pick(
        rng,
        (
            Plain(color),
            Plain(color),
            Sectors(color, other, int(rng.integers(6, 14)), 0.4, 0.0, 0.6),
            Spots(color, other, 0.3, 0.06, 0.7, seed_from(rng)),
        ),
    )
