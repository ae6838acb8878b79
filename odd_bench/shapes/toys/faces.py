"""Heads of toy animals in their own frame: the skull at the origin, facing +x. Each animal adds its ears and horns."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Pattern, Plain
from odd_bench.shapes.sdf import capsule, ellipsoid, scaled, smooth_union, sphere
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.anatomy import eyes, marked, smile
from odd_bench.shapes.toys.draws import shade


def long_face(
    rng: np.random.Generator,
    coat: Pattern,
    lips: Color,
    finish: Material,
    size: float,
    reach: float,
    droop: float,
    muzzle: float,
) -> list[Part]:
    """The head of a horse, deer, giraffe or sheep.

    size: radius of the skull. reach, droop: how far the muzzle lies in front of and below it. muzzle: radius of the muzzle.
    """
    nose = np.array([reach, 0, -droop])
    along = nose / np.linalg.norm(nose)
    below = np.array([along[2], 0, -along[0]])
    face = capsule((0, 0, 0), nose, 0.82 * size, 0.9 * muzzle)
    skull = scaled(smooth_union(0.1, ellipsoid((0, 0, 0), (size, size, size)), face), (1, 0.85, 1))
    tip = ellipsoid(nose, (muzzle, 0.95 * muzzle, 0.92 * muzzle))
    front = nose + 0.75 * muzzle * along
    nostrils = [sphere(front + [0, s * 0.48 * muzzle, 0] - 0.25 * muzzle * below, 0.26 * muzzle) for s in (1, -1)]
    mouth = smile(front + 0.4 * muzzle * below, 0.75 * muzzle, 0.16 * muzzle, 0.02, bow=0.35 * muzzle)
    return [
        Part("head", skull, coat, finish, blend=0.06),
        Part("muzzle", tip, marked(Plain(lips), shade(lips, 0.35), *nostrils, mouth), finish, blend=0.04, movable=True),
        *eyes(rng, (0.52 * size, 0.64 * size, 0.36 * size), rng.uniform(0.27, 0.33) * size, (0.7, 0.7, 0.1)),
    ]


def round_face(
    rng: np.random.Generator,
    coat: Pattern,
    snout: Pattern,
    nose: Color,
    finish: Material,
    size: float,
    reach: float,
    muzzle: float,
    slim: float = 0.6,
    eye: float = 0.17,
) -> list[Part]:
    """The head of a dog, fox, lion, panda, bunny or mouse.

    size: radius of the skull. reach: length of the snout. muzzle: radius of the snout at the skull. slim: its radius at the end,
    as a fraction of that. eye: radius of the eyes, as a fraction of `size`.
    """
    base, end = np.array([0.45 * size, 0, -0.28 * size]), np.array([0.8 * size + reach, 0, -0.36 * size])
    tip = end + [0.75 * slim * muzzle, 0, 0.5 * slim * muzzle]
    mouth = end + [0.85 * slim * muzzle, 0, -0.38 * slim * muzzle]
    philtrum = capsule(tip, mouth, 0.02)
    lips = smile(mouth, 0.75 * slim * muzzle, 0.3 * slim * muzzle, 0.022, bow=0.5 * slim * muzzle)
    button = max(0.42 * slim * muzzle, 0.05)
    return [
        Part("head", ellipsoid((0, 0, 0), (0.95 * size, size, 0.92 * size)), coat, finish, blend=0.06),
        Part(
            "snout",
            scaled(capsule(base, end, muzzle, slim * muzzle), (1, 1.1, 0.9), base),
            marked(snout, shade(nose, 0.8), philtrum, lips),
            finish,
            blend=0.07,
        ),
        Part("nose", ellipsoid(tip, (0.9 * button, 1.25 * button, 0.9 * button)), Plain(nose), palette.BEAD),
        *eyes(rng, (0.76 * size, 0.42 * size, 0.26 * size), eye * size, (1, 0.35, 0.1)),
    ]
