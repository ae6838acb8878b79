"""Parts of linkages and engines: hinges, connecting rods, pistons, turnbuckles, crank arms."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import (
    ALUMINIUM,
    ANODISED,
    BRASS,
    CAST_ALUMINIUM,
    FASTENER,
    HARD,
    PLASTIC,
    SHEET,
    STEEL,
    finish,
)
from odd_bench.shapes.cad.kernel import around, box, cylinder, prism, rod, screw, to_x, to_y, tube, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import capsule, drilled, rectangle, regular, rounded


def hinge(d: Draws) -> list[Step]:
    """A hinge: two leaves with interleaved knuckles on a pin, opened by 95 to 180 degrees."""
    metal, steel = finish(d, "leaves", (*SHEET, BRASS, STEEL)), finish(d, "pin", (*HARD, BRASS))
    length, wide, thick = d.real("length", 32, 44), d.real("leaf width", 15, 22), d.real("thickness", 1.6, 2.6)
    knuckle, count = d.real("knuckle", 2.8, 3.6), d.choice("knuckles", (3, 5, 7))
    opening = d.real("opening", 95, 180)
    corner, hole, rows = d.real("corner", 1.5, 5), d.real("hole", 1.2, 1.8), d.whole("holes", 2, 4)
    ys = np.linspace(-0.36, 0.36, rows) * length
    section = rectangle(wide, length, (wide / 2 + 0.5 * knuckle, 0), corner)
    xs = [(0.5 * knuckle + (0.62 if k % 2 else 0.48) * wide) for k in range(rows)]
    leaf = prism(
        drilled(section, list(zip(xs, ys, strict=True)), hole), -thick / 2, thick / 2, 0.18 * thick, chamfer=True
    )
    part = length / count
    middles = (np.arange(count) - (count - 1) / 2) * part
    clear = [box((2.6 * knuckle, part + 0.5, 3 * knuckle), (0, y, 0)) for y in middles]
    first, second = leaf - union(clear[1::2]), leaf - union(clear[0::2])
    steps = [Step("leaf 1", first, metal), Step("leaf 2", second.rotate((0, -opening, 0)), metal, movable=True)]
    for k, y in enumerate(middles):
        body = to_y(cylinder(knuckle, -0.47 * part, 0.47 * part, 0.3, 48)).translate((0, y, 0))
        steps.append(Step(f"knuckle {k + 1}", body, metal, movable=count > 3 and 0 < k < count - 1))
    head = d.real("pin head", 1.0, 2.2)
    pin = to_y(cylinder(0.5 * knuckle, -length / 2 - 1, length / 2 + 1, 0.3, 36))
    cap = to_y(cylinder(0.85 * knuckle, 0, head, 0.5, 40)).translate((0, length / 2 - 0.3, 0))
    return [*steps, Step("pin", pin, steel), Step("pin head", cap, steel, movable=True)]


def connecting_rod(d: Draws) -> list[Step]:
    """An I-section rod with a small end, a split big end and cap bolts."""
    metal, steel = finish(d, "rod", (STEEL, *HARD, ALUMINIUM)), finish(d, "bolts", FASTENER)
    long, big, small = d.real("length", 34, 46), d.real("big end", 9, 11), d.real("small end", 5.2, 6.8)
    thick, web = d.real("thickness", 5, 7.5), d.real("web", 0.35, 0.55)
    big_bore, small_bore = big * d.real("big bore", 0.66, 0.76), small * d.real("small bore", 0.52, 0.64)
    shank = (rectangle(2, 0.95 * big, (0.5 * big, 0)) + rectangle(2, 1.05 * small, (long, 0))).hull()
    steps = [Step("shank", prism(shank, -0.42 * thick, 0.42 * thick, 0.5), metal)]
    pocket = rounded(
        (rectangle(2, 0.52 * big, (1.25 * big, 0)) + rectangle(2, 0.5 * small, (long - 1.2 * small, 0))).hull(), 0.8
    )
    for z in (0.5 * web * thick, -9 - 0.5 * web * thick):
        steps.append(Step("pocket", prism(pocket, z, z + 9), metal, cut=True))
    steps.append(Step("big end", cylinder(big, -0.5 * thick, 0.5 * thick, 0.5, 80), metal))
    steps.append(
        Step(
            "small end", cylinder(small, -0.55 * thick, 0.55 * thick, 0.5).translate((long, 0, 0)), metal, movable=True
        )
    )
    ear = box((9, 2 * big + 5, 0.8 * thick), (-0.5, 0, 0), 0.8)
    steps.append(Step("ears", ear, metal, movable=True))
    bolt = to_x(
        cylinder(1.3, -6.5, 5, 0.2, 24)
        + prism(regular(6, 2.1), 3.8, 6.2, 0.3, chamfer=True)
        + prism(regular(6, 2.1), -6.8, -4.4, 0.3, chamfer=True)
    )
    if d.flag("bolted", 0.85):
        steps += [
            Step(f"bolt {k + 1}", bolt.translate((-0.5, side * (big + 0.3), 0)), steel, movable=True)
            for k, side in enumerate((-1, 1))
        ]
    bronze, reach = finish(d, "bush", (BRASS, STEEL)), d.real("bush", 0.5, 1.4)
    bush = cylinder(small_bore + 1.0, -0.55 * thick - reach, 0.55 * thick + reach, 0.3).translate((long, 0, 0))
    steps.append(Step("bush", bush, bronze, movable=True))
    steps.append(Step("small bore", cylinder(small_bore, -99, 99).translate((long, 0, 0)), bronze, cut=True))
    steps.append(Step("big bore", cylinder(big_bore, -99, 99, segments=72), metal, cut=True))
    groove = box((0.5, 4 * big, 99), (-0.5, 0, 0)) ^ tube(2 * big, big - 0.6, -99, 99) if d.flag("split", 0.7) else None
    return (
        steps
        if groove is None
        else [*steps, Step("split", groove.translate((0, 0, 0.42 * thick + 49.5)) ^ box((9, 99, 99)), metal, cut=True)]
    )


def piston(d: Draws) -> list[Step]:
    """A piston with ring grooves, rings and a gudgeon pin."""
    metal = finish(d, "piston", (ALUMINIUM, CAST_ALUMINIUM, STEEL))
    radius, height = 14.0, d.real("height", 22, 28)
    rings, land, wide = d.whole("rings", 2, 3), d.real("land", 1.0, 1.5), d.real("ring width", 1.0, 1.5)
    crown = d.real("crown", -1.6, 2.0)
    outline = [
        (0, 0),
        (radius, 0),
        (radius, height),
        (0.7 * radius, height),
        (0.5 * radius, height + crown),
        (0, height + crown),
    ]
    steps = [Step("body", turned(outline, d.real("edge", 0.3, 0.7), segments=96), metal)]
    inside = radius * d.real("wall", 0.76, 0.84)
    steps.append(Step("hollow", cylinder(inside, -9, 0.6 * height, 0.8), metal, cut=True))
    steel, tops = finish(d, "rings", HARD), height - 2.0 - np.arange(rings) * (wide + land)
    for top in tops:
        steps.append(Step("grooves", tube(2 * radius, radius - 1.3, top - wide, top), metal, cut=True))
    for k, top in enumerate(tops):
        ring = tube(radius + d.real("ring reach", 0.05, 0.35), radius - 1.6, top - wide + 0.18, top - 0.18, 0.1, 96)
        gap = box((9, 1.2, 9), (radius, 0, top)).rotate((0, 0, 120 * k - 70))
        steps.append(Step(f"ring {k + 1}", ring - gap, steel, movable=True))
    pin, z = d.real("pin", 2.8, 3.4), d.real("pin height", 0.24, 0.3) * height
    bosses = [
        to_y(cylinder(pin + 2, 0.3 * radius, 0.9 * radius)).rotate((0, 0, 90 * (1 + side))).translate((0, 0, z))
        for side in (-1, 1)
    ]
    steps += [Step(f"pin boss {k + 1}", boss, metal) for k, boss in enumerate(bosses)]
    skirt = to_y(cylinder(pin + 2.2, 0.93 * radius, 2 * radius)).translate((0, 0, z))
    steps.append(Step("reliefs", skirt + skirt.mirror((0, 1, 0)), metal, cut=True))
    bar = to_y(tube(pin, 0.55 * pin, -radius * 0.9, radius * d.real("pin out", 0.9, 1.25), 0.3, 48)).translate(
        (0, 0, z)
    )
    steps.append(Step("pin", bar, steel, movable=True))
    return steps


def turnbuckle(d: Draws) -> list[Step]:
    """An open body with a threaded rod at each end that carries a hook or an eye."""
    metal, steel = finish(d, "body", FASTENER), finish(d, "ends", FASTENER)
    half, wide, thick = d.real("half length", 16, 22), d.real("half width", 4.5, 6), d.real("bar", 1.5, 2.1)
    screw_radius, out = d.real("screw", 2.0, 2.6), d.real("screw out", 10, 16)
    steps = []
    bar = to_x(cylinder(thick, -half, half, 0.3, 28))
    steps += [
        Step(f"bar {k + 1}", bar.translate((0, side * wide, 0)), metal, movable=True) for k, side in enumerate((-1, 1))
    ]
    boss = prism(capsule((0, -wide), (0, wide), 1.4 * thick), -0, 5, 0.5).rotate((0, 90, 0)) + to_x(
        cylinder(1.8 * screw_radius, -0.5, 6.5, 0.4, 36)
    )
    for k, turn in enumerate((0, 180)):
        steps.append(Step(f"boss {k + 1}", boss.translate((half - 3.5, 0, 0)).rotate((0, 0, turn)), metal))
        thread = to_x(screw(screw_radius, 1.5, half - d.real(f"screw in {k + 1}", 6, 13), half + out, 0.6)).rotate(
            (0, 0, turn)
        )
        steps.append(Step(f"screw {k + 1}", thread, steel))
        ring = d.real("ring", 4.2, 6)
        swing = 2 * np.pi if d.choice(f"end {k + 1}", ("eye", "hook")) == "eye" else 1.45 * np.pi
        angle = np.linspace(0.0, swing, 52, endpoint=swing < 6)
        center = half + out + ring
        path = np.stack([center - ring * np.cos(angle), ring * np.sin(angle), 0 * angle], axis=1)
        end = rod(path, screw_radius * 0.92, (0, 0, 1), closed=swing > 6, sides=20)
        steps.append(Step(f"end {k + 1}", end.rotate((90 * k, 0, 0)).rotate((0, 0, turn)), steel, movable=True))
    if d.flag("jam nuts", 0.5):
        nut = to_x(prism(regular(6, 1.7 * screw_radius), 0, 2.4, 0.3, chamfer=True)).translate((half + 2.5, 0, 0))
        steps += [Step(f"nut {k + 1}", s, steel, movable=True) for k, s in enumerate(around(nut, 2))]
    return steps


def crank_arm(d: Draws) -> list[Step]:
    """A crank: a hub, a tapering arm and a rotating grip."""
    metal, grip = (
        finish(d, "arm", (STEEL, *HARD, ANODISED, CAST_ALUMINIUM)),
        finish(d, "grip", (PLASTIC, ALUMINIUM, BRASS)),
    )
    long, hub, end = d.real("length", 30, 44), d.real("hub", 6, 8), d.real("end", 3.8, 5)
    thick, edge = d.real("thickness", 4, 6.5), d.real("edge", 0.5, 1.2)
    arm = prism(capsule((0, 0), (long, 0), 0.75 * hub, 0.9 * end), 0, thick, edge)
    steps = [Step("arm", arm, metal)]
    pocket = capsule((1.8 * hub, 0), (long - 1.8 * end, 0), 0.34 * hub, 0.4 * end)
    if d.flag("pocket", 0.5):
        steps.append(Step("pocket", prism(pocket, thick * d.real("pocket floor", 0.4, 0.7), 99), metal, cut=True))
    tall = thick + d.real("hub height", 2, 6)
    steps.append(Step("hub", cylinder(hub, -1, tall, 0.6), metal))
    size, reach = d.real("grip radius", 3.4, 4.4), d.real("grip length", 14, 22)
    spindle = cylinder(0.5 * size, 0.5, thick + reach + 2.4, 0.3, 32) + cylinder(
        0.8 * size, thick - 0.3, thick + 1, 0.2, 40
    )
    outline = [
        (0, thick + 0.8),
        (0.8 * size, thick + 0.8),
        (size, thick + 0.5 * reach),
        (0.82 * size, thick + reach),
        (0, thick + reach),
    ]
    steps.append(Step("grip", turned(outline, 0.7, segments=56).translate((long, 0, 0)), grip, movable=True))
    steps.append(Step("spindle", spindle.translate((long, 0, 0)), finish(d, "spindle", HARD)))
    if d.flag("square hole", 0.5):
        bore = prism(regular(4, hub * d.real("bore", 0.42, 0.5)), -99, 99)
    else:
        bore = cylinder(hub * d.real("bore", 0.42, 0.5), -99, 99) + box(
            (hub, 0.28 * hub, 99), (0.5 * hub * 0.62, 0, 0)
        ) ^ cylinder(0.66 * hub, -99, 99)
    return [*steps, Step("bore", bore, metal, cut=True)]


FAMILIES = (hinge, connecting_rod, piston, turnbuckle, crank_arm)
