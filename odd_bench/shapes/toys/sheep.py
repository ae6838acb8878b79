"""Toy sheep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Plain
from odd_bench.shapes.sdf import Field, balls, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.anatomy import FINISHES, ROSE, ears, leaf_ear, pose_at, posed, rope
from odd_bench.shapes.toys.draws import chance, pick, shade, tint
from odd_bench.shapes.toys.faces import long_face
from odd_bench.shapes.toys.quadruped import Build, hoof, standing

FLEECES = ((0.93, 0.91, 0.86), (0.9, 0.85, 0.74), (0.95, 0.94, 0.92))


def sheep(rng: np.random.Generator) -> list[Part]:
    """White, black-faced, dark and pastel sheep, and rams with curled horns."""
    kind = pick(rng, ("white", "black-faced", "black-faced", "dark", "pastel"))
    fleece = tint(rng, FLEECES, 0.03)
    fleece = {
        "dark": tint(rng, ((0.3, 0.25, 0.22), (0.45, 0.36, 0.28)), 0.03),
        "pastel": tint(rng, palette.PASTEL, 0.03),
    }.get(kind, fleece)
    skin = (
        tint(rng, ((0.12, 0.11, 0.11), (0.2, 0.16, 0.15)), 0.02)
        if kind == "black-faced"
        else tint(rng, ((0.88, 0.72, 0.6), (0.82, 0.65, 0.52)), 0.03)
    )
    finish, wool = pick(rng, FINISHES), pick(rng, (palette.PLUSH, palette.FELT, *FINISHES))
    build = _build(rng)
    figure = standing(build, hoof)
    curl = rng.uniform(0.1, 0.15)
    figure = replace(figure, trunk=union(figure.trunk, _wool(rng, figure.trunk, build, curl)))
    legs = [part for part in figure.parts(Plain(skin), Plain(shade(skin, 0.5)), finish) if part.name != "body"]
    parts = [Part("body", figure.trunk, Plain(fleece), wool), *legs]
    head = _sheep_head(rng, skin, fleece, finish, wool, curl, ram=chance(rng, 0.35))
    parts += posed(head, pose_at(figure.head + [0.18, 0, 0.06], 0, rng.uniform(-22, 22), rng.uniform(-15, 5)))
    dock = figure.rump + [-0.08, 0, -0.02]
    drop = np.array([-0.12, 0, -rng.uniform(0.08, 0.22)])
    tail = balls([dock, dock + 0.5 * drop + [-0.02, 0, 0.03], dock + drop], rng.uniform(0.1, 0.13))
    return [*parts, Part("tail", tail, Plain(fleece), wool, movable=True)]


def _build(rng: np.random.Generator) -> Build:
    return Build(
        length=rng.uniform(0.62, 0.82), height=rng.uniform(0.74, 0.86), chest=rng.uniform(0.33, 0.39), hips=rng.uniform(0.34, 0.4),
        belly=rng.uniform(0.36, 0.42), width=rng.uniform(0.9, 1.02), leg=rng.uniform(0.08, 0.1), thigh=rng.uniform(0.12, 0.14),
        stride_deg=rng.uniform(-8, 8), neck=rng.uniform(0.36, 0.44), neck_deg=rng.uniform(35, 58), neck_thick=0.25, neck_thin=0.2,
    )  # fmt: skip


def _wool(rng: np.random.Generator, trunk: Field, build: Build, curl: float) -> Field:
    """Balls of radius `curl` on the trunk, in evenly spread directions; each direction is followed to the surface."""
    count = int(7.5 / curl**1.6)
    k = np.arange(count) + 0.5 + rng.uniform(-0.3, 0.3, count)
    polar, azimuth = np.arccos(np.clip(1 - 2 * k / count, -1, 1)), np.pi * (1 + 5**0.5) * k
    direction = np.stack([np.cos(azimuth) * np.sin(polar), np.sin(azimuth) * np.sin(polar), np.cos(polar)], axis=1)
    center = np.array([0.05, 0, build.height])
    points = center + 0.05 * direction
    for _ in range(25):
        points = points - 0.9 * direction * trunk(points.astype(np.float32))[:, None]
    return balls(points - rng.uniform(0.15, 0.6, (count, 1)) * curl * direction, curl)


def _sheep_head(
    rng: np.random.Generator, skin: Color, fleece: Color, finish: Material, wool: Material, curl: float, ram: bool
) -> list[Part]:
    size = rng.uniform(0.22, 0.26)
    parts = long_face(
        rng,
        Plain(skin),
        shade(skin, 0.85) if sum(skin) > 1 else skin,
        finish,
        size,
        0.24,
        0.17,
        rng.uniform(0.13, 0.15),
    )
    crown = [(x, y, size * 0.85 - 2.0 * y * y - 0.5 * x * x) for x in (-0.16, 0.0) for y in (-0.13, 0.0, 0.13)]
    parts.append(Part("topknot", balls([*crown, (0.02, 0, size)], 0.85 * curl), Plain(fleece), wool, movable=True))
    ear = leaf_ear(rng.uniform(0.36, 0.43), rng.uniform(0.12, 0.145))
    place = (-0.03, 0.7 * size, 0.25 * size)
    parts += ears(ear, Plain(skin), ROSE, finish, place, tilt_deg=rng.uniform(90, 125), turn_deg=rng.uniform(-5, 15))
    if ram:
        parts += _ram_horns(rng, size, finish)
    return parts


def _ram_horns(rng: np.random.Generator, size: float, finish: Material) -> list[Part]:
    turns, ring, color = (
        rng.uniform(1.0, 1.35),
        rng.uniform(0.15, 0.19),
        tint(rng, (palette.TAN, (0.6, 0.5, 0.38)), 0.04),
    )
    t = np.linspace(0, 1, 20)
    angle = np.radians(60) + 2 * np.pi * turns * t
    parts = []
    for name, s in SIDES:
        radius = ring * (1 - 0.25 * t)
        coil = np.stack(
            [-0.1 + radius * np.cos(angle), s * (0.6 * size + 0.2 * t), 0.35 * size + radius * np.sin(angle)], axis=1
        )
        parts.append(Part(f"horn_{name}", rope(coil, 0.095, 0.045), Plain(color), finish, movable=True))
    return parts


TOYS = {"sheep": sheep}
