"""Materials and coatings of machined parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.cad.draws import Draws

Color = tuple[float, float, float]


@dataclass(frozen=True)
class Finish:
    """The finish of one part. color: sRGB 0..1."""

    material: Material
    color: Color


@dataclass(frozen=True)
class Kind:
    """A kind of finish, whose instances differ slightly in colour and roughness. roughness: range, 0..1."""

    name: str
    colors: tuple[Color, ...]
    roughness: tuple[float, float]
    metallic: float = 0.0
    coat: float = 0.0
    bump: float = 0.0

    def draw(self, rng: np.random.Generator) -> Finish:
        color = np.array(self.colors[rng.integers(len(self.colors))]) * rng.uniform(0.93, 1.07)
        material = Material(
            self.name, round(float(rng.uniform(*self.roughness)), 3), self.metallic, self.coat, bump=self.bump
        )
        return Finish(material, tuple(np.clip(color, 0.02, 0.97).tolist()))


def finish(draws: Draws, name: str, kinds: Sequence[Kind]) -> Finish:
    """A random finish of one of the kinds, for the part of that name."""
    rng = draws.rng(f"finish of {name}")
    return kinds[rng.integers(len(kinds))].draw(rng)


PAINTS = (
    (0.75, 0.12, 0.10), (0.88, 0.45, 0.08), (0.90, 0.72, 0.12), (0.15, 0.42, 0.22),
    (0.10, 0.28, 0.55), (0.40, 0.45, 0.48), (0.86, 0.86, 0.83), (0.22, 0.36, 0.38),
)  # fmt: skip
DYES = (
    (0.62, 0.08, 0.10), (0.08, 0.20, 0.55), (0.10, 0.10, 0.11), (0.75, 0.55, 0.18), (0.12, 0.42, 0.25), (0.38, 0.16, 0.50),
)  # fmt: skip
RESINS = (
    (0.10, 0.10, 0.11), (0.85, 0.83, 0.76), (0.72, 0.12, 0.12), (0.12, 0.30, 0.62),
    (0.90, 0.62, 0.10), (0.20, 0.48, 0.28), (0.45, 0.47, 0.50),
)  # fmt: skip
POWDERS = ((0.12, 0.12, 0.13), (0.85, 0.85, 0.84), (0.72, 0.14, 0.12), (0.20, 0.32, 0.52))

METALLIC = 0.65  # a value of 1 would look black where the surroundings are dark

STEEL = Kind("steel", ((0.68, 0.69, 0.71), (0.58, 0.59, 0.61)), (0.38, 0.52), METALLIC)
STAINLESS = Kind("stainless", ((0.74, 0.74, 0.73),), (0.28, 0.4), METALLIC)
BLACK_OXIDE = Kind("black oxide", ((0.10, 0.10, 0.11), (0.14, 0.14, 0.15)), (0.35, 0.5), 0.6)
ZINC = Kind("zinc plated", ((0.72, 0.75, 0.80), (0.80, 0.72, 0.48)), (0.35, 0.48), METALLIC)
BRASS = Kind("brass", ((0.83, 0.66, 0.30), (0.78, 0.60, 0.27)), (0.3, 0.42), METALLIC)
BRONZE = Kind("bronze", ((0.74, 0.56, 0.37),), (0.38, 0.5), METALLIC)
COPPER = Kind("copper", ((0.78, 0.47, 0.34),), (0.32, 0.45), METALLIC)
ALUMINIUM = Kind("aluminium", ((0.78, 0.79, 0.80),), (0.44, 0.58), METALLIC)
ANODISED = Kind("anodised", DYES, (0.4, 0.52), 0.7)
CAST_IRON = Kind("cast iron", ((0.30, 0.30, 0.31), (0.36, 0.35, 0.34)), (0.6, 0.75), 0.4, bump=0.6)
CAST_ALUMINIUM = Kind("cast aluminium", ((0.66, 0.67, 0.68),), (0.5, 0.6), 0.7, bump=0.4)
PAINT = Kind("paint", PAINTS, (0.35, 0.5), coat=0.3)
POWDER = Kind("powder coat", POWDERS, (0.55, 0.7), bump=0.2)
PLASTIC = Kind("plastic", RESINS, (0.3, 0.45))
NYLON = Kind("nylon", ((0.88, 0.86, 0.80), (0.93, 0.92, 0.90)), (0.4, 0.5))
RUBBER = Kind("rubber", ((0.07, 0.07, 0.07), (0.12, 0.11, 0.11)), (0.8, 0.9), bump=0.2)

BARE = (STEEL, STAINLESS, ALUMINIUM, BRASS)
HARD = (STEEL, STAINLESS, BLACK_OXIDE)
FASTENER = (STEEL, STAINLESS, BLACK_OXIDE, ZINC, BRASS)
CAST = (CAST_IRON, CAST_ALUMINIUM, PAINT, PAINT)
MILLED = (ALUMINIUM, ANODISED, ANODISED, STEEL, BLACK_OXIDE)
SHEET = (ZINC, POWDER, PAINT, STAINLESS, ANODISED)
MOULDED = (PLASTIC, PLASTIC, NYLON)
TOOTHED = (STEEL, BLACK_OXIDE, BRASS, NYLON, PLASTIC, CAST_IRON)
