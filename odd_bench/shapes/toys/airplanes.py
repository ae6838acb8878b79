"""Airplanes: biplanes and propeller planes with an open cockpit, airliners and jets."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Inlay, Plain, Split, Stripes
from odd_bench.shapes.sdf import box, capsule, cylinder, ellipsoid, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.aircraft import (
    Coat,
    fuselage,
    gear_parts,
    livery,
    pilot_parts,
    propeller_parts,
    tail_parts,
    wing_parts,
)
from odd_bench.shapes.toys.draws import contrast, pick, tint, wood_grain
from odd_bench.shapes.toys.wheels import PANE, PANES, pane


def airplane(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, (_biplane, _propeller, _airliner, _jet))
    color = tint(rng, (*palette.TOY, palette.WHITE, palette.CREAM, palette.SILVER))
    material = pick(rng, (palette.PLASTIC, palette.PAINTED_WOOD, palette.ENAMEL))
    return kind(rng, Coat(color, contrast(rng, color), material))


def _biplane(rng, coat: Coat) -> list[Part]:
    half, fat, z = rng.uniform(0.95, 1.05), rng.uniform(0.25, 0.3), rng.uniform(0.55, 0.62)
    span, chord, gap = rng.uniform(1.05, 1.2), rng.uniform(0.42, 0.5), rng.uniform(0.36, 0.42)
    x, top = half * 0.36, z + fat + gap - 0.1
    low_root = (x - 0.05, 0, z - 0.1)
    parts = [
        Part("fuselage", fuselage(half, fat, z, 0.9), livery(rng, coat, half, z), coat.material),
        *wing_parts(rng, coat, "wing_lower", low_root, span * 0.92, chord, 0.9, 0.0, 2),
    ]
    uprights = [
        capsule((x, s * y * span, z - 0.08), (x + 0.02, s * y * span, top), 0.05) for s in (1, -1) for y in (0.16, 0.68)
    ]
    parts.append(Part("struts", union(*uprights), wood_grain(rng), palette.WOOD))
    parts += wing_parts(rng, coat, "wing_upper", (x + 0.03, 0, top), span, chord, 0.9, 0.0, 0)
    parts += tail_parts(rng, coat, half, z, 0.9)
    parts += pilot_parts(rng, -half * 0.08, z + fat - 0.04)
    return [*parts, *gear_parts(rng, x, z - 0.1, 0.3), *propeller_parts(rng, half + 0.06, z, rng.uniform(0.4, 0.5))]


def _propeller(rng, coat: Coat) -> list[Part]:
    half, fat, z = rng.uniform(1.0, 1.1), rng.uniform(0.27, 0.34), rng.uniform(0.5, 0.58)
    body, high = fuselage(half, fat, z, 0.7), rng.random() < 0.5
    root = (half * 0.3, 0, z + (fat * 0.75 if high else -fat * 0.4))
    canopy = ellipsoid((half * 0.12, 0, z + fat * 0.72), (0.36, fat * 0.72, 0.26))
    glass = Inlay(Plain(pick(rng, PANES)), Plain(coat.second), box((half * 0.1, 0, 0), (0.03, 3, 3)))
    return [
        Part("fuselage", body, livery(rng, coat, half, z), coat.material),
        Part("canopy", canopy, glass, PANE, movable=True),
        *wing_parts(
            rng,
            coat,
            "wing",
            root,
            rng.uniform(1.1, 1.3),
            rng.uniform(0.42, 0.52),
            rng.uniform(0.6, 0.9),
            0.05,
            rng.uniform(0, 7),
        ),
        *tail_parts(rng, coat, half, z),
        *gear_parts(rng, half * 0.4, z - 0.1, rng.uniform(0.28, 0.36)),
        *propeller_parts(rng, half + 0.06, z, rng.uniform(0.36, 0.46)),
    ]


def _airliner(rng, coat: Coat) -> list[Part]:
    half, fat, z = rng.uniform(1.25, 1.4), rng.uniform(0.22, 0.27), rng.uniform(0.5, 0.56)
    body = fuselage(half, fat, z, 0.55)
    portholes = union(
        *(cylinder((x, -3, z + 0.06), (x, 3, z + 0.06), 0.038) for x in np.arange(-0.55, 0.95, 0.13) * half)
    )
    sweep, span = rng.uniform(0.4, 0.55), rng.uniform(1.15, 1.3)
    root = (half * 0.12, 0, z - fat * 0.4)
    parts = [
        Part("fuselage", body, Inlay(livery(rng, coat, half, z - 0.05), Plain(palette.NAVY), portholes), coat.material),
        Part(
            "windscreen",
            pane(body, box((half * 0.86, 0, z + fat * 0.62), (0.13, 0.4, 0.09), 0.03)),
            Plain(palette.NAVY),
            PANE,
            movable=True,
        ),
        *wing_parts(rng, coat, "wing", root, span, 0.5, 0.45, sweep, rng.uniform(2, 7)),
        *tail_parts(rng, coat, half, z + 0.02, 1.05),
    ]
    for side, sign in SIDES:
        for row, share in (("inner", 0.4), ("outer", 0.7))[: 1 + int(half > 1.32)]:
            at = (root[0] - sweep * share + 0.12, sign * span * share, root[2] - 0.06)
            pod = union(capsule((at[0] - 0.16, at[1], at[2]), (at[0] + 0.14, at[1], at[2]), 0.09, 0.115))
            name = f"engine_{side}" if half <= 1.32 else f"engine_{row}_{side}"
            ring = Split(coat.second, palette.SILVER, (1, 0, 0), at[0] + 0.12)
            parts.append(Part(name, pod, ring, palette.PLASTIC, movable=True))
    return parts


def _jet(rng, coat: Coat) -> list[Part]:
    half, fat, z = rng.uniform(1.2, 1.35), rng.uniform(0.2, 0.25), rng.uniform(0.42, 0.5)
    canopy = ellipsoid((half * 0.38, 0, z + fat * 0.72), (0.34, fat * 0.6, 0.19))
    nozzle = cylinder((-half * 1.02, 0, z), (-half * 0.7, 0, z), 0.17, 0.02)
    parts = [
        Part("fuselage", fuselage(half, fat, z, 0.02), livery(rng, coat, half, z), coat.material),
        Part(
            "nozzle", nozzle, Stripes(palette.GREY, palette.CHARCOAL, (1, 0, 0), 0.07, 0.5), palette.METAL, movable=True
        ),
        Part("canopy", canopy, Plain(pick(rng, PANES)), PANE, movable=True),
        *wing_parts(
            rng,
            coat,
            "wing",
            (-half * 0.1, 0, z),
            rng.uniform(0.85, 1.05),
            rng.uniform(0.85, 1.05),
            0.25,
            rng.uniform(0.4, 0.55),
            0,
        ),
        *tail_parts(rng, coat, half, z + 0.06, 0.95),
    ]
    for side, sign in SIDES:
        intake = capsule((-0.15 * half, sign * fat, z - 0.02), (half * 0.3, sign * fat * 0.95, z - 0.02), 0.13)
        parts.append(
            Part(
                f"intake_{side}",
                intake,
                Split(coat.second, palette.CHARCOAL, (1, 0, 0), half * 0.32),
                coat.material,
                movable=True,
            )
        )
    return parts


TOYS = {"airplane": airplane}
