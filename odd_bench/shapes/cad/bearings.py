"""Bearings and their blocks."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import BRASS, CAST, HARD, NYLON, PLASTIC, RUBBER, STAINLESS, STEEL, finish
from odd_bench.shapes.cad.kernel import around, box, cylinder, prism, screw, sphere, to_y, tube, turned
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import capsule, circle, rectangle, regular


def ball_bearing(d: Draws) -> list[Step]:
    """A deep-groove ball bearing: two races, balls in a cage, and sometimes a seal on one side."""
    steel = finish(d, "races", (STEEL, STAINLESS, STEEL))
    outer, inner = 20.0, d.real("bore", 8.0, 10.5)
    width, middle = d.real("width", 8, 12), (outer + inner) / 2
    ball = (outer - inner) * d.real("ball", 0.27, 0.29)
    wall = middle - inner - ball * d.real("shoulder", 0.55, 0.7)
    edge = d.real("edge", 0.4, 0.9)
    steps = [
        Step("outer race", tube(outer, outer - wall, 0, width, edge, 96), steel),
        Step("inner race", tube(inner + wall, inner, 0, width, edge), steel),
    ]
    thick = d.real("cage thickness", 0.16, 0.26) * width
    if d.flag("sealed", 0.3):
        seal = tube(outer - 0.7 * wall, inner + 0.7 * wall, 0.84 * width, 0.96 * width, 0.3, 96)
        steps.append(Step("seal", seal, finish(d, "seal", (RUBBER, PLASTIC, STAINLESS)), movable=True))
    count = d.whole("balls", 7, int(np.pi * middle / (1.18 * ball)))
    cage = tube(outer - 0.8 * wall, inner + 0.8 * wall, (width - thick) / 2, (width + thick) / 2, 0.2, 96)
    steps.append(Step("cage", cage, finish(d, "cage", (BRASS, STEEL, NYLON)), movable=True))
    shiny = finish(d, "balls", (STAINLESS,))
    balls = around(sphere(ball, (middle, 0, width / 2), 28), count)
    return [*steps, *(Step(f"ball {k + 1}", solid, shiny, movable=True) for k, solid in enumerate(balls))]


def roller_bearing(d: Draws) -> list[Step]:
    """A tapered roller bearing without its cup."""
    steel = finish(d, "cone", (STEEL, STAINLESS))
    inner, width, count = 9.0, d.real("width", 11, 16), d.whole("rollers", 10, 15)
    slope = np.tan(np.radians(d.real("taper", 8, 15)))
    low, rib = inner + d.real("wall", 1.6, 2.4), d.real("rib", 1.2, 2.0)
    high = low + slope * width
    outline = [
        (inner, 0), (low + rib, 0), (low + rib, 0.12 * width), (low, 0.14 * width),
        (high, 0.86 * width), (high + rib, 0.88 * width), (high + rib, width), (inner, width),
    ]  # fmt: skip
    steps = [Step("cone", turned(outline, d.real("edge", 0.15, 0.45), segments=96), steel)]
    roller = np.pi * low / count * d.real("roller", 0.78, 0.88)
    big = roller * (1 + slope * width / low)
    body = turned([(0, -0.4 * width), (roller, -0.4 * width), (big, 0.4 * width), (0, 0.4 * width)], 0.3, segments=32)
    body = body.rotate((0, np.degrees(np.arctan(slope * 1.3)), 0)).translate(
        ((low + high) / 2 + 0.85 * (roller + big) / 2, 0, width / 2)
    )
    shiny = finish(d, "rollers", (STAINLESS, STEEL))
    steps += [Step(f"roller {k + 1}", solid, shiny, movable=True) for k, solid in enumerate(around(body, count))]
    cage = finish(d, "cage", (BRASS, STEEL, NYLON))
    reach, lift = 0.3 * roller, d.real("cage ring", 0.08, 0.12) * width
    for name, z, at in (("lower ring", 0.14 * width, low), ("upper ring", 0.86 * width, high)):
        ring = tube(at + roller + reach, at + 0.4 * roller, z - lift, z + lift, 0.25, 96)
        steps.append(Step(name, ring, cage, movable=True))
    return steps


def pillow_block(d: Draws) -> list[Step]:
    """A bearing housing with a grease nipple on a foot with two bolt holes."""
    cast = finish(d, "housing", (*CAST, PLASTIC))
    height, radius, depth = d.real("axis height", 15, 19), d.real("housing radius", 11, 13), d.real("depth", 9, 13)
    half, foot = d.real("foot length", 24, 30), d.real("foot height", 4, 6)
    base = rectangle(2 * half, 1.25 * depth, corner=3.5)
    steps = [Step("foot", prism(base, 0, foot, 0.8), cast)]
    front = (circle(radius, (0, height)) + rectangle(2 * radius + 4, 2, (0, foot))).hull()
    steps.append(Step("housing", prism(front, -depth / 2, depth / 2, 1.0).rotate((90, 0, 0)), cast))
    if d.flag("ribs", 0.5):
        rib = (circle(1.5, (radius + 1, height - 4)) + circle(1.5, (half - 6, foot)) + circle(1.5, (0, foot))).hull()
        rib = to_y(prism(rib.mirror((0, 1)), -1.4, 1.4, 0.5))
        steps += [Step(f"rib {k + 1}", solid, cast, movable=True) for k, solid in enumerate(around(rib, 2))]
    long, hole = d.real("slot", 0.5, 3.5), d.real("bolt hole", 1.9, 2.6)
    at = half - d.real("bolt inset", 5.5, 7)
    for side in (-1, 1):
        slot = prism(capsule((side * at - long / 2, 0), (side * at + long / 2, 0), hole), -1, 3 * foot)
        steps.append(Step("bolt holes", slot, cast, cut=True))
    nipple = turned([(0, -2), (1.3, -2), (1.3, 1.2), (0.8, 1.6), (1.1, 2.2), (0.6, 3.2), (0, 3.2)], 0.15, segments=32)
    steps.append(
        Step(
            "nipple",
            nipple.scale((1.4,) * 3).translate((0, 0, height + radius)),
            finish(d, "nipple", (BRASS, STEEL)),
            movable=True,
        )
    )
    insert = radius * d.real("insert", 0.68, 0.76)
    bore = insert * d.real("bore", 0.5, 0.62)
    steps.append(
        Step("seat", to_y(cylinder(insert + 0.5, -depth, -depth * 0.36)).translate((0, 0, height)), cast, cut=True)
    )
    ring = to_y(tube(insert, bore, -depth * 0.62, depth * 0.55, 0.5)).translate((0, 0, height))
    steps.append(Step("insert", ring, finish(d, "insert", HARD), movable=True))
    return [
        *steps,
        Step("bore", to_y(cylinder(bore, -2 * depth, 2 * depth)).translate((0, 0, height)), steps[-1].finish, cut=True),
    ]


def rod_end(d: Draws) -> list[Step]:
    """A ball joint in an eye at the end of a threaded shank."""
    metal = finish(d, "body", HARD)
    eye, wide = 11.0, d.real("width", 6, 9)
    ball = eye * d.real("ball", 0.62, 0.72)
    steps = [Step("eye", to_y(tube(eye, 0.86 * ball, -wide / 2, wide / 2, 0.9)), metal)]
    neck, length = d.real("neck", 4.2, 5.2), d.real("shank", 18, 30)
    steps.append(Step("neck", cylinder(neck + 0.6, -eye - d.real("neck length", 5, 9), -0.9 * eye), metal))
    thread = screw(neck, d.real("pitch", 1.4, 2.0), -eye - length, -eye - 3, 0.8)
    steps.append(Step("thread", thread, metal))
    if d.flag("jam nut", 0.6):
        nut = prism(regular(6, 1.6 * neck), -2, 2, 0.3, chamfer=True)
        place = -eye - d.real("nut place", 8, 13)
        steps.append(Step("jam nut", nut.translate((0, 0, place)), finish(d, "nut", HARD), movable=True))
    shiny = finish(d, "ball", (STAINLESS, BRASS))
    cut = box((40, 1.35 * wide, 40))
    steps.append(
        Step("ball", (sphere(ball, segments=56) ^ cut).rotate((0, 0, d.real("tilt", -14, 14))), shiny, movable=True)
    )
    bore = to_y(cylinder(ball * d.real("bore", 0.42, 0.56), -30, 30)).rotate((0, 0, d.real("tilt", -14, 14)))
    return [*steps, Step("ball", bore, shiny, cut=True)]


FAMILIES = (ball_bearing, roller_bearing, pillow_block, rod_end)
