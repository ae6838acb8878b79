"""Cookies: chocolate chip, cream sandwich, jam window and gingerbread man."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes import noise
from odd_bench.shapes.patterns import Color, Mottled, Pattern, Plain
from odd_bench.shapes.sdf import Field, box, cylinder, displaced, extrude, grown, rotated, scaled, sphere, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import heart_outline, leaf_outline, plate, star_outline
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.gingerbread import gingerbread
from odd_bench.shapes.toys.toppings import BAKED, CHOCOLATE, CHOCOLATES, ICING, candy, spread_out

DOUGHS = ((0.83, 0.62, 0.36), (0.75, 0.5, 0.27), (0.9, 0.74, 0.5), (0.6, 0.37, 0.2))


def cookie(rng: np.random.Generator) -> list[Part]:
    return pick(rng, (_chips, _sandwich, _window, gingerbread))(rng)


def _crumb(rng, dough: Color) -> Pattern:
    return Mottled(shade(dough, 1.15), shade(dough, 0.75), rng.uniform(0.2, 0.4), 1.6, seed_from(rng))


def _chips(rng) -> list[Part]:
    """A craggy round cookie with chunks pressed into it, whole or bitten."""
    thick, seed = rng.uniform(0.3, 0.4), seed_from(rng)
    dough = tint(rng, (*DOUGHS, (0.32, 0.19, 0.12)))
    disc = scaled(cylinder((0, 0, -thick / 2), (0, 0, thick / 2), 1.0, 0.49 * thick), (1, rng.uniform(0.92, 1), 1))
    craggy = displaced(disc, lambda p: noise.fractal(p * 4.0, seed, 2) - 0.5, rng.uniform(0.06, 0.12))
    parts = [Part("body", craggy, _crumb(rng, dough), BAKED)]
    colors = pick(
        rng,
        ((tint(rng, ((0.25, 0.13, 0.08), (0.95, 0.9, 0.8)) if sum(dough) < 0.8 else CHOCOLATES, 0.03),), palette.TOY),
    )
    size = rng.uniform(0.14, 0.17)
    bitten = chance(rng, 0.35)
    for i, (x, y) in enumerate(spread_out(rng, int(rng.integers(7, 12)), 0.0, 0.8, 0.4)):
        if bitten and x > 0.35 and abs(y) < 0.65:
            continue
        chunk = (
            box((x, y, thick / 2), (size, size, 0.13), 0.07)
            if len(colors) == 1
            else scaled(sphere((x, y, thick / 2), size), (1, 1, 0.75), (x, y, thick / 2))
        )
        chunk = rotated(chunk, (0.2, 0.3, 1), rng.uniform(0, 90), (x, y, thick / 2))
        parts.append(Part(f"chip_{i + 1}", chunk, Plain(tint(rng, colors, 0.02)), CHOCOLATE, movable=True))
    if bitten:
        bite = union(
            *(
                cylinder((1.08 - 0.14 * (k == 0), 0.32 * k, -1), (1.08 - 0.14 * (k == 0), 0.32 * k, 1), 0.3)
                for k in (-1, 0, 1)
            )
        )
        parts.append(
            Part("bite", bite, Mottled(shade(dough, 1.1), shade(dough, 1.5), 0.08, 2.0, seed), BAKED, cut=True)
        )
    return parts


def _sandwich(rng) -> list[Part]:
    """Two embossed wafers with cream between them."""
    thick, cream = rng.uniform(0.18, 0.24), rng.uniform(0.16, 0.28)
    wafer = tint(rng, ((0.2, 0.13, 0.1), (0.78, 0.56, 0.3), (0.9, 0.72, 0.45), (0.85, 0.55, 0.6)), 0.03)
    filling = tint(rng, (palette.WHITE, palette.PINK, palette.CREAM, (0.7, 0.85, 0.65), *CHOCOLATES), 0.03)
    teeth = int(rng.integers(28, 44))

    def disc(low: float) -> Field:
        plain = cylinder((0, 0, low), (0, 0, low + thick), 1.0, 0.06)
        return displaced(
            plain, lambda p: np.cos(teeth * np.arctan2(p[:, 1], p[:, 0])) * (np.hypot(p[:, 0], p[:, 1]) > 0.85), 0.03
        )

    top = cream / 2 + thick
    parts = [
        Part("body", disc(-top), Plain(wafer), BAKED),
        Part(
            "cream",
            cylinder((0, 0, -cream / 2 - 0.05), (0, 0, cream / 2 + 0.05), rng.uniform(0.88, 0.97), 0.05),
            Plain(filling),
            ICING,
        ),
        Part("wafer_top", disc(cream / 2), Plain(wafer), BAKED),
    ]
    raised = shade(wafer, 1.12)
    count, length = int(rng.integers(5, 9)), rng.uniform(0.4, 0.48)
    shape = pick(rng, ("petal", "dot", "diamond"))
    for i, angle in enumerate(np.arange(count) * 2 * np.pi / count):
        out = np.array([np.cos(angle), np.sin(angle), 0])
        at, across = 0.32 * out + [0, 0, top], np.cross([0, 0, 1], out)
        if shape == "dot":
            field = scaled(sphere(0.55 * out + [0, 0, top], 0.17), (1, 1, 0.55), 0.55 * out + [0, 0, top])
        else:
            field = plate(
                leaf_outline(length, 0.3 if shape == "petal" else 0.24, count=16 if shape == "petal" else 4),
                0.16,
                at,
                out,
                across,
            )
        parts.append(Part(f"ornament_{i + 1}", field, Plain(raised), BAKED, blend=0.02, movable=True))
    parts.append(
        Part(
            "ornament_center",
            scaled(sphere((0, 0, top), 0.24), (1, 1, 0.5), (0, 0, top)),
            Plain(raised),
            BAKED,
            movable=True,
        )
    )
    return parts


def _window(rng) -> list[Part]:
    """A flower, heart or star of shortbread with a jam window and candies around it."""
    petals, dough = int(rng.integers(6, 11)), tint(rng, DOUGHS)
    outline = {
        "flower": _flower(petals),
        "heart": heart_outline(2.1, 36),
        "star": star_outline(1.15, 0.75, 6),
    }[pick(rng, ("flower", "heart", "star"))]
    body = grown(extrude(outline, -0.1, 0.08), 0.06)
    jam = tint(rng, (palette.RED, (0.6, 0.1, 0.3), (0.95, 0.6, 0.15), (0.4, 0.65, 0.2)))
    hole = pick(rng, (heart_outline(0.85), star_outline(0.5, 0.27, 5), star_outline(0.42, 0.36, 9)))
    parts = [
        Part("body", body, _crumb(rng, dough), BAKED),
        Part("window", grown(extrude(hole, 0.04, 1.0), 0.04), Plain(shade(dough, 0.9)), BAKED, cut=True),
        Part("jam", grown(extrude(hole, -0.05, rng.uniform(0.1, 0.17)), 0.05), Plain(jam), palette.BEAD, movable=True),
    ]
    count, size = int(rng.integers(4, 7)), rng.uniform(0.15, 0.18)
    rim = (
        0.72
        * np.asarray(outline)[np.linspace(0.5, len(outline) + 0.5, count, endpoint=False).astype(int) % len(outline)]
    )
    for i, (x, y) in enumerate(rim):
        parts.append(candy(rng, f"candy_{i + 1}", (x, y, 0.16), (0, 0, 1), size))
    return parts


def _flower(petals: int) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 8 * petals, endpoint=False)
    radius = 1.0 + 0.09 * np.cos(petals * angle)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


TOYS = {"cookie": cookie}
