"""Oranges: whole with leaves, halved with a slice next to it, with a wedge cut out, and a peeled mandarin."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes import noise
from odd_bench.shapes.patterns import Color, Inlay, Mottled, Pattern, Placed, Plain, Sectors, Spots
from odd_bench.shapes.poses import plane_pose
from odd_bench.shapes.sdf import (
    Field,
    cylinder,
    displaced,
    ellipsoid,
    half_space,
    intersection,
    placed,
    rotated,
    scaled,
    sphere,
)
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.apple import FLESH, stem_and_leaves
from odd_bench.shapes.toys.curves import leaf_outline, plate, star_outline
from odd_bench.shapes.toys.draws import pick, seed_from, shade, tint

RIND = Material("citrus rind", roughness=0.45, coat=0.2, bump=0.5)
RINDS = ((0.96, 0.52, 0.06), (0.93, 0.42, 0.05), (0.98, 0.62, 0.12), (0.9, 0.36, 0.08))


def orange(rng: np.random.Generator) -> list[Part]:
    return pick(rng, (_whole, _whole, _halved, _wedged, _peeled))(rng)


def _ball(rng) -> tuple[Field, Pattern, Color]:
    """A fruit with pores and a radius of about 0.95, its paint and its colour."""
    color, seed = tint(rng, RINDS, 0.03), seed_from(rng)
    ball = scaled(sphere((0, 0, 0), 0.95), (1.0, rng.uniform(0.96, 1.0), rng.uniform(0.85, 0.98)))
    pores = displaced(ball, lambda p: -np.clip(0.5 - noise.cells(p / 0.13, seed)[0], 0, 1), 0.035)
    paint = pick(
        rng,
        (
            Spots(color, shade(color, 0.85), 0.13, 0.03, 0.9, seed),
            Mottled(color, shade(color, 0.85), 0.5, 1.5, seed),
            Mottled(color, tint(rng, ((0.75, 0.7, 0.15), (0.98, 0.75, 0.2))), 0.7, 2.0, seed),
        ),
    )
    return pores, paint, color


def _flesh(color: Color, radius: float, segments: int) -> Pattern:
    """The paint of a cut face in its own frame: segments around z, membranes, white pith and rind."""
    pulp, pith = shade(color, 1.12), (0.98, 0.92, 0.75)
    face: Pattern = Plain(color)
    face = Inlay(face, Plain(pith), _drum(0.93 * radius))
    face = Inlay(face, Sectors(pith, pulp, segments, 0.88), _drum(0.83 * radius))
    return Inlay(face, Plain(pith), _drum(0.1 * radius))


def _drum(radius: float) -> Field:
    return cylinder((0, 0, -3), (0, 0, 3), radius)


def _whole(rng) -> list[Part]:
    ball, paint, color = _ball(rng)
    calyx = plate(star_outline(0.27, 0.13, 5, rng.uniform(0, 1)), 0.09, (0, 0, 0.87), (1, 0, 0), (0, 1, 0))
    navel = sphere((0.0, 0.0, -1.0), 0.16)
    return [
        Part("body", ball, paint, RIND),
        Part("navel", navel, Plain(shade(color, 0.8)), RIND, 0.06, cut=True),
        Part("calyx", calyx, Plain(shade(palette.GREEN, 0.8)), palette.SATIN),
        *stem_and_leaves(rng, np.array([0, 0, 0.85])),
    ]


def _halved(rng) -> list[Part]:
    """The lower half of a fruit with its cut face turned forwards, and a round slice that leans on it."""
    ball, paint, color = _ball(rng)
    segments = int(rng.integers(9, 13))
    tilt = rng.uniform(0.35, 0.8)
    normal = np.array([np.sin(tilt), -0.35 * np.sin(tilt), np.cos(tilt)])
    pose = plane_pose((0, 0, 0), np.cross([0, 1, 0], normal), np.cross(normal, np.cross([0, 1, 0], normal)))
    face = Placed(_flesh(color, 0.95, segments), pose)
    thick, radius = rng.uniform(0.16, 0.24), rng.uniform(0.62, 0.75)
    lean = rng.uniform(0.15, 0.5)
    turn = rng.uniform(-1.5, -0.8)
    out = np.array([np.cos(turn), np.sin(turn), 0])
    slice_normal = out * np.cos(lean) + np.array([0, 0, np.sin(lean)])
    up = np.array([0, 0, 1.0]) - slice_normal * slice_normal[2]
    slice_pose = plane_pose(0.9 * out + [0, 0, -0.9 + 0.95 * radius], np.cross(up, slice_normal), up)
    disc = placed(cylinder((0, 0, -thick / 2), (0, 0, thick / 2), radius, 0.04), slice_pose)
    parts = [
        Part("body", ball, paint, RIND),
        Part("cut_face", half_space((0, 0, 0.12), -normal), face, FLESH, cut=True),
        Part("slice", disc, Placed(_flesh(color, radius, segments), slice_pose), FLESH, movable=True),
    ]
    leaf = plate(leaf_outline(0.8, 0.42), 0.1, -0.75 * out + [0, 0, -0.45], -out + [0, 0, -0.1], (-out[1], out[0], 0.2))
    return [
        *parts,
        Part("leaf", leaf, Plain(tint(rng, (palette.GREEN, (0.35, 0.55, 0.2)))), palette.SATIN, movable=True),
    ]


def _wedged(rng) -> list[Part]:
    """A fruit with a wedge cut out of its front; the wedge is pulled forwards."""
    ball, paint, color = _ball(rng)
    facing, half = rng.uniform(-0.9, -0.3), np.radians(rng.uniform(28, 40))
    out = np.array([np.cos(facing), np.sin(facing), 0.0])

    def wedge(opening: float) -> Field:
        low, high = facing - opening, facing + opening
        sides = ((-np.sin(high), np.cos(high), 0), (np.sin(low), -np.cos(low), 0))
        return intersection(*(half_space((0, 0, 0), n) for n in sides))

    pulp, pith = shade(color, 1.12), (0.98, 0.92, 0.75)
    flesh: Pattern = Inlay(Plain(color), Plain(pith), ellipsoid((0, 0, 0), (0.9, 0.9, 0.86)))
    flesh = Inlay(
        flesh, Mottled(pulp, shade(pulp, 0.9), 0.12, 2.0, seed_from(rng)), ellipsoid((0, 0, 0), (0.8, 0.8, 0.76))
    )
    flesh = Inlay(flesh, Plain(pith), cylinder((0, 0, -2), (0, 0, 2), 0.07))
    shift = np.eye(4)
    shift[:3, 3] = rng.uniform(0.24, 0.32) * out
    inside = intersection(wedge(0.95 * half), scaled(sphere((0, 0, 0), 0.93), (1, 1, 0.93)))
    peel = Inlay(flesh, paint, lambda p: 0.9 - np.linalg.norm(p * [1, 1, 1.07], axis=1))
    return [
        Part("body", ball, paint, RIND),
        Part("notch", wedge(half), flesh, FLESH, cut=True),
        Part("core", cylinder((0, 0, -0.75), (0, 0, 0.7), 0.42, 0.1), flesh, FLESH),
        Part("wedge", placed(inside, shift), Placed(peel, shift), FLESH, movable=True),
        *stem_and_leaves(rng, np.array([-0.12, 0.05, 0.83])),
    ]


def _peeled(rng) -> list[Part]:
    """A mandarin in its opened peel."""
    color, count = tint(rng, RINDS, 0.03), int(rng.integers(8, 11))
    pulp = tint(rng, (shade(color, 1.12), (0.98, 0.66, 0.2)), 0.03)
    veins = Mottled(pulp, shade(pulp, 1.45), 0.12, 2.2, seed_from(rng))
    tall = rng.uniform(0.55, 0.64)
    parts = [Part("body", ellipsoid((0, 0, 0.1), (0.5, 0.5, 0.42)), Plain(shade(pulp, 1.3)), FLESH)]
    wide = 0.36 * np.sin(np.pi / count) / np.sin(np.pi / 9) * 0.78
    for i, angle in enumerate(np.arange(count) * 2 * np.pi / count):
        piece = rotated(ellipsoid((0.38, 0, 0.1), (0.38, wide, tall)), (0, 0, 1), np.degrees(angle))
        parts.append(Part(f"segment_{i + 1}", piece, veins, FLESH, movable=True))
    petals, start = int(rng.integers(4, 6)), rng.uniform(0, 6)
    pith, slope = (0.98, 0.9, 0.72), rng.uniform(0.05, 0.35)
    for i, angle in enumerate(start + np.arange(petals) * 2 * np.pi / petals):
        out, side = np.array([np.cos(angle), np.sin(angle), slope]), np.array([-np.sin(angle), np.cos(angle), 0])
        out /= np.linalg.norm(out)
        origin = np.array([0, 0, -0.52]) + 0.1 * out
        inner = np.cross(out, side)
        paint = Inlay(Plain(color), Plain(pith), half_space(origin + 0.02 * inner, -inner))
        flap = plate(leaf_outline(rng.uniform(1.1, 1.3), rng.uniform(0.62, 0.75), 0.1), 0.13, origin, out, side)
        parts.append(Part(f"peel_{i + 1}", flap, paint, RIND, movable=True))
    base = ellipsoid((0, 0, -0.46), (0.55, 0.55, 0.16))
    parts.append(Part("peel_base", base, Plain(color), RIND))
    return parts


TOYS = {"orange": orange}
