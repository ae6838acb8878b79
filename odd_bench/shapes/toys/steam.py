"""Steam engines: boiler, cab, chimney, plough, and wheels that rods connect."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Color, Inlay, Plain, Split, Stripes
from odd_bench.shapes.sdf import Field, box, capsule, cylinder, extrude, moved, rotated, sphere, torus, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import contrast, pick, shade, tint
from odd_bench.shapes.toys.turned import curve, solid
from odd_bench.shapes.toys.wheels import CLEAR_LAMP, PANE, PANES, WheelStyle, from_side, pane


def steam_engine(rng) -> list[Part]:
    """A steam engine with a boiler, a cab, a chimney, a dome, a plough, and wheels that rods connect."""
    color = tint(rng, (*palette.TOY, palette.CHARCOAL, palette.NAVY))
    second, brass = contrast(rng, color), Plain(pick(rng, palette.METALS))
    material = pick(rng, (palette.PLASTIC, palette.PAINTED_WOOD, palette.ENAMEL))
    half, radius, axle = rng.uniform(1.0, 1.15), rng.uniform(0.33, 0.4), rng.uniform(0.22, 0.26)
    deck, nose = 2 * axle + 0.02, half * 0.86
    middle = deck + radius - 0.02
    cab_front = -half * rng.uniform(0.25, 0.36)
    boiler = cylinder((cab_front - 0.2, 0, middle), (nose, 0, middle), radius, 0.05)
    bands = Stripes(color, second, (1, 0, 0), rng.uniform(0.3, 0.45), rng.uniform(0.15, 0.3), phase=rng.uniform())
    return [
        Part("chassis", box((0, 0, deck - 0.1), (half, 0.34, 0.12), 0.04), Plain(shade(second, 0.6)), material),
        Part("boiler", boiler, pick(rng, (bands, Plain(color))), material),
        Part(
            "boiler",
            cylinder((nose - 0.16, 0, middle), (nose + 0.07, 0, middle), radius * 1.06, 0.05),
            Plain(palette.CHARCOAL),
            material,
        ),
        *_engine_face(rng, nose + 0.07, middle, radius, brass),
        *cab_parts(rng, half, cab_front, deck, middle + radius, color, second, material),
        *_steam_top(rng, nose, cab_front, middle + radius, second, brass, material),
        *_catcher(rng, half, deck, second, material),
        *_driving_wheels(rng, half, axle, brass),
    ]


def _engine_face(rng, x: float, z: float, radius: float, brass) -> list[Part]:
    """A lamp or a friendly face on the front of the boiler."""
    if rng.random() < 0.5:
        lamp = cylinder((x - 0.05, 0, z + 0.1), (x + 0.17, 0, z + 0.1), 0.17, 0.03)
        glass = sphere((x + 0.13, 0, z + 0.1), 0.12)
        return [
            Part("lamp", lamp, brass, palette.METAL, movable=True),
            Part("lamp", glass, Plain(CLEAR_LAMP), PANE, movable=True),
        ]
    face = Plain(pick(rng, (palette.CREAM, shade(palette.SILVER, 0.9))))
    parts = [
        Part(
            "face", cylinder((x - 0.1, 0, z), (x + 0.05, 0, z), radius * 0.88, 0.04), face, palette.SATIN, movable=True
        )
    ]
    for _, sign in SIDES:
        eye = np.array([x + 0.03, sign * 0.4 * radius, z + 0.25 * radius])
        paint = Inlay(Plain(palette.WHITE), Plain(palette.BLACK), sphere(eye + [0.09, 0, 0], 0.065))
        parts.append(Part("face", sphere(eye, 0.3 * radius), paint, palette.PLASTIC, movable=True))
    parts.append(
        Part(
            "face",
            sphere((x + 0.06, 0, z - 0.18 * radius), 0.24 * radius),
            Plain(palette.RED),
            palette.PLASTIC,
            movable=True,
        )
    )
    return parts


def cab_parts(
    rng, half: float, front: float, deck: float, boiler_top: float, color: Color, second: Color, material
) -> list[Part]:
    top = boiler_top + rng.uniform(0.12, 0.26)
    cab = box(((front - half) / 2, 0, (deck + top) / 2), ((front + half) / 2, 0.44, (top - deck) / 2), 0.04)
    roof = _curved_roof(-half - 0.06, front + 0.12, 0.54, top, rng.uniform(0.1, 0.18))
    paint = Split(color, pick(rng, (color, second)), (0, 0, 1), boiler_top - 0.3)
    parts = [Part("cab", cab, paint, material), Part("roof", roof, Plain(second), material, movable=True)]
    center, size = ((front - half) / 2, 0, boiler_top - 0.1), min((front + half) / 2 - 0.08, 0.24)
    for side, sign in SIDES:
        opening = box((center[0], sign * 0.6, center[2]), (size, 0.4, 0.17), 0.07 if rng.random() < 0.5 else 0.03)
        parts.append(Part(f"window_{side}", pane(cab, opening), Plain(pick(rng, PANES)), PANE, movable=True))
    return parts


def _curved_roof(back: float, front: float, half_width: float, z: float, rise: float) -> Field:
    """A sheet that is bent over the cab: an arc across y, extruded along x."""
    y = np.linspace(-half_width, half_width, 11)
    over = z + rise * (1 - (y / half_width) ** 2)
    outline = [*zip(y, over + 0.03, strict=True), *zip(y[::-1], over[::-1] - 0.09, strict=True)]
    upright = rotated(extrude(outline, back, front, 0.0), (1, 1, 1), 120)
    return upright


def _steam_top(rng, nose: float, cab_front: float, z: float, second: Color, brass, material) -> list[Part]:
    """The chimney, the sand dome and the whistle along the boiler."""
    x, tall, thin = nose - rng.uniform(0.16, 0.24), rng.uniform(0.4, 0.6), rng.uniform(0.1, 0.14)
    flare = thin * rng.uniform(1.3, 2.1)
    pipe = solid(
        curve([(thin * 1.3, -0.12), (thin, 0.06), (thin, tall * 0.55), (flare, tall * 0.9), (flare * 0.9, tall)], 4)
    )
    dome_x = cab_front + 0.45 * (x - cab_front)
    dome = capsule((dome_x, 0, z - 0.1), (dome_x, 0, z + rng.uniform(0.04, 0.14)), rng.uniform(0.14, 0.18))
    bell_x = cab_front + 0.16
    whistle = union(
        capsule((bell_x, 0, z - 0.1), (bell_x, 0, z + 0.16), 0.07), torus((bell_x, 0, z + 0.12), 0.06, 0.05)
    )
    dark = Plain(pick(rng, (palette.CHARCOAL, second)))
    hole = cylinder((x, 0, z + tall - 0.14), (x, 0, z + tall + 0.3), flare * 0.62)
    return [
        Part("chimney", moved(pipe, (x, 0, z)), dark, material, movable=True),
        Part("chimney", hole, Plain(palette.BLACK), material, cut=True, movable=True),
        Part("dome", dome, brass, palette.METAL, movable=True),
        Part("dome", whistle, brass, palette.METAL, movable=True),
    ]


def _catcher(rng, half: float, deck: float, second: Color, material) -> list[Part]:
    """The striped plough in front, and a coupling hook behind."""
    reach = half + rng.uniform(0.2, 0.3)
    wedge = from_side(
        [(half - 0.14, deck - 0.04), (half, deck - 0.04), (reach, 0.08), (reach - 0.12, 0.05), (half - 0.14, 0.06)],
        0.34,
        0.02,
    )
    hook = torus((-half - 0.08, 0, deck - 0.1), 0.11, 0.055, (0, 1, 0))
    slats = Stripes(second, shade(second, 0.45), (0, 1, 0), 0.14, 0.4)
    return [
        Part("plough", wedge, slats, material, movable=True),
        Part("hook", hook, Plain(palette.CHARCOAL), palette.METAL, movable=True),
    ]


def _driving_wheels(rng, half: float, axle: float, brass) -> list[Part]:
    style = WheelStyle(rng, axle, rng.uniform(0.13, 0.17))
    style.tyre = pick(rng, (style.tyre, palette.RED, shade(palette.SILVER, 0.7)))
    xs = {"rear": -half * 0.62, "middle": -0.02, "front": half * 0.6}
    parts = []
    for name, x in xs.items():
        for side, sign in SIDES:
            parts += style.parts(f"wheel_{name}_{side}", x, sign * 0.34)
    for side, sign in SIDES:
        y = sign * (0.34 + style.width / 2 + 0.03)
        rod = capsule((xs["rear"], y, axle - 0.05), (xs["front"], y, axle - 0.05), 0.055)
        parts.append(Part(f"rod_{side}", rod, brass, palette.METAL, movable=True))
    return parts
