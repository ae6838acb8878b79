"""Toy deer."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Pattern, Plain, Spots
from odd_bench.shapes.sdf import Field, box, capsule, chain, ellipsoid, grown, intersection, smooth_union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import anatomy, palette
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.faces import long_face
from odd_bench.shapes.toys.quadruped import Build, hoof, standing

FAWN = ((0.68, 0.42, 0.22), (0.6, 0.36, 0.2), (0.75, 0.52, 0.3), (0.5, 0.32, 0.2))


def deer(rng: np.random.Generator) -> list[Part]:
    """Red stags, spotted fallow deer, young bucks and a reindeer with a red nose."""
    kind = pick(rng, ("stag", "fallow", "buck", "reindeer"))
    skin = tint(rng, FAWN if kind != "reindeer" else ((0.5, 0.4, 0.32), (0.6, 0.52, 0.45)), 0.03)
    pale, finish = tint(rng, (palette.CREAM, palette.WHITE, shade(skin, 1.5)), 0.02), pick(rng, anatomy.FINISHES)
    build = _build(rng)
    figure = standing(build, hoof)
    base: Pattern = Plain(skin)
    if kind in ("fallow", "buck"):
        base = Spots(skin, pale, rng.uniform(0.15, 0.2), rng.uniform(0.035, 0.045), 0.75, seed_from(rng))
    belly = box((0, 0, 0), (0.5 * build.length, 1, build.height - 0.12), 0.05)
    bib = ellipsoid(figure.head + [0.1, 0, -0.35], (0.22, 0.16, 0.4))
    coat = anatomy.marked(base, pale, intersection(belly, grown(figure.trunk, 0.02)), bib)
    parts = figure.parts(coat, Plain(shade(skin, 0.35)), finish)
    head = _deer_head(rng, kind, skin, pale, finish)
    parts += anatomy.posed(
        head, anatomy.pose_at(figure.head + [0.03, 0, 0.06], 0, rng.uniform(-22, 22), rng.uniform(-12, 6))
    )
    tail = anatomy.tapered(figure.rump + [[0.06, 0, 0], [-0.12, 0, 0.1], [-0.2, 0, -0.06]], 0.1, 0.05, 8)
    scut = box(figure.rump + [0, 0, -0.3], (1, 1, 0.32))
    parts.append(Part("tail", tail, anatomy.marked(Plain(skin), pale, scut), finish, movable=True))
    return anatomy.lowered(parts, 0.9)


def _build(rng: np.random.Generator) -> Build:
    return Build(
        length=rng.uniform(0.68, 0.85), height=rng.uniform(0.88, 1.02), chest=rng.uniform(0.25, 0.29), hips=rng.uniform(0.25, 0.29),
        belly=rng.uniform(0.24, 0.28), width=rng.uniform(0.8, 0.95), sag=rng.uniform(-0.02, 0.03), leg=rng.uniform(0.065, 0.08),
        thigh=rng.uniform(0.12, 0.145), bend=rng.uniform(0.03, 0.1), stride_deg=rng.uniform(-12, 12),
        neck=rng.uniform(0.42, 0.55), neck_deg=rng.uniform(55, 75), neck_thick=0.2, neck_thin=0.14,
    )  # fmt: skip


def _deer_head(rng: np.random.Generator, kind: str, skin: Color, pale: Color, finish: Material) -> list[Part]:
    size = rng.uniform(0.22, 0.26)
    lips = ellipsoid((0.3, 0, -0.25), (0.3, 0.3, 0.12))
    parts = long_face(
        rng, anatomy.marked(Plain(skin), pale, lips), pale, finish, size, 0.28, 0.17, rng.uniform(0.11, 0.13)
    )
    nose = palette.RED if kind == "reindeer" and chance(rng, 0.7) else palette.BLACK
    parts.append(Part("muzzle", ellipsoid((0.385, 0, -0.13), (0.06, 0.075, 0.055)), Plain(nose), finish, movable=True))
    ear = anatomy.leaf_ear(rng.uniform(0.28, 0.36), rng.uniform(0.09, 0.12))
    place = (-0.06, 0.55 * size, 0.5 * size)
    parts += anatomy.ears(
        ear, Plain(skin), anatomy.ROSE, finish, place, tilt_deg=rng.uniform(50, 75), turn_deg=rng.uniform(0, 20)
    )
    tall = rng.uniform(0.26, 0.36) if kind == "buck" else rng.uniform(0.45, 0.6)
    wide, tines = rng.uniform(0.28, 0.42), 1 if kind == "buck" else int(rng.integers(2, 4))
    color = tint(rng, ((0.62, 0.48, 0.32), (0.45, 0.32, 0.2), palette.CREAM), 0.03)
    for name, s in (("left", 1), ("right", -1)):
        parts.append(Part(f"antler_{name}", _antler(s, size, tall, wide, tines), Plain(color), finish, movable=True))
    return parts


def _antler(side: float, size: float, tall: float, wide: float, tines: int) -> Field:
    root = np.array([0.0, side * 0.38 * size, 0.7 * size])
    bend = [[0, 0, 0], [-0.12, wide, 0.4 * tall], [-0.08, 1.3 * wide, 0.75 * tall], [0.06, wide, tall]]
    beam = anatomy.curve(root + np.multiply(bend, (1, side, 1)))
    branches = [chain(beam, np.linspace(0.065, 0.042, len(beam)))]
    for k in range(tines):
        start = beam[3 + (3 if tines > 1 else 4) * k]
        reach = 0.42 * tall * (1 - 0.12 * k)
        branches.append(capsule(start, start + [0.6 * reach, side * 0.15 * reach, 0.75 * reach], 0.055, 0.04))
    return smooth_union(0.03, *branches)


TOYS = {"deer": deer}
