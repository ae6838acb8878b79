"""The stand that all chess pieces share: a moulded foot with felt, a waist and a collar."""

from __future__ import annotations

from dataclasses import dataclass

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Mottled, Pattern, Plain
from odd_bench.shapes.sdf import cylinder, lathe, torus
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint, wood_grain
from odd_bench.shapes.toys.turned import curve, solid

ARMIES = (
    (0.93, 0.88, 0.76),
    (0.14, 0.1, 0.09),
    (0.62, 0.16, 0.12),
    (0.2, 0.35, 0.28),
    (0.95, 0.95, 0.93),
    (0.25, 0.28, 0.4),
)


@dataclass(frozen=True)
class Look:
    """The paint, trim, material and felt colour that all parts of one piece share."""

    paint: Pattern
    trim: Pattern
    material: Material
    felt: Color


def draw_look(rng) -> Look:
    material = pick(rng, (palette.WOOD, palette.WOOD, palette.CERAMIC, palette.PLASTIC, palette.METAL))
    color = tint(rng, palette.METALS if material is palette.METAL else (*ARMIES, *palette.TOY[:6]), 0.04)
    marble = Mottled(
        color,
        shade(color, 0.6 if sum(color) > 0.9 else 1.4),
        rng.uniform(0.25, 0.5),
        2.0,
        seed_from(rng),
    )
    paint = wood_grain(rng) if material is palette.WOOD else pick(rng, (Plain(color), marble))
    bright = contrast(rng, color, (*palette.TOY, palette.GOLD, palette.CREAM))
    return Look(
        paint,
        pick(rng, (Plain(bright), Plain(palette.GOLD))),
        material,
        tint(rng, (palette.GREEN, palette.RED, palette.BLUE)),
    )


def foot(rng, look: Look, wide: float, neck_z: float, neck: float) -> list[Part]:
    """The moulded base with felt and a raised ring, and the waist up to the collar at height `neck_z`."""
    step = rng.uniform(0.2, 0.28)
    moulding = curve(
        [
            (wide, 0.05),
            (wide * 1.0, step * 0.55),
            (wide * 0.86, step),
            (wide * 0.8, step + 0.08),
            (wide * 0.62, step + 0.16),
        ],
        5,
    )
    waist = curve(
        [
            (wide * 0.66, step + 0.05),
            (neck * rng.uniform(1.0, 1.25), step + 0.42 * (neck_z - step)),
            (neck, neck_z - 0.08),
            (neck * 1.15, neck_z + 0.05),
        ],
        6,
    )
    felt = cylinder((0, 0, 0), (0, 0, 0.1), wide * 0.93, 0.03)
    return [
        Part("base", solid(moulding), look.paint, look.material),
        Part("felt", felt, Plain(look.felt), palette.FELT, movable=True),
        Part("waist", solid(waist), look.paint, look.material, blend=0.04),
        Part("ring", torus((0, 0, step + 0.07), wide * 0.78, 0.07), look.trim, look.material, movable=True),
    ]


def collar(rng, look: Look, z: float, radius: float, ring: float = 0.62) -> list[Part]:
    """A disc and a ring under the head."""
    edge, high = rng.uniform(0.05, 0.08), rng.uniform(0.07, 0.1)
    disc = lathe(
        [
            (0, z - high),
            (radius * 0.6, z - high),
            (radius, z - 0.01),
            (radius, z + edge),
            (radius * 0.55, z + high + 0.04),
            (0, z + high + 0.04),
        ],
        0.02,
    )
    second = torus((0, 0, z + high + 0.06), radius * ring, 0.06)
    return [
        Part("collar", disc, look.paint, look.material, movable=True),
        Part("collar_ring", second, look.trim, look.material, movable=True),
    ]
