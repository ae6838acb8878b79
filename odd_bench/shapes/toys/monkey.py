"""Toy monkeys."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Pattern, Plain
from odd_bench.shapes.sdf import capsule, chain, ellipsoid, smooth_union, sphere
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.anatomy import FINISHES, curve, ears, eyes, marked, pose_at, posed, rope, round_ear, smile
from odd_bench.shapes.toys.draws import chance, pick, shade, tint
from odd_bench.shapes.toys.sitter import ARMS, Teddy, seated, soles

FURS = (
    (palette.BROWN, (0.9, 0.72, 0.52)),
    ((0.55, 0.34, 0.2), (0.95, 0.8, 0.62)),
    ((0.25, 0.16, 0.12), (0.8, 0.6, 0.45)),
    ((0.75, 0.5, 0.25), (0.97, 0.86, 0.7)),
    ((0.5, 0.5, 0.53), (0.9, 0.75, 0.68)),
)


def monkey(rng: np.random.Generator) -> list[Part]:
    """Brown, dark, golden, grey and sock monkeys that sit with a curled tail, in several poses; some hold a banana."""
    sock, banana = chance(rng, 0.15), chance(rng, 0.4)
    fur, skin = ((0.5, 0.45, 0.42), (0.93, 0.89, 0.8)) if sock else pick(rng, FURS)
    fur, skin, finish = tint(rng, (fur,), 0.03), tint(rng, (skin,), 0.03), pick(rng, FINISHES)
    hands = [ARMS[pick(rng, ("down", "lap", "up", "wave"))], ARMS[pick(rng, ("down", "lap", "up"))]]
    if banana:
        hands[0] = ARMS["wave"]
    build = Teddy(
        belly=rng.uniform(0.36, 0.43), chest=rng.uniform(0.27, 0.31), tall=rng.uniform(0.76, 0.9), arm=rng.uniform(0.09, 0.11),
        leg=rng.uniform(0.105, 0.125), reach=rng.uniform(0.5, 0.66), spread_deg=rng.uniform(16, 34), foot=rng.uniform(0.16, 0.2),
        left_hand=hands[0], right_hand=hands[1],
    )  # fmt: skip
    figure = seated(build)
    tummy = ellipsoid((0.3, 0, 0.62 * build.tall), (0.3, 0.8 * build.belly, 0.5 * build.tall))
    parts = figure.parts(Plain(fur), marked(Plain(skin), shade(skin, 0.8), *soles(build, 0.45)), finish)
    parts[0] = Part("body", figure.trunk, marked(Plain(fur), skin, tummy), finish)
    head = _head(rng, fur, skin, palette.RED if sock else shade(skin, 0.4), finish)
    parts += posed(
        head, pose_at(figure.head + [0.06, 0, 0.24], rng.uniform(-12, 12), rng.uniform(-22, 22), rng.uniform(-8, 6))
    )
    parts.append(_tail(rng, figure.rump, Plain(fur), finish))
    return parts + (_banana(rng, np.array(hands[0])) if banana else [])


def _head(rng: np.random.Generator, fur: Color, skin: Color, lips: Color, finish: Material) -> list[Part]:
    size = rng.uniform(0.38, 0.43)
    cheeks = [
        ellipsoid((0.85 * size, s * 0.33 * size, 0.16 * size), (0.6 * size, 0.42 * size, 0.48 * size)) for s in (1, -1)
    ]
    mask = smooth_union(0.04, *cheeks)
    snout_at = (0.62 * size, 0, -0.38 * size)
    wide, tall, deep = rng.uniform(0.62, 0.72) * size, rng.uniform(0.4, 0.46) * size, rng.uniform(0.5, 0.6) * size
    front = snout_at[0] + deep
    nostrils = [sphere((front - 0.02, s * 0.09, snout_at[2] + 0.45 * tall), 0.035) for s in (1, -1)]
    mouth = smile((front - 0.015, 0, snout_at[2] - 0.3 * tall), 0.62 * wide, rng.uniform(0.05, 0.1), 0.032, bow=0.06)
    parts = [
        Part(
            "head",
            ellipsoid((0, 0, 0), (0.92 * size, size, 0.95 * size)),
            marked(Plain(fur), skin, mask),
            finish,
            blend=0.05,
        ),
        Part(
            "snout",
            ellipsoid(snout_at, (deep, wide, tall)),
            marked(Plain(skin), lips, mouth, *nostrils),
            finish,
            blend=0.05,
        ),
        *eyes(rng, (0.8 * size, 0.33 * size, 0.2 * size), rng.uniform(0.15, 0.19) * size, (1, 0.25, 0.05)),
    ]
    ear = round_ear(rng.uniform(0.17, 0.22), 0.42)
    place = (-0.02, 0.82 * size, 0.05 * size)
    parts += ears(ear, Plain(fur), skin, finish, place, tilt_deg=rng.uniform(75, 95), turn_deg=rng.uniform(-5, 20))
    quiff = [
        capsule((0.02, 0.06 * k, 0.8 * size), (0.1 + 0.03 * abs(k), 0.11 * k, 1.2 * size), 0.07, 0.04)
        for k in (-1, 0, 1)
    ]
    return [*parts, Part("quiff", smooth_union(0.02, *quiff), Plain(fur), finish, blend=0.02, movable=True)]


def _tail(rng: np.random.Generator, rump: np.ndarray, fur: Pattern, finish: Material) -> Part:
    side, lift, coil = pick(rng, (1, -1)), rng.uniform(0.5, 0.8), rng.uniform(0.14, 0.2)
    stem = curve(
        [rump + [0.1, 0, 0], rump + [-0.4, 0, -0.2], rump + [-0.55, 0.1 * side, 0.4], rump + [-0.42, 0.2 * side, lift]],
        12,
    )
    angle = np.linspace(0, 1.6 * np.pi, 12)[1:]
    shrink = coil * (1 - 0.07 * angle)
    swirl = stem[-1] + np.stack([-coil + shrink * np.cos(angle), 0 * angle, shrink * np.sin(angle)], axis=1)
    return Part("tail", rope(np.concatenate([stem, swirl]), 0.075, 0.055), fur, finish, movable=True)


def _banana(rng: np.random.Generator, hand: np.ndarray) -> list[Part]:
    size, turn = rng.uniform(0.22, 0.28), rng.uniform(-30, 30)
    angle = np.linspace(-0.9, 0.9, 12)
    arc = np.stack([size * (1.2 - 1.2 * np.cos(angle)), 0 * angle, 1.2 * size * np.sin(angle)], axis=1)
    fruit = Part(
        "banana",
        chain(arc, 0.05 + 0.055 * np.cos(angle)),
        Plain(tint(rng, (palette.YELLOW,), 0.03)),
        palette.RUBBER,
        movable=True,
    )
    stalk = Part(
        "banana",
        rope([arc[-1], arc[-1] + [0.05, 0, 0.09]], 0.045, 0.035),
        Plain((0.45, 0.36, 0.14)),
        palette.RUBBER,
        movable=True,
    )
    return posed([fruit, stalk], pose_at(hand + [0.03, 0, 0.06], turn, turn, 0))


TOYS = {"monkey": monkey}
