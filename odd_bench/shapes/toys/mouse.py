"""Toy mice."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Patches, Pattern, Plain
from odd_bench.shapes.sdf import capsule, cut, ellipsoid, extrude, moved, sphere, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.anatomy import FINISHES, curve, ears, marked, pose_at, posed, rope, round_ear
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.faces import round_face
from odd_bench.shapes.toys.quadruped import Figure
from odd_bench.shapes.toys.sitter import ARMS, Loaf, Teddy, crouched, seated

FURS = (palette.GREY, (0.7, 0.7, 0.72), (0.62, 0.48, 0.36), (0.5, 0.42, 0.38), palette.WHITE, (0.85, 0.7, 0.52))
SKIN = (0.92, 0.66, 0.66)


def mouse(rng: np.random.Generator) -> list[Part]:
    """Grey, brown, white, pied and brightly coloured mice, crouching or sitting upright; some hold cheese."""
    fur, skin, finish = (
        tint(rng, FURS, 0.03),
        tint(rng, (SKIN, (0.85, 0.6, 0.55), (0.95, 0.75, 0.72)), 0.03),
        pick(rng, FINISHES),
    )
    fur = tint(rng, (*palette.TOY, *palette.PASTEL), 0.03) if chance(rng, 0.15) else fur
    pale = shade(fur, 1.45)
    coat: Pattern = Plain(fur)
    if chance(rng, 0.2):
        coat = Patches(palette.WHITE, shade(fur, 0.7), rng.uniform(0.4, 0.6), rng.uniform(0.35, 0.5), seed_from(rng))
    upright = chance(rng, 0.4)
    figure, parts = (_upright if upright else _crouching)(rng, coat, pale, skin, finish)
    at = figure.head + ([0.06, 0, 0.16] if upright else [0.08, 0, 0.06])
    nod = pose_at(at, rng.uniform(-10, 10), rng.uniform(-20, 20), rng.uniform(-8, 4))
    parts += posed(_head(rng, coat, pale, skin, finish), nod)
    parts.append(_tail(rng, figure.rump, skin, finish))
    return parts


def _upright(
    rng: np.random.Generator, coat: Pattern, pale: Color, skin: Color, finish: Material
) -> tuple[Figure, list[Part]]:
    cheese = chance(rng, 0.6)
    build = Teddy(
        belly=rng.uniform(0.38, 0.46), chest=rng.uniform(0.24, 0.29), tall=rng.uniform(0.6, 0.72), arm=rng.uniform(0.08, 0.1),
        leg=rng.uniform(0.1, 0.12), reach=rng.uniform(0.34, 0.42), spread_deg=rng.uniform(8, 24), foot=rng.uniform(0.15, 0.19),
        left_hand=(0.5, 0.2, 0.55) if cheese else ARMS[pick(rng, ("lap", "up", "wave"))],
        right_hand=(0.5, 0.2, 0.55) if cheese else ARMS[pick(rng, ("lap", "down", "up"))],
    )  # fmt: skip
    figure = seated(build)
    parts = figure.parts(coat, Plain(skin), finish)
    tummy = ellipsoid((0.3, 0, 0.6 * build.tall), (0.3, 0.72 * build.belly, 0.5 * build.tall))
    parts[0] = Part("body", figure.trunk, marked(coat, pale, tummy), finish)
    return figure, parts + ([_cheese(rng, (0.52, 0, 0.56))] if cheese else [])


def _crouching(
    rng: np.random.Generator, coat: Pattern, pale: Color, skin: Color, finish: Material
) -> tuple[Figure, list[Part]]:
    build = Loaf(
        rump=rng.uniform(0.4, 0.48), shoulder=rng.uniform(0.27, 0.33), length=rng.uniform(0.46, 0.62),
        paw=rng.uniform(0.075, 0.095), foot=rng.uniform(0.13, 0.16),
    )  # fmt: skip
    figure = crouched(build)
    return figure, figure.parts(coat, Plain(skin), finish)


def _head(rng: np.random.Generator, coat: Pattern, pale: Color, skin: Color, finish: Material) -> list[Part]:
    size, reach = rng.uniform(0.3, 0.34), rng.uniform(0.12, 0.2)
    nose = pick(rng, (skin, (0.85, 0.4, 0.45), (0.12, 0.1, 0.1)))
    parts = round_face(
        rng, coat, Plain(pale), nose, finish, size, reach, 0.62 * size, slim=0.38, eye=rng.uniform(0.16, 0.21)
    )
    ear, place = round_ear(rng.uniform(0.24, 0.32), 0.28), (-0.08, 0.62 * size, 0.62 * size)
    parts += ears(ear, coat, skin, finish, place, tilt_deg=rng.uniform(22, 42), turn_deg=rng.uniform(5, 25))
    start = 0.6 * size + reach
    for name, side in SIDES:
        root, low = np.array([start, side * 0.06, -0.34 * size]), np.array([-0.02, side * 0.3, 0])
        hairs = [capsule(root, root + low + [0, 0, rise], 0.03) for rise in (0.09, -0.09)]
        parts.append(Part(f"whiskers_{name}", union(*hairs), Plain(palette.CHARCOAL), palette.RUBBER))
    return parts


def _tail(rng: np.random.Generator, rump: np.ndarray, skin: Color, finish: Material) -> Part:
    side, long = pick(rng, (1, -1)), rng.uniform(0.75, 1.05)
    low = np.array([rump[0], 0, 0.075])
    if chance(rng, 0.5):
        steps = [
            [-0.25, 0, 0],
            [-0.45, 0.5 * side * long, 0],
            [-0.5 * long, 0.3 * side, 0.05],
            [-long, -0.2 * side, 0.25],
        ]
    else:
        steps = [[-0.3, 0, 0], [-0.6, 0.1 * side, 0.0], [-0.7, 0.2 * side, 0.6 * long], [-0.3, 0.3 * side, 0.9 * long]]
    path = curve([rump + [0.15, 0, 0], *(low + step for step in steps)], 20)
    return Part("tail", rope(path, 0.07, 0.042), Plain(skin), finish, movable=True)


def _cheese(rng: np.random.Generator, at: tuple[float, float, float]) -> Part:
    size, color = rng.uniform(0.26, 0.32), tint(rng, (palette.YELLOW, (0.95, 0.7, 0.25)), 0.03)
    wedge = extrude([(0.9 * size, 0), (-0.5 * size, 0.75 * size), (-0.5 * size, -0.75 * size)], -0.13, 0.13, 0.02)
    bubbles = ((0.1, 0.1, 0.15, 0.2), (-0.3, -0.4, 0.12, 0.16), (0.35, 0.25, 0.0, 0.16), (-0.25, 0.45, 0.14, 0.15))
    holes = [sphere((x * size, y * size, z), r * size) for x, y, z, r in bubbles]
    return Part("cheese", moved(cut(wedge, *holes), at), Plain(color), palette.RUBBER, movable=True)


TOYS = {"mouse": mouse}
