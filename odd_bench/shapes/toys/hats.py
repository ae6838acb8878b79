"""Hats: top hats, cowboy hats, caps, straw hats, witches' hats and woolly hats, all hollow from below."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Plain, Sectors, Spots
from odd_bench.shapes.sdf import (
    chain,
    ellipsoid,
    extrude,
    grown,
    half_space,
    intersection,
    lathe,
    scaled,
    smooth_cut,
    sphere,
    union,
)
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.caps import cap, woolly_hat
from odd_bench.shapes.toys.curves import star_outline
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.hat_trims import band, bow, buckle, curl, feather, felt_coat, flower, inside, ribbon_paint
from odd_bench.shapes.toys.turned import curve, on_wall, solid


def hat(rng: np.random.Generator) -> list[Part]:
    return pick(rng, (_top_hat, _cowboy, cap, _straw, _witch, woolly_hat))(rng)


def _top_hat(rng) -> list[Part]:
    wide, tall = rng.uniform(0.55, 0.65), rng.uniform(0.85, 1.25)
    brim, flare = wide + rng.uniform(0.34, 0.44), rng.uniform(0.96, 1.12)
    color = tint(rng, (palette.CHARCOAL, *palette.DARK, *palette.TOY))
    profile = [(wide, 0.05), (wide * 0.97, 0.3 * tall), (wide * 0.98, 0.7 * tall), (wide * flare, tall)]
    curled = curl(solid([(brim, 0.0), (brim, 0.11)], 0.045), brim, rng.uniform(0.1, 0.24))
    ribbon = ribbon_paint(rng, color)
    low, high = 0.12, 0.12 + rng.uniform(0.2, 0.3)
    extra = (
        buckle(rng, wide + 0.05, (low + high) / 2, (high - low) * 0.62)
        if rng.random() < 0.5
        else bow(rng, (0, -wide - 0.1, (low + high) / 2), 0.17, ribbon)
    )
    return [
        Part("crown", solid(profile), felt_coat(rng, color), palette.FELT),
        Part("brim", curled, Plain(color), palette.FELT, blend=0.05),
        Part("band", band(rng, profile, low, high, color), ribbon, palette.CLOTH, movable=True),
        *extra,
        *feather(rng, (0.05, wide * 0.98, high - 0.05), rng.uniform(0.6, 0.8)),
        Part("lining", inside(profile, tall - 0.12), Plain(shade(color, 0.7)), palette.CLOTH, cut=True),
    ]


def _cowboy(rng) -> list[Part]:
    wide, tall = rng.uniform(0.52, 0.6), rng.uniform(0.62, 0.75)
    brim, color = (
        rng.uniform(1.0, 1.12),
        tint(rng, (*palette.EARTH, *palette.EARTH, palette.CHARCOAL, palette.CREAM, palette.RED, palette.PINK)),
    )
    profile = curve(
        [(wide * 1.05, 0.05), (wide * 1.0, 0.25), (wide * 0.9, tall * 0.75), (wide * 0.6, tall), (0.12, tall * 1.02)], 4
    )
    long = (1.18, 0.95, 1.0)
    pinch = ellipsoid((0.05, 0, tall + 0.1), (0.8, 0.15, rng.uniform(0.24, 0.32)))
    sides = union(*(ellipsoid((0.55, s * 0.5, tall * 0.9), (0.3, 0.2, 0.3)) for s in (1, -1)))
    crown = smooth_cut(0.12, scaled(solid(profile), long), pinch, sides)
    flat = scaled(solid([(brim, 0.0), (brim, 0.1)], 0.045), (1.08, 0.92, 1.0))
    material = pick(rng, (palette.FELT, palette.LEATHER, palette.STRAW))
    ribbon = ribbon_paint(rng, color)
    badge = on_wall(extrude(star_outline(0.25, 0.13, 5, np.pi / 2), -0.2, 0.06), 0, wide * 1.16, 0.24)
    return [
        Part("crown", crown, Plain(color), material),
        Part(
            "brim",
            curl(flat, brim * 0.92, rng.uniform(0.28, 0.42)),
            Plain(shade(color, 0.9)),
            material,
            blend=0.06,
        ),
        Part("band", scaled(band(rng, profile, 0.1, 0.26, color), long), ribbon, palette.LEATHER, movable=True),
        Part("badge", badge, Plain(palette.GOLD), palette.METAL, movable=True),
        *feather(rng, (-0.1, wide * 0.95, 0.24), rng.uniform(0.5, 0.7)),
        Part(
            "lining",
            scaled(inside(profile, tall * 0.68), long),
            Plain(shade(color, 0.7)),
            palette.CLOTH,
            cut=True,
        ),
    ]


def _straw(rng) -> list[Part]:
    """A summer hat with a wide brim, or a flat boater, with a ribbon and a flower or a feather."""
    boater = rng.random() < 0.4
    wide, tall = rng.uniform(0.52, 0.6), rng.uniform(0.42, 0.52)
    brim = rng.uniform(0.88, 0.95) if boater else rng.uniform(1.0, 1.15)
    straw = tint(rng, ((0.88, 0.76, 0.5), (0.8, 0.66, 0.42), (0.92, 0.84, 0.66)), 0.04)
    weave = Sectors(straw, shade(straw, 0.82), 70, 0.5, twist=rng.uniform(0.2, 0.6))
    round_top = [
        (wide, 0.04),
        (wide * 0.98, tall * 0.5),
        (wide * 0.8, tall * 0.9),
        (wide * 0.4, tall * 1.12),
        (0.06, tall * 1.15),
    ]
    profile = [(wide * 1.02, 0.04), (wide, tall)] if boater else curve(round_top, 4)
    edge = 0.05 if boater else rng.uniform(-0.02, 0.2)
    brim_field = solid(
        curve(
            [
                (wide * 0.8, 0.0),
                (brim * 0.8, 0.02),
                (brim, edge),
                (brim + 0.01, edge + 0.09),
                (brim * 0.8, 0.11),
                (wide * 0.8, 0.11),
            ],
            3,
        )
    )
    ribbon = ribbon_paint(rng, straw)
    parts = [
        Part("crown", solid(profile), weave, palette.STRAW),
        Part("brim", brim_field, weave, palette.STRAW, blend=0.04),
        Part(
            "band",
            band(rng, profile, 0.11, 0.11 + rng.uniform(0.15, 0.22), straw),
            ribbon,
            palette.CLOTH,
            movable=True,
        ),
        *bow(rng, (0, -wide - 0.08, 0.22), rng.uniform(0.15, 0.2), ribbon),
    ]
    if not boater or rng.random() < 0.5:
        parts += flower(rng, (wide, 0.26), rng.uniform(-40, 20), rng.uniform(0.2, 0.26))
    else:
        parts += feather(rng, (0, wide, 0.24), 0.55)
    return [
        *parts,
        Part("lining", inside(profile, tall * 0.85), Plain(shade(straw, 0.7)), palette.STRAW, cut=True),
    ]


def _witch(rng) -> list[Part]:
    """A pointed hat with a bent tip, a ribbon, and a buckle or a flower."""
    wide, tall, brim = rng.uniform(0.5, 0.58), rng.uniform(1.2, 1.45), rng.uniform(0.95, 1.08)
    color = tint(rng, (*palette.DARK, palette.PURPLE, palette.BLUE, palette.GREEN))
    t, lean = np.linspace(0, 1, 12), rng.uniform(-0.45, -0.2)
    spine = np.stack([lean * t**3, 0 * t, 0.05 + tall * t], axis=1)
    cone = chain(spine, [max(wide * (1 - a) ** 0.9, 0.07) for a in t])
    cone = intersection(cone, half_space((0, 0, 0.02), (0, 0, -1)))
    band_ring = lathe([(wide * 1.02, 0.1), (wide * 0.9, 0.32), (wide * 0.6, 0.32), (wide * 0.6, 0.1)])
    ribbon = ribbon_paint(rng, color)
    flat = solid([(brim, 0.0), (brim, 0.1)], 0.045)
    pom = sphere(spine[-1], rng.uniform(0.12, 0.16))
    hollow = lathe([(0, -0.5), (wide * 0.8, -0.5), (wide * 0.75, 0.1), (0.14, tall * 0.6), (0, tall * 0.6)])
    front = buckle(rng, wide * 0.98, 0.2, 0.16) if rng.random() < 0.6 else flower(rng, (wide * 0.95, 0.22), 0, 0.24)
    return [
        Part(
            "crown",
            cone,
            Spots(color, palette.YELLOW, 0.4, 0.06, 0.8, seed_from(rng)) if rng.random() < 0.5 else Plain(color),
            palette.FELT,
        ),
        Part("brim", curl(flat, brim, rng.uniform(-0.06, 0.14)), Plain(color), palette.FELT, blend=0.08),
        Part("band", grown(band_ring, 0.04), ribbon, palette.CLOTH, movable=True),
        *front,
        Part("tip", pom, Plain(contrast(rng, color)), palette.PLUSH, movable=True),
        Part("lining", hollow, Plain(shade(color, 0.7)), palette.CLOTH, cut=True),
    ]


TOYS = {"hat": hat}
