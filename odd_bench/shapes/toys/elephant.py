"""Toy elephants."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Inlay, Mottled, Pattern, Plain, Spots
from odd_bench.shapes.sdf import box, chain, ellipsoid, grown, intersection, scaled, smooth_union, sphere
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import anatomy, palette
from odd_bench.shapes.toys.draws import chance, contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.quadruped import Build, Figure, nails, pad, standing

GREYS = ((0.55, 0.57, 0.62), (0.48, 0.48, 0.5), (0.62, 0.6, 0.6), (0.5, 0.55, 0.66), (0.58, 0.52, 0.48))


def elephant(rng: np.random.Generator) -> list[Part]:
    """African elephants with wide ears, Indian elephants, calves, and circus elephants with a blanket."""
    kind = pick(rng, ("african", "african", "indian", "calf", "circus"))
    skin = tint(rng, (*GREYS, *GREYS, *palette.PASTEL), 0.03)
    finish = pick(rng, anatomy.FINISHES)
    build = _build(rng)
    figure = standing(build, pad)
    paint = Plain(skin) if chance(rng, 0.6) else Mottled(skin, shade(skin, 0.8), 0.3, 1.2, seed_from(rng))
    parts = figure.parts(paint, anatomy.marked(paint, palette.CREAM, *nails(build)), finish)
    head = _elephant_head(rng, kind, paint, skin, finish)
    parts += anatomy.posed(
        head, anatomy.pose_at(figure.head + [0.2, 0, 0.1], 0, rng.uniform(-14, 14), rng.uniform(-10, 8))
    )
    parts += _elephant_tail(rng, figure, paint, skin, finish)
    return anatomy.lowered(parts + (_blanket(rng, figure, build, skin) if kind == "circus" else []), 0.8)


def _build(rng: np.random.Generator) -> Build:
    return Build(
        length=rng.uniform(0.6, 0.75), height=rng.uniform(0.78, 0.92), chest=rng.uniform(0.4, 0.46), hips=rng.uniform(0.38, 0.45),
        belly=rng.uniform(0.42, 0.48), width=rng.uniform(0.9, 1.02), sag=rng.uniform(-0.02, 0.05), leg=rng.uniform(0.145, 0.175),
        thigh=rng.uniform(0.18, 0.21), bend=0.01, stride_deg=rng.uniform(-8, 8),
        neck=0.16, neck_deg=rng.uniform(22, 40), neck_thick=0.34, neck_thin=0.3,
    )  # fmt: skip


def _elephant_head(rng: np.random.Generator, kind: str, paint: Pattern, skin: Color, finish: Material) -> list[Part]:
    size = rng.uniform(0.36, 0.41) if kind != "calf" else rng.uniform(0.42, 0.46)
    crown = ellipsoid((0.1, 0, 0.5 * size), (0.6 * size, 0.6 * size, 0.6 * size))
    skull = smooth_union(0.1, ellipsoid((0, 0, 0), (size, 0.92 * size, size)), crown)
    parts = [Part("head", skull, paint, finish, blend=0.08), _trunk(rng, size, paint, finish)]
    parts += anatomy.eyes(rng, (0.72 * size, 0.52 * size, 0.28 * size), rng.uniform(0.06, 0.08), (1, 0.6, 0.1))
    wide = rng.uniform(0.34, 0.4) if kind != "indian" else rng.uniform(0.24, 0.28)
    lobe = sphere((0, -0.25 * wide, 1.35 * wide), 0.65 * wide)
    flap = scaled(smooth_union(0.1, ellipsoid((0, 0, wide), (wide, 1.05 * wide, wide)), lobe), (0.24, 1, 1))
    inner = pick(rng, (anatomy.ROSE, shade(skin, 0.85), shade(skin, 1.25)))
    place = (-0.02, 0.62 * size, 0.2 * size)
    parts += anatomy.ears(
        flap, paint, inner, finish, place, 0.04, tilt_deg=rng.uniform(75, 95), turn_deg=rng.uniform(8, 40)
    )
    if kind != "calf" or chance(rng, 0.3):
        long = rng.uniform(0.26, 0.42)
        for name, s in SIDES:
            root = np.array([0.62 * size, s * 0.42 * size, -0.42 * size])
            bow = root + [[0, 0, 0], [0.6 * long, s * 0.08, -0.35 * long], [long, s * 0.1, 0.15 * long]]
            parts.append(
                Part(f"tusk_{name}", anatomy.tapered(bow, 0.07, 0.04, 8), Plain(palette.CREAM), finish, movable=True)
            )
    return parts


def _trunk(rng: np.random.Generator, size: float, paint: Pattern, finish: Material) -> Part:
    start = np.array([0.6 * size, 0, -0.1 * size])
    sway = rng.uniform(-0.15, 0.15)
    down = [[0, 0, 0], [0.42, 0, 0.02], [0.36, sway, -0.55], [0.42, sway, -0.7], [0.62, sway, -0.62]]
    up = [[0, 0, 0], [0.5, 0, -0.2], [0.55, sway, -0.35], [0.8, sway, 0.1], [0.55, sway, 0.6]]
    rolled = [[0, 0, 0], [0.45, 0, 0.0], [0.35, sway, -0.9], [0.85, sway, -0.75], [0.6, sway, -0.3]]
    path = anatomy.curve(start + np.array(pick(rng, (down, up, rolled))) * rng.uniform(0.85, 1.05), 18)
    t = np.linspace(0, 1, 18)
    radii = 0.19 - 0.1 * t + 0.008 * np.cos(np.arange(18) * np.pi)
    return Part("trunk", chain(path, radii), paint, finish, blend=0.06, movable=True)


def _elephant_tail(
    rng: np.random.Generator, figure: Figure, paint: Pattern, skin: Color, finish: Material
) -> list[Part]:
    start, wag = figure.rump, rng.uniform(-0.15, 0.15)
    end = start + [-0.16, wag, -0.4]
    return [
        Part(
            "tail",
            anatomy.tapered([start + [0.08, 0, 0], start + [-0.2, 0, 0.05], end], 0.06, 0.045, 10),
            paint,
            finish,
            movable=True,
        ),
        Part("tail", anatomy.tuft(end, 0.075, (0, 0, -1)), Plain(shade(skin, 0.45)), finish, movable=True),
    ]


def _blanket(rng: np.random.Generator, figure: Figure, build: Build, skin: Color) -> list[Part]:
    color, half = contrast(rng, skin), rng.uniform(0.24, 0.32)
    region = box((0, 0, build.height + 0.2), (half, 1, 0.45), 0.03)
    trim = box((0, 0, build.height + 0.25), (half - 0.06, 1, 0.44))
    spots = Spots(color, tint(rng, (palette.GOLD, palette.WHITE)), 0.17, 0.045, 0.9, seed_from(rng))
    cloth = Inlay(Plain(tint(rng, (palette.GOLD, palette.WHITE, *palette.TOY))), spots, trim)
    return [Part("blanket", intersection(grown(figure.trunk, 0.05), region), cloth, palette.FELT, movable=True)]


TOYS = {"elephant": elephant}
