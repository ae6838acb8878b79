"""Parts of airplanes: fuselage, wings, tail, propeller, landing gear and pilot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Checks, Color, Inlay, Pattern, Plain, Split, Stripes
from odd_bench.shapes.sdf import Field, box, capsule, extrude, lathe, placed, rotated, sphere, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import pick, tint, wood_grain
from odd_bench.shapes.toys.turned import curve, solid
from odd_bench.shapes.toys.wheels import PANE, WheelStyle


@dataclass(frozen=True)
class Coat:
    """Colours and material of one airplane."""

    color: Color
    second: Color
    material: Material


def wing(
    root: tuple, span: float, chord: float, taper: float, sweep: float, rise_deg: float, thick: float, sign: float
) -> Field:
    """One wing, from `root` (the middle of its chord) outwards to the side of `sign`, tilted up by `rise_deg`."""
    tip, mid = chord * taper, -sweep
    outline = [(chord / 2, -0.1), (mid + tip / 2, span - 0.1), (mid + 0.2 * tip, span), (mid - 0.3 * tip, span)]
    outline += [(mid - tip / 2, span - 0.1), (-chord / 2, -0.1)]
    flat = extrude([(x, sign * y) for x, y in outline], -thick / 2, thick / 2, 0.45 * thick)
    raised = rotated(flat, (1, 0, 0), sign * rise_deg)
    pose = np.eye(4)
    pose[:3, 3] = root
    return placed(raised, pose)


def fuselage(half: float, fat: float, z: float, nose: float) -> Field:
    """A turned body along x. nose: shape of its front, from 0 (pointed) to 1 (blunt)."""
    radii = [
        (0.1, -1.0),
        (0.3, -0.85),
        (0.62, -0.45),
        (0.97, 0.0),
        (1.0, 0.35),
        (0.75 + 0.22 * nose, 0.75),
        (0.3 + 0.5 * nose, 0.95),
    ]
    profile = curve([(fat * r, half * x) for r, x in radii] + [(0.02 + 0.35 * fat * nose, half)], 4)
    return placed(solid(profile), along_x(0, 0, z))


def along_x(x: float, y: float, z: float) -> np.ndarray:
    """(4, 4) pose at (x, y, z) that turns the z axis to x."""
    pose = np.eye(4)
    pose[:3, :3] = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    pose[:3, 3] = (x, y, z)
    return pose


def livery(rng, coat: Coat, half: float, z: float) -> Pattern:
    a, b = Plain(coat.color), Plain(coat.second)
    options = (
        Inlay(a, b, box((0, 0, z - 0.02), (3, 3, rng.uniform(0.03, 0.07)))),
        Split(coat.second, coat.color, (0, 0, 1), z - rng.uniform(0.0, 0.08)),
        Split(coat.color, coat.second, (1, 0, 0), half * rng.uniform(0.55, 0.75)),
        Inlay(a, Stripes(coat.color, coat.second, (1, 0, 0), 0.16, 0.5), box((-half * 0.5, 0, z), (half * 0.22, 3, 3))),
        a,
    )
    return pick(rng, options)


def wing_parts(rng, coat: Coat, name: str, root, span, chord, taper, sweep, rise, thick=0.1) -> list[Part]:
    """A left and a right wing with a common mark: none, painted tips, a roundel or checks."""
    mark = int(rng.integers(4))
    base = coat.color if rng.random() < 0.6 else coat.second
    other = coat.second if base is coat.color else coat.color
    parts = []
    for side, sign in SIDES:
        spot = (root[0] - 0.6 * sweep, sign * 0.62 * span, root[2])
        tip = box((0, sign * (span + 1.82), 0), (5, 2.0, 5))
        roundel = Inlay(Inlay(Plain(base), Plain(palette.WHITE), _post(spot, 0.17)), Plain(other), _post(spot, 0.09))
        checked = Inlay(Plain(base), Checks(other, palette.WHITE, (0.13, 0.13, 9)), tip)
        paint = (Plain(base), Inlay(Plain(base), Plain(other), tip), roundel, checked)[mark]
        parts.append(
            Part(
                f"{name}_{side}",
                wing(root, span, chord, taper, sweep, rise, thick, sign),
                paint,
                coat.material,
                movable=True,
            )
        )
    return parts


def _post(center, radius: float) -> Field:
    return capsule((center[0], center[1], -3), (center[0], center[1], 3), radius)


def tail_parts(rng, coat: Coat, half: float, z: float, size: float = 1.0) -> list[Part]:
    x, tall, chord = -half * 0.84, size * rng.uniform(0.42, 0.58), size * rng.uniform(0.34, 0.42)
    fin = rotated(
        wing((0, 0, 0), tall, chord, rng.uniform(0.5, 0.75), rng.uniform(0.1, 0.24), 0, 0.09, 1), (1, 0, 0), 90
    )
    pose = np.eye(4)
    pose[:3, 3] = (x, 0, z + 0.03)
    band = Inlay(Plain(coat.second), Plain(coat.color), box((0, 0, z + 0.6 * tall), (5, 5, 0.06)))
    parts = [Part("fin", placed(fin, pose), pick(rng, (Plain(coat.second), band)), coat.material, movable=True)]
    return parts + wing_parts(
        rng,
        coat,
        "tailplane",
        (x + 0.02, 0, z + 0.02),
        size * rng.uniform(0.46, 0.56),
        chord * 0.9,
        0.65,
        0.1,
        0,
        0.085,
    )


def propeller_parts(rng, x: float, z: float, radius: float) -> list[Part]:
    """Two to four blades, rotated at random, and a spinner."""
    count, turn = int(rng.integers(2, 5)), rng.uniform(0, 90)
    blade = box((0, 0, radius / 2), (0.055, 0.1, radius / 2), 0.05)
    blades = union(*(placed(rotated(blade, (1, 0, 0), turn + 360 * k / count), shift(x, 0, z)) for k in range(count)))
    tips = Inlay(
        Plain(palette.CHARCOAL), Plain(palette.YELLOW), lambda p: radius * 0.8 - np.hypot(p[:, 1], p[:, 2] - z)
    )
    paint = pick(rng, (tips, wood_grain(rng), Plain(palette.SILVER)))
    spinner = placed(lathe([(0, -0.2), (0.13, -0.2), (0.12, 0.0), (0.07, 0.12), (0, 0.15)], 0.02), along_x(x, 0, z))
    color = tint(rng, (palette.RED, palette.YELLOW, palette.SILVER, palette.WHITE))
    return [
        Part("propeller", blades, paint, palette.PLASTIC, movable=True),
        Part("propeller", spinner, Plain(color), palette.PLASTIC, movable=True),
    ]


def shift(x: float, y: float, z: float) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, 3] = (x, y, z)
    return pose


def gear_parts(rng, x: float, z: float, apart: float) -> list[Part]:
    """Two wheels on struts under the body."""
    style, parts = WheelStyle(rng, rng.uniform(0.15, 0.2), 0.13), []
    for side, sign in SIDES:
        strut = capsule((x, sign * 0.1, z), (x, sign * apart, style.radius), 0.06)
        parts.append(Part(f"wheel_{side}", strut, Plain(palette.CHARCOAL), palette.METAL, movable=True))
        parts += style.parts(f"wheel_{side}", x, sign * apart)
    return parts


def pilot_parts(rng, x: float, z: float) -> list[Part]:
    """A pilot's head with goggles behind a small windscreen."""
    skin = tint(rng, ((0.95, 0.78, 0.62), (0.6, 0.4, 0.27), (0.85, 0.62, 0.45)), 0.04)
    head = np.array([x, 0, z + 0.12])
    cap = Split(
        skin,
        pick(rng, (palette.BROWN, palette.RED, palette.NAVY)),
        (-0.6, 0, 0.8),
        float(head @ [-0.6, 0, 0.8]) + 0.02,
    )
    goggles = capsule(head + [0.12, -0.08, 0.03], head + [0.12, 0.08, 0.03], 0.07)
    return [
        Part("pilot", sphere(head, 0.17), cap, palette.SATIN, movable=True),
        Part("pilot", goggles, Plain(palette.CHARCOAL), PANE, movable=True),
    ]
