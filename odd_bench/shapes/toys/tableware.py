"""Tableware: mugs, cups, glasses, plates, bowls and bottles, mostly turned on a lathe."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Mottled
from odd_bench.shapes.sdf import chain, cylinder, frustum
from odd_bench.shapes.shape import Material
from odd_bench.shapes.toy import Part

GLAZE = Material("glazed ceramic", roughness=0.25, coat=0.6)


def mug(rng: np.random.Generator) -> list[Part]:
    height, radius, wall = rng.uniform(0.9, 1.3), rng.uniform(0.4, 0.55), rng.uniform(0.05, 0.08)
    color = tuple(rng.uniform(0.15, 0.9, 3))
    paint = Mottled(color, tuple(np.clip(np.array(color) * 0.7, 0, 1)), 0.2, 1.0, int(rng.integers(1 << 31)))
    t = np.linspace(-1.7, 1.7, 9)
    reach = rng.uniform(0.3, 0.45)
    handle = np.stack([radius - 0.03 + reach * np.cos(t), 0 * t, height * (0.5 + 0.33 * np.sin(t))], axis=1)
    return [
        Part("body", frustum((0, 0, 0), (0, 0, height), radius * 0.92, radius, 0.03), paint, GLAZE),
        Part("handle", chain(handle, [0.06] * 9, 0.02), paint, GLAZE, blend=0.05, movable=True),
        Part("inside", cylinder((0, 0, wall), (0, 0, height + 1), radius * 0.92 - wall, 0.02), paint, GLAZE, cut=True),
    ]


TOYS = {"mug": mug}
