"""Toy pigs."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Patches, Pattern, Plain
from odd_bench.shapes.sdf import Field, box, cylinder, ellipsoid, scaled, sphere
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.anatomy import FINISHES, ROSE, ears, eyes, marked, pointed_ear, pose_at, posed, rope, smile
from odd_bench.shapes.toys.draws import chance, pick, seed_from, shade, tint
from odd_bench.shapes.toys.quadruped import Build, Figure, hoof, sitting, standing

PIGS = ((0.95, 0.67, 0.68), (0.93, 0.75, 0.72), (0.9, 0.55, 0.6), (0.86, 0.62, 0.5))


def pig(rng: np.random.Generator) -> list[Part]:
    """Pink, spotted, saddleback and dark pigs, and piggy banks with a slot in their back."""
    kind = pick(rng, ("pink", "pink", "spotted", "saddleback", "dark", "bank"))
    skin = tint(rng, PIGS, 0.04)
    dark, bright = tint(rng, (palette.CHARCOAL, (0.4, 0.3, 0.28)), 0.03), tint(rng, (*PIGS, *palette.TOY), 0.04)
    skin = {"dark": dark, "bank": bright}.get(kind, skin)
    coat, finish = _pig_coat(rng, kind, skin), palette.CERAMIC if kind == "bank" else pick(rng, FINISHES)
    build = _build(rng)
    figure = (sitting if kind != "bank" and chance(rng, 0.25) else standing)(build, hoof)
    parts = figure.parts(coat, Plain(shade(skin, 0.6)), finish)
    head = _pig_head(rng, coat, skin, finish)
    parts += posed(head, pose_at(figure.head + [0.14, 0, 0.04], 0, rng.uniform(-14, 14), rng.uniform(-8, 8)))
    parts.append(Part("tail", _curl(rng, figure), Plain(skin), finish, movable=True))
    if kind == "bank":
        slot = box((0, 0, build.height + build.belly), (0.17, 0.035, 0.2), 0.01)
        parts.append(Part("slot", slot, Plain(palette.BLACK), finish, cut=True))
    return parts


def _build(rng: np.random.Generator) -> Build:
    return Build(
        length=rng.uniform(0.62, 0.85), height=rng.uniform(0.62, 0.74), chest=rng.uniform(0.4, 0.48),
        hips=rng.uniform(0.42, 0.5), belly=rng.uniform(0.44, 0.52), width=rng.uniform(0.92, 1.08), sag=rng.uniform(0.0, 0.06),
        leg=rng.uniform(0.12, 0.15), thigh=rng.uniform(0.17, 0.21), stride_deg=rng.uniform(-6, 6),
        neck=0.12, neck_deg=rng.uniform(15, 35), neck_thick=0.36, neck_thin=0.34,
    )  # fmt: skip


def _curl(rng: np.random.Generator, figure: Figure) -> Field:
    t, turns, width = np.linspace(0, 1, 24), rng.uniform(1.2, 1.9), rng.uniform(0.09, 0.12)
    angle, wide = 2 * np.pi * turns * t, width * np.minimum(3 * t, 1)
    coil = np.stack([0.12 - 0.4 * t, wide * np.sin(angle), wide * (1 - np.cos(angle))], axis=1)
    return rope(coil + figure.rump, 0.06, 0.04)


def _pig_coat(rng: np.random.Generator, kind: str, skin: Color) -> Pattern:
    dark = shade(skin, 0.3)
    if kind == "spotted":
        return Patches(skin, dark, rng.uniform(0.25, 0.45), rng.uniform(0.2, 0.4), seed_from(rng))
    if kind == "saddleback":
        return marked(Plain(dark), skin, box((rng.uniform(0.1, 0.25), 0, 0.7), (rng.uniform(0.12, 0.2), 2, 2)))
    return Plain(skin)


def _pig_head(rng: np.random.Generator, coat: Pattern, skin: Color, finish: Material) -> list[Part]:
    size, snout, reach = rng.uniform(0.38, 0.44), rng.uniform(0.16, 0.21), rng.uniform(0.12, 0.2)
    rose = shade(skin, 0.85) if sum(skin) > 1.2 else ROSE
    front = 0.86 * size + reach
    disc = scaled(cylinder((0.5 * size, 0, -0.08), (front, 0, -0.08), snout, 0.05), (1, 1, 0.85), (0, 0, -0.08))
    nostrils = [sphere((front + 0.01, s * 0.4 * snout, -0.07), 0.27 * snout) for s in (1, -1)]
    skull = ellipsoid((0, 0, 0), (0.95 * size, size, 0.95 * size))
    mouth = smile((0.86 * size, 0, -0.3), 0.2, 0.07, 0.025, bow=0.05)
    ear = pointed_ear(rng.uniform(0.26, 0.36), rng.uniform(0.14, 0.18), 0.4)
    return [
        Part("head", skull, marked(coat, shade(skin, 0.45), mouth), finish, blend=0.06),
        Part("snout", disc, marked(Plain(rose), shade(rose, 0.45), *nostrils), finish, blend=0.03, movable=True),
        *eyes(rng, (0.72 * size, 0.5 * size, 0.34 * size), rng.uniform(0.06, 0.08)),
        *ears(
            ear, coat, rose, finish, (0.1 * size, 0.55 * size, 0.7 * size),
            tilt_deg=rng.uniform(20, 40), turn_deg=rng.uniform(5, 25), back_deg=rng.uniform(-45, 0),
        ),
    ]  # fmt: skip


TOYS = {"pig": pig}
