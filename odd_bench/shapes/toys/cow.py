"""Toy cows."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Patches, Pattern, Plain
from odd_bench.shapes.sdf import box, capsule, ellipsoid, moved, smooth_union, sphere, torus
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import anatomy, palette
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.quadruped import Build, Figure, hoof, standing

COWS = (palette.BROWN, (0.62, 0.38, 0.2), (0.72, 0.5, 0.28), (0.3, 0.18, 0.12))


def cow(rng: np.random.Generator) -> list[Part]:
    """Black pied, brown pied, plain and belted cows; some wear a bell."""
    kind = pick(rng, ("black pied", "black pied", "brown pied", "plain", "belted"))
    dark = {"black pied": palette.BLACK, "belted": palette.CHARCOAL}.get(kind) or tint(rng, COWS, 0.04)
    light, finish = tint(rng, (palette.WHITE, palette.CREAM), 0.02), pick(rng, anatomy.FINISHES)
    coat = _cow_coat(rng, kind, dark, light)
    build = _build(rng)
    figure = standing(build, hoof)
    parts = figure.parts(coat, Plain(tint(rng, (palette.CHARCOAL, (0.35, 0.28, 0.22)), 0.03)), finish)
    parts.append(_udder(build, finish))
    head = _cow_head(rng, "pied" in kind, light, dark, finish)
    parts += anatomy.posed(
        head, anatomy.pose_at(figure.head + [0.12, 0, 0.06], 0, rng.uniform(-18, 18), rng.uniform(-18, 4))
    )
    parts += _cow_tail(rng, figure, coat, dark, finish)
    return parts + (_bell(rng, figure, build) if chance(rng, 0.5) else [])


def _build(rng: np.random.Generator) -> Build:
    return Build(
        length=rng.uniform(0.85, 1.1), height=rng.uniform(0.84, 0.98), chest=rng.uniform(0.34, 0.4), hips=rng.uniform(0.33, 0.39),
        belly=rng.uniform(0.38, 0.44), width=rng.uniform(0.85, 1.0), sag=rng.uniform(0.02, 0.08), leg=rng.uniform(0.09, 0.12),
        thigh=rng.uniform(0.16, 0.2), bend=rng.uniform(0, 0.06), stride_deg=rng.uniform(-9, 9),
        neck=rng.uniform(0.3, 0.42), neck_deg=rng.uniform(28, 48), neck_thick=0.3, neck_thin=0.22,
    )  # fmt: skip


def _cow_coat(rng: np.random.Generator, kind: str, dark: Color, light: Color) -> Pattern:
    if kind == "plain":
        return Plain(dark)
    if kind == "belted":
        return anatomy.marked(
            Plain(dark), light, box((rng.uniform(-0.1, 0.1), 0, 0.7), (rng.uniform(0.18, 0.28), 2, 2))
        )
    return Patches(light, dark, rng.uniform(0.45, 0.7), rng.uniform(0.4, 0.6), seed_from(rng))


def _udder(build: Build, finish: Material) -> Part:
    teats = [capsule((x, y, 0), (x, y, -0.21), 0.035) for x in (-0.07, 0.07) for y in (-0.07, 0.07)]
    bag = smooth_union(0.03, ellipsoid((0, 0, 0), (0.2, 0.18, 0.15)), *teats)
    at = (-0.25 * build.length, 0, build.height - build.belly - build.sag)
    return Part("udder", moved(bag, at), Plain(anatomy.ROSE), finish, blend=0.03, movable=True)


def _cow_head(rng: np.random.Generator, blazed: bool, light: Color, dark: Color, finish: Material) -> list[Part]:
    size, reach, muzzle = rng.uniform(0.29, 0.34), rng.uniform(0.28, 0.36), rng.uniform(0.19, 0.23)
    nose = (reach, 0, -0.16)
    skull = smooth_union(0.12, ellipsoid((0, 0, 0), (size, 0.95 * size, size)), capsule((0, 0, 0), nose, 0.2, 0.16))
    face = anatomy.marked(Plain(dark), light, ellipsoid((0.3, 0, 0.1), (0.4, 0.09, 0.5))) if blazed else Plain(dark)
    pink = tint(rng, (anatomy.ROSE, (0.85, 0.68, 0.6), (0.4, 0.3, 0.28)), 0.03)
    nostrils = [sphere((reach + 0.8 * muzzle, s * 0.5 * muzzle, -0.09), 0.04) for s in (1, -1)]
    mouth = anatomy.smile((reach + 0.78 * muzzle, 0, -0.24), 0.14, 0.05, 0.02, bow=0.05)
    lips = ellipsoid(nose, (0.9 * muzzle, 1.15 * muzzle, 0.82 * muzzle))
    return [
        Part("head", skull, face, finish, blend=0.05),
        Part("muzzle", lips, anatomy.marked(Plain(pink), shade(pink, 0.4), *nostrils, mouth), finish, blend=0.02, movable=True),
        *anatomy.eyes(rng, (0.62 * size, 0.68 * size, 0.4 * size), rng.uniform(0.06, 0.075), (0.8, 0.6, 0.1)),
        *anatomy.ears(
            anatomy.leaf_ear(rng.uniform(0.32, 0.4), rng.uniform(0.12, 0.15)), Plain(dark), anatomy.ROSE, finish,
            (-0.05, 0.75 * size, 0.45 * size), tilt_deg=rng.uniform(75, 105), turn_deg=rng.uniform(-10, 15),
        ),
        *_horns(rng, size, finish),
    ]  # fmt: skip


def _horns(rng: np.random.Generator, size: float, finish: Material) -> list[Part]:
    spread, rise = rng.uniform(0.12, 0.26), rng.uniform(0.14, 0.28)
    parts = []
    for name, s in (("left", 1), ("right", -1)):
        root = np.array([-0.02, s * 0.35 * size, 0.75 * size])
        bow = [root, root + [0, s * spread, 0.03], root + [0.05, s * spread * 1.1, rise]]
        parts.append(
            Part(f"horn_{name}", anatomy.tapered(bow, 0.085, 0.04, 10), Plain(palette.CREAM), finish, movable=True)
        )
    return parts


def _cow_tail(rng: np.random.Generator, figure: Figure, coat: Pattern, dark: Color, finish: Material) -> list[Part]:
    start = figure.rump
    end = start + [-0.2, rng.uniform(-0.15, 0.15), -rng.uniform(0.45, 0.6)]
    cord = anatomy.tapered([start + [0.08, 0, 0], start + [-0.22, 0, 0.08], end + [0, 0, 0.2], end], 0.06, 0.045)
    return [
        Part("tail", cord, coat, finish, movable=True),
        Part("tail", anatomy.tuft(end, 0.085, (0, 0, -1)), Plain(dark), finish, movable=True),
    ]


def _bell(rng: np.random.Generator, figure: Figure, build: Build) -> list[Part]:
    angle, ring = np.radians(build.neck_deg), build.neck_thin + 0.03
    along = np.array([np.cos(angle), 0, np.sin(angle)])
    at = figure.head - 0.12 * along
    under = at + ring * np.array([np.sin(angle), 0, -np.cos(angle)])
    bell = smooth_union(0.03, capsule(under, under + [0, 0, -0.1], 0.07, 0.1), sphere(under + [0, 0, -0.2], 0.045))
    return [
        Part("bell", torus(at, ring, 0.045, along), Plain(tint(rng)), palette.LEATHER, movable=True),
        Part("bell", bell, Plain(tint(rng, (palette.GOLD, (0.75, 0.6, 0.4)), 0.03)), palette.METAL, movable=True),
    ]


TOYS = {"cow": cow}
