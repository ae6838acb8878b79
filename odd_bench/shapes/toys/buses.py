"""Buses: school buses with a bonnet, city buses, double-deckers and small round camper vans."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from odd_bench.shapes.patterns import Checks, Color, Inlay, Pattern, Plain, Split
from odd_bench.shapes.sdf import Field, box, capsule, cylinder, half_space, intersection, union
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.draws import contrast, decorated, pick, tint
from odd_bench.shapes.toys.wheels import AMBER, CLEAR_LAMP, PANE, PANES, WheelStyle, from_side, lamps, pane

KINDS = ("school", "city", "double", "camper")
COLORS = {
    "school": ((0.97, 0.72, 0.1), (0.95, 0.62, 0.08)),
    "city": (palette.BLUE, palette.TEAL, palette.WHITE, palette.GREEN, palette.ORANGE, palette.PURPLE),
    "double": (palette.RED, (0.7, 0.08, 0.1), palette.GREEN, palette.NAVY, palette.CREAM, palette.PINK),
    "camper": (*palette.TOY, *palette.PASTEL),
}


@dataclass(frozen=True)
class Frame:
    """Half length, half width, and heights of the underside, the waist line and the roof of a bus, design units."""

    half: float
    width: float
    low: float
    waist: float
    top: float


def bus(rng: np.random.Generator) -> list[Part]:
    kind = pick(rng, KINDS)
    frame = _frame(rng, kind)
    color = tint(rng, COLORS[kind])
    material = pick(rng, (palette.PLASTIC, palette.ENAMEL, palette.PAINTED_WOOD))
    hull = _hull(rng, kind, frame)
    wheels = WheelStyle(rng, rng.uniform(0.2, 0.25), rng.uniform(0.2, 0.26))
    front, rear = frame.half * rng.uniform(0.54, 0.64), -frame.half * rng.uniform(0.54, 0.64)
    arches = union(
        *(cylinder((x, -2, wheels.radius), (x, 2, wheels.radius), wheels.radius + 0.04) for x in (front, rear))
    )
    inner = frame.width - 0.14
    sides = union(half_space((0, inner, 0), (0, -1, 0)), half_space((0, -inner, 0), (0, 1, 0)))
    parts = [
        Part("body", hull, _livery(rng, kind, color, frame), material),
        Part("wheel_arches", intersection(arches, sides), Plain(palette.CHARCOAL), palette.SATIN, cut=True),
        *_glass(rng, kind, hull, frame),
    ]
    for end, x in (("front", front), ("rear", rear)):
        for side, sign in SIDES:
            parts += wheels.parts(f"wheel_{end}_{side}", x, sign * (frame.width - 0.05))
    parts += lamps(
        "headlight",
        frame.half + (0.07 if kind == "camper" else 0.02),
        frame.width * 0.62,
        frame.low + 0.22,
        rng.uniform(0.11, 0.13),
        CLEAR_LAMP,
    )
    bumper = capsule(
        (frame.half, -0.8 * frame.width, frame.low + 0.04), (frame.half, 0.8 * frame.width, frame.low + 0.04), 0.08
    )
    parts.append(
        Part("bumper", bumper, Plain(pick(rng, (palette.SILVER, palette.CHARCOAL))), palette.METAL, movable=True)
    )
    return [*parts, *_roof_load(rng, kind, frame)]


def _frame(rng, kind: str) -> Frame:
    low, width = rng.uniform(0.13, 0.18), rng.uniform(0.4, 0.47)
    if kind == "double":
        return Frame(rng.uniform(1.0, 1.12), width, low, low + 0.42, low + rng.uniform(1.25, 1.4))
    if kind == "camper":
        return Frame(
            rng.uniform(0.92, 1.05), width * 1.08, low, low + rng.uniform(0.44, 0.5), low + rng.uniform(0.92, 1.02)
        )
    return Frame(rng.uniform(1.15, 1.25), width, low, low + rng.uniform(0.38, 0.44), low + rng.uniform(0.82, 0.92))


def _hull(rng, kind: str, f: Frame) -> Field:
    if kind == "school":
        bonnet = box((f.half * 0.8, 0, f.low + 0.24), (f.half * 0.2, f.width * 0.9, 0.24), 0.09)
        cabin = box((-f.half * 0.16, 0, (f.low + f.top) / 2), (f.half * 0.84, f.width, (f.top - f.low) / 2), 0.1)
        return union(bonnet, cabin)
    if kind == "camper":
        nose = rng.uniform(0.84, 0.92)
        outline = [
            (-1, 0.1),
            (-1, 0.5),
            (-0.93, 0.92),
            (-0.6, 1.0),
            (0.4, 1.0),
            (nose - 0.05, 0.92),
            (1.0, 0.5),
            (1.0, 0.1),
        ]
        height = f.top - f.low
        return from_side([(f.half * x, f.low + height * (z - 0.08) / 0.92) for x, z in outline], f.width, 0.14, 24)
    rounding = rng.uniform(0.08, 0.16)
    return box((0, 0, (f.low + f.top) / 2), (f.half, f.width, (f.top - f.low) / 2), rounding)


def _livery(rng, kind: str, color: Color, f: Frame) -> Pattern:
    second = palette.BLACK if kind == "school" else contrast(rng, color, (palette.WHITE, palette.CREAM, *palette.TOY))
    line = box((0, 0, f.waist - rng.uniform(0.1, 0.16)), (3, 3, rng.uniform(0.025, 0.05)))
    lined = Inlay(Plain(color), Plain(second), line)
    if kind == "school":
        return lined
    roofed = Split(color, second, (0, 0, 1), f.top - rng.uniform(0.08, 0.14))
    skirted = Split(second, color, (0, 0, 1), f.waist - rng.uniform(0.02, 0.1))
    checks = Inlay(Plain(color), Checks(second, color, (0.09, 9, 0.09)), line)
    return pick(rng, (lined, Inlay(roofed, Plain(second), line), skirted, skirted, checks))


def _glass(rng, kind: str, hull: Field, f: Frame) -> list[Part]:
    glass = Plain(tint(rng, PANES, 0.04))
    high = f.top - 0.14 if kind != "double" else f.waist + 0.3
    nose = f.half * (0.68 if kind == "school" else 0.97)
    screen = box((nose + 0.5, 0, (f.waist + high) / 2), (0.55, f.width - 0.09, (high - f.waist) / 2), 0.07)
    rear = box((-f.half - 0.4, 0, (f.waist + high) / 2), (0.5, f.width - 0.13, (high - f.waist) / 2 - 0.03), 0.07)
    parts = [
        Part("windscreen", pane(hull, screen), glass, PANE, movable=True),
        Part("window_rear", pane(hull, rear), glass, PANE, movable=True),
    ]
    door = box((nose - 0.19, -f.width - 0.3, (f.low + 0.08 + high) / 2), (0.12, 0.45, (high - f.low - 0.08) / 2), 0.04)
    leaf = Inlay(
        glass, Plain(pick(rng, (palette.SILVER, palette.WHITE))), box((nose - 0.19, 0, f.low), (0.16, 3, 0.26))
    )
    parts.append(Part("door", pane(hull, door, 0.035), leaf, PANE, movable=True))
    rows = (
        [("", f.waist, high)] if kind != "double" else [("lower_", f.waist, high), ("upper_", high + 0.2, f.top - 0.14)]
    )
    for row, low, top in rows:
        for side, sign in SIDES:
            parts += _window_row(glass, hull, f, nose, f"window_{row}{side}", sign, (low, top), kind == "double")
    if kind == "double":
        top_screen = box(
            (nose + 0.4, 0, (high + 0.2 + f.top - 0.14) / 2), (0.5, f.width - 0.09, (f.top - 0.34 - high) / 2), 0.07
        )
        parts.append(Part("window_upper_front", pane(hull, top_screen), glass, PANE, movable=True))
    return parts


def _window_row(glass, hull: Field, f: Frame, nose: float, name: str, sign: float, span, single: bool) -> list[Part]:
    """A row of windows along one side: three parts or, if `single`, four windows as one part. span: (low, high) heights."""
    low, top = span
    ahead = nose - (0.38 if sign < 0 and top < f.waist + 0.5 else 0.1)
    edges = np.linspace(-f.half + 0.1, ahead, 5 if single else 4)
    fields = []
    for a, b in pairwise(edges):
        opening = box(
            ((a + b) / 2, sign * (f.width + 0.3), (low + top) / 2), ((b - a) / 2 - 0.03, 0.42, (top - low) / 2), 0.05
        )
        fields.append(pane(hull, opening))
    if single:
        return [Part(name, union(*fields), glass, PANE, movable=True)]
    return [Part(f"{name}_{k + 1}", field, glass, PANE, movable=True) for k, field in enumerate(fields)]


def _roof_load(rng, kind: str, f: Frame) -> list[Part]:
    if kind == "school":
        arm = box((0.2, f.width + 0.04, f.waist - 0.14), (0.12, 0.07, 0.12), 0.05)
        return [Part("stop_sign", arm, Plain(palette.RED), palette.PLASTIC, movable=True)]
    if kind == "camper":
        case = box((-0.1, 0, f.top + 0.06), (rng.uniform(0.3, 0.45), 0.26, 0.13), 0.06)
        return [Part("luggage", case, decorated(rng, palette.BROWN, palette.TAN), palette.LEATHER, movable=True)]
    sign = box((f.half * 0.93, 0, f.top - 0.02), (0.1, f.width * 0.7, 0.09), 0.03)
    return [Part("sign", sign, Split(palette.BLACK, AMBER, (0, 0, 1), f.top - 0.06), palette.PLASTIC, movable=True)]


TOYS = {"bus": bus}
