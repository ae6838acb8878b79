"""Donuts: candied, drizzled, bitten, and with an animal's face."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Color, Inlay, Mottled, Plain
from odd_bench.shapes.sdf import chain, ellipsoid, scaled, scattered, sphere, torus, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette, toppings
from odd_bench.shapes.toys.draws import chance, contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.eyes import bead_eye

DOUGHS = ((0.86, 0.62, 0.34), (0.78, 0.52, 0.27), (0.92, 0.74, 0.48), (0.42, 0.25, 0.15))


def donut(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, ("candied", "candied", "drizzled", "bitten", "face"))
    ring, tube, flat = rng.uniform(0.64, 0.74), rng.uniform(0.32, 0.4), rng.uniform(0.82, 1.0)
    dough, color = tint(rng, DOUGHS), tint(rng, toppings.ICINGS, 0.03)
    if np.linalg.norm(np.subtract(dough, color)) < 0.35:
        color = tint(rng, (palette.PINK, palette.WHITE, toppings.ICINGS[2]), 0.03)
    base = scaled(torus((0, 0, 0), ring, tube), (1, 1, flat))
    paint = Inlay(
        Mottled(dough, shade(dough, 0.8), 0.3, 1.2, seed_from(rng)),
        Plain(shade(dough, 1.3)),
        lambda p: np.abs(p[:, 2] + 0.04) - 0.05,
    )
    rim = toppings.drips(rng, rng.uniform(-0.02, 0.1) * tube, rng.uniform(0.12, 0.26))
    parts = [
        Part("body", base, paint, toppings.BAKED),
        Part("icing", toppings.runny(base, 0.06, rim), toppings.sugared(color, rng), toppings.ICING),
    ]
    crust = _Crust(ring, tube + 0.06, flat)
    if kind == "face":
        turn, around = rng.uniform(1.3, 2 * np.pi - 1.3, 40), rng.uniform(0.15, 0.85, 40) * np.pi
        strands = toppings.sprinkles(rng, crust.at(turn, around), crust.normal(turn, around))
        return [*parts, strands, *_animal(rng, crust, color)]
    if kind == "drizzled":
        parts.append(_drizzle(rng, crust, color))
    elif chance(rng, 0.75):
        turn, around = rng.uniform(0, 2 * np.pi, 70), rng.uniform(0.12, 0.88, 70) * np.pi
        parts.append(toppings.sprinkles(rng, crust.at(turn, around), crust.normal(turn, around)))
    parts += _sweets(rng, crust, int(rng.integers(3, 6)))
    if kind == "bitten":
        parts += _bite(rng, crust, dough)
    return parts


class _Crust:
    """The iced surface. turn: angle around the ring. around: angle around the tube, 0 outside, pi / 2 on top. Radians."""

    def __init__(self, ring: float, tube: float, flat: float):
        self.ring, self.tube, self.flat = ring, tube, flat

    def at(self, turn, around) -> np.ndarray:
        r = self.ring + self.tube * np.cos(around)
        return np.stack([r * np.cos(turn), r * np.sin(turn), self.flat * self.tube * np.sin(around)], axis=-1)

    def normal(self, turn, around) -> np.ndarray:
        return np.stack(
            [np.cos(around) * np.cos(turn), np.cos(around) * np.sin(turn), np.sin(around) / self.flat], axis=-1
        )


def _sweets(rng, crust: _Crust, count: int) -> list[Part]:
    """Large candies, cherries or cream spread around the ring, with a gap around angle 0, where a bite may be."""
    kind = pick(rng, ("candy", "cherry", "cream"))
    start, size = rng.uniform(0.75, 0.95), rng.uniform(0.15, 0.19)
    parts: list[Part] = []
    for i, turn in enumerate(np.linspace(start, 2 * np.pi - start, count)):
        around = np.pi * rng.uniform(0.38, 0.62)
        at, normal = crust.at(turn, around), crust.normal(turn, around)
        name = f"topping_{i + 1}"
        if kind == "candy":
            parts.append(toppings.candy(rng, name, at, normal, size))
        elif kind == "cherry":
            parts += toppings.cherry(rng, name, at + 0.09 * normal, 0.95 * size)
        else:
            parts.append(
                toppings.dollop(
                    name, at - 0.03 * normal, 1.15 * size, tint(rng, (palette.WHITE, palette.CREAM, palette.PINK), 0.02)
                )
            )
    return parts


def _drizzle(rng, crust: _Crust, color: Color) -> Part:
    """A thread of chocolate wound around the ring."""
    loops = int(rng.integers(9, 14))
    turn = np.linspace(0, 2 * np.pi, 16 * loops + 1)
    around = np.pi * (0.5 + 0.3 * np.sin(loops * turn))
    path = crust.at(turn, around) + 0.005 * crust.normal(turn, around)
    thread = scattered((path[1:] + path[:-1]) / 2, (path[1:] - path[:-1]) / 2, 0.045)
    tone = tint(rng, toppings.CHOCOLATES if sum(color) > 1.2 else (palette.WHITE, palette.PINK), 0.03)
    return Part("drizzle", thread, Plain(tone), toppings.ICING)


def _bite(rng, crust: _Crust, dough: Color) -> list[Part]:
    turn = rng.uniform(-0.25, 0.25)
    center = crust.ring * 1.35 * np.array([np.cos(turn), np.sin(turn), 0])
    sideways = np.array([-np.sin(turn), np.cos(turn), 0])
    size = rng.uniform(0.24, 0.3)
    lobes = [
        sphere(center + sideways * k * size * 1.1 - 0.12 * center * (1 - k * k) / crust.ring, 1.25 * size)
        for k in (-1, 0, 1)
    ]
    crumb = Mottled(shade(dough, 1.3), shade(dough, 1.6), 0.12, 2.0, seed_from(rng))
    return [Part("bite", union(*lobes), crumb, toppings.BAKED, cut=True)]


def _animal(rng, crust: _Crust, color: Color) -> list[Part]:
    """Ears on the far side, eyes, and a snout on the near side."""
    parts: list[Part] = []
    kind = pick(rng, ("bear", "cat"))
    inner = tint(rng, (palette.PINK, palette.TAN), 0.03)
    far = crust.ring + 0.6 * crust.tube
    for side, s in (("left", 1.0), ("right", -1.0)):
        root = far * np.array([-0.72, 0.69 * s, 0.0])
        out = np.array([-0.75, 0.66 * s, 0.1])
        if kind == "bear":
            shapes = (sphere(root + 0.2 * out, 0.27), sphere(root + 0.25 * out + [0.03, 0, 0.16], 0.17))
        else:
            tip = root + 0.35 * np.array([-0.95, 0.25 * s, 0.15])
            ends = (0.26, 0.07)
            shapes = (
                chain([root, tip], ends),
                chain([root + [0, 0, 0.12], (root + tip) / 2 + [0, 0, 0.12]], (0.15, 0.09)),
            )
        for field, tone in zip(shapes, (color, inner), strict=True):
            parts.append(Part(f"ear_{side}", field, Plain(tone), toppings.ICING, blend=0.02, movable=True))
        eye_at = crust.at(s * rng.uniform(0.95, 1.1), np.pi * 0.5)
        parts.append(bead_eye(f"eye_{side}", eye_at, (0.2, 0, 1), rng.uniform(0.155, 0.18)))
    snout = np.array([0.82 * crust.ring, 0, 0.75 * crust.tube])
    parts.append(
        Part(
            "snout",
            ellipsoid(snout, (0.26, 0.36, 0.22)),
            Plain(contrast(rng, color, (palette.WHITE, palette.CREAM, palette.TAN))),
            toppings.ICING,
            movable=True,
        )
    )
    parts.append(
        Part(
            "snout",
            ellipsoid(snout + [-0.06, 0, 0.19], (0.1, 0.14, 0.08)),
            Plain(palette.BLACK),
            toppings.ICING,
            movable=True,
        )
    )
    return parts


TOYS = {"donut": donut}
