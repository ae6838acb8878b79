"""The bent body of a banana: axis, skin, paint and ends."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Color, Inlay, Mottled, Pattern, Plain, Spots
from odd_bench.shapes.sdf import Field, chain, displaced, sphere
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys.curves import smooth_path
from odd_bench.shapes.toys.draws import pick, seed_from, shade, tint

SKINS = ((0.97, 0.82, 0.2), (0.95, 0.75, 0.15), (0.9, 0.84, 0.25), (0.78, 0.78, 0.25))

BROWN_TIP = (0.28, 0.18, 0.1)


class Bow:
    """The bent axis of a banana in the plane y = 0, hanging below its centre of curvature."""

    def __init__(self, rng, length: float = 2.3):
        self.bend = rng.uniform(0.95, 1.5)  # radians from end to end
        self.radius = length / self.bend
        self.girth = rng.uniform(0.24, 0.3)
        self.ridges = rng.uniform(0.015, 0.03)

    def at(self, t) -> np.ndarray:
        """(..., 3) points on the axis at t (...), from -1 (blossom end) to 1 (stalk)."""
        angle = np.asarray(t) * self.bend / 2
        return np.stack([self.radius * np.sin(angle), 0 * angle, self.radius * (1 - np.cos(angle))], axis=-1)

    def flesh(self, low: float, high: float, girth: float) -> Field:
        t = np.linspace(low, high, 16)
        taper = np.clip(1 - np.abs((t + 0.05) / 0.98) ** 4, 0.0, 1) ** 0.6
        return chain(self.at(t), list(np.maximum(girth * taper, 0.09)))

    def skin(self, low: float = -0.92, high: float = 0.84) -> Field:
        """The skin between two values of t, with five soft edges along the fruit."""

        def edges(p):
            outward = np.hypot(p[:, 0], p[:, 2] - self.radius) - self.radius
            return np.cos(5 * np.arctan2(p[:, 1], outward))

        return displaced(self.flesh(low, high, self.girth), edges, self.ridges)

    def paint(self, rng) -> tuple[Pattern, Color]:
        color, seed = tint(rng, SKINS, 0.03), seed_from(rng)
        coat: Pattern = pick(
            rng,
            (
                Plain(color),
                Spots(
                    color,
                    (0.45, 0.28, 0.12),
                    rng.uniform(0.16, 0.26),
                    rng.uniform(0.02, 0.04),
                    rng.uniform(0.4, 0.9),
                    seed,
                ),
                Mottled(color, shade(color, 0.88), 0.4, 1.6, seed),
            ),
        )
        green = sphere(self.at(0.95), rng.uniform(0.35, 0.6))
        return Inlay(coat, Plain(tint(rng, ((0.65, 0.75, 0.25), shade(color, 0.85)), 0.03)), green), color

    def ends(self, rng, color: Color, material) -> list[Part]:
        """The stalk and the blossom end."""
        stalk = self.at(np.array([0.7, 0.85, 1.02, 1.15]))
        stalk[-1, 2] += rng.uniform(0.0, 0.15)
        path = smooth_path(stalk, 8)
        brown = Inlay(Plain(shade(color, 0.9)), Plain(BROWN_TIP), sphere(path[-1], 0.14))
        tip = [self.at(-0.8), self.at(-0.98), self.at(-1.08)]
        return [
            Part("stalk", chain(path, list(np.linspace(0.16, 0.1, 8))), brown, material, blend=0.06, movable=True),
            Part("tip", chain(tip, [0.16, 0.14, 0.11]), Plain(BROWN_TIP), material, blend=0.03, movable=True),
        ]
