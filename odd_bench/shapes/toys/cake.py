"""Cakes: a birthday cake, a cake of two tiers, a cut cake and a wedge-shaped slice."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Color, Plain, Spots, Stripes
from odd_bench.shapes.sdf import cylinder, half_space, intersection, scattered, torus, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette, toppings
from odd_bench.shapes.toys.cake_slice import cake_slice, layers
from odd_bench.shapes.toys.draws import chance, contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.placing import lowered


def cake(rng: np.random.Generator) -> list[Part]:
    return lowered(pick(rng, (_birthday, _cut, _tiers, cake_slice))(rng), 0.8)


def _board(rng, radius: float) -> Part:
    rim, color = radius + rng.uniform(0.14, 0.24), tint(rng, (palette.WHITE, *palette.PASTEL), 0.03)
    return Part(
        "plate",
        union(cylinder((0, 0, -0.1), (0, 0, 0.04), rim, 0.04), torus((0, 0, 0.0), rim, 0.06)),
        Plain(color),
        palette.CERAMIC,
    )


def _tier(rng, name: str, radius: float, low: float, high: float, color: Color, coat: Color) -> list[Part]:
    """A round layer of cake with icing that runs over its edge, and beads around its foot."""
    seed = seed_from(rng)
    round_cake = cylinder((0, 0, low), (0, 0, high), radius, 0.06)
    trim = contrast(rng, color, (palette.WHITE, *toppings.ICINGS), 0.3)
    side = pick(
        rng,
        (
            Plain(color),
            Stripes(color, trim, (0, 0, 1), 0.2, 0.25, 0.0, rng.random()),
            Spots(color, trim, 0.24, 0.06, 0.9, seed),
        ),
    )
    turn = np.arange(int(np.round(2 * np.pi * radius / 0.2))) * 2 * np.pi / np.round(2 * np.pi * radius / 0.2)
    beads = np.stack([radius * np.cos(turn), radius * np.sin(turn), 0 * turn + low + 0.06], axis=1)
    tall = high - low
    icing = toppings.runny(round_cake, 0.05, toppings.drips(rng, high - 0.25 * tall, rng.uniform(0.3, 0.5) * tall))
    return [
        Part(name, round_cake, side, toppings.ICING),
        Part(f"{name}_icing", icing, Plain(coat), toppings.ICING),
        Part(f"{name}_beads", scattered(beads, np.zeros_like(beads), 0.095), Plain(shade(coat, 1.2)), toppings.ICING),
    ]


def _colors(rng) -> tuple[Color, Color]:
    side = tint(rng, toppings.ICINGS, 0.03)
    return side, contrast(rng, side, (palette.WHITE, *toppings.ICINGS), 0.3)


def _ring_of(rng, kind: str, count: int, radius: float, z: float, turn: float, coat: Color) -> list[Part]:
    """`count` toppings of one kind in a ring on top of a cake. turn: angle of the first, radians."""
    cream = tint(rng, (palette.WHITE, palette.CREAM, palette.PINK, shade(coat, 1.3)), 0.02)
    size, parts = rng.uniform(0.14, 0.17), []
    for i, angle in enumerate(turn + np.arange(count) * 2 * np.pi / count):
        at = np.array([radius * np.cos(angle), radius * np.sin(angle), z])
        name = f"{kind}_{i + 1}"
        if kind == "candle":
            parts += toppings.candle(rng, name, at - [0, 0, 0.12], rng.uniform(0.6, 0.7))
        elif kind == "cherry":
            parts += toppings.cherry(rng, name, at + [0, 0, 0.08], size)
        elif kind == "strawberry":
            parts += toppings.strawberry(rng, name, at + [0, 0, 0.09], size)
        elif kind == "candy":
            parts.append(toppings.candy(rng, name, at + [0, 0, 0.03], (0, 0, 1), 1.35 * size))
        else:
            parts.append(toppings.dollop(name, at + [0, 0, 0.03], 1.15 * size, cream))
    return parts


def _scatter(rng, radius: float, z: float) -> Part:
    turn, out = rng.uniform(0, 2 * np.pi, 50), radius * np.sqrt(rng.uniform(0.02, 0.85, 50))
    points = np.stack([out * np.cos(turn), out * np.sin(turn), 0 * turn + z], axis=1)
    return toppings.sprinkles(rng, points, np.tile([0.0, 0.0, 1.0], (50, 1)))


def _birthday(rng) -> list[Part]:
    radius, tall = rng.uniform(0.85, 1.0), rng.uniform(0.6, 0.8)
    side, coat = _colors(rng)
    parts = [*_tier(rng, "body", radius, 0.0, tall, side, coat), _board(rng, radius)]
    top = tall + 0.05
    if chance(rng, 0.6):
        parts.append(_scatter(rng, 0.95 * radius, top))
    parts += _ring_of(rng, "candle", int(rng.integers(3, 6)), rng.uniform(0.3, 0.42), top, rng.uniform(0, 6), coat)
    rim = pick(rng, ("cherry", "strawberry", "cream", "candy"))
    return parts + _ring_of(rng, rim, int(rng.integers(6, 9)), 0.78 * radius, top, rng.uniform(0, 6), coat)


def _tiers(rng) -> list[Part]:
    radius, tall = rng.uniform(0.9, 1.0), rng.uniform(0.48, 0.58)
    side, coat = _colors(rng)
    upper = rng.uniform(0.52, 0.6) * radius
    parts = [*_tier(rng, "body", radius, 0.0, tall, side, coat), _board(rng, radius)]
    parts += _tier(rng, "tier", upper, tall - 0.05, 2 * tall, coat if chance(rng, 0.5) else side, side)
    parts += _ring_of(
        rng, pick(rng, ("cherry", "strawberry", "candy")), 6, 0.78 * radius, tall + 0.05, rng.uniform(0, 6), coat
    )
    crown = pick(rng, ("candle", "strawberry", "cream"))
    return parts + _ring_of(rng, crown, int(rng.integers(3, 5)), 0.5 * upper, 2 * tall + 0.05, rng.uniform(0, 6), side)


def _cut(rng) -> list[Part]:
    """A cake with a wedge cut out towards the front, so that its layers show."""
    radius, tall = rng.uniform(0.92, 1.02), rng.uniform(0.65, 0.85)
    side, coat = _colors(rng)
    half = np.radians(rng.uniform(24, 34))
    facing = np.radians(rng.uniform(-50, 0))
    low, high = facing - half, facing + half
    walls = [
        half_space((0, 0, 0), (-np.sin(high), np.cos(high), 0)),
        half_space((0, 0, 0), (np.sin(low), -np.cos(low), 0)),
    ]
    wedge = intersection(*walls, half_space((0, 0, 0.04), (0, 0, -1)))
    parts = _tier(rng, "body", radius, 0.0, tall, side, coat)
    parts.append(Part("wedge", wedge, layers(rng, 0.0, tall), toppings.BAKED, cut=True))
    parts.append(_board(rng, radius))
    count = int(rng.integers(5, 8))
    kind = pick(rng, ("cherry", "strawberry", "cream"))
    turn = facing + half + 0.28
    spread = (2 * np.pi - 2 * half - 0.56) / (count - 1)
    for i in range(count):
        parts += [
            _renamed(p, f"{kind}_{i + 1}")
            for p in _ring_of(rng, kind, 1, 0.72 * radius, tall + 0.05, turn + i * spread, coat)
        ]
    return parts


def _renamed(part: Part, name: str) -> Part:
    return Part(name, part.field, part.pattern, part.material, part.blend, part.cut, part.movable)


TOYS = {"cake": cake}
