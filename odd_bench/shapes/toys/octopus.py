"""Octopuses: a mantle with a face, and eight curling arms with suckers."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Gradient, Inlay, Mottled, Pattern, Plain, Spots, Stripes
from odd_bench.shapes.sdf import chain, ellipsoid, frustum, rotated, scattered, smooth_union, sphere, torus, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import smooth_path
from odd_bench.shapes.toys.draws import chance, contrast, pick, seed_from, shade, tint
from odd_bench.shapes.toys.eyes import bead_eye, eye
from odd_bench.shapes.toys.placing import lowered

SKINS = (
    palette.RED,
    palette.PURPLE,
    palette.TEAL,
    palette.BLUE,
    palette.PINK,
    palette.YELLOW,
    (0.95, 0.45, 0.3),
    (0.6, 0.75, 0.3),
)


def octopus(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, ("tall", "round", "leaning"))
    skin = tint(rng, SKINS)
    material = pick(rng, (palette.PLASTIC, palette.SATIN, palette.RUBBER, palette.PLUSH, palette.CERAMIC))
    wide = rng.uniform(0.52, 0.62)
    tall = {"tall": 0.85, "round": 0.58, "leaning": 0.72}[kind] * rng.uniform(0.92, 1.08)
    center, radii = np.array([0.0, 0.0, 0.5 + 0.8 * tall]), np.array([wide, wide, tall])
    head = ellipsoid(center, radii)
    if kind == "leaning":
        bulb = rotated(ellipsoid((-0.25, 0, 0), (0.75, 0.58, 0.5)), (0, 1, 0), 25, (0, 0, 0))
        head = smooth_union(0.25, head, lambda p: bulb(p - np.float32((-0.15, 0, center[2] + 0.25))))
    body = smooth_union(0.3, head, ellipsoid((0, 0, 0.42), (0.5, 0.5, 0.3)))
    parts = [Part("body", body, _skin(rng, skin, center, radii), material)]
    parts += _arms(rng, skin, material)
    parts += _face(rng, center, radii, skin)
    if kind != "leaning" and chance(rng, 0.45):
        parts += _hat(rng, center[2] + tall, skin)
    return lowered(parts, 0.9)


def _skin(rng, skin: Color, center: np.ndarray, radii: np.ndarray) -> Pattern:
    other, seed = pick(rng, (shade(skin, 0.7), shade(skin, 1.5), contrast(rng, skin))), seed_from(rng)
    coat: Pattern = pick(
        rng,
        (
            Plain(skin),
            Spots(skin, other, rng.uniform(0.28, 0.42), rng.uniform(0.07, 0.11), 0.75, seed),
            Mottled(skin, other, 0.4, 1.5, seed),
            Gradient(skin, other, (0, 0, 1), 0.5, 1.9),
            Stripes(skin, other, (0, 0, 1), rng.uniform(0.3, 0.45), 0.35, 0.15, 0.0, seed),
        ),
    )
    if chance(rng, 0.6):
        cheek = union(*(sphere(_on(center, radii, (1.0, s * 0.75, -0.42)), 0.1) for s in (1, -1)))
        coat = Inlay(coat, Plain(palette.PINK if skin[0] < 0.85 or skin[1] > 0.6 else shade(skin, 0.7)), cheek)
    return coat


def _arms(rng, skin: Color, material: Material) -> list[Part]:
    """Eight arms; each runs down and outwards, and its tip curls up or sideways."""
    reach, thick = rng.uniform(0.95, 1.2), rng.uniform(0.17, 0.21)
    curl, swirl = rng.uniform(0.3, 0.6), rng.uniform(-0.35, 0.35)
    sucker = shade(skin, 1.6) if chance(rng, 0.6) else contrast(rng, skin)
    parts = []
    for i in range(8):
        turn = (i + 0.5) * np.pi / 4 + rng.uniform(-0.07, 0.07)
        long, tip = reach * rng.uniform(0.9, 1.08), curl * rng.uniform(0.6, 1.2)
        bend = swirl + rng.uniform(-0.15, 0.15)
        r = np.array([0.2, 0.48, 0.75, 0.95, 1.05, 0.94, 0.86]) * long
        z = np.array([0.42, 0.3, 0.13, 0.12, 0.18 + 0.45 * tip, 0.2 + 0.9 * tip, 0.18 + 0.6 * tip])
        angle = turn + bend * np.linspace(0, 1, 7) ** 2
        path = smooth_path(np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=1), 13)
        radii = np.linspace(1.0, 0.35, 13) * thick
        name = f"arm_{i + 1}"
        parts.append(Part(name, chain(path, list(radii)), Plain(skin), material, blend=0.06, movable=True))
        out = _outer_normals(path, angle[-1])
        cups = (path + out * (radii - 0.01)[:, None])[4:]
        parts.append(Part(name, scattered(cups, np.zeros_like(cups), 0.055), Plain(sucker), material, movable=True))
    return parts


def _outer_normals(path: np.ndarray, turn: float) -> np.ndarray:
    """(k, 3) unit vectors across a path (k, 3), in its upright plane, on the side of the suckers: below, then outside."""
    along = np.gradient(path, axis=0)
    across = np.array([-np.sin(turn), np.cos(turn), 0.0])
    normal = np.cross(along, across)
    return -normal * np.sign(normal[0] @ [0, 0, 1]) / np.linalg.norm(normal, axis=1, keepdims=True)


def _face(rng, center: np.ndarray, radii: np.ndarray, skin: Color) -> list[Part]:
    radius, spread = rng.uniform(0.23, 0.28), rng.uniform(0.4, 0.55)
    iris = tint(rng, palette.TOY) if chance(rng, 0.3) else None
    beads = chance(rng, 0.25)
    lid = shade(skin, 0.8) if chance(rng, 0.3) else None
    parts = []
    for side, s in (("left", 1), ("right", -1)):
        at = _on(center, radii, (1.0, s * spread, -0.05)) - [0.3 * radius, 0, 0]
        toward = (1.0, s * 0.25, 0.1)
        shape = bead_eye if beads else eye
        extra = {} if beads else {"iris": iris, "pupil": rng.uniform(0.5, 0.65), "lid": lid}
        parts.append(shape(f"eye_{side}", at, toward, radius * (0.8 if beads else 1.0), **extra))
    y = np.linspace(-1, 1, 12) * rng.uniform(0.18, 0.28)
    drop = -0.5 + rng.uniform(0.8, 1.6) * y**2
    smile = np.stack([_on(center, radii, (1.0, a, b)) for a, b in zip(y, drop, strict=True)])
    return [*parts, Part("mouth", chain(smile, [0.04] * 12), Plain(palette.BLACK), palette.FELT, cut=True)]


def _hat(rng, top: float, skin: Color) -> list[Part]:
    color = contrast(rng, skin)
    trim = contrast(rng, color)
    lean = rng.uniform(-12, 12)
    if chance(rng, 0.5):  # a party cone with a bobble
        cone = frustum((0, 0, top - 0.12), (0, 0, top + 0.5), 0.3, 0.06, 0.03)
        paint = Stripes(color, trim, (0.4, 0, 1), 0.2, 0.4)
        pieces = [(cone, paint), (sphere((0, 0, top + 0.52), 0.1), Plain(trim))]
    else:  # a sailor's cap
        cap = frustum((0, 0, top - 0.1), (0, 0, top + 0.2), 0.26, 0.34, 0.05)
        pieces = [(cap, Plain(color)), (torus((0, 0, top - 0.03), 0.29, 0.075), Plain(trim))]
    about = (0, 0, top)
    return [Part("hat", rotated(f, (1, 0, 0), lean, about), paint, palette.FELT, movable=True) for f, paint in pieces]


def _on(center: np.ndarray, radii: np.ndarray, direction) -> np.ndarray:
    """(3,) the point of an ellipsoid in a direction that is measured in the ellipsoid's scaled axes."""
    d = np.asarray(direction, float)
    return center + radii * d / np.linalg.norm(d)


TOYS = {"octopus": octopus}
