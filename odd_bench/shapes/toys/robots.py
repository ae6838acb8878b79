"""Robots: tin toys on legs, on tracks or on one wheel, with dials, aerials and grippers."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Checks, Plain, Sectors, Stripes
from odd_bench.shapes.sdf import box, capsule, chain, cylinder, frustum, moved, sphere, torus, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import contrast, pick, shade, tint
from odd_bench.shapes.toys.robot_body import Build, chest, head
from odd_bench.shapes.toys.wheels import from_side


def robot(rng: np.random.Generator) -> list[Part]:
    color = tint(rng, (*palette.TOY, palette.SILVER, palette.GREY, palette.WHITE, palette.COPPER))
    wide, deep, low = rng.uniform(0.4, 0.54), rng.uniform(0.28, 0.36), rng.uniform(0.46, 0.56)
    material = pick(rng, (palette.BRUSHED, palette.PLASTIC, palette.ENAMEL, palette.PAINTED_WOOD))
    b = Build(wide, deep, low, low + rng.uniform(0.5, 0.58), color, contrast(rng, color), material)
    legs = pick(rng, (_legs, _legs, _tracks, _wheel))
    return [*chest(rng, b), *head(rng, b), *_arms(rng, b), *legs(rng, b)]


def _arms(rng, b: Build) -> list[Part]:
    """Ribbed hoses with grippers, each raised or lowered at random."""
    shoulder_z, thick = b.top - 0.16, rng.uniform(0.075, 0.095)
    claw, parts = rng.uniform(0.09, 0.11), []
    ribs = Stripes(pick(rng, (palette.GREY, palette.CHARCOAL, b.second)), palette.SILVER, (0.3, 0.6, 1), 0.1, 0.4)
    for name, sign in SIDES:
        raise_by = rng.uniform(-0.55, 0.35)
        shoulder = np.array([0, sign * (b.wide + 0.02), shoulder_z])
        elbow = shoulder + [0.02, sign * 0.24, -0.22 + 0.1 * raise_by]
        wrist = elbow + [0.3, sign * 0.06, 0.3 * raise_by + 0.04]
        hand = wrist + [0.08, 0, 0.06 * raise_by]
        jaw_points = [np.array([0.0, 0.0]), np.array([0.1, 0.13]), np.array([0.26, 0.1])]
        jaws = [
            chain([hand + [x, s * y * 1.0, 0] for x, y in jaw_points], [claw * 0.75, claw * 0.72, claw * 0.62])
            for s in (1, -1)
        ]
        arm = chain(
            [shoulder, shoulder + [0, sign * 0.16, -0.03], elbow, (elbow + wrist) / 2 + [0.02, 0, -0.02], wrist],
            [thick] * 5,
        )
        ball = sphere(shoulder, 0.16)
        parts.append(Part(f"arm_{name}", arm, ribs, palette.RUBBER, movable=True))
        parts.append(Part(f"arm_{name}", union(*jaws, sphere(hand, claw * 1.25)), b.trim, b.material, movable=True))
        parts.append(Part(f"arm_{name}", ball, b.trim, b.material, movable=True))
    return parts


def _legs(rng, b: Build) -> list[Part]:
    apart, thick, foot = b.wide * 0.52, rng.uniform(0.11, 0.14), rng.uniform(0.24, 0.3)
    parts = []
    for name, sign in SIDES:
        y = sign * apart
        leg = cylinder((0, y, 0.1), (0, y, b.low + 0.1), thick, 0.02)
        knee = sphere((0.02, y, b.low * 0.52), thick * 1.35)
        shoe = from_side([(-0.2, 0.0), (foot + 0.06, 0.0), (foot + 0.04, 0.12), (0.1, 0.26), (-0.16, 0.26)], 0.17, 0.05)
        parts.append(Part("legs", union(leg, knee), Plain(palette.GREY), palette.BRUSHED))
        parts.append(Part(f"foot_{name}", moved(shoe, (0, y, 0)), b.paint, b.material, movable=True))
    hips = box((0, 0, b.low), (b.deep * 0.8, b.wide * 0.85, 0.11), 0.05)
    return [*parts, Part("legs", hips, b.trim, b.material)]


def _tracks(rng, b: Build) -> list[Part]:
    """A motor box between two caterpillar tracks."""
    half, radius = rng.uniform(0.42, 0.52), b.low * 0.42
    base = box((0, 0, b.low * 0.66), (b.deep * 0.95, b.wide * 0.8, b.low * 0.42), 0.05)
    parts = [Part("motor", base, b.trim, b.material)]
    treads = Checks(palette.CHARCOAL, shade(palette.CHARCOAL, 1.25), (0.13, 9, 9))
    for name, sign in SIDES:
        y = sign * (b.wide * 0.8 + 0.06)
        outline = [
            (s * half + radius * np.cos(a), radius + radius * np.sin(a))
            for s, start in ((1, -90), (-1, 90))
            for a in np.radians(start + np.arange(0, 181, 22.5))
        ]
        loop = from_side(outline, 0.14, 0.04)
        wheels = [cylinder((x, y, radius), (x, y + sign * 0.17, radius), radius * 0.62, 0.02) for x in (-half, 0, half)]
        parts.append(Part(f"track_{name}", moved(loop, (0, y, 0)), treads, palette.RUBBER, movable=True))
        parts.append(Part(f"track_{name}", union(*wheels), b.trim, palette.PLASTIC, movable=True))
    return parts


def _wheel(rng, b: Build) -> list[Part]:
    """A skirt over one large wheel with two small castors."""
    radius = b.low * 0.5
    skirt = frustum((0, 0, b.low * 0.62), (0, 0, b.low + 0.1), b.wide * 0.98, b.wide * 0.62, 0.04)
    bumper = torus((0, 0, b.low * 0.66), b.wide * 0.93, 0.085)
    tyre = union(cylinder((0, -0.16, radius), (0, 0.16, radius), radius, 0.07))
    hub = cylinder((0, -0.19, radius), (0, 0.19, radius), radius * 0.55, 0.02)
    parts = [
        Part("skirt", skirt, Sectors(b.color, b.second, 10, 0.3), b.material),
        Part("skirt", bumper, b.trim, palette.RUBBER),
        Part("wheel", tyre, Plain(palette.CHARCOAL), palette.RUBBER, movable=True),
        Part("wheel", hub, b.trim, palette.PLASTIC, movable=True),
    ]
    for x in (b.wide * 0.72, -b.wide * 0.72):
        stay = union(capsule((x, 0, b.low * 0.66), (x, 0, 0.13), 0.065), sphere((x, 0, 0.12), 0.12))
        parts.append(Part("castors", stay, Plain(palette.SILVER), palette.METAL, movable=True))
    return parts


TOYS = {"robot": robot}
