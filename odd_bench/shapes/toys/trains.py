"""Trains: steam engines, diesel shunters and streamlined express trains."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.patterns import Inlay, Plain, Split, Stripes
from odd_bench.shapes.sdf import box, capsule, cut, frustum, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import contrast, pick, shade, tint
from odd_bench.shapes.toys.steam import cab_parts, steam_engine
from odd_bench.shapes.toys.wheels import CLEAR_LAMP, PANE, PANES, WheelStyle, from_side, lamps, pane


def train(rng: np.random.Generator) -> list[Part]:
    return pick(rng, (steam_engine, steam_engine, steam_engine, _shunter, _express))(rng)


def _shunter(rng) -> list[Part]:
    """A boxy engine: a hood in front, a cab behind, a striped bumper and an exhaust."""
    color = tint(rng, (*palette.TOY, palette.NAVY))
    second = contrast(rng, color)
    material = pick(rng, (palette.PLASTIC, palette.PAINTED_WOOD))
    half, axle = rng.uniform(1.0, 1.1), rng.uniform(0.2, 0.24)
    deck = 2 * axle + 0.04
    cab_front, hood_top = -half * rng.uniform(0.1, 0.25), deck + rng.uniform(0.46, 0.56)
    hood = box(
        ((half * 0.9 + cab_front) / 2 - 0.05, 0, (deck + hood_top) / 2),
        ((half * 0.9 - cab_front) / 2 + 0.05, 0.33, (hood_top - deck) / 2),
        0.07,
    )
    warning = Stripes(palette.YELLOW, palette.BLACK, (0, 0.7, 0.7), 0.2, 0.5)
    grille = box((half * 0.9, 0, (deck + hood_top) / 2), (0.06, 0.24, 0.18), 0.03)
    exhaust = frustum(
        (half * 0.35, 0, hood_top - 0.05), (half * 0.35, 0, hood_top + rng.uniform(0.2, 0.36)), 0.09, 0.12, 0.02
    )
    parts = [
        Part("chassis", box((0, 0, deck - 0.09), (half, 0.4, 0.12), 0.04), Plain(palette.CHARCOAL), material),
        Part("hood", hood, Split(second, color, (0, 0, 1), deck + rng.uniform(0.1, 0.2)), material),
        Part(
            "grille",
            grille,
            Stripes(palette.SILVER, palette.CHARCOAL, (0, 0, 1), 0.09, 0.5),
            palette.METAL,
            movable=True,
        ),
        Part("exhaust", exhaust, Plain(palette.CHARCOAL), palette.METAL, movable=True),
        Part("bumper", box((half + 0.02, 0, deck - 0.1), (0.09, 0.42, 0.15), 0.04), warning, material, movable=True),
        *cab_parts(rng, half * 0.96, cab_front, deck, hood_top, color, second, material),
        *lamps("lamp", half * 0.93, 0.2, hood_top - 0.03, 0.1, CLEAR_LAMP),
    ]
    style = WheelStyle(rng, axle, 0.16)
    for name, x in (("rear", -half * 0.6), ("front", half * 0.6)):
        for side, sign in SIDES:
            parts += style.parts(f"wheel_{name}_{side}", x, sign * 0.36)
    return parts


def _express(rng) -> list[Part]:
    """A streamlined train: a long nose, bands of windows, bellows between two carriages, bogies and a pantograph."""
    color = tint(rng, (palette.WHITE, palette.CREAM, palette.SILVER, *palette.TOY))
    second = contrast(rng, color)
    half, width, axle = rng.uniform(1.4, 1.6), rng.uniform(0.36, 0.42), rng.uniform(0.15, 0.18)
    low, tall, sharp = axle + 0.06, rng.uniform(0.72, 0.84), rng.uniform(0.34, 0.5)
    nose = [(1 - sharp, 0.88), (0.97, 0.36), (1.0, 0.12), (0.95, 0.0)]
    outline = [(0, 0), (-0.95, 0.0), (-1, 0.2), (-1, 0.7), (-0.95, 0.94), (-0.7, 1.0), (0.1, 1.0), *nose]
    hull = from_side([(half * x, low + tall * z) for x, z in outline], width, 0.13, 36)
    line, top = low + tall * rng.uniform(0.28, 0.36), low + tall
    paint = Inlay(Split(second, color, (0, 0, 1), line - 0.12), Plain(second), box((0, 0, line), (3, 3, 0.04)))
    joint = -half * rng.uniform(0.2, 0.3)
    groove = cut(
        box((joint, 0, 0), (0.08, 3, 3)), box((joint, 0, low + tall / 2), (1, width - 0.09, tall / 2 - 0.09), 0.06)
    )
    bellows = Stripes(palette.CHARCOAL, palette.GREY, (1, 0, 0), 0.05, 0.4)
    return [
        Part("body", hull, paint, palette.PLASTIC),
        Part("bellows", groove, bellows, palette.RUBBER, cut=True),
        *_express_glass(rng, hull, half, width, low, tall, sharp, joint),
        *_pantograph(-half * 0.62, top),
        *_bogies(rng, {"rear": -half * 0.7, "middle": joint + 0.5, "front": half * 0.6}, axle, width),
        *lamps("headlight", half * 0.96, width * 0.5, low + tall * 0.3, 0.15, CLEAR_LAMP),
    ]


def _express_glass(
    rng, hull, half: float, width: float, low: float, tall: float, sharp: float, joint: float
) -> list[Part]:
    """The windscreen on the slope of the nose, and one long window on each side of each carriage."""
    glass, z = Plain(shade(pick(rng, PANES), 0.7)), low + tall * 0.66
    screen = box((half * (1.0 - sharp * 0.42), 0, z + 0.02), (half * sharp * 0.4, width - 0.1, tall * 0.16), 0.06)
    parts = [Part("windscreen", pane(hull, screen), glass, PANE, movable=True)]
    for side, sign in SIDES:
        for name, back, front in (("rear", -half + 0.14, joint - 0.14), ("front", joint + 0.14, half * (0.88 - sharp))):
            opening = box(((back + front) / 2, sign * (width + 0.3), z), ((front - back) / 2, 0.42, tall * 0.15), 0.06)
            posts = union(*(box((x, 0, z), (0.03, 2, 2)) for x in np.arange(back + 0.28, front - 0.1, 0.3)))
            parts.append(Part(f"window_{name}_{side}", cut(pane(hull, opening), posts), glass, PANE, movable=True))
    return parts


def _pantograph(x: float, top: float) -> list[Part]:
    arm = from_side(
        [
            (x - 0.12, top - 0.06),
            (x, top - 0.06),
            (x + 0.3, top + 0.17),
            (x + 0.02, top + 0.38),
            (x - 0.1, top + 0.38),
            (x + 0.15, top + 0.17),
        ],
        0.07,
    )
    bar = capsule((x - 0.04, -0.26, top + 0.36), (x - 0.04, 0.26, top + 0.36), 0.06)
    return [Part("pantograph", union(arm, bar), Plain(palette.CHARCOAL), palette.METAL, movable=True)]


def _bogies(rng, places: dict[str, float], axle: float, width: float) -> list[Part]:
    """A bogie at each place: a frame with two wheels on each side, all of one part. places: name to x."""
    style = WheelStyle(rng, axle, 0.15)
    parts = []
    for name, x in places.items():
        frame = box((x, 0, axle + 0.03), (0.3, width - 0.12, 0.1), 0.03)
        parts.append(Part(f"bogie_{name}", frame, Plain(palette.CHARCOAL), palette.METAL, movable=True))
        for wheel_x in (x - 0.2, x + 0.2):
            for _, sign in SIDES:
                parts += style.parts(f"bogie_{name}", wheel_x, sign * (width - 0.06))
    return parts


TOYS = {"train": train}
