"""Pipe fittings: flanges, elbows, tees, plugs."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import (
    BRASS,
    CAST_IRON,
    COPPER,
    FASTENER,
    PAINT,
    PLASTIC,
    STAINLESS,
    STEEL,
    ZINC,
    finish,
)
from odd_bench.shapes.cad.kernel import cylinder, prism, rod, screw, to_x, tube, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.pipe_ends import pipe_end
from odd_bench.shapes.cad.profile import on_circle, regular

PIPE = (STEEL, STAINLESS, CAST_IRON, PAINT, BRASS, PLASTIC)


def flange(d: Draws) -> list[Step]:
    """A weld-neck flange with holes, sometimes with a raised face and with bolts in the holes."""
    metal = finish(d, "flange", (STEEL, STAINLESS, CAST_IRON, PAINT))
    radius, thick = 24.0, d.real("thickness", 3.5, 6.5)
    pipe, count = d.real("pipe", 9.5, 12), d.whole("holes", 4, 10)
    circle_at, hole = radius * d.real("bolt circle", 0.76, 0.8), d.real("hole", 1.5, 2.2)
    tall = thick + d.real("neck", 5, 15)
    neck = [
        (0, 0),
        (pipe + 3.4, 0),
        (pipe + 3.4, thick),
        (pipe + 0.4, thick + 0.6 * (tall - thick)),
        (pipe, tall),
        (0, tall),
    ]
    plate = turned([(0, 0), (radius, 0), (radius, thick), (0, thick)], d.real("edge", 0.3, 0.9), segments=120)
    steps = [Step("plate", plate, metal), Step("neck", turned(neck, 0.4, segments=96), metal, movable=True)]
    if d.flag("raised face", 0.6):
        face = tube(circle_at - hole - 1.2, pipe - 3, -d.real("face height", 0.6, 1.4), 1, 0.2, 96)
        steps.append(Step("raised face", face, metal, movable=True))
    centers = on_circle(count, circle_at)
    holes = union([cylinder(hole, -1, thick + 1, segments=32).translate((*at, 0)) for at in centers])
    steps.append(Step("holes", holes, metal, cut=True))
    bolts = d.whole("bolts", 0, count)
    if bolts > 0 and d.flag("with bolts", 0.4):
        steel = finish(d, "bolts", FASTENER)
        bolt = prism(regular(6, 1.55 * hole), thick - 0.2, thick + 1.6, 0.2, chamfer=True) + cylinder(
            0.9 * hole, -2.5, thick + 2.2, 0.3, 28
        )
        steps += [Step(f"bolt {k + 1}", bolt.translate((*at, 0)), steel, movable=True) for k, at in enumerate(centers)]
    return [*steps, Step("bore", cylinder(pipe * d.real("wall", 0.72, 0.84), -9, tall + 9), metal, cut=True)]


def elbow(d: Draws) -> list[Step]:
    """A pipe bend with collars, flanges, hexagons or beads at its ends."""
    metal = finish(d, "elbow", (*PIPE, COPPER))
    radius, bend = 7.0, d.real("bend radius", 10, 18)
    turn = np.radians(d.choice("angle", (90, 90, 60, 45)))
    angle = np.linspace(0, turn, 36)
    lead = np.array([[0, 0, -d.real("straight", 6, 10)], [0, 0, -2.0]])
    arc = np.stack([bend - bend * np.cos(angle), 0 * angle, bend * np.sin(angle)], axis=1)
    away = np.array([np.sin(turn), 0, np.cos(turn)])
    path = np.concatenate([lead, arc, arc[-1] + np.outer([2.0, d.real("second straight", 6, 10)], away)])
    inner = radius * d.real("wall", 0.68, 0.82)
    steps = [Step("bend", rod(path, radius, (0, 1, 0), sides=48), metal)]
    style = d.choice("ends", ("collar", "flange", "hexagon", "bead"))
    for k, (at, tilt) in enumerate(((path[0], 180.0), (path[-1], float(np.degrees(turn))))):
        end = pipe_end(d, style, radius, metal, f"end {k + 1}")
        steps += [Step(s.name, s.solid.rotate((0, tilt, 0)).translate(tuple(at)), s.finish, s.cut, True) for s in end]
    if d.flag("foot", 0.3):
        middle = arc[len(arc) // 2]
        tilt = np.degrees(np.arctan2(middle[0] - bend, middle[2]))
        boss = cylinder(3.2, 0, radius + d.real("boss height", 1.5, 3.5), 0.4, 40).rotate((0, tilt, 0))
        steps.append(Step("boss", boss.translate(tuple(middle)), metal, movable=True))
    path = np.concatenate([path[:1] - [[0, 0, 9]], path, path[-1:] + 9 * away])
    return [*steps, Step("bore", rod(path, inner, (0, 1, 0), sides=40), metal, cut=True)]


def tee(d: Draws) -> list[Step]:
    """A pipe tee, or a cross."""
    metal = finish(d, "tee", (*PIPE, COPPER))
    radius, run, branch = 7.0, d.real("run", 14, 20), d.real("branch", 13, 19)
    small = radius * d.real("branch radius", 0.7, 1.0)
    inner = d.real("wall", 0.7, 0.82)
    style = d.choice("ends", ("collar", "flange", "hexagon", "bead"))
    steps = [Step("run", to_x(cylinder(radius, -run, run, segments=64)), metal)]
    ways = (0, 180) if d.flag("cross", 0.25) else (0,)
    for turn in ways:
        neck = cylinder(small, 0, branch).rotate((turn, 0, 0))
        steps.append(Step(f"branch {turn // 180 + 1}", neck, metal, movable=True))
        end = pipe_end(d, style, small, metal, f"branch {turn // 180 + 1}")
        steps += [
            Step(s.name, s.solid.translate((0, 0, branch)).rotate((turn, 0, 0)), s.finish, s.cut, True) for s in end
        ]
    if d.flag("saddle", 0.5):
        saddle = cylinder(1.18 * small, 0, radius + d.real("saddle height", 1.2, 3), 0.6)
        steps.append(Step("saddle", saddle, metal, movable=True))
    for k, side in enumerate((90, -90)):
        for s in pipe_end(d, style, radius, metal, f"end {k + 1}"):
            steps.append(Step(s.name, s.solid.translate((0, 0, run)).rotate((0, side, 0)), s.finish, s.cut, True))
    steps.append(Step("bore", to_x(cylinder(radius * inner, -99, 99)), metal, cut=True))
    branches = union([cylinder(small * inner, 0, 99).rotate((turn, 0, 0)) for turn in ways])
    return [*steps, Step("branch bore", branches, metal, cut=True)]


def pipe_plug(d: Draws) -> list[Step]:
    """A threaded plug with a square, hexagonal or octagonal head, sometimes with a sealing ring and a bleed screw."""
    metal = finish(d, "plug", (BRASS, STEEL, ZINC, PLASTIC, STAINLESS))
    radius, length = 8.0, d.real("thread length", 10, 18)
    head, height = radius * d.real("head", 1.2, 1.5), d.real("head height", 4.5, 9)
    sides = d.choice("head sides", (6, 4, 8))
    steps = [Step("thread", screw(radius, d.real("pitch", 1.5, 2.4), -length, 0.5, 0.9), metal)]
    block = prism(regular(sides, head), 1.5, 1.5 + height)
    corner = head / np.cos(np.pi / sides)
    cone = turned([(0, 0), (corner, 0), (corner, 0.8 + height * 0.9), (0.93 * head, 1.5 + height), (0, 1.5 + height)])
    steps.append(Step("head", block ^ cone, metal))
    collar = d.real("collar", 1.1, 1.3) * corner
    steps.append(Step("collar", cylinder(collar, 0, 2, 0.4, 80), metal))
    if d.flag("seal", 0.6):
        steps.append(
            Step(
                "seal",
                tube(0.9 * collar, 0.9 * radius, -1.4, 0.3, 0.4),
                finish(d, "seal", (COPPER, PLASTIC)),
                movable=True,
            )
        )
    if d.flag("bleed screw", 0.5):
        nipple = turned(
            [(0, height), (2.6, height), (2.6, height + 4), (1.7, height + 5), (1.9, height + 7), (0, height + 7.5)],
            0.3,
            segments=36,
        )
        steps.append(Step("bleed screw", nipple, finish(d, "bleed", (BRASS, STEEL)), movable=True))
    else:
        socket = prism(regular(6, head * d.real("socket", 0.35, 0.5)), 1.5 + 0.4 * height, 30)
        steps.append(Step("socket", socket, metal, cut=True))
    return [
        *steps,
        Step("hollow", cylinder(radius * d.real("hollow", 0.45, 0.65), -99, -0.5 * length), metal, cut=True),
    ]


FAMILIES = (flange, elbow, tee, pipe_plug)
