"""A wedge-shaped slice of cake, and the layers that a cut shows."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Inlay, Mottled, Pattern, Plain, Stripes
from odd_bench.shapes.sdf import Field, box, extrude, grown, half_space, intersection, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import chance, seed_from, shade, tint
from odd_bench.shapes.toys.toppings import BAKED, CHOCOLATES, ICING, ICINGS, candy, cherry, dollop, strawberry

SPONGES = ((0.93, 0.78, 0.5), (0.4, 0.22, 0.13), (0.8, 0.25, 0.25), (0.9, 0.65, 0.45))


def layers(rng, low: float, high: float) -> Pattern:
    """Sponge with bands of filling, as seen where a cake is cut, between two heights."""
    sponge, filling, count = (
        tint(rng, SPONGES, 0.04),
        tint(rng, (palette.WHITE, palette.PINK, palette.CREAM, palette.RED, *CHOCOLATES), 0.03),
        int(rng.integers(2, 4)),
    )
    period = (high - low) / count
    bands = Stripes(sponge, filling, (0, 0, 1), period, 0.28, 0.03, -low / period - 0.72, seed_from(rng))
    crumbs = Mottled(sponge, shade(sponge, 0.8), 0.08, 2.0, seed_from(rng))
    share = 0.28 * period
    return Inlay(crumbs, bands, lambda p: np.mod(p[:, 2] - low + share, period) - share)


def cake_slice(rng) -> list[Part]:
    """A wedge on a plate with its tip towards +x, and with icing on top and at the back."""
    long, wide, tall = rng.uniform(1.5, 1.8), rng.uniform(0.52, 0.66), rng.uniform(0.7, 0.9)
    back, coat = -0.45 * long, tint(rng, ICINGS, 0.03)
    corners = [
        (0.55 * long, 0.0),
        (back, wide),
        (back - 0.12, 0.5 * wide),
        (back - 0.16, 0),
        (back - 0.12, -0.5 * wide),
        (back, -wide),
    ]
    body = extrude(corners, 0.0, tall, 0.03)
    top: Field = grown(extrude(corners, tall - 0.02, tall + 0.04, 0.02), 0.05)
    wall = intersection(grown(extrude(corners, 0.02, tall), 0.05), half_space((back + 0.06, 0, 0), (1, 0, 0)))
    parts = [
        Part("body", body, layers(rng, 0.0, tall), BAKED),
        Part("icing", union(top, wall), Plain(coat), ICING),
        Part(
            "plate",
            box((-0.05, 0, -0.05), (0.62 * long, 1.25 * wide, 0.07), 0.06),
            Plain(tint(rng, (palette.WHITE, *palette.PASTEL))),
            palette.CERAMIC,
        ),
    ]
    high, cream = tall + 0.09, tint(rng, (palette.WHITE, palette.CREAM, palette.PINK), 0.02)
    for i, y in enumerate((-0.5 * wide, 0.5 * wide)):
        parts.append(dollop(f"cream_{i + 1}", (back + 0.12, y, high + 0.05), rng.uniform(0.17, 0.2), cream))
    at = np.array([back + rng.uniform(0.42, 0.55), 0, high + 0.1])
    fruit = cherry if chance(rng, 0.5) else strawberry
    parts += fruit(rng, "fruit", at, rng.uniform(0.19, 0.23))
    parts.append(candy(rng, "candy", (0.12 * long, 0, high + 0.02), (0, 0, 1), 0.18))
    return parts
