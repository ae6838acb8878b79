"""Toy dogs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Patches, Pattern, Plain, Spots
from odd_bench.shapes.sdf import box, ellipsoid, sphere, torus
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.anatomy import FINISHES, ROSE, ears, leaf_ear, marked, pointed_ear, pose_at, posed, tapered
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.faces import round_face
from odd_bench.shapes.toys.quadruped import Build, Figure, paw, sitting, standing


@dataclass(frozen=True)
class Breed:
    """A breed of dogs. length, height: as in Build. ear: `floppy`, `pointed` or `folded`. reach: length of the snout.

    marking: kind of pattern. coats: pairs of a base and a marking colour.
    """

    length: float
    height: float
    ear: str
    reach: float
    marking: str
    coats: tuple[tuple[Color, Color], ...]


GOLDEN, RUST, DARK = (0.85, 0.65, 0.38), (0.62, 0.36, 0.18), (0.13, 0.11, 0.1)
BREEDS = (
    Breed(
        0.62,
        0.66,
        "floppy",
        0.16,
        "patches",
        ((palette.WHITE, RUST), (palette.WHITE, DARK), (palette.CREAM, GOLDEN), (palette.WHITE, palette.BROWN)),
    ),
    Breed(
        0.66,
        0.72,
        "pointed",
        0.22,
        "saddle",
        ((GOLDEN, DARK), (palette.TAN, palette.CHARCOAL), (palette.WHITE, (0.4, 0.42, 0.46))),
    ),
    Breed(0.95, 0.5, "floppy", 0.2, "tan points", ((RUST, RUST), (DARK, RUST), (palette.BROWN, GOLDEN))),
    Breed(0.66, 0.72, "floppy", 0.17, "spots", ((palette.WHITE, palette.BLACK), (palette.WHITE, (0.35, 0.2, 0.12)))),
    Breed(
        0.64,
        0.68,
        "floppy",
        0.18,
        "plain",
        ((GOLDEN, palette.CREAM), (DARK, DARK), (palette.BROWN, palette.BROWN), (palette.CREAM, palette.WHITE)),
    ),
    Breed(
        0.52, 0.55, "folded", 0.04, "mask", ((palette.TAN, DARK), (GOLDEN, palette.CHARCOAL), ((0.5, 0.5, 0.52), DARK))
    ),
)


def dog(rng: np.random.Generator) -> list[Part]:
    """Patched hounds, shepherds, dachshunds, dalmatians, retrievers and pugs, with or without a collar."""
    breed = pick(rng, BREEDS)
    base, mark = (tint(rng, (color,), 0.03) for color in pick(rng, breed.coats))
    finish = pick(rng, FINISHES)
    build = _build(rng, breed)
    figure = sitting(build, paw) if chance(rng, 0.4) else standing(build, paw)
    coat = _dog_coat(rng, breed, figure, build, base, mark)
    parts = figure.parts(coat, Plain(_foot_color(breed, base, mark)), finish)
    head = _dog_head(rng, breed, base, mark, finish)
    parts += posed(
        head, pose_at(figure.head + [0.1, 0, 0.14], rng.uniform(-10, 10), rng.uniform(-25, 25), rng.uniform(-6, 12))
    )
    parts.append(_dog_tail(rng, figure, coat, finish))
    return parts + (_collar(rng, figure, build) if chance(rng, 0.6) else [])


def _build(rng: np.random.Generator, breed: Breed) -> Build:
    stretch = rng.uniform(0.92, 1.08)
    return Build(
        length=breed.length * stretch, height=breed.height * rng.uniform(0.92, 1.08), chest=rng.uniform(0.26, 0.31),
        hips=rng.uniform(0.23, 0.28), belly=rng.uniform(0.22, 0.27), width=rng.uniform(0.85, 0.98), sag=rng.uniform(-0.04, 0.02),
        leg=rng.uniform(0.085, 0.105), thigh=rng.uniform(0.125, 0.15), bend=rng.uniform(0.02, 0.07), stride_deg=rng.uniform(-9, 9),
        neck=rng.uniform(0.22, 0.32), neck_deg=rng.uniform(52, 70), neck_thick=0.22, neck_thin=0.19,
    )  # fmt: skip


def _foot_color(breed: Breed, base: Color, mark: Color) -> Color:
    return {"tan points": mark, "patches": base, "spots": base}.get(breed.marking, shade(base, 1.15))


def _dog_coat(
    rng: np.random.Generator, breed: Breed, figure: Figure, build: Build, base: Color, mark: Color
) -> Pattern:
    if breed.marking == "patches":
        return Patches(base, mark, rng.uniform(0.4, 0.6), rng.uniform(0.35, 0.5), seed_from(rng))
    if breed.marking == "spots":
        return Spots(base, mark, rng.uniform(0.16, 0.21), rng.uniform(0.04, 0.055), 0.85, seed_from(rng))
    if breed.marking == "saddle":
        back = figure.rump + [0.35 * build.length, 0, 0.12]
        return marked(Plain(base), mark, ellipsoid(back, (0.55, 0.5, 0.3)))
    if breed.marking == "tan points":
        chest = ellipsoid(figure.head + [0.12, 0, -0.32], (0.2, 0.14, 0.24))
        return marked(Plain(base), mark, chest, box((0, 0, 0), (2, 2, 0.2)))
    return Plain(base)


def _dog_head(rng: np.random.Generator, breed: Breed, base: Color, mark: Color, finish: Material) -> list[Part]:
    size = rng.uniform(0.29, 0.34)
    patch = ellipsoid((0.7 * size, 0.5 * size, 0.3 * size), (0.5 * size, 0.42 * size, 0.55 * size))
    blaze = ellipsoid((0.8 * size, 0, 0.2 * size), (size, 0.2 * size, size))
    face = {
        "patches": marked(Plain(mark), base, blaze), "spots": Spots(base, mark, 0.18, 0.04, 0.6, seed_from(rng)),
        "saddle": marked(Plain(base), mark, ellipsoid((0.1, 0, size), (0.6 * size, 0.7 * size, 0.5 * size))),
        "tan points": marked(Plain(base), mark, *(sphere((0.85 * size, s * 0.4 * size, 0.5 * size), 0.07) for s in (1, -1))),
    }.get(breed.marking, marked(Plain(base), mark, patch) if chance(rng, 0.3) else Plain(base))  # fmt: skip
    snout = {"patches": base, "spots": base, "saddle": mark, "tan points": mark, "mask": mark}.get(
        breed.marking, shade(base, 1.2)
    )
    muzzle = size * (rng.uniform(0.56, 0.62) if breed.ear == "folded" else rng.uniform(0.42, 0.5))
    nose = tint(rng, (palette.BLACK, palette.BLACK, (0.3, 0.17, 0.14)), 0.02)
    parts = round_face(
        rng, face, Plain(snout), nose, finish, size, breed.reach, muzzle, slim=0.75, eye=rng.uniform(0.16, 0.21)
    )
    dark = mark if breed.marking in ("patches", "spots", "mask", "saddle") else shade(base, 0.8)
    if breed.ear == "pointed":
        ear, place = pointed_ear(rng.uniform(0.34, 0.42), rng.uniform(0.13, 0.16)), (-0.05, 0.55 * size, 0.6 * size)
        parts += ears(ear, Plain(dark), ROSE, finish, place, tilt_deg=rng.uniform(8, 22), turn_deg=rng.uniform(0, 20))
    else:
        long = rng.uniform(0.42, 0.56) if breed.ear == "floppy" else rng.uniform(0.28, 0.34)
        ear, place = leaf_ear(long, rng.uniform(0.15, 0.19), 0.42), (-0.04, 0.74 * size, 0.62 * size)
        hang = rng.uniform(138, 158)
        parts += ears(
            ear,
            Plain(dark),
            shade(dark, 0.85),
            finish,
            place,
            tilt_deg=hang,
            turn_deg=rng.uniform(-15, 15),
            spin_deg=80,
        )
    return parts


def _dog_tail(rng: np.random.Generator, figure: Figure, coat: Pattern, finish: Material) -> Part:
    up, wag, start = rng.uniform(0.1, 0.45), rng.uniform(-0.2, 0.2), figure.rump
    points = [
        start + [0.1, 0, -0.05],
        start + [-0.2, 0, 0.0],
        start + [-0.32, wag, 0.5 * up],
        start + [-0.25, wag, 0.12 + up],
    ]
    return Part("tail", tapered(points, 0.085, 0.05), coat, finish, blend=0.04, movable=True)


def _collar(rng: np.random.Generator, figure: Figure, build: Build) -> list[Part]:
    angle, color = np.radians(build.neck_deg), tint(rng)
    along, front = np.array([np.cos(angle), 0, np.sin(angle)]), np.array([np.sin(angle), 0, -np.cos(angle)])
    at, ring = figure.head - 0.1 * along, build.neck_thin + 0.035
    tag = at + (ring + 0.03) * front + [0.02, 0, -0.06]
    return [
        Part("collar", torus(at, ring, 0.048, along), Plain(color), palette.LEATHER, movable=True),
        Part(
            "collar",
            ellipsoid(tag, (0.05, 0.085, 0.085)),
            Plain(tint(rng, (palette.GOLD, palette.SILVER), 0.02)),
            palette.METAL,
            movable=True,
        ),
    ]


TOYS = {"dog": dog}
