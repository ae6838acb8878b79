"""Toy giraffes."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Plain, Tiles
from odd_bench.shapes.sdf import box, capsule, chain, scaled, sphere
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import anatomy, palette
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.faces import long_face
from odd_bench.shapes.toys.quadruped import Build, Figure, hoof, standing

HIDES = (
    ((0.93, 0.8, 0.5), (0.62, 0.36, 0.14)),
    ((0.92, 0.85, 0.68), (0.5, 0.28, 0.14)),
    ((0.96, 0.78, 0.35), (0.75, 0.42, 0.12)),
)


def giraffe(rng: np.random.Generator) -> list[Part]:
    """Tiled giraffes in natural and pastel colours, with upright or leaning necks."""
    pale, patch = pick(rng, HIDES)
    if chance(rng, 0.15):
        pale = tint(rng, palette.PASTEL, 0.02)
        patch = shade(pale, 0.6)
    pale, patch, finish = tint(rng, (pale,), 0.03), tint(rng, (patch,), 0.03), pick(rng, anatomy.FINISHES)
    hide = Tiles(patch, pale, rng.uniform(0.22, 0.3), rng.uniform(0.045, 0.08), seed_from(rng))
    build = _build(rng)
    figure = standing(build, hoof)
    socks = box((0, 0, 0), (2, 2, rng.uniform(0.25, 0.4)))
    parts = figure.parts(anatomy.marked(hide, pale, socks), Plain(shade(patch, 0.5)), finish)
    face = _giraffe_head(rng, pale, patch, finish)
    parts += anatomy.posed(
        face, anatomy.pose_at(figure.head + [0.04, 0, 0.05], 0, rng.uniform(-22, 22), rng.uniform(-14, 4))
    )
    parts += [
        _crest(rng, figure, build, shade(patch, 0.8), finish),
        *_tail(rng, figure, pale, shade(patch, 0.5), finish),
    ]
    return anatomy.lowered(parts, 1.2)


def _build(rng: np.random.Generator) -> Build:
    return Build(
        length=rng.uniform(0.55, 0.7), height=rng.uniform(1.0, 1.15), chest=rng.uniform(0.27, 0.31), hips=rng.uniform(0.23, 0.27),
        belly=rng.uniform(0.25, 0.29), width=rng.uniform(0.82, 0.95), sag=rng.uniform(-0.02, 0.02), leg=rng.uniform(0.075, 0.09),
        thigh=rng.uniform(0.13, 0.15), bend=rng.uniform(0.02, 0.06), stride_deg=rng.uniform(-9, 9),
        neck=rng.uniform(0.95, 1.25), neck_deg=rng.uniform(66, 84), neck_thick=0.21, neck_thin=rng.uniform(0.12, 0.14),
    )  # fmt: skip


def _giraffe_head(rng: np.random.Generator, pale: Color, patch: Color, finish: Material) -> list[Part]:
    size = rng.uniform(0.19, 0.22)
    parts = long_face(
        rng, Plain(pale), shade(pale, 1.3), finish, size, rng.uniform(0.27, 0.34), 0.16, rng.uniform(0.12, 0.14)
    )
    ear = anatomy.leaf_ear(rng.uniform(0.24, 0.3), rng.uniform(0.08, 0.1))
    parts += anatomy.ears(
        ear,
        Plain(pale),
        anatomy.ROSE,
        finish,
        (-0.08, 0.6 * size, 0.45 * size),
        tilt_deg=rng.uniform(60, 80),
        turn_deg=5,
    )
    tall, lean = rng.uniform(0.17, 0.25), rng.uniform(0.02, 0.06)
    for name, s in SIDES:
        root = np.array([-0.02, s * 0.42 * size, 0.7 * size])
        tip = root + [-0.04, s * lean, tall]
        parts.append(
            Part(f"horn_{name}", capsule(root, tip, 0.05, 0.04), Plain(pale), finish, blend=0.03, movable=True)
        )
        parts.append(Part(f"horn_{name}", sphere(tip, 0.068), Plain(shade(patch, 0.5)), finish, movable=True))
    return parts


def _crest(rng: np.random.Generator, figure: Figure, build: Build, hair: Color, finish: Material) -> Part:
    angle = np.radians(build.neck_deg)
    along, back = np.array([np.cos(angle), 0, np.sin(angle)]), np.array([-np.sin(angle), 0, np.cos(angle)])
    t, tall = np.linspace(0.12, 1.05, 14), rng.uniform(0.05, 0.08)
    thick = build.neck_thick + (build.neck_thin - build.neck_thick) * t
    points = figure.head + ((t - 1) * build.neck)[:, None] * along + (thick + 0.3 * tall)[:, None] * back
    return Part("mane", scaled(chain(points, [tall] * 14), (1, 0.75, 1)), Plain(hair), finish, movable=True)


def _tail(rng: np.random.Generator, figure: Figure, pale: Color, hair: Color, finish: Material) -> list[Part]:
    start = figure.rump
    end = start + [-0.16, rng.uniform(-0.12, 0.12), -rng.uniform(0.32, 0.45)]
    cord = anatomy.tapered([start + [0.1, 0, 0], start + [-0.16, 0, 0.06], end], 0.055, 0.042, 10)
    return [
        Part("tail", cord, Plain(pale), finish, movable=True),
        Part("tail", anatomy.tuft(end, 0.085, (0, 0, -1)), Plain(hair), finish, movable=True),
    ]


TOYS = {"giraffe": giraffe}
