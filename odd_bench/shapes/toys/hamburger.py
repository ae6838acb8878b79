"""Hamburgers: single, double, garden, tower and chicken, stacked between two halves of a bun."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes import noise
from odd_bench.shapes.patterns import Color, Gradient, Mottled, Plain, Stripes
from odd_bench.shapes.sdf import (
    Field,
    box,
    cylinder,
    displaced,
    ellipsoid,
    half_space,
    intersection,
    rotated,
    scattered,
    sphere,
    torus,
    union,
    warped,
)
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import plate
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.placing import lowered
from odd_bench.shapes.toys.toppings import BAKED

WET = Material("fresh slice", roughness=0.25, coat=0.4)
BUNS = ((0.83, 0.55, 0.25), (0.75, 0.45, 0.18), (0.9, 0.66, 0.35), (0.2, 0.17, 0.17))
STACKS = {
    "single": ("lettuce", "patty", "cheese", "tomato"),
    "double": ("patty", "cheese", "patty", "cheese", "pickles"),
    "garden": ("lettuce", "patty", "onion", "tomato"),
    "tower": ("patty", "cheese", "tomato", "patty", "lettuce", "pickles"),
    "chicken": ("lettuce", "cutlet", "cheese", "pickles"),
}
HEIGHTS = {"lettuce": 0.1, "patty": 0.22, "cutlet": 0.24, "cheese": 0.07, "tomato": 0.11, "onion": 0.1, "pickles": 0.1}


def hamburger(rng: np.random.Generator) -> list[Part]:
    stack = STACKS[pick(rng, tuple(STACKS))]
    radius, crust = rng.uniform(0.88, 1.0), tint(rng, BUNS, 0.04)
    low = rng.uniform(0.26, 0.34)
    crumb = shade(crust, 1.5) if sum(crust) > 1 else shade(crust, 1.15)
    bottom = cylinder((0, 0, 0), (0, 0, low), radius, 0.12)
    parts = [Part("body", bottom, Gradient(crust, crumb, (0, 0, 1), 0.4 * low, low), BAKED)]
    tall = sum(HEIGHTS[layer] for layer in stack)
    core = cylinder((0, 0, low - 0.1), (0, 0, low + tall + 0.1), 0.86 * radius, 0.02)
    parts.append(Part("sauce", core, Plain(tint(rng, (palette.CREAM, (0.8, 0.2, 0.1), (0.9, 0.7, 0.15)))), WET))
    z, seen = low, dict.fromkeys(HEIGHTS, 0)
    for layer in stack:
        seen[layer] += 1
        name = layer if stack.count(layer) == 1 else f"{layer}_{seen[layer]}"
        parts += _layer(rng, layer, name, z, radius)
        z += HEIGHTS[layer]
    parts += _top_bun(rng, z - 0.03, radius, crust, crumb)
    return lowered(parts, 0.8)


def _layer(rng, layer: str, name: str, z: float, radius: float) -> list[Part]:
    tall = HEIGHTS[layer]
    if layer == "lettuce":
        return [_lettuce(rng, name, z, radius)]
    if layer in ("patty", "cutlet"):
        return [_patty(rng, layer, name, z, radius)]
    if layer == "cheese":
        return [_cheese(rng, name, z, radius)]
    if layer == "tomato":
        return _slices(
            rng, name, z, tall, 0.56 * radius, 0.48 * radius, 3, tint(rng, (palette.RED, (0.9, 0.3, 0.2)), 0.03)
        )
    if layer == "pickles":
        return _slices(
            rng, name, z, tall, 0.43 * radius, 0.72 * radius, 4, tint(rng, ((0.45, 0.6, 0.2), (0.35, 0.5, 0.15)), 0.03)
        )
    tone, turn = pick(rng, (palette.WHITE, (0.75, 0.45, 0.65))), rng.uniform(0, np.pi)
    parts = []
    for i, s in enumerate((1, -1)):
        x, y = s * 0.42 * radius * np.array([np.cos(turn), np.sin(turn)])
        disc = cylinder((x, y, z - 0.01), (x, y, z + tall), 0.6 * radius, 0.03)
        rings = [torus((x, y, z + tall / 2), r * radius, 0.085) for r in (0.58, 0.32)]
        parts.append(Part(f"{name}_{i + 1}", union(disc, *rings), Plain(tone), WET, movable=True))
    return parts


def _lettuce(rng, name: str, z: float, radius: float) -> Part:
    """A frilly leaf, wider than the bun."""
    waves, deep, phase = int(rng.integers(7, 11)), rng.uniform(0.07, 0.1), rng.uniform(0, 6)
    color = tint(rng, ((0.45, 0.7, 0.2), (0.35, 0.6, 0.2), (0.6, 0.8, 0.35)), 0.04)
    leaf = cylinder((0, 0, z + 0.01), (0, 0, z + 0.1), 1.13 * radius, 0.04)

    def frill(p):
        q = p.copy()
        turn, r = np.arctan2(p[:, 1], p[:, 0]), np.hypot(p[:, 0], p[:, 1])
        q[:, 2] -= (
            deep * np.clip(r / radius, 0, 1.3) ** 4 * np.sin(waves * turn + phase)
            - 0.05 * np.clip(r / radius, 0, 1.3) ** 4
        )
        return q

    return Part(
        name, warped(leaf, frill), Mottled(color, shade(color, 0.75), 0.2, 1.8, seed_from(rng)), WET, movable=True
    )


def _patty(rng, layer: str, name: str, z: float, radius: float) -> Part:
    tall, seed = HEIGHTS[layer], seed_from(rng)
    color = tint(
        rng, ((0.36, 0.2, 0.12), (0.3, 0.17, 0.1)) if layer == "patty" else ((0.85, 0.58, 0.25), (0.78, 0.5, 0.2)), 0.03
    )
    disc = cylinder((0, 0, z - 0.03), (0, 0, z + tall + 0.03), 1.02 * radius, 0.11)
    rough = displaced(disc, lambda p: noise.smooth(p * 9.0, seed) - 0.5, 0.07)
    return Part(name, rough, Mottled(color, shade(color, 0.65), 0.12, 1.8, seed), BAKED, movable=True)


def _cheese(rng, name: str, z: float, radius: float) -> Part:
    """A square slice whose corners hang down."""
    color = tint(rng, ((0.98, 0.72, 0.15), (0.97, 0.82, 0.3), (0.98, 0.6, 0.12)), 0.03)
    side, droop, turn = 0.93 * radius, rng.uniform(0.25, 0.45), rng.uniform(0, 90)
    square = box((0, 0, z + 0.04), (side, side, 0.055), 0.03)

    def hang(p):
        q = p.copy()
        q[:, 2] += droop * np.maximum(np.hypot(p[:, 0], p[:, 1]) - radius, 0.0) / 0.4
        return q

    return Part(name, rotated(warped(square, hang), (0, 0, 1), turn), Plain(color), palette.SATIN, movable=True)


def _slices(rng, name: str, z: float, tall: float, size: float, out: float, count: int, color: Color) -> list[Part]:
    """Round slices next to each other that stick out of the bun."""
    start, parts = rng.uniform(0, 6), []
    for i, angle in enumerate(start + np.arange(count) * 2 * np.pi / count):
        center = np.array([out * np.cos(angle), out * np.sin(angle), z + tall / 2])
        disc = cylinder(center - [0, 0, tall / 2 + 0.01], center + [0, 0, tall / 2 + 0.02], size * 1.12, 0.04)
        disc = rotated(disc, rng.normal(size=3) * [1, 1, 0.01], rng.uniform(0, 5), tuple(center))
        parts.append(
            Part(
                f"{name}_{i + 1}", disc, Mottled(color, shade(color, 0.8), 0.2, 1.5, seed_from(rng)), WET, movable=True
            )
        )
    return parts


def _top_bun(rng, z: float, radius: float, crust: Color, crumb: Color) -> list[Part]:
    tall = rng.uniform(0.55, 0.72)
    dome: Field = intersection(
        ellipsoid((0, 0, z + 0.12), (1.03 * radius, 1.03 * radius, tall)), half_space((0, 0, z), (0, 0, -1))
    )
    paint = Gradient(crumb, crust, (0, 0, 1), z, z + 0.18)
    parts = [Part("bun_top", dome, paint, BAKED, blend=0.02)]
    top = np.array([0, 0, z + 0.12 + tall])
    if chance(rng, 0.75):
        turn, up = rng.uniform(0, 2 * np.pi, 46), rng.uniform(0.35, 0.98, 46)
        flat = np.sqrt(1 - up**2)
        normal = np.stack([flat * np.cos(turn), flat * np.sin(turn), up], axis=1)
        at = normal * [1.03 * radius, 1.03 * radius, tall] + [0, 0, z + 0.12]
        across = np.cross(normal, rng.normal(size=(46, 3)))
        seeds = scattered(at, 0.035 * across / np.linalg.norm(across, axis=1, keepdims=True), 0.032)
        parts.append(
            Part(
                "sesame",
                seeds,
                Plain(tint(rng, (palette.CREAM, palette.WHITE), 0.02) if sum(crust) > 1 else palette.CREAM),
                palette.SATIN,
            )
        )
    if chance(rng, 0.5):
        parts += _pick(rng, top)
    return parts


def _pick(rng, top: np.ndarray) -> list[Part]:
    """A wooden pick with an olive or a paper flag."""
    tip = top + [0, 0, rng.uniform(0.4, 0.5)]
    stick = Part(
        "pick", cylinder(top - [0, 0, 0.2], tip, 0.05, 0.02), Plain((0.85, 0.7, 0.45)), palette.WOOD, movable=True
    )
    if chance(rng, 0.5):
        olive = ellipsoid(top + [0, 0, 0.16], (0.16, 0.16, 0.18))
        color = tint(rng, (palette.GREEN, (0.45, 0.5, 0.15)))
        pimento = sphere(top + [0, 0, 0.33], 0.08)
        return [
            stick,
            *(
                Part("pick", f, Plain(c), palette.BEAD, movable=True)
                for f, c in ((olive, color), (pimento, palette.RED))
            ),
        ]
    flag = plate(
        [(0, -0.22), (0.5, -0.12), (0.4, 0), (0.5, 0.12), (0, 0.22)], 0.07, tip - [0, 0, 0.12], (0, -1, 0), (0, 0, 1)
    )
    color = tint(rng, palette.TOY)
    return [stick, Part("pick", flag, Stripes(color, palette.WHITE, (0, 0, 1), 0.14, 0.4), palette.SATIN, movable=True)]


TOYS = {"hamburger": hamburger}
