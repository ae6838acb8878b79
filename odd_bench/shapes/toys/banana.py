"""Bananas: single, a bunch, half peeled, and one that smiles."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Inlay, Plain, Stripes
from odd_bench.shapes.poses import rotation_about
from odd_bench.shapes.sdf import capsule, chain, cylinder, ellipsoid, half_space, intersection, sphere, union
from odd_bench.shapes.toy import Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.apple import FLESH
from odd_bench.shapes.toys.bow import BROWN_TIP, Bow
from odd_bench.shapes.toys.curves import leaf_outline, plate, smooth_path
from odd_bench.shapes.toys.draws import contrast, pick, shade, tint
from odd_bench.shapes.toys.eyes import eye
from odd_bench.shapes.toys.placing import carried


def banana(rng: np.random.Generator) -> list[Part]:
    return pick(rng, (_single, _smiling, _bunch, _peeled))(rng)


def _finish(rng):
    return pick(rng, (palette.PLASTIC, palette.SATIN, palette.RUBBER, palette.CERAMIC))


def _single(rng) -> list[Part]:
    bow, material = Bow(rng), _finish(rng)
    paint, color = bow.paint(rng)
    parts = [Part("body", bow.skin(), paint, material), *bow.ends(rng, color, material)]
    return [*parts, _sticker(rng, bow)]


def _sticker(rng, bow: Bow) -> Part:
    at = bow.at(rng.uniform(-0.35, 0.3))
    out = np.array([0, -1.0, rng.uniform(-0.2, 0.3)])
    out /= np.linalg.norm(out)
    badge, ring = (
        tint(rng, (palette.BLUE, palette.RED, palette.GREEN)),
        tint(rng, (palette.WHITE, (0.98, 0.9, 0.3)), 0.02),
    )
    foot = at + (bow.girth - 0.08) * out
    disc = cylinder(foot, at + (bow.girth + 0.05) * out, rng.uniform(0.17, 0.21), 0.02)
    paint = Inlay(Plain(badge), Plain(ring), union(cylinder(at, at + out, 0.08), cylinder(at, at + out, 0.02)))
    return Part("sticker", disc, paint, palette.SATIN, movable=True)


def _smiling(rng) -> list[Part]:
    """A single banana with a face on its side, arms and legs."""
    bow, material = Bow(rng), _finish(rng)
    paint, color = bow.paint(rng)
    parts = [Part("body", bow.skin(), paint, material), *bow.ends(rng, color, material)]
    limb, shoe = tint(rng, (palette.BLACK, shade(color, 0.7), color)), contrast(rng, color)
    middle = bow.at(0.1)
    front = middle + [0, -bow.girth, 0]
    for side, s in (("left", -1.0), ("right", 1.0)):
        at = bow.at(0.1 + 0.13 * s) + [0, -bow.girth + 0.05, 0.06]
        parts.append(eye(f"eye_{side}", at, (0.1 * s, -1, 0.1), rng.uniform(0.14, 0.17), None, 0.55))
        shoulder = bow.at(0.1 + 0.4 * s)
        hand = shoulder + [0.35 * s, -0.28, rng.uniform(-0.05, 0.25)]
        arm = union(
            chain(smooth_path([shoulder, shoulder + [0.15 * s, -0.28, -0.05], hand], 7), [0.07] * 7), sphere(hand, 0.12)
        )
        parts.append(Part(f"arm_{side}", arm, Plain(limb), material, movable=True))
        hip = bow.at(0.1 + 0.22 * s)
        foot = hip + [0.06 * s, -0.05, -bow.girth - rng.uniform(0.3, 0.4)]
        parts.append(Part(f"leg_{side}", capsule(hip, foot, 0.08), Plain(limb), material, movable=True))
        parts.append(
            Part(f"leg_{side}", ellipsoid(foot + [0, -0.1, 0], (0.12, 0.21, 0.1)), Plain(shoe), material, movable=True)
        )
    x = np.linspace(-1, 1, 9)
    smile = front + np.stack([0.17 * x, 0.02 + 0 * x, -0.16 + 0.08 * x**2], axis=1)
    parts.append(Part("mouth", chain(smile, [0.035] * 9), Plain((0.3, 0.1, 0.08)), material, cut=True))
    return parts


def _bunch(rng) -> list[Part]:
    """Three to five bananas fanned out from one crown."""
    bow, material = Bow(rng, 2.1), _finish(rng)
    crown = bow.at(1.1)
    count = int(rng.integers(3, 6))
    paint, color = bow.paint(rng)
    fan = np.linspace(-0.5, 0.5, count) * (count - 1) * rng.uniform(19, 24)
    parts = [
        Part(
            "body",
            capsule(crown - [0.05, 0, 0.06], crown + [0.12, 0, 0.16], 0.2, 0.15),
            Plain(shade(color, 0.6)),
            material,
        ),
    ]
    for i, angle in enumerate(fan):
        pose = rotation_about((0.25, 0, 1), angle, crown)
        tips = [bow.at(t) for t in (-0.84, -0.96, -1.03)]
        neck = smooth_path(bow.at(np.array([0.7, 0.9, 1.1])), 6)
        fruit = union(bow.skin(), chain(neck, list(np.linspace(0.15, 0.1, 6))))
        shift = np.eye(4)
        shift[2, 3] = -0.05 * abs(angle) / 30
        whole = shift @ pose
        name, tip = f"banana_{i + 1}", chain(tips, [0.13, 0.11, 0.08])
        fruit_and_tip = [
            Part(name, fruit, paint, material, blend=0.02, movable=True),
            Part(name, tip, Plain(BROWN_TIP), material, movable=True),
        ]
        parts += carried(fruit_and_tip, whole)
    return parts


def _peeled(rng) -> list[Part]:
    """A half peeled banana that stands on its blossom end: bare flesh above, and strips of skin that hang down."""
    bow, material = Bow(rng), _finish(rng)
    paint, color = bow.paint(rng)
    edge = rng.uniform(-0.15, 0.1)
    pale = tint(rng, ((0.98, 0.94, 0.78), (0.97, 0.9, 0.68)), 0.02)
    along = bow.at(edge + 0.01) - bow.at(edge - 0.01)
    along /= np.linalg.norm(along)
    strands = Stripes(pale, shade(pale, 0.93), (0, 1, 0.3), 0.1, 0.4, 0.05)
    _, tip = bow.ends(rng, color, material)
    parts = [
        Part("body", intersection(bow.skin(), half_space(bow.at(edge), along)), paint, material),
        tip,
        Part("flesh", bow.flesh(edge - 0.3, 0.82, 0.86 * bow.girth), strands, FLESH),
    ]
    count, start = int(rng.integers(3, 5)), rng.uniform(0, 6)
    across = np.cross(along, (0.0, 1.0, 0.0))
    for i, angle in enumerate(start + np.arange(count) * 2 * np.pi / count):
        out = np.cos(angle) * across + np.sin(angle) * np.array([0.0, 1.0, 0.0])
        down = 0.75 * out - rng.uniform(0.35, 0.75) * along
        down /= np.linalg.norm(down)
        root = bow.at(edge) + (bow.girth - 0.16) * out + 0.04 * along
        inner = np.cross(down, np.cross(along, out))
        inner *= np.sign(inner @ along)
        strip = plate(
            leaf_outline(rng.uniform(0.75, 0.95), rng.uniform(0.4, 0.48), -0.2), 0.11, root, down, np.cross(along, out)
        )
        lining = Inlay(Plain(color), Plain(pale), half_space(root + 0.02 * inner, -inner))
        parts.append(Part(f"peel_{i + 1}", strip, lining, material, blend=0.02, movable=True))
    return carried(parts, rotation_about((0, 1, 0), -rng.uniform(65, 85), bow.at(0.0)))


TOYS = {"banana": banana}
