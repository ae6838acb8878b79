"""Ice creams: scoops in a cone, soft serve, a sundae cup and a popsicle."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Checks, Mottled, Pattern, Plain, Sectors, Spots, Stripes
from odd_bench.shapes.sdf import (
    Field,
    box,
    capsule,
    chain,
    cylinder,
    displaced,
    frustum,
    lathe,
    moved,
    rotated,
    smooth_union,
    sphere,
    torus,
    union,
)
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette, toppings
from odd_bench.shapes.toys.draws import chance, contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.placing import lowered
from odd_bench.shapes.toys.popsicle import popsicle

FLAVOURS = (
    (0.97, 0.92, 0.78),
    (0.95, 0.6, 0.68),
    (0.36, 0.2, 0.12),
    (0.65, 0.88, 0.72),
    (0.98, 0.78, 0.35),
    (0.72, 0.6, 0.85),
    (0.6, 0.8, 0.93),
    (0.72, 0.82, 0.45),
)
WAFFLES = ((0.85, 0.62, 0.34), (0.78, 0.53, 0.26), (0.9, 0.72, 0.45))


def ice(rng: np.random.Generator) -> list[Part]:
    return pick(rng, (_cone, _cone, _soft_serve, _sundae, popsicle))(rng)


def _flavour(rng) -> Pattern:
    color, seed = tint(rng, FLAVOURS), seed_from(rng)
    speck = tint(rng, toppings.CHOCOLATES if sum(color) > 1.2 else (palette.WHITE, palette.TAN))
    swirl = pick(rng, FLAVOURS)
    return pick(
        rng,
        (
            Mottled(color, shade(color, 0.85), 0.3, 1.2, seed),
            Spots(color, speck, 0.17, 0.045, 0.6, seed),
            Stripes(color, swirl, (0.3, 0.4, 0.8), 0.3, 0.35, 0.4, 0.0, seed),
        ),
    )


def _waffle_cone(rng, height: float, radius: float) -> list[Part]:
    """A cone with its mouth at z = 0, its blunt tip below, and crossed ribs."""
    dough, count, pitch = tint(rng, WAFFLES, 0.04), int(rng.integers(9, 13)), rng.uniform(1.0, 1.6)
    solid = frustum((0, 0, -height), (0, 0, 0.06), 0.16, radius, 0.05)

    def ribs(p):
        turn = np.arctan2(p[:, 1], p[:, 0]) * count / 2
        return np.maximum(np.cos(turn + pitch * 5 * p[:, 2]), np.cos(turn - pitch * 5 * p[:, 2])) ** 7

    return [
        Part(
            "body",
            displaced(solid, ribs, 0.035),
            Mottled(dough, shade(dough, 0.85), 0.3, 1.0, seed_from(rng)),
            toppings.BAKED,
        ),
        Part("body", torus((0, 0, 0.02), radius, 0.07), Plain(shade(dough, 0.9)), toppings.BAKED),
    ]


def _scoop(rng, center: np.ndarray, radius: float) -> Field:
    """A ball with a ruffled skirt."""
    waves, phase = int(rng.integers(7, 12)), rng.uniform(0, 6)
    skirt = displaced(
        torus((0, 0, -0.55 * radius), 0.85 * radius, 0.15),
        lambda p: np.cos(waves * np.arctan2(p[:, 1], p[:, 0]) + phase),
        0.04,
    )
    return moved(smooth_union(0.08, sphere((0, 0, 0), radius), skirt), center)


def _cone(rng) -> list[Part]:
    count = int(rng.integers(1, 4))
    scale = (1.0, 0.95, 0.78)[count - 1]
    parts = _waffle_cone(rng, scale * rng.uniform(1.2, 1.5), scale * rng.uniform(0.46, 0.54))
    size = scale * rng.uniform(0.52, 0.6)
    center = np.array([0, 0, 0.6 * size])
    for i in range(count):
        if i:
            center = center + [rng.uniform(-0.08, 0.08), rng.uniform(-0.08, 0.08), 1.25 * size]
            size *= 0.93
        parts.append(Part(f"scoop_{i + 1}", _scoop(rng, center, size), _flavour(rng), toppings.ICING))
    return lowered(parts + _finish(rng, center, size), (0.1, 0.35, 0.55)[count - 1])


def _finish(rng, center: np.ndarray, size: float) -> list[Part]:
    """Sauce or sprinkles, a topping, and a wafer, flake or straw that is stuck in at a slant."""
    parts: list[Part] = []
    if chance(rng, 0.5):
        sauce = toppings.runny(sphere((0, 0, 0), size), 0.05, toppings.drips(rng, 0.3 * size, 0.5 * size))
        parts.append(
            Part(
                "sauce",
                moved(sauce, center),
                Plain(tint(rng, (*toppings.CHOCOLATES, (0.75, 0.1, 0.2), (0.85, 0.5, 0.15)))),
                toppings.CHOCOLATE,
            )
        )
    else:
        turn, up = rng.uniform(0, 2 * np.pi, 40), rng.uniform(0.2, 0.95, 40)
        flat = np.sqrt(1 - up**2)
        normal = np.stack([flat * np.cos(turn), flat * np.sin(turn), up], axis=1)
        parts.append(toppings.sprinkles(rng, center + size * normal, normal))
    top = center + [0, 0, size]
    fruit = pick(rng, ("cherry", "strawberry", "candy"))
    if fruit == "cherry":
        parts += toppings.cherry(rng, "topping", top + [0, 0, 0.1], rng.uniform(0.18, 0.22))
    elif fruit == "strawberry":
        parts += toppings.strawberry(rng, "topping", top + [0, 0, 0.08], rng.uniform(0.17, 0.21))
    else:
        parts.append(toppings.candy(rng, "topping", top + [0, 0, 0.08], (1, -0.4, 0.5), 0.22))
    return parts + _biscuit(rng, center, size)


def _biscuit(rng, center: np.ndarray, size: float) -> list[Part]:
    """A wafer, a chocolate flake or a rolled straw."""
    turn, lean = rng.uniform(-2.4, 2.4), rng.uniform(25, 42)
    foot = center + 0.35 * size * np.array([np.cos(turn), np.sin(turn), 0.6])
    kind, dough = pick(rng, ("wafer", "flake", "straw")), tint(rng, WAFFLES)
    axis = (-np.sin(turn), np.cos(turn), 0)
    if kind == "wafer":
        field, paint = (
            box(foot + [0, 0, 0.55], (0.2, 0.06, 0.55), 0.03),
            Checks(dough, shade(dough, 0.8), (0.1, 2.0, 0.1)),
        )
    elif kind == "flake":
        field = displaced(
            cylinder(foot, foot + [0, 0, 1.1], 0.11, 0.03),
            lambda p: np.cos(9 * np.arctan2(p[:, 1] - foot[1], p[:, 0] - foot[0])),
            0.02,
        )
        paint = Plain(tint(rng, toppings.CHOCOLATES))
    else:
        field, paint = (
            cylinder(foot, foot + [0, 0, 1.2], 0.09, 0.02),
            Stripes(dough, tint(rng, toppings.CHOCOLATES), (0.3, 0.3, 1), 0.2, 0.4),
        )
    return [Part("wafer", rotated(field, axis, lean, foot), paint, toppings.BAKED, movable=True)]


def _soft_serve(rng) -> list[Part]:
    height, radius = rng.uniform(1.1, 1.35), rng.uniform(0.44, 0.5)
    turns, tall = rng.uniform(3.0, 3.8), rng.uniform(1.0, 1.2)
    t = np.linspace(0, 1, 40)
    wide = 0.36 * (1 - t) ** 0.7
    angle = 2 * np.pi * turns * t
    rope = np.stack([wide * np.cos(angle), wide * np.sin(angle), 0.1 + tall * t], axis=1)
    swirl = union(chain(rope, list(0.26 - 0.2 * t)), capsule((0, 0, 0.1), (0, 0, 0.1 + 0.7 * tall), 0.38, 0.1))
    base, other = tint(rng, FLAVOURS), tint(rng, FLAVOURS)
    paint = pick(rng, (Plain(base), Sectors(base, other, 2, 0.5, 0.0, -turns / tall), _flavour(rng)))
    parts = [*_waffle_cone(rng, height, radius), Part("swirl", swirl, paint, toppings.ICING)]
    if chance(rng, 0.6):
        at = (0.02, 0, 0.2 + tall)
        parts += toppings.cherry(rng, "topping", at, rng.uniform(0.15, 0.19))
    else:
        parts.append(toppings.candy(rng, "topping", (0.38, 0, 0.35 + 0.2 * tall), (1, 0, 0.5), 0.19))
    return lowered(parts + _biscuit(rng, np.array([0, 0, 0.35]), 0.55), 0.1)


def _sundae(rng) -> list[Part]:
    """Four scoops in a footed cup."""
    wide, tall = rng.uniform(0.78, 0.9), rng.uniform(0.6, 0.75)
    profile = [(0, -tall - 0.4), (0.45, -tall - 0.4), (0.42, -tall - 0.3), (0.14, -tall - 0.15), (0.2, -tall)]
    profile += [(0.7 * wide, -0.6 * tall), (wide, 0.0), (wide, 0.06), (0, 0.06)]
    color = tint(rng, (*palette.TOY, *palette.PASTEL))
    other = pick(rng, (palette.WHITE, contrast(rng, color)))
    paint = pick(rng, (Plain(color), Stripes(color, other, (0, 0, 1), 0.25, 0.4, 0, 0.2), Sectors(color, other, 12)))
    parts = [Part("body", lathe(profile, 0.04), paint, palette.CERAMIC)]
    size, turn = 0.44 * wide / 0.85, rng.uniform(0, 2)
    top = np.array([0, 0, 0.55])
    for i, angle in enumerate(turn + np.arange(3) * 2 * np.pi / 3):
        at = np.array([0.42 * wide * np.cos(angle), 0.42 * wide * np.sin(angle), 0.2])
        parts.append(Part(f"scoop_{i + 1}", _scoop(rng, at, size), _flavour(rng), toppings.ICING, movable=True))
    parts.append(Part("scoop_top", _scoop(rng, top, size), _flavour(rng), toppings.ICING))
    return lowered(parts + _finish(rng, top, size), 0.4)


TOYS = {"ice": ice}
