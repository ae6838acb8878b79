"""Cupcakes in a pleated paper case: with a piped swirl, an iced dome or rosettes, or a muffin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes import noise
from odd_bench.shapes.patterns import Color, Gradient, Mottled, Pattern, Plain, Sectors, Spots
from odd_bench.shapes.sdf import capsule, chain, cut, cylinder, displaced, ellipsoid, frustum, scattered, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette, toppings
from odd_bench.shapes.toys.draws import chance, contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.placing import lowered

PAPER = Material("pleated paper", roughness=0.85)


def cupcake(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, ("swirl", "dome", "rosettes", "muffin"))
    wide, tall, taper = rng.uniform(0.74, 0.86), rng.uniform(0.66, 0.82), rng.uniform(0.68, 0.8)
    color = tint(rng, toppings.ICINGS, 0.03)
    parts = [_case(rng, wide, tall, taper, color)]
    top = {"swirl": _swirl, "dome": _dome, "rosettes": _rosettes, "muffin": _muffin}[kind]
    return lowered(parts + top(rng, wide, tall, color), 0.9)


def _case(rng, wide: float, tall: float, taper: float, icing: Color) -> Part:
    """The pleated paper case."""
    folds = int(rng.integers(16, 25))
    cup = frustum((0, 0, 0), (0, 0, tall), taper * wide, wide, 0.04)
    fluted = displaced(
        cup,
        lambda p: np.cos(folds * np.arctan2(p[:, 1], p[:, 0])) * (np.abs(p[:, 2] - tall / 2) < tall / 2 - 0.03),
        0.045,
    )
    color = contrast(rng, icing, (*palette.TOY, *palette.PASTEL))
    other = pick(rng, (palette.WHITE, shade(color, 0.75), contrast(rng, color)))
    paint = pick(
        rng,
        (
            Sectors(color, other, folds, 0.5, 0.25),
            Plain(color),
            Spots(color, other, 0.26, 0.07, 0.85, seed_from(rng)),
            Gradient(color, other, (0, 0, 1), 0.1, tall),
        ),
    )
    return Part("body", fluted, paint, PAPER)


def _swirl(rng, wide: float, tall: float, color: Color) -> list[Part]:
    """A rope of icing wound up to a point."""
    turns, rise = rng.uniform(2.7, 3.6), rng.uniform(0.75, 0.95)
    t = np.linspace(0, 1, 44)
    out, angle = 0.66 * wide * (1 - t) ** 0.75, 2 * np.pi * turns * t
    path = np.stack([out * np.cos(angle), out * np.sin(angle), tall + 0.1 + rise * t], axis=1)
    thick = (0.33 - 0.24 * t) * wide / 0.8
    cone = capsule((0, 0, tall), (0, 0, tall + rise), 0.76 * wide, 0.12)
    other = shade(color, 0.8)
    paint: Pattern = pick(
        rng,
        (
            Plain(color),
            Gradient(other, color, (0, 0, 1), tall, tall + rise),
            Sectors(color, other, 2, 0.5, 0, -turns / rise),
        ),
    )
    parts = [Part("icing", union(chain(path, list(thick)), cone), paint, toppings.ICING)]
    steps = np.arange(5, 40, 2)
    grains = path[steps] + thick[steps, None] * np.stack(
        [0.8 * np.cos(angle[steps]), 0.8 * np.sin(angle[steps]), 0 * steps + 0.55], axis=1
    )
    if chance(rng, 0.4):
        normal = grains - path[steps]
        parts.append(toppings.sprinkles(rng, grains, normal))
    for i, step in enumerate((4, 11, 18)):
        normal = np.array([0.8 * np.cos(angle[step]), 0.8 * np.sin(angle[step]), 0.5])
        parts.append(toppings.candy(rng, f"candy_{i + 1}", path[step] + thick[step] * normal, normal, 0.17))
    return parts + _topper(rng, np.array([0, 0, tall + 0.1 + rise]), "light")


def _dome(rng, wide: float, tall: float, color: Color) -> list[Part]:
    """A sponge dome with smooth runny icing, candies and sometimes sprinkles."""
    sponge = tint(rng, ((0.88, 0.68, 0.38), (0.4, 0.23, 0.14), (0.8, 0.55, 0.3)))
    high = rng.uniform(0.4, 0.5)
    dome = union(
        ellipsoid((0, 0, tall), (1.08 * wide, 1.08 * wide, high)),
        cylinder((0, 0, tall - 0.12), (0, 0, tall), 1.0 * wide, 0.05),
    )
    coat = toppings.runny(dome, 0.06, toppings.drips(rng, tall + 0.18, rng.uniform(0.15, 0.28)))
    parts = [
        Part("sponge", dome, Mottled(sponge, shade(sponge, 0.8), 0.2, 1.5, seed_from(rng)), toppings.BAKED),
        Part("icing", coat, Plain(color), toppings.ICING),
    ]
    turn, up = rng.uniform(0, 2 * np.pi, 40), rng.uniform(0.45, 0.92, 40)
    normal = _normals(turn, up)
    radii = np.array([1.08 * wide + 0.06, 1.08 * wide + 0.06, high + 0.06])
    if chance(rng, 0.6):
        parts.append(toppings.sprinkles(rng, normal * radii + [0, 0, tall], normal))
    count = int(rng.integers(3, 6))
    normal = _normals(np.arange(count) * 2 * np.pi / count + rng.uniform(0, 6), np.full(count, 0.75))
    for i, n in enumerate(normal):
        parts.append(toppings.candy(rng, f"candy_{i + 1}", n * radii + [0, 0, tall], n / radii, 0.18))
    return parts + _topper(rng, np.array([0, 0, tall + high + 0.06]), "heavy")


def _normals(turn: np.ndarray, up: np.ndarray) -> np.ndarray:
    flat = np.sqrt(1 - up**2)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), up], axis=1)


def _rosettes(rng, wide: float, tall: float, color: Color) -> list[Part]:
    """Piped rosettes around a larger one."""
    count, size = int(rng.integers(6, 8)), rng.uniform(0.27, 0.31)
    second = pick(rng, (color, shade(color, 1.4), tint(rng, (palette.WHITE, palette.CREAM, palette.PINK))))
    parts = [
        Part(
            "sponge",
            cylinder((0, 0, tall - 0.1), (0, 0, tall + 0.12), 0.97 * wide, 0.06),
            Plain(shade(color, 0.9)),
            toppings.ICING,
        )
    ]
    core = capsule((0, 0, tall), (0, 0, tall + 0.3), 0.75 * wide, 0.3 * wide)
    parts.append(Part("cream", core, Plain(color), toppings.ICING))
    for i, angle in enumerate(np.arange(count) * 2 * np.pi / count):
        at = np.array([0.68 * wide * np.cos(angle), 0.68 * wide * np.sin(angle), tall + 0.15])
        parts.append(toppings.dollop(f"rosette_{i + 1}", at, size, second if i % 2 and count % 2 == 0 else color))
    parts.append(replace(toppings.dollop("rosette_center", (0, 0, tall + 0.3), 1.25 * size, color), movable=False))
    return parts + _topper(rng, np.array([0, 0, tall + 0.3 + 1.7 * size]), "light")


def _muffin(rng, wide: float, tall: float, color: Color) -> list[Part]:
    """A cracked bun with chocolate chips or berries."""
    seed, high = seed_from(rng), rng.uniform(0.42, 0.55)
    dough = tint(rng, ((0.85, 0.62, 0.32), (0.75, 0.5, 0.25), (0.36, 0.21, 0.13)))
    cap = cut(
        ellipsoid((0, 0, tall), (1.2 * wide, 1.2 * wide, high)),
        ellipsoid((0, 0, tall - 0.45), (1.3 * wide, 1.3 * wide, 0.35)),
    )
    craggy = displaced(cap, lambda p: noise.fractal(p * 3.5, seed, 2) - 0.5, 0.12)
    parts = [Part("bun", craggy, Mottled(shade(dough, 1.15), shade(dough, 0.75), 0.25, 1.6, seed), toppings.BAKED)]
    tone = tint(
        rng,
        ((0.25, 0.25, 0.5), (0.7, 0.12, 0.2)) if sum(dough) < 1.2 or chance(rng, 0.4) else toppings.CHOCOLATES,
        0.03,
    )
    radii = np.array([1.2 * wide, 1.2 * wide, high])
    for ring, (count, up) in enumerate(((6, 0.5), (4, 0.88))):
        turns = np.arange(count) * 2 * np.pi / count + rng.uniform(-0.25, 0.25, count) + ring
        for i, n in enumerate(_normals(turns, np.full(count, up))):
            berry = scattered([n * radii * 0.98 + [0, 0, tall]], [(0, 0, 0)], rng.uniform(0.165, 0.19))
            parts.append(Part(f"berry_{6 * ring + i + 1}", berry, Plain(tone), toppings.CHOCOLATE, movable=True))
    return parts + (_topper(rng, np.array([0, 0, tall + high]), "heavy") if chance(rng, 0.4) else [])


def _topper(rng, top: np.ndarray, weight: str) -> list[Part]:
    kind = pick(
        rng, ("cherry", "strawberry", "candle", "candy") if weight == "heavy" else ("cherry", "strawberry", "candy")
    )
    if kind == "cherry":
        return toppings.cherry(rng, "topper", top + [0, 0, 0.08], rng.uniform(0.18, 0.22))
    if kind == "strawberry":
        return toppings.strawberry(rng, "topper", top + [0, 0, 0.1], rng.uniform(0.17, 0.21))
    if kind == "candle":
        return toppings.candle(rng, "topper", top - [0, 0, 0.15], 0.6)
    return [toppings.candy(rng, "topper", top + [0, 0, 0.08], (1, -0.3, 0.4), rng.uniform(0.19, 0.22))]


TOYS = {"cupcake": cupcake}
