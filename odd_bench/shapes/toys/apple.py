"""Apples: red, green and blushing; whole, bitten, halved, or with a worm."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Gradient, Inlay, Mottled, Pattern, Plain, Sectors, Spots, Stripes
from odd_bench.shapes.sdf import Field, capsule, chain, displaced, ellipsoid, half_space, lathe, scaled, sphere, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import leaf_outline, plate, smooth_path
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.eyes import bead_eye

SKINS = ((0.8, 0.1, 0.1), (0.65, 0.08, 0.12), (0.55, 0.75, 0.2), (0.9, 0.75, 0.25), (0.88, 0.3, 0.15))
FLESH = Material("fruit flesh", roughness=0.4, coat=0.2)


def apple(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, ("whole", "bitten", "halved", "worm"))
    skin = tint(rng, SKINS, 0.05)
    material = pick(rng, (palette.PLASTIC, palette.CERAMIC, palette.SATIN, palette.PAINTED_WOOD))
    shape = _fruit(rng)
    parts = [Part("body", shape, _skin(rng, skin), material)]
    if kind == "bitten":
        parts.append(_bite(rng))
    if kind == "halved":
        parts += _half(rng)
    parts += stem_and_leaves(rng, np.array([-0.04, 0, 0.6]))
    if kind == "worm":
        parts += _worm(rng)
    return parts


def _fruit(rng) -> Field:
    """A dimpled, five-lobed fruit about two units wide."""
    shoulder, waist = rng.uniform(0.68, 0.78), rng.uniform(0.52, 0.68)
    tall = rng.uniform(0.9, 1.08)
    right = [
        (0.0, 0.6),
        (0.14, 0.68),
        (0.42, 0.84),
        (shoulder, 0.74),
        (0.95, 0.35),
        (0.93, -0.1),
        (waist + 0.1, -0.62),
        (0.34, -0.8),
    ]
    right += [(0.16, -0.76), (0.0, -0.66)]
    profile = smooth_path(right, 56)
    profile[:, 0] = np.maximum(profile[:, 0], 0.0)
    body = scaled(lathe([tuple(p) for p in profile]), (1.0, rng.uniform(0.94, 1.0), tall))
    lobes, phase = 5, rng.uniform(0, 6)
    return displaced(
        body, lambda p: np.cos(lobes * np.arctan2(p[:, 1], p[:, 0]) + phase) * np.clip(0.3 - p[:, 2], 0, 1), 0.05
    )


def _skin(rng, skin: Color) -> Pattern:
    seed, other = seed_from(rng), tint(rng, (palette.YELLOW, (0.7, 0.8, 0.3), (0.9, 0.6, 0.3)))
    coat: Pattern = pick(
        rng,
        (
            Mottled(skin, shade(skin, 0.75), 0.35, 1.4, seed),
            Spots(skin, shade(skin, 1.5), 0.17, 0.022, 0.9, seed),
            Sectors(skin, shade(skin, 0.82), int(rng.integers(26, 40)), 0.4, rng.random(), 0.1),
            Gradient(other, skin, (rng.uniform(-0.6, 0.6), rng.uniform(-1, 0), 0.4), -0.5, 0.6),
        ),
    )
    return Inlay(coat, Plain(other), sphere((0, 0, 0.62), rng.uniform(0.18, 0.28)))


def stem_and_leaves(rng: np.random.Generator, root: np.ndarray) -> list[Part]:
    """A woody stalk and one or two leaves. root: (3,) the bottom of the dimple on top of a fruit about two units wide."""
    lean, tall = rng.uniform(-0.15, 0.15, 2), rng.uniform(0.4, 0.55)
    path = smooth_path([root - [0, 0, 0.1], root + [0.3 * lean[0], 0.3 * lean[1], 0.5 * tall], root + [*lean, tall]], 7)
    stalk = chain(path, list(np.linspace(0.075, 0.095, 7)))
    parts = [Part("stem", stalk, Plain(tint(rng, (palette.BROWN, (0.35, 0.3, 0.15)))), palette.WOOD, movable=True)]
    color = tint(rng, (palette.GREEN, (0.35, 0.55, 0.2), (0.5, 0.7, 0.25)))
    long, wide = rng.uniform(0.65, 0.85), rng.uniform(0.32, 0.42)
    start = rng.uniform(-2.2, 0.6)
    for i, name in enumerate(("leaf", "leaf_small")[: 1 + chance(rng, 0.5)]):
        turn = start + i * rng.uniform(2.2, 3.2)
        out = np.array([np.cos(turn), np.sin(turn), rng.uniform(0.1, 0.5)])
        across = np.array([-np.sin(turn), np.cos(turn), rng.uniform(-0.3, 0.3)])
        origin = path[3] - 0.05 * out
        size = 1.0 - 0.25 * i
        blade = plate(leaf_outline(size * long, size * wide, rng.uniform(0, 0.25)), 0.085, origin, out, across)
        petiole = capsule(root - [0, 0, 0.1], origin, 0.05, 0.06)
        rib = capsule(origin, origin + 0.9 * size * long * out / np.linalg.norm(out), 0.03)
        vein = Inlay(Plain(color), Plain(shade(color, 1.35)), scaled(rib, (1, 1, 5), tuple(origin)))
        parts.append(Part(name, union(blade, petiole), vein, palette.SATIN, movable=True))
    return parts


def _bite(rng) -> Part:
    """A bite with teeth marks on the front, which shows pale flesh."""
    turn, high = rng.uniform(-0.9, -0.2), rng.uniform(-0.05, 0.2)
    out, side = np.array([np.cos(turn), np.sin(turn), 0]), np.array([-np.sin(turn), np.cos(turn), 0])
    size = rng.uniform(0.27, 0.34)
    teeth = ((-0.9, 0.5), (0.0, 0.75), (0.9, 0.5), (-0.5, -0.45), (0.5, -0.45))
    marks = [sphere(1.02 * out + dy * size * side + [0, 0, high + dz * size], 1.1 * size) for dy, dz in teeth]
    cream = tint(rng, (palette.CREAM, (0.97, 0.93, 0.7)), 0.02)
    return Part("bite", union(*marks), Mottled(cream, shade(cream, 0.9), 0.12, 1.5, seed_from(rng)), FLESH, cut=True)


def _half(rng) -> list[Part]:
    """A cut that removes the front and shows flesh, core and seeds."""
    x = rng.uniform(0.05, 0.2)
    cream = tint(rng, (palette.CREAM, (0.97, 0.94, 0.75)), 0.02)
    core = ellipsoid((x, 0, 0), (0.4, 0.32, 0.42))
    flesh = Inlay(Plain(cream), Plain(shade(cream, 0.88)), core)
    flesh = Inlay(flesh, Plain(shade(cream, 0.97)), ellipsoid((x, 0, 0), (0.4, 0.28, 0.38)))
    facing = half_space((x, 0, 0), (-1, 0, rng.uniform(-0.25, -0.05)))
    seed_color = tint(rng, ((0.3, 0.16, 0.08), (0.4, 0.22, 0.1)), 0.02)
    parts = [Part("cut_face", facing, flesh, FLESH, cut=True)]
    for side, s in (("left", 1.0), ("right", -1.0)):
        pip = chain([(x, 0.11 * s, 0.16), (x, 0.14 * s, 0.0), (x, 0.13 * s, -0.1)], [0.06, 0.12, 0.11])
        parts.append(Part(f"seed_{side}", pip, Plain(seed_color), palette.BEAD, movable=True))
    return parts


def _worm(rng) -> list[Part]:
    color = tint(rng, ((0.6, 0.8, 0.3), palette.PINK, palette.YELLOW, (0.5, 0.75, 0.85)))
    turn, z = rng.uniform(-0.9, 0.1), rng.uniform(-0.1, 0.25)
    out = np.array([np.cos(turn), np.sin(turn), 0])
    bends = [0.75 * out, 1.05 * out, 1.25 * out + [0, 0, 0.1], 1.28 * out + [0, 0, 0.35], 1.36 * out + [0, 0, 0.52]]
    path = smooth_path(np.array(bends) + [0, 0, z], 12)
    rings = Stripes(color, shade(color, 0.75), (0.4, 0.2, 1), 0.12, 0.35)
    parts = [
        Part("hole", sphere(0.9 * out + [0, 0, z], 0.24), Plain((0.35, 0.2, 0.1)), FLESH, cut=True),
        Part("worm", chain(path, [*[0.13] * 9, 0.14, 0.16, 0.17]), rings, palette.SATIN, movable=True),
    ]
    for s in (1, -1):
        at = path[-1] + 0.12 * out + s * 0.09 * np.array([-out[1], out[0], 0]) + [0, 0, 0.08]
        parts.append(bead_eye("worm", at, out, 0.065))
    parts.append(Part("worm", sphere(path[-1] + 0.17 * out, 0.045), Plain(palette.RED), palette.BEAD, movable=True))
    return parts


TOYS = {"apple": apple}
