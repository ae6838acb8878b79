"""Toy dinosaurs: the choice among all kinds, and those that walk on four legs."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Pattern, Plain
from odd_bench.shapes.sdf import capsule, ellipsoid, placed, scaled, smooth_union, sphere, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import anatomy, palette
from odd_bench.shapes.toys.dinosaur_skin import hide, skin_colors
from odd_bench.shapes.toys.draws import pick, shade, tint
from odd_bench.shapes.toys.quadruped import Build, Figure, nails, pad, standing
from odd_bench.shapes.toys.rex import rex


def dinosaur(rng: np.random.Generator) -> list[Part]:
    """Tyrannosaurs, long-necked sauropods, triceratops and stegosaurs."""
    kind = pick(rng, ("rex", "sauropod", "triceratops", "stegosaur"))
    if kind == "rex":
        return anatomy.lowered(rex(rng), 0.9)
    skin, second, belly = skin_colors(rng)
    coat, finish, build = hide(rng, skin, second), pick(rng, anatomy.FINISHES), _build(rng, kind)
    figure = standing(build, pad)
    under = ellipsoid((0, 0, build.height - build.belly), (0.9 * build.length, 0.6 * build.belly, 0.32))
    parts = figure.parts(coat, anatomy.marked(coat, palette.CREAM, *nails(build)), finish)
    parts[0] = Part("body", figure.trunk, anatomy.marked(coat, belly, under), finish)
    parts.append(_tail(rng, figure, coat, finish))
    head = {"sauropod": _small_head, "triceratops": _horned_head, "stegosaur": _small_head}[kind]
    nod = anatomy.pose_at(figure.head + [0.06, 0, 0.03], 0, rng.uniform(-15, 15), rng.uniform(-14, 6))
    parts += anatomy.posed(head(rng, coat, skin, second, finish), nod)
    if kind == "stegosaur":
        parts += _plates(rng, build, second, finish)
    return anatomy.lowered(parts, 0.9)


def _build(rng: np.random.Generator, kind: str) -> Build:
    limbs = {"width": rng.uniform(0.86, 1.0), "leg": rng.uniform(0.11, 0.14), "thigh": rng.uniform(0.16, 0.19)}
    limbs["stride_deg"] = rng.uniform(-9, 9)
    if kind == "sauropod":
        return Build(
            length=rng.uniform(0.55, 0.7), height=rng.uniform(0.62, 0.72), chest=rng.uniform(0.31, 0.36),
            hips=rng.uniform(0.33, 0.38), belly=rng.uniform(0.36, 0.42), neck=rng.uniform(0.75, 1.0),
            neck_deg=rng.uniform(50, 74), neck_thick=0.24, neck_thin=0.13, **limbs,
        )  # fmt: skip
    if kind == "triceratops":
        return Build(
            length=rng.uniform(0.6, 0.75), height=rng.uniform(0.6, 0.68), chest=rng.uniform(0.34, 0.39),
            hips=rng.uniform(0.35, 0.4), belly=rng.uniform(0.38, 0.44), neck=0.2,
            neck_deg=rng.uniform(8, 22), neck_thick=0.28, neck_thin=0.24, **limbs,
        )  # fmt: skip
    return Build(
        length=rng.uniform(0.6, 0.75), height=rng.uniform(0.6, 0.68), chest=rng.uniform(0.27, 0.31),
        hips=rng.uniform(0.36, 0.42), belly=rng.uniform(0.4, 0.45), sag=-0.08, neck=rng.uniform(0.3, 0.4),
        neck_deg=rng.uniform(-12, 10), neck_thick=0.2, neck_thin=0.14, **limbs,
    )  # fmt: skip


def _tail(rng: np.random.Generator, figure: Figure, coat: Pattern, finish: Material) -> Part:
    long, sway, tip = rng.uniform(0.65, 0.9), rng.uniform(-0.3, 0.3), rng.uniform(0.1, 0.45)
    root = figure.rump * [1, 0, 1] + [0.25, 0, -0.16]
    points = [
        root,
        root + [-0.5, 0, -0.02],
        root + [-0.35 - 0.5 * long, sway, -0.35],
        [root[0] - 0.35 - long, sway, tip],
    ]
    path = anatomy.tapered(points, 0.28, 0.05, 16)
    return Part("tail", path, coat, finish, blend=0.08, movable=True)


def _small_head(rng: np.random.Generator, coat: Pattern, skin: Color, second: Color, finish: Material) -> list[Part]:
    size = rng.uniform(0.19, 0.23)
    snout = capsule((0.1, 0, -0.05), (0.26, 0, -0.07), 0.14, 0.125)
    skull = smooth_union(0.06, ellipsoid((0, 0, 0), (1.1 * size, size, size)), snout)
    mouth = anatomy.smile((0.38, 0, -0.1), 0.13, 0.03, 0.022, bow=0.12)
    nostrils = [sphere((0.37, s * 0.05, -0.02), 0.026) for s in (1, -1)]
    face = Part("head", skull, anatomy.marked(coat, shade(skin, 0.35), mouth, *nostrils), finish, blend=0.06)
    return [face, *anatomy.eyes(rng, (0.1, 0.78 * size, 0.42 * size), rng.uniform(0.07, 0.09), (0.7, 0.7, 0.1))]


def _horned_head(rng: np.random.Generator, coat: Pattern, skin: Color, second: Color, finish: Material) -> list[Part]:
    size = rng.uniform(0.3, 0.34)
    snout = capsule((0.1, 0, -0.06), (0.4, 0, -0.14), 0.23, 0.15)
    skull = smooth_union(0.08, ellipsoid((0.05, 0, 0), (size, 0.9 * size, 0.92 * size)), snout)
    mouth = anatomy.smile((0.52, 0, -0.2), 0.19, 0.03, 0.024, bow=0.2)
    parts = [Part("head", skull, anatomy.marked(coat, shade(skin, 0.35), mouth), finish, blend=0.06)]
    parts += _frill(rng, second, coat, finish)
    beak = scaled(capsule((0.46, 0, -0.1), (0.58, 0, -0.24), 0.13, 0.055), (1, 0.8, 1))
    parts.append(
        Part("beak", beak, Plain(tint(rng, (palette.CREAM, (0.7, 0.62, 0.45)), 0.03)), finish, blend=0.02, movable=True)
    )
    ivory, long = Plain(tint(rng, (palette.CREAM, (0.85, 0.78, 0.62)), 0.03)), rng.uniform(0.36, 0.5)
    for name, s in SIDES:
        root = np.array([0.14, s * 0.5 * size, 0.6 * size])
        bow = root + [[0, 0, 0], [0.5 * long, s * 0.06, 0.45 * long], [long, s * 0.05, 0.5 * long]]
        parts.append(Part(f"horn_{name}", anatomy.tapered(bow, 0.085, 0.035, 9), ivory, finish, movable=True))
    bump = capsule((0.42, 0, -0.04), (0.5, 0, 0.14), 0.085, 0.04)
    parts.append(Part("horn_nose", bump, ivory, finish, blend=0.02))
    return parts + anatomy.eyes(rng, (0.24, 0.76 * size, 0.2 * size), rng.uniform(0.065, 0.08), (0.7, 0.7, 0.1))


def _frill(rng: np.random.Generator, second: Color, coat: Pattern, finish: Material) -> list[Part]:
    wide, lean = rng.uniform(0.48, 0.56), rng.uniform(18, 38)
    pose = anatomy.pose_at((-0.12, 0, 0.16), 0, 0, lean)
    shield = placed(ellipsoid((0, 0, 0.1), (0.1, wide, 0.9 * wide)), pose)
    angle = np.radians(np.linspace(-20, 200, int(rng.integers(8, 12))))
    knobs = [placed(sphere((0, wide * np.cos(a), 0.1 + 0.9 * wide * np.sin(a)), 0.075), pose) for a in angle]
    inner = placed(ellipsoid((0.1, 0, 0.1), (0.16, 0.75 * wide, 0.66 * wide)), pose)
    return [
        Part("frill", shield, anatomy.marked(coat, second, inner), finish, blend=0.03, movable=True),
        Part("frill", union(*knobs), Plain(palette.CREAM), finish, blend=0.02, movable=True),
    ]


def _plates(rng: np.random.Generator, build: Build, second: Color, finish: Material) -> list[Part]:
    """Two staggered rows of plates along the back."""
    count, tall = int(rng.integers(5, 8)), rng.uniform(0.42, 0.56)
    parts = []
    for name, side in SIDES:
        plates = []
        for k in range(count):
            t = (k + (0.25 if side > 0 else -0.25)) / (count - 1)
            x = build.length * (0.75 - 1.5 * t)
            bow = np.sin(np.pi * np.clip(0.12 + 0.76 * t, 0, 1))
            top = build.height + 0.1 + build.belly * (0.2 + 0.6 * bow)
            blade = anatomy.pointed_ear(tall * (0.55 + 0.45 * bow), 0.2 * (0.6 + 0.4 * bow), 0.3)
            plates.append(
                placed(blade, anatomy.perch((x, 0.07, top - 0.05), side, 14) @ anatomy.pose_at((0, 0, 0), 0, 90))
            )
        parts.append(Part(f"plates_{name}", union(*plates), Plain(second), finish, blend=0.01, movable=True))
    return parts


TOYS = {"dinosaur": dinosaur}
