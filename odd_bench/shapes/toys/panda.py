"""Toy pandas."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Plain, Stripes
from odd_bench.shapes.sdf import box, cylinder, ellipsoid, half_space, intersection, placed, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.anatomy import FINISHES, ears, leaf_ear, marked, perch, pose_at, posed, round_ear
from odd_bench.shapes.toys.draws import pick, shade, tint
from odd_bench.shapes.toys.faces import round_face
from odd_bench.shapes.toys.quadruped import Build, Figure, paw, standing
from odd_bench.shapes.toys.sitter import ARMS, Teddy, seated, soles


def panda(rng: np.random.Generator) -> list[Part]:
    """Pandas that sit like a teddy bear, hold bamboo, or walk on all fours."""
    pale = tint(rng, (palette.WHITE, palette.CREAM, (0.97, 0.96, 0.93)), 0.02)
    dark, finish = tint(rng, (palette.BLACK, palette.CHARCOAL, (0.2, 0.13, 0.1)), 0.02), pick(rng, FINISHES)
    kind = pick(rng, ("teddy", "bamboo", "bamboo", "walking"))
    if kind == "walking":
        figure, parts = _walking(rng, pale, dark, finish)
        head_at = figure.head + [0.14, 0, 0.1]
    else:
        figure, parts = _sitting(rng, kind, pale, dark, finish)
        head_at = figure.head + [0.04, 0, 0.22]
    parts += posed(
        _head(rng, pale, dark, finish),
        pose_at(head_at, rng.uniform(-10, 10), rng.uniform(-20, 20), rng.uniform(-10, 5)),
    )
    stub = ellipsoid(figure.rump + [-0.03, 0, 0.0], (0.14, 0.15, 0.13))
    return [*parts, Part("tail", stub, Plain(pale), finish, movable=True)]


def _sitting(
    rng: np.random.Generator, kind: str, pale: Color, dark: Color, finish: Material
) -> tuple[Figure, list[Part]]:
    poses = [ARMS[pick(rng, ("down", "lap", "up", "wave"))], ARMS["down"]]
    if kind == "bamboo":
        poses[0] = ARMS["wave"]
    build = Teddy(
        belly=rng.uniform(0.44, 0.52), chest=rng.uniform(0.32, 0.37), tall=rng.uniform(0.74, 0.86), arm=rng.uniform(0.125, 0.15),
        leg=rng.uniform(0.15, 0.18), reach=rng.uniform(0.42, 0.55), spread_deg=rng.uniform(14, 32), foot=rng.uniform(0.19, 0.23),
        left_hand=poses[0], right_hand=poses[1],
    )  # fmt: skip
    figure = seated(build)
    yoke = intersection(
        half_space((0, 0, build.tall + 0.16), (0, 0, 1)), half_space((0, 0, build.tall - 0.1), (0, 0, -1))
    )
    pads = pick(rng, ((0.45, 0.42, 0.42), (0.85, 0.6, 0.6), pale))
    parts = figure.parts(Plain(dark), marked(Plain(dark), pads, *soles(build)), finish)
    parts[0] = Part("body", figure.trunk, marked(Plain(pale), dark, yoke), finish)
    if kind == "bamboo":
        parts += _bamboo(rng, np.array(build.left_hand))
    return figure, parts


def _walking(rng: np.random.Generator, pale: Color, dark: Color, finish: Material) -> tuple[Figure, list[Part]]:
    build = Build(
        length=rng.uniform(0.68, 0.82), height=rng.uniform(0.62, 0.7), chest=rng.uniform(0.36, 0.41), hips=rng.uniform(0.38, 0.44),
        belly=rng.uniform(0.4, 0.46), width=rng.uniform(0.92, 1.04), leg=rng.uniform(0.135, 0.16), thigh=rng.uniform(0.17, 0.2),
        stride_deg=rng.uniform(-9, 9), neck=0.14, neck_deg=rng.uniform(25, 45), neck_thick=0.3, neck_thin=0.28,
    )  # fmt: skip
    figure = standing(build, paw)
    yoke = box((0.5 * build.length, 0, 1), (rng.uniform(0.14, 0.2), 2, 2))
    parts = figure.parts(Plain(dark), Plain(dark), finish)
    parts[0] = Part("body", figure.trunk, marked(Plain(pale), dark, yoke), finish)
    return figure, parts


def _head(rng: np.random.Generator, pale: Color, dark: Color, finish: Material) -> list[Part]:
    size = rng.uniform(0.4, 0.46)
    droop, wide, tall = rng.uniform(20, 45), rng.uniform(0.2, 0.25) * size, rng.uniform(0.28, 0.34) * size
    spot, place = ellipsoid((0, 0, 0), (0.4 * size, wide, tall)), (0.8 * size, 0.4 * size, 0.2 * size)
    face = marked(Plain(pale), dark, *(placed(spot, perch(place, side, droop)) for _, side in SIDES))
    eye, muzzle = rng.uniform(0.12, 0.155), rng.uniform(0.36, 0.42) * size
    parts = round_face(rng, face, Plain(pale), palette.BLACK, finish, size, 0.02, muzzle, slim=0.85, eye=eye)
    ear = round_ear(rng.uniform(0.15, 0.19), 0.5)
    place = (-0.04, 0.64 * size, 0.7 * size)
    return parts + ears(
        ear, Plain(dark), shade(dark, 1.15), finish, place, tilt_deg=rng.uniform(35, 50), turn_deg=rng.uniform(0, 20)
    )


def _bamboo(rng: np.random.Generator, hand: np.ndarray) -> list[Part]:
    """A jointed stalk with two leaves, held in the left hand."""
    lean, low, high = rng.uniform(-0.25, 0.25), rng.uniform(0.25, 0.4), rng.uniform(0.4, 0.6)
    along = np.array([0.15, lean, 1.0]) / np.linalg.norm([0.15, lean, 1.0])
    color = tint(rng, (palette.GREEN, (0.45, 0.65, 0.25), (0.6, 0.7, 0.3)), 0.04)
    stalk = cylinder(hand - low * along, hand + high * along, 0.06, 0.02)
    knots = [
        cylinder(hand + k * along, hand + (k + 0.045) * along, 0.075, 0.015)
        for k in np.linspace(-low + 0.08, high - 0.1, 4)
    ]
    tip = hand + (high - 0.06) * along
    blades = [placed(leaf_ear(0.34, 0.075), pose_at(tip, tilt_deg, 20)) for tilt_deg in (65, -50)]
    rings = Stripes(color, shade(color, 0.75), tuple(along), 0.2, 0.12)
    return [
        Part("bamboo", union(stalk, *knots), rings, palette.PAINTED_WOOD, movable=True),
        Part("bamboo", union(*blades), Plain(shade(color, 0.8)), palette.PAINTED_WOOD, movable=True),
    ]


TOYS = {"panda": panda}
