"""Toy bunnies."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Patches, Pattern, Plain
from odd_bench.shapes.sdf import balls, box, capsule, ellipsoid, frustum, placed, torus, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.anatomy import FINISHES, ears, leaf_ear, lowered, marked, pose_at, posed
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.faces import round_face
from odd_bench.shapes.toys.quadruped import Figure
from odd_bench.shapes.toys.sitter import ARMS, Loaf, Teddy, crouched, seated, soles

FURS = (
    palette.WHITE,
    palette.CREAM,
    palette.TAN,
    palette.GREY,
    (0.55, 0.4, 0.28),
    (0.75, 0.68, 0.6),
    (0.3, 0.28, 0.28),
)


def bunny(rng: np.random.Generator) -> list[Part]:
    """Bunnies, crouching or sitting upright, with upright or lop ears: plain, patched, pastel, or chocolate with a ribbon."""
    kind = pick(rng, ("plain", "plain", "patched", "pastel", "chocolate"))
    fur = {
        "pastel": tint(rng, palette.PASTEL, 0.02),
        "chocolate": tint(rng, ((0.36, 0.19, 0.1), (0.93, 0.85, 0.7)), 0.02),
    }.get(kind)
    fur = fur or tint(rng, FURS, 0.03)
    pale = fur if kind == "chocolate" else tint(rng, (palette.WHITE, palette.CREAM), 0.02)
    finish = palette.SATIN if kind == "chocolate" else pick(rng, FINISHES)
    coat: Pattern = Plain(fur)
    if kind == "patched":
        coat = Patches(palette.WHITE, shade(fur, 0.75), rng.uniform(0.4, 0.6), rng.uniform(0.3, 0.5), seed_from(rng))
    upright = chance(rng, 0.5)
    figure, parts = (_upright if upright else _crouching)(rng, coat, pale, fur, finish)
    nod = pose_at(figure.head + [0.06, 0, 0.18], rng.uniform(-10, 10), rng.uniform(-22, 22), rng.uniform(-6, 8))
    parts += posed(_head(rng, coat if kind != "patched" else Plain(shade(fur, 0.75)), pale, finish), nod)
    scut = figure.rump + [-0.06, 0, 0.04]
    puff = balls(scut + rng.uniform(-0.06, 0.06, (7, 3)), rng.uniform(0.11, 0.14))
    parts.append(Part("tail", puff, Plain(pale), finish, movable=True))
    if kind == "chocolate":
        parts += _ribbon(rng, figure)
    return lowered(parts, 0.9)


def _upright(
    rng: np.random.Generator, coat: Pattern, pale: Color, fur: Color, finish: Material
) -> tuple[Figure, list[Part]]:
    carrot = chance(rng, 0.5)
    build = Teddy(
        belly=rng.uniform(0.38, 0.45), chest=rng.uniform(0.26, 0.3), tall=rng.uniform(0.62, 0.74), arm=rng.uniform(0.09, 0.11),
        leg=rng.uniform(0.12, 0.14), reach=rng.uniform(0.36, 0.46), spread_deg=rng.uniform(8, 24), foot=rng.uniform(0.19, 0.25),
        left_hand=(0.42, 0.14, 0.62) if carrot else ARMS[pick(rng, ("lap", "up", "wave"))],
        right_hand=(0.42, 0.14, 0.62) if carrot else ARMS[pick(rng, ("lap", "down", "up"))],
    )  # fmt: skip
    figure = seated(build)
    parts = figure.parts(coat, marked(coat, (0.9, 0.65, 0.65), *soles(build)), finish)
    tummy = ellipsoid((0.3, 0, 0.6 * build.tall), (0.3, 0.72 * build.belly, 0.5 * build.tall))
    parts[0] = Part("body", figure.trunk, marked(coat, pale, tummy), finish)
    return figure, parts + (_carrot(rng, np.array([0.46, 0, 0.62])) if carrot else [])


def _crouching(
    rng: np.random.Generator, coat: Pattern, pale: Color, fur: Color, finish: Material
) -> tuple[Figure, list[Part]]:
    build = Loaf(
        rump=rng.uniform(0.42, 0.5), shoulder=rng.uniform(0.29, 0.34), length=rng.uniform(0.5, 0.66), paw=rng.uniform(0.09, 0.115),
        foot=rng.uniform(0.17, 0.21),
    )  # fmt: skip
    figure = crouched(build)
    parts = figure.parts(coat, Plain(pale), finish)
    bib = ellipsoid(figure.head + [0.12, 0, -0.34], (0.2, 0.2, 0.24))
    parts[0] = Part("body", figure.trunk, marked(coat, pale, bib), finish)
    return figure, parts


def _head(rng: np.random.Generator, coat: Pattern, pale: Color, finish: Material) -> list[Part]:
    size, muzzle = rng.uniform(0.32, 0.37), 0.17
    pink = tint(rng, ((0.9, 0.55, 0.58), (0.85, 0.45, 0.5), (0.3, 0.2, 0.2)), 0.02)
    parts = round_face(rng, coat, Plain(pale), pink, finish, size, 0.0, muzzle, slim=0.8, eye=rng.uniform(0.17, 0.21))
    cheeks = [ellipsoid((0.78 * size, s * 0.11, -0.42 * size), (0.12, 0.13, 0.11)) for s in (1, -1)]
    teeth = box((0.8 * size + 0.08, 0, -0.72 * size), (0.035, 0.06, 0.075), 0.012)
    seam = box((0.8 * size + 0.1, 0, -0.72 * size), (0.1, 0.008, 0.1))
    parts += [
        Part("cheeks", union(*cheeks), Plain(pale), finish, blend=0.03),
        Part("teeth", teeth, marked(Plain(palette.WHITE), (0.6, 0.58, 0.55), seam), palette.RUBBER),
    ]
    long, wide, lop = rng.uniform(0.62, 0.85), rng.uniform(0.115, 0.145), chance(rng, 0.25)
    ear, place = leaf_ear(long, wide, 0.5), (-0.05, (0.6 if lop else 0.36) * size, 0.78 * size)
    angles = {"tilt_deg": rng.uniform(4, 26), "back_deg": rng.uniform(0, 30)}
    if lop:
        angles = {"tilt_deg": rng.uniform(140, 160), "spin_deg": 80}
    return parts + ears(ear, coat, (0.93, 0.7, 0.7), finish, place, turn_deg=rng.uniform(0, 15), **angles)


def _carrot(rng: np.random.Generator, at: np.ndarray) -> list[Part]:
    color, long = tint(rng, (palette.ORANGE,), 0.04), rng.uniform(0.4, 0.52)
    root = placed(frustum((0, 0, -0.55 * long), (0, 0, 0.45 * long), 0.045, 0.125, 0.03), pose_at(at, 60))
    crown = at + 0.42 * long * np.array([0, np.sin(np.radians(60)), np.cos(np.radians(60))])
    leaves = [capsule(crown, crown + [dx, 0.14, dz], 0.045, 0.035) for dx, dz in ((0, 0.2), (0.08, 0.1), (-0.08, 0.1))]
    return [
        Part("carrot", root, Plain(color), palette.RUBBER, movable=True),
        Part("carrot", union(*leaves), Plain(tint(rng, (palette.GREEN,), 0.05)), palette.RUBBER, movable=True),
    ]


def _ribbon(rng: np.random.Generator, figure: Figure) -> list[Part]:
    color, at = tint(rng), figure.head + [-0.04, 0, -0.06]
    knot = at + [0.3, 0.0, 0]
    loops = [ellipsoid(knot + [0.02, s * 0.13, 0.03], (0.06, 0.12, 0.085)) for s in (1, -1)]
    return [Part("ribbon", union(torus(at, 0.27, 0.055), *loops), Plain(color), palette.FELT, movable=True)]


TOYS = {"bunny": bunny}
