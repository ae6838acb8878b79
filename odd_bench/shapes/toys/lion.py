"""Toy lions."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Mottled, Pattern, Plain
from odd_bench.shapes.sdf import Field, balls, capsule, ellipsoid, smooth_union, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys.anatomy import FINISHES, ROSE, curve, ears, pose_at, posed, rope, round_ear, tuft
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.faces import round_face
from odd_bench.shapes.toys.quadruped import Build, Figure, paw, sitting, standing

LIONS = ((0.88, 0.66, 0.34), (0.8, 0.58, 0.3), (0.93, 0.76, 0.45), (0.94, 0.7, 0.25))
MANES = ((0.55, 0.28, 0.1), (0.42, 0.22, 0.1), (0.72, 0.38, 0.12), (0.86, 0.42, 0.1), (0.25, 0.15, 0.1))


def lion(rng: np.random.Generator) -> list[Part]:
    """Standing or sitting lions with a mane of petals, of curls or of long locks."""
    skin, hair, finish = tint(rng, LIONS, 0.03), tint(rng, MANES, 0.03), pick(rng, FINISHES)
    pale = shade(skin, 1.45)
    build = _build(rng)
    figure = sitting(build, paw) if chance(rng, 0.45) else standing(build, paw)
    parts = figure.parts(Plain(skin), Plain(shade(skin, 1.2)), finish)
    size = rng.uniform(0.31, 0.36)
    muzzle, eye = 0.46 * size, rng.uniform(0.15, 0.19)
    face = round_face(rng, Plain(skin), Plain(pale), (0.3, 0.17, 0.13), finish, size, 0.06, muzzle, slim=0.85, eye=eye)
    mane = Part("mane", _mane(rng, size), _locks(rng, hair), finish, movable=False)
    ear, place = round_ear(rng.uniform(0.16, 0.19), 0.45), (0.06, 0.72 * size, 1.0 * size)
    face = [face[0], mane, *face[1:], *ears(ear, Plain(skin), ROSE, finish, place, tilt_deg=38, turn_deg=10)]
    parts += posed(
        face, pose_at(figure.head + [0.14, 0, 0.12], rng.uniform(-8, 8), rng.uniform(-22, 22), rng.uniform(-8, 6))
    )
    return parts + _lion_tail(rng, figure, skin, hair, finish)


def _build(rng: np.random.Generator) -> Build:
    return Build(
        length=rng.uniform(0.66, 0.82), height=rng.uniform(0.66, 0.76), chest=rng.uniform(0.29, 0.34), hips=rng.uniform(0.25, 0.3),
        belly=rng.uniform(0.25, 0.3), width=rng.uniform(0.86, 0.98), sag=rng.uniform(-0.03, 0.02), leg=rng.uniform(0.1, 0.12),
        thigh=rng.uniform(0.14, 0.165), bend=rng.uniform(0.02, 0.06), stride_deg=rng.uniform(-10, 10),
        neck=rng.uniform(0.22, 0.3), neck_deg=rng.uniform(45, 62), neck_thick=0.26, neck_thin=0.22,
    )  # fmt: skip


def _locks(rng: np.random.Generator, hair: Color) -> Pattern:
    return pick(rng, (Plain(hair), Mottled(hair, shade(hair, 0.65), 0.12, 1.6, seed_from(rng))))


def _mane(rng: np.random.Generator, size: float) -> Field:
    """A mane around the head that leaves the face free."""
    kind, wide = pick(rng, ("petals", "curls", "locks")), size * rng.uniform(1.32, 1.48)
    center = np.array([-0.12, 0, 0.0])
    if kind == "petals":
        count = int(rng.integers(11, 16))
        angle = 2 * np.pi * (np.arange(count) + 0.5) / count
        ring = np.stack([0 * angle, np.cos(angle), np.sin(angle)], axis=1)
        petals = [capsule(center + 0.5 * wide * r, center + wide * r, 0.8 * wide * np.pi / count, 0.13) for r in ring]
        return smooth_union(0.04, ellipsoid(center, (0.2, wide, wide)), *petals)
    if kind == "curls":
        k = np.arange(70) + 0.5
        polar, turn = np.arccos(1 - 1.45 * k / 70), np.pi * (1 + 5**0.5) * k
        shell = np.stack([-np.cos(polar), np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn)], axis=1)
        curls = balls(center + [0.08, 0, -0.04] + shell * wide * [0.75, 0.92, 0.98], 0.125)
        return union(curls, ellipsoid(center + [-0.06, 0, -0.04], (0.6 * wide, 0.92 * wide, 0.98 * wide)))
    rows = []
    for depth, scale, count in ((0.06, 0.95, 12), (-0.12, 1.05, 11), (-0.28, 0.85, 9)):
        for angle in 2 * np.pi * (np.arange(count) + rng.uniform(0, 1)) / count:
            out = np.array([0, np.cos(angle), np.sin(angle)])
            root = center + [depth, 0, 0] + 0.5 * wide * scale * out
            end = center + [depth - 0.1, 0, -0.08] + 1.12 * wide * scale * out
            rows.append(capsule(root, end, 0.15, 0.05))
    return smooth_union(0.03, ellipsoid(center, (0.25, 0.85 * wide, 0.9 * wide)), *rows)


def _lion_tail(rng: np.random.Generator, figure: Figure, skin: Color, hair: Color, finish: Material) -> list[Part]:
    start, up, wag = figure.rump, rng.uniform(-0.2, 0.45), rng.uniform(-0.25, 0.25)
    points = start + [[0.1, 0, -0.03], [-0.35, 0, -0.1], [-0.5, wag, 0.3 * up], [-0.55, wag, up]]
    points[:, 2] = np.maximum(points[:, 2], 0.1)
    path = curve(points)
    return [
        Part("tail", rope(path, 0.06, 0.05), Plain(skin), finish, blend=0.03, movable=True),
        Part("tail", tuft(path[-1], 0.1, path[-1] - path[-3]), Plain(hair), finish, movable=True),
    ]


TOYS = {"lion": lion}
