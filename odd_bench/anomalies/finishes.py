"""Wrong finishes that a part may get: a material together with a colour pattern that suits it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Mottled, Pattern, Plain, WoodGrain

Finish = tuple[Material, Pattern]

PAINTS = (
    (0.78, 0.12, 0.10), (0.90, 0.45, 0.08), (0.93, 0.76, 0.12), (0.20, 0.52, 0.20), (0.10, 0.42, 0.45), (0.12, 0.28, 0.62),
    (0.42, 0.20, 0.52), (0.86, 0.45, 0.58), (0.92, 0.90, 0.85), (0.10, 0.10, 0.11), (0.45, 0.46, 0.47), (0.36, 0.21, 0.13),
)  # fmt: skip
METALS = (((0.72, 0.73, 0.75), "steel"), ((0.83, 0.66, 0.30), "brass"), ((0.72, 0.43, 0.32), "copper"))
WOODS = (((0.76, 0.57, 0.36), (0.55, 0.36, 0.20)), ((0.45, 0.28, 0.17), (0.27, 0.15, 0.09)))


def painted(rng: np.random.Generator) -> Finish:
    return Material("paint", roughness=0.45, coat=0.2), Plain(_varied(PAINTS, rng))


def plastic(rng: np.random.Generator) -> Finish:
    return Material("plastic", roughness=0.3), Plain(_varied(PAINTS, rng))


def rubber(rng: np.random.Generator) -> Finish:
    return Material("rubber", roughness=0.9, bump=0.2), Plain(_varied(PAINTS, rng))


def stone(rng: np.random.Generator) -> Finish:
    grey = float(rng.uniform(0.3, 0.75))
    pattern = Mottled((grey, grey, grey), (0.7 * grey, 0.7 * grey, 0.68 * grey), size=0.12, seed=_seed(rng))
    return Material("stone", roughness=0.8, bump=0.5), pattern


def metal(rng: np.random.Generator) -> Finish:
    color, name = METALS[rng.integers(len(METALS))]
    return Material(name, roughness=float(rng.uniform(0.2, 0.4)), metallic=1.0), Plain(color)


def wood(rng: np.random.Generator) -> Finish:
    light, dark = WOODS[rng.integers(len(WOODS))]
    return Material("wood", roughness=0.6, bump=0.1), WoodGrain(light, dark, period=0.04, seed=_seed(rng))


KINDS: tuple[Callable[[np.random.Generator], Finish], ...] = (painted, plastic, rubber, stone, metal, wood)


def _varied(colors, rng: np.random.Generator) -> tuple[float, float, float]:
    return tuple(np.clip(np.array(colors[rng.integers(len(colors))]) + rng.normal(0, 0.03, 3), 0.03, 0.97))


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 31))
