"""Keys: old door keys with a ring, clover, heart or twin bow, and modern flat keys."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Color, Inlay, Pattern, Plain, Spots, Stripes
from odd_bench.shapes.sdf import Field, box, capsule, chain, cut, cylinder, extrude, moved, sphere, torus, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import motifs, palette
from odd_bench.shapes.toys.curves import heart_outline
from odd_bench.shapes.toys.draws import contrast, pick, seed_from, shade, tint


def key(rng: np.random.Generator) -> list[Part]:
    """A key that lies on the floor, with its bit towards +x and its bow towards -x."""
    return pick(rng, (_antique, _antique, _flat))(rng)


def _metal(rng) -> tuple[Color, Pattern, object]:
    material = pick(rng, (palette.METAL, palette.BRUSHED, palette.PLASTIC, palette.PAINTED_WOOD))
    color = tint(rng, palette.METALS if material in (palette.METAL, palette.BRUSHED) else palette.TOY, 0.04)
    return color, Plain(color), material


def _antique(rng) -> list[Part]:
    """A round shaft with collars and a toothed bit, and a bow of a ring, two rings, a heart or a clover."""
    color, paint, material = _metal(rng)
    second = Plain(contrast(rng, color) if rng.random() < 0.5 else shade(color, 0.7))
    thick, long = rng.uniform(0.1, 0.13), rng.uniform(1.15, 1.35)
    z, tail = 0.17, -0.3
    shaft = union(capsule((tail - 0.05, 0, z), (long, 0, z), thick), sphere((long + 0.03, 0, z), thick * 1.15))
    rings = [(tail + 0.14, 1.7), (tail + 0.14 + rng.uniform(0.16, 0.24), 1.45), (long - rng.uniform(0.62, 0.7), 1.5)]
    parts = [Part("shaft", shaft, paint, material), *_bow(rng, tail, z, paint, second, material)]
    for k, (x, grow) in enumerate(rings):
        collar = cylinder((x - 0.06, 0, z), (x + 0.06, 0, z), thick * grow, 0.045)
        parts.append(Part(f"collar_{k + 1}", collar, second, material, movable=True))
    return [*parts, *_bit(rng, long, z, paint, material)]


def _bow(rng, tail: float, z: float, paint: Pattern, second: Pattern, material) -> list[Part]:
    kind, r = pick(rng, ("ring", "clover", "heart", "twin")), rng.uniform(0.36, 0.44)
    tube = rng.uniform(0.095, 0.12)
    if kind == "ring":
        hoop = moved(_stretched_ring(r, tube, rng.uniform(1.0, 1.25)), (tail - r - 0.02, 0, z))
        knob = sphere((tail - 2 * r - 0.05, 0, z), 0.16)
        return [Part("bow", hoop, paint, material), Part("bow_knob", knob, second, material, movable=True)]
    if kind == "clover":
        leaves = (("left", (-0.42, 0.36)), ("right", (-0.42, -0.36)), ("top", (-0.78, 0.0)))
        hub = sphere((tail - 0.4, 0, z), 0.17)
        parts = [Part("bow", union(hub, capsule((tail, 0, z), (tail - 0.4, 0, z), 0.11)), paint, material)]
        for name, (x, y) in leaves:
            parts.append(Part(f"bow_{name}", torus((tail + x, y, z), 0.24, tube), paint, material, movable=True))
        return parts
    if kind == "heart":
        outer = [(tail + 0.02 - 0.42 - y, x) for x, y in heart_outline(1.05)]
        inner = [(tail - 0.46 - y, x) for x, y in heart_outline(0.55)]
        frame = cut(extrude(outer, z - 0.11, z + 0.11, 0.04), extrude(inner, z - 1, z + 1))
        gem = sphere((tail - 0.02, 0, z + 0.02), 0.19)
        return [Part("bow", frame, paint, material), Part("gem", gem, second, palette.GLASS, movable=True)]
    parts = [Part("bow", capsule((tail, 0, z), (tail - 0.62, 0, z), 0.11), paint, material)]
    for name, sign in (("left", 1), ("right", -1)):
        parts.append(
            Part(f"bow_{name}", torus((tail - 0.34, sign * 0.32, z), 0.3, tube), paint, material, movable=True)
        )
    return [*parts, Part("bow_knob", sphere((tail - 0.66, 0, z), 0.18), second, material, movable=True)]


def _stretched_ring(radius: float, tube: float, stretch: float) -> Field:
    a = np.linspace(0, 2 * np.pi, 25)
    points = np.stack([radius * np.cos(a), stretch * radius * np.sin(a), 0 * a], axis=1)
    return chain(points, [tube] * 25)


def _bit(rng, long: float, z: float, paint: Pattern, material) -> list[Part]:
    """The bit near the tip: two or three teeth of different lengths on a bridge."""
    parts, count = [], int(rng.integers(2, 4))
    width = rng.uniform(0.42, 0.5) / count
    reach = rng.uniform(0.34, 0.44, count)
    reach[int(rng.integers(count))] += 0.14
    bridge = box((long - 0.12 - width * count / 2, -0.17, z), (width * count / 2, 0.1, 0.085), 0.03)
    parts.append(Part("bit", bridge, paint, material))
    for k in range(count):
        x = long - 0.12 - width * (k + 0.5)
        tooth = box((x, -0.1 - reach[k] / 2, z), (width * 0.36, reach[k] / 2 + 0.04, 0.085), 0.03)
        hook = box((x + width * 0.12, -0.1 - reach[k], z), (width * 0.46, 0.055, 0.085), 0.03)
        field = union(tooth, hook) if rng.random() < 0.4 else tooth
        parts.append(Part(f"tooth_{k + 1}", field, paint, material, movable=True))
    return parts


def _flat(rng) -> list[Part]:
    """A modern key: a broad bow with a coloured cover, a grooved blade with a toothed edge, and a key ring."""
    color, paint, material = _metal(rng)
    cover = contrast(rng, color)
    z, half = 0.12, rng.uniform(0.095, 0.115)
    long, wide = rng.uniform(1.15, 1.35), rng.uniform(0.15, 0.19)
    outline = pick(
        rng,
        (
            motifs.round_patch(0.5, rng.uniform(0.9, 1.1)),
            motifs.flower(0.56, 3, 0.16),
            motifs.rounded_rectangle(0.4, 0.48, 0.2),
            motifs.flower(0.54, 6, 0.06),
        ),
    )
    at = (-0.62, 0.0)
    head = [(at[0] + x, at[1] + y) for x, y in outline]
    inner = [(at[0] + 0.72 * x, at[1] + 0.72 * y) for x, y in outline]
    hole = cylinder((at[0] - 0.24, 0, -1), (at[0] - 0.24, 0, 2), 0.11)
    count = int(rng.integers(4, 6))
    pitch = (long - 0.22) / count
    blade = [(-0.3, wide), (long, wide), (long + 0.14, 0.0), (long, -wide * 0.35), (-0.3, -wide * 0.35)]
    groove = box((long / 2, wide * 0.55, z + half), (long / 2 - 0.1, 0.045, 0.05), 0.02)
    parts = [
        Part("blade", extrude(blade, z - half, z + half, 0.02), paint, material),
        Part("head", extrude(head, z - half, z + half, 0.03), paint, material),
        Part(
            "cover",
            extrude(inner, z - half - 0.02, z + half + 0.06, 0.03),
            _cover_paint(rng, cover),
            palette.RUBBER,
            movable=True,
        ),
        Part("hole", hole, paint, material, cut=True),
        Part("groove", groove, Plain(shade(color, 0.6)), material, cut=True),
    ]
    for k in range(count):
        x, deep = 0.16 + pitch * (k + 0.5), rng.uniform(0.14, 0.26)
        tooth = [
            (x - pitch * 0.46, -wide * 0.3 + 0.06),
            (x - pitch * 0.3, -wide * 0.35 - deep * 0.6),
            (x - 0.02, -wide * 0.35 - deep),
        ]
        tooth += [(x + pitch * 0.15, -wide * 0.35 - deep), (x + pitch * 0.46, -wide * 0.3 + 0.06)]
        parts.append(
            Part(
                f"tooth_{k + 1}", extrude(tooth, z - half * 0.96, z + half * 0.96, 0.01), paint, material, movable=True
            )
        )
    ring_at, size = (at[0] - 0.5, 0, z + 0.02), rng.uniform(0.28, 0.34)
    ring = torus(ring_at, size, 0.065, (rng.uniform(-0.2, 0.2), rng.uniform(-0.15, 0.15), 1))
    return [*parts, Part("key_ring", ring, Plain(pick(rng, palette.METALS)), palette.METAL, movable=True)]


def _cover_paint(rng, color: Color) -> Pattern:
    second = contrast(rng, color, (*palette.TOY, palette.WHITE))
    return pick(
        rng,
        (
            Plain(color),
            Stripes(color, second, (0.5, 0.8, 0), rng.uniform(0.14, 0.24), 0.4),
            Spots(color, second, 0.2, 0.05, 0.9, seed_from(rng)),
            Inlay(Plain(color), Plain(second), cylinder((-0.55, 0, -1), (-0.55, 0, 1), 0.18)),
        ),
    )


TOYS = {"key": key}
