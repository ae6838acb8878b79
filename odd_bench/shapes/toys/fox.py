"""Toy foxes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Plain
from odd_bench.shapes.sdf import box, capsule, chain, ellipsoid, smooth_union, sphere
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.anatomy import FINISHES, curve, ears, marked, pointed_ear, pose_at, posed
from odd_bench.shapes.toys.draws import chance, pick, tint
from odd_bench.shapes.toys.faces import round_face
from odd_bench.shapes.toys.quadruped import Build, Figure, paw, sitting, standing

SOOT = (0.13, 0.11, 0.1)
FOXES = (
    ((0.85, 0.4, 0.13), palette.WHITE, SOOT),
    ((0.78, 0.33, 0.14), palette.CREAM, (0.2, 0.12, 0.1)),
    ((0.9, 0.52, 0.2), palette.WHITE, (0.35, 0.2, 0.14)),
    ((0.86, 0.87, 0.9), palette.WHITE, (0.6, 0.62, 0.67)),
    ((0.36, 0.36, 0.4), (0.75, 0.75, 0.77), SOOT),
    ((0.88, 0.7, 0.45), palette.CREAM, (0.55, 0.38, 0.22)),
)


def fox(rng: np.random.Generator) -> list[Part]:
    """Mostly red foxes, but also arctic, silver and desert foxes."""
    base, pale, dark = (
        tint(rng, (color,), 0.025) for color in FOXES[int(rng.choice(6, p=(0.25, 0.25, 0.2, 0.1, 0.1, 0.1)))]
    )
    finish = pick(rng, FINISHES)
    build = _build(rng)
    sits = chance(rng, 0.45)
    figure = sitting(build, paw) if sits else standing(build, paw)
    bib = ellipsoid(figure.head + [0.14, 0, -0.28], (0.2, 0.17, 0.34))
    stocking = box((0, 0, 0), (2, 2, rng.uniform(0.16, 0.28)))
    coat = marked(Plain(base), pale, bib)
    parts = figure.parts(coat, Plain(dark), finish)
    parts = [
        part if part.name == "body" else replace(part, pattern=marked(part.pattern, dark, stocking)) for part in parts
    ]
    head = _fox_head(rng, base, pale, dark, finish)
    parts += posed(
        head, pose_at(figure.head + [0.08, 0, 0.13], rng.uniform(-9, 9), rng.uniform(-25, 25), rng.uniform(-8, 8))
    )
    return parts + _brush(rng, figure, base, pale, finish, sits)


def _build(rng: np.random.Generator) -> Build:
    return Build(
        length=rng.uniform(0.58, 0.74), height=rng.uniform(0.58, 0.68), chest=rng.uniform(0.23, 0.27), hips=rng.uniform(0.22, 0.26),
        belly=rng.uniform(0.2, 0.24), width=rng.uniform(0.85, 0.98), sag=rng.uniform(-0.03, 0.02), leg=rng.uniform(0.07, 0.085),
        thigh=rng.uniform(0.11, 0.13), bend=rng.uniform(0.03, 0.08), stride_deg=rng.uniform(-10, 10),
        neck=rng.uniform(0.2, 0.28), neck_deg=rng.uniform(45, 65), neck_thick=0.2, neck_thin=0.17,
    )  # fmt: skip


def _fox_head(rng: np.random.Generator, base: Color, pale: Color, dark: Color, finish: Material) -> list[Part]:
    size, reach = rng.uniform(0.27, 0.31), rng.uniform(0.17, 0.25)
    cheeks = [
        ellipsoid((0.5 * size, s * 0.75 * size, -0.5 * size), (0.9 * size, 0.62 * size, 0.5 * size)) for s in (1, -1)
    ]
    face = marked(Plain(base), pale, *cheeks)
    snout = marked(Plain(base), pale, box((0.5, 0, -0.68 * size - 1), (1, 1, 1)))
    parts = round_face(
        rng, face, snout, palette.BLACK, finish, size, reach, 0.5 * size, slim=0.42, eye=rng.uniform(0.17, 0.2)
    )
    ruff = [capsule((0.1, 0, -0.35 * size), (0.0, s * 1.25 * size, -0.5 * size), 0.5 * size, 0.06) for s in (1, -1)]
    parts.insert(1, Part("ruff", smooth_union(0.05, *ruff), Plain(pale), finish, blend=0.06))
    ear, place = pointed_ear(rng.uniform(0.36, 0.46), rng.uniform(0.14, 0.17)), (-0.03, 0.55 * size, 0.55 * size)
    outer = marked(Plain(base), dark, box((0, 0, 1.24), (1, 1, 1)))
    return parts + ears(ear, outer, pale, finish, place, tilt_deg=rng.uniform(12, 26), turn_deg=rng.uniform(5, 20))


def _brush(
    rng: np.random.Generator, figure: Figure, base: Color, pale: Color, finish: Material, sits: bool
) -> list[Part]:
    """The bushy tail with a pale tip; a sitting fox curls it around its side."""
    start, side, full = figure.rump, pick(rng, (1, -1)), rng.uniform(0.16, 0.2)
    if sits:
        low = np.array([start[0], 0, full])
        points = [start, low + [-0.45, 0, 0.05], low + [-0.45, 0.5 * side, -0.02], low + [0.1, 0.55 * side, 0.0]]
    else:
        up = rng.uniform(-0.35, 0.35)
        points = [
            start + [0.05, 0, 0],
            start + [-0.3, 0, 0.06],
            start + [-0.55, 0.1 * side, 0.3 * up],
            start + [-0.75, 0.12 * side, up],
        ]
    path, t = curve(points, 16), np.linspace(0, 1, 16)
    radii = 0.07 + (full - 0.07) * np.sin(np.pi * np.clip(t, 0, 1) ** 1.1) ** 0.8
    radii[-1] = 0.045
    tip = sphere(path[-1], 1.05 * np.linalg.norm(path[-1] - path[-5]))
    return [Part("tail", chain(path, radii), marked(Plain(base), pale, tip), finish, blend=0.03, movable=True)]


TOYS = {"fox": fox}
