"""Pipe fittings: flanges, elbows, tees, plugs, valves, manifolds and clamps."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import (
    ANODISED,
    BRASS,
    BRONZE,
    CAST_IRON,
    COPPER,
    FASTENER,
    MILLED,
    PAINT,
    PLASTIC,
    STAINLESS,
    STEEL,
    ZINC,
    Finish,
    finish,
)  # fmt: skip
from odd_bench.shapes.cad.kernel import (
    around,
    box,
    cylinder,
    prism,
    rod,
    screw,
    sweep,
    to_x,
    to_y,
    tube,
    turned,
    union,
)  # fmt: skip
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import circle, drilled, on_circle, rectangle, regular

PIPE = (STEEL, STAINLESS, CAST_IRON, PAINT, BRASS, PLASTIC)


def flange(d: Draws) -> list[Step]:
    """A weld-neck or slip-on flange with a raised face, holes and perhaps bolts in them."""
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
    steps = [Step("plate", plate, metal), Step("neck", turned(neck, 0.4, segments=96), metal)]
    if d.flag("raised face", 0.6):
        face = tube(circle_at - hole - 1.2, pipe - 3, -d.real("face height", 0.6, 1.4), 1, 0.2, 96)
        steps.append(Step("raised face", face, metal))
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
    """A pipe bend with collars, threads or flanges at its ends."""
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
        end = _pipe_end(d, style, radius, metal, f"end {k + 1}")
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
        end = _pipe_end(d, style, small, metal, f"branch {turn // 180 + 1}")
        steps += [
            Step(s.name, s.solid.translate((0, 0, branch)).rotate((turn, 0, 0)), s.finish, s.cut, True) for s in end
        ]
    if d.flag("saddle", 0.5):
        saddle = cylinder(1.18 * small, 0, radius + d.real("saddle height", 1.2, 3), 0.6)
        steps.append(Step("saddle", saddle, metal))
    for k, side in enumerate((90, -90)):
        for s in _pipe_end(d, style, radius, metal, f"end {k + 1}"):
            steps.append(Step(s.name, s.solid.translate((0, 0, run)).rotate((0, side, 0)), s.finish, s.cut, True))
    steps.append(Step("bore", to_x(cylinder(radius * inner, -99, 99)), metal, cut=True))
    branches = union([cylinder(small * inner, 0, 99).rotate((turn, 0, 0)) for turn in ways])
    return [*steps, Step("branch bore", branches, metal, cut=True)]


def pipe_plug(d: Draws) -> list[Step]:
    """A threaded plug with a hexagon, square or round head, a sealing ring and a bleed screw."""
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
            Step("seal", tube(0.9 * collar, 0.9 * radius, -1.4, 0.3, 0.4), finish(d, "seal", (COPPER, PLASTIC)))
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


def valve(d: Draws) -> list[Step]:
    """A globe valve body with a bonnet, a spindle and a handwheel or lever."""
    metal = finish(d, "body", (BRASS, BRONZE, CAST_IRON, PAINT, STAINLESS))
    radius, run = 6.0, d.real("run", 15, 20)
    belly, style = radius * d.real("belly", 1.3, 1.55), d.choice("ends", ("hexagon", "flange", "collar"))
    outline = [
        (0, -run),
        (radius, -run),
        (radius, -0.8 * belly),
        (belly, -0.3 * belly),
        (belly, 0.3 * belly),
        (radius, 0.8 * belly),
        (radius, run),
        (0, run),
    ]
    steps = [Step("body", to_x(turned(outline, 1.2)), metal)]
    for k, side in enumerate((90, -90)):
        for s in _pipe_end(d, style, radius, metal, f"end {k + 1}"):
            steps.append(Step(s.name, s.solid.translate((0, 0, run)).rotate((0, side, 0)), s.finish, s.cut, True))
    neck, top = belly * d.real("neck", 0.6, 0.75), belly + d.real("neck height", 4, 8)
    steps.append(Step("neck", cylinder(neck, 0, top, 0.5), metal))
    steps.append(
        Step(
            "bonnet", prism(regular(6, 1.25 * neck), top - 0.5, top + d.real("bonnet", 3, 5), 0.5, chamfer=True), metal
        )
    )
    stem = d.real("stem", 1.4, 2.0)
    rise = top + d.real("stem height", 9, 15)
    steps.append(Step("spindle", cylinder(stem, top, rise, 0.3, 32), finish(d, "spindle", (STAINLESS, BRASS))))
    paint = finish(d, "handle", (PAINT, PLASTIC, ANODISED))
    if d.flag("lever", 0.4):
        steps.append(Step("handle", _lever(d, rise), paint, movable=True))
    else:
        wheel = d.real("wheel radius", 8, 12)
        ring = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        path = np.stack([wheel * np.cos(ring), wheel * np.sin(ring), 0 * ring + rise - 1], axis=1)
        steps.append(Step("wheel rim", rod(path, 1.3, (0, 0, 1), closed=True), paint))
        spoke = to_x(cylinder(0.85, 0, wheel, segments=20)).translate((0, 0, rise - 1))
        spokes = around(spoke, d.whole("spokes", 3, 5))
        steps += [Step(f"spoke {k + 1}", s, paint, movable=True) for k, s in enumerate(spokes)]
        steps.append(Step("wheel hub", cylinder(2.6, rise - 3, rise + 1.0, 0.4), paint))
    return [*steps, Step("bore", to_x(cylinder(radius * d.real("wall", 0.65, 0.8), -99, 99)), metal, cut=True)]


def manifold_block(d: Draws) -> list[Step]:
    """A drilled block with ports, plugs and fittings."""
    metal = finish(d, "block", MILLED)
    ports = d.whole("ports", 2, 5)
    pitch, depth, height = d.real("pitch", 11, 13), d.real("depth", 14, 20), d.real("height", 13, 20)
    length = ports * pitch + 6
    steps = [Step("block", box((length, depth, height), (0, 0, height / 2), d.real("edge", 0.5, 1.4)), metal)]
    port, brass = d.real("port", 2.4, 3.4), finish(d, "fittings", (BRASS, STAINLESS, ANODISED))
    xs = (np.arange(ports) - (ports - 1) / 2) * pitch
    tall = d.real("fitting height", 5, 11)
    fitted = [k for k in range(ports) if d.flag(f"fitting {k + 1}", 0.6)]
    for k in fitted:
        hexagon = prism(regular(6, port + 1.8), height - 0.4, height + 3.4, 0.4, chamfer=True)
        barb = turned(
            [
                (0, height),
                (port, height),
                (port, height + tall),
                (0.75 * port, height + tall + 2),
                (0, height + tall + 2),
            ],
            0.2,
            segments=40,
        )
        steps.append(Step(f"fitting {k + 1}", (hexagon + barb).translate((xs[k], 0, 0)), brass, movable=True))
    holes = union([cylinder(0.62 * port, height / 2, 99, segments=32).translate((x, 0, 0)) for x in xs])
    steps.append(Step("ports", holes, metal, cut=True))
    sinks = [
        cylinder(port + 1.4, height - 0.8, 99, segments=40).translate((xs[k], 0, 0))
        for k in range(ports)
        if k not in fitted
    ]
    if sinks:
        steps.append(Step("spot faces", union(sinks), metal, cut=True))
    across = to_x(cylinder(d.real("gallery", 2.2, 3.2), -99, 0)).translate((0.3 * length, 0, 0.55 * height))
    steps.append(Step("gallery", across, metal, cut=True))
    mount = to_y(cylinder(d.real("mounting hole", 1.1, 1.6), -99, 99, segments=28))
    places = [(x, 0, z) for x in (-length / 2 + 3, length / 2 - 3) for z in (0.2 * height, 0.8 * height)]
    return [*steps, Step("mounting holes", union([mount.translate(at) for at in places]), metal, cut=True)]


def hose_clamp(d: Draws) -> list[Step]:
    """A slotted band with a worm screw housing."""
    metal, steel = finish(d, "band", (STAINLESS, ZINC, STEEL)), finish(d, "screw", (STAINLESS, ZINC, BRASS))
    radius, width, thick = d.real("radius", 14, 19), d.real("width", 7, 10), d.real("thickness", 0.9, 1.4)
    steps = [Step("band", tube(radius + thick, radius, -width / 2, width / 2, 0.25, 120), metal)]
    slot = box((4, d.real("slot width", 0.8, 1.2), width * d.real("slot length", 0.5, 0.65))).translate(
        (radius + thick + 1.5, 0, 0)
    )
    slots = d.whole("slots", 12, 22)
    cut = union([slot.rotate((0, 0, 125 + 280 * k / slots)) for k in range(slots)])
    steps.append(Step("slots", cut, metal, cut=True))
    end = box((d.real("tail", 8, 14), thick, width), (-9, radius + 1.9 * thick, 0), 0.25)
    steps.append(Step("tail", end, metal, movable=True))
    body, long = d.real("housing", 3.2, 4.2), d.real("housing length", 9, 13)
    y = radius + body + 0.4
    housing = (
        prism(rectangle(2 * body, 1.1 * width, corner=1.3), -long / 2, long / 2, 0.5)
        .rotate((0, 90, 0))
        .rotate((90, 0, 0))
    )
    steps.append(Step("housing", housing.translate((0, y - 0.8, 0)), metal))
    shaft = to_x(screw(0.75 * body, 1.5, -long / 2 - 1.5, long / 2 + 3, 0.6))
    steps.append(Step("screw", shaft.translate((0, y, 0)), steel, movable=True))
    head = to_x(prism(regular(6, body * d.real("head", 0.95, 1.15)), 0, 4.5, 0.5, chamfer=True))
    head = head - box((2, 0.9, 20), (4.6, 0, 0))
    steps.append(Step("screw", head.translate((long / 2 + 2.5, y, 0)), steel, movable=True))
    return steps


def _pipe_end(d: Draws, style: str, radius: float, metal: Finish, name: str) -> list[Step]:
    """What a pipe along +z ends with; its open end lies at z = 0.. a little above."""
    if style == "flange":
        reach, thick = radius + d.real("end flange", 4.5, 6.5), d.real("end thickness", 2, 3.2)
        holes = on_circle(d.whole("end holes", 3, 6), radius + 2.6)
        section = drilled(circle(reach, segments=80), holes, 1.1)
        return [Step(name, prism(section, -0.2, thick, 0.25, chamfer=True), metal)]
    length = d.real("end length", 3.5, 6)
    if style == "hexagon":
        return [
            Step(
                name,
                prism(
                    regular(6, radius + d.real("end wall", 1.2, 2.2)), -0.5 * length, 0.6 * length, 0.5, chamfer=True
                ),
                metal,
            )
        ]
    reach = radius + d.real("end wall", 0.9, 1.9)
    if style == "bead":
        return [
            Step(
                name,
                turned([(0, -0.6), (radius + 0.05, -0.6), (reach, 0.4), (reach, 1.6), (radius, 2.4), (0, 2.4)], 0.3),
                metal,
            )
        ]
    return [
        Step(
            name,
            turned([(0, -0.5 * length), (reach, -0.4 * length), (reach, 0.6 * length), (0, 0.6 * length)], 0.6),
            metal,
        )
    ]


def _lever(d: Draws, height: float):
    """A flat handle from the spindle along +x, bent upwards."""
    long = d.real("lever length", 20, 30)
    path = np.array([[-3, 0, 0], [2, 0, 0], [6, 0, 0.8], [10, 0, 3.2], [13, 0, 4], [long, 0, 4]]) + [0, 0, height - 1.5]
    section = rectangle(d.real("lever width", 4, 6.5), 2.0, corner=0.7).to_polygons()[0]
    return sweep(path, section, (0, 0, 1)) + cylinder(3.4, height - 3, height - 0.2, 0.4)


FAMILIES = (flange, elbow, tee, pipe_plug, valve, manifold_block, hose_clamp)
