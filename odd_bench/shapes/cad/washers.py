"""Washers, rings, bushings and spacers."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import BRASS, BRONZE, COPPER, FASTENER, HARD, MILLED, NYLON, RUBBER, SHEET, finish
from odd_bench.shapes.cad.kernel import around, box, cylinder, prism, sweep, tube, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import capsule, circle, drilled, on_circle, polygon, rectangle, rounded


def tooth_washer(d: Draws) -> list[Step]:
    """A lock washer with twisted teeth on its outside or its inside."""
    metal = finish(d, "washer", (*FASTENER, COPPER))
    outer, inner = 10.0, d.real("hole", 5.0, 6.2)
    thick, count = d.real("thickness", 0.9, 1.5), d.whole("teeth", 7, 13)
    steps = [Step("ring", tube(outer, inner, 0, thick, d.real("edge", 0.1, 0.25) * thick, 96), metal)]
    length, broad = d.real("tooth length", 2.2, 3.4), 2 * np.pi * outer / count * d.real("tooth width", 0.42, 0.6)
    foot = outer if d.flag("outside", 0.7) else inner - length
    broad = broad if foot == outer else 0.5 * broad
    tooth = box((length + 2.4, broad, thick), (0, 0, 0), 0.18 * thick).rotate((d.real("twist", 12, 30), 0, 0))
    tooth = tooth.translate((foot + length / 2 + (-1.2 if foot == outer else 1.2), 0, thick / 2))
    return [*steps, *(Step(f"tooth {k + 1}", t, metal, movable=True) for k, t in enumerate(around(tooth, count)))]


def flat_washer(d: Draws) -> list[Step]:
    """A flat or dished washer, sometimes with a bonded seal and tabs."""
    metal = finish(d, "washer", (*FASTENER, COPPER, NYLON))
    outer, inner, thick = 10.0, d.real("hole", 4.3, 6.0), d.real("thickness", 1.2, 2.6)
    rise = d.real("dish", 0.0, 3.0) if d.flag("dished", 0.5) else 0.0
    outline = [(inner, rise), (outer, 0), (outer, thick), (inner, rise + thick)]
    steps = [Step("ring", turned(outline, d.real("edge", 0.2, 0.4) * thick, segments=96), metal)]
    if d.flag("seal", 0.4):
        wide = d.real("seal width", 0.2, 0.35) * (outer - inner)
        seal = tube(inner + wide, inner - 0.5, -0.1 + rise * 0.9, rise + thick + d.real("seal height", 0.3, 0.9), 0.25)
        steps.append(Step("seal", seal, finish(d, "seal", (RUBBER,)), movable=True))
    if d.flag("tab", 0.5):
        reach, wide = outer + d.real("tab length", 3, 6), d.real("tab width", 3.5, 6)
        tab = prism(capsule((outer - 1.5, 0), (reach - wide / 2, 0), wide / 2), 0, thick, 0.2 * thick)
        steps += [
            Step(f"tab {k + 1}", t, metal, movable=True) for k, t in enumerate(around(tab, d.whole("tabs", 1, 3)))
        ]
    return steps


def spring_washer(d: Draws) -> list[Step]:
    """A split ring whose ends are offset, sometimes doubled."""
    metal = finish(d, "washer", FASTENER)
    radius, wide = 8.0, d.real("width", 2.4, 4.0)
    thick, gap = d.real("thickness", 1.6, 2.8), np.radians(d.real("gap", 7, 20))
    angle = np.linspace(gap / 2, 2 * np.pi - gap / 2, 120)
    rise = d.real("rise", 0.5, 1.3) * thick * (angle / np.pi - 1) * (-1 if d.flag("left hand", 0.3) else 1)
    path = np.stack([radius * np.cos(angle), radius * np.sin(angle), rise], axis=1)
    section = rectangle(wide, thick * d.real("taper", 0.85, 1.0), corner=d.real("edge", 0.15, 0.35) * thick)
    outline = section.to_polygons()[0]
    steps = [Step("ring", sweep(path, outline, (0, 0, 1)), metal)]
    if d.flag("double", 0.25):
        other = path * [1, 1, -1] + [0, 0, 0.75 * thick]
        steps.append(Step("second ring", sweep(other, outline, (0, 0, 1)), metal, movable=True))
    return steps


def circlip(d: Draws) -> list[Step]:
    """A retaining ring with two lugs that have eyes."""
    metal = finish(d, "ring", HARD)
    outer, thick = 10.0, d.real("thickness", 1.0, 1.8)
    inner, shift = d.real("inside", 7.9, 8.5), d.real("eccentricity", 0.3, 0.7)
    half, edge = np.radians(d.real("opening", 9, 20)), thick * d.real("edge", 0.1, 0.2)
    ring = circle(outer, (shift, 0), 96) - circle(inner, (0, 0), 96)
    mouth = np.array([(0, 0), *[(30 * np.cos(a), 30 * np.sin(a)) for a in (-half, 0, half)]])
    steps = [Step("ring", prism(rounded(ring - polygon(mouth), 0.4), 0, thick, edge), metal)]
    lug, hole = d.real("lug", 2.0, 2.7), d.real("eye", 0.75, 1.0)
    inward = d.flag("internal", 0.5)
    reach = inner - 0.5 * lug if inward else outer + shift + 0.3 * lug
    for k, side in enumerate((1, -1)):
        angle = side * (half + 1.05 * lug / reach)
        at = (reach * np.cos(angle), reach * np.sin(angle))
        eye = drilled(circle(lug, at, 48), [at], hole)
        steps.append(Step(f"lug {k + 1}", prism(eye, 0, thick, edge), metal, movable=True))
        steps.append(
            Step(f"lug {k + 1}", cylinder(hole, -1, thick + 1, segments=36).translate((*at, 0)), metal, cut=True)
        )
    return steps


def bushing(d: Draws) -> list[Step]:
    """A plain bearing bush with oil holes, mostly with a flange and grease grooves."""
    metal = finish(d, "bushing", (BRONZE, BRASS, NYLON, *HARD))
    outer, length = 8.0, d.real("length", 9, 20)
    inner = outer * d.real("wall", 0.66, 0.8)
    steps = [Step("sleeve", tube(outer, inner, 0, length, 0.35), metal)]
    if d.flag("flange", 0.7):
        rim, thick = outer * d.real("flange radius", 1.25, 1.6), d.real("flange thickness", 1.4, 2.6)
        flange = circle(rim, segments=96)
        if d.flag("flat", 0.35):
            flange = flange ^ rectangle(40, 40, (20 - outer * 1.06, 0))
        solid = prism(flange - circle(0.5 * (outer + inner), segments=72), 0, thick, 0.3, chamfer=True)
        steps.append(Step("flange", solid, metal, movable=True))
        count = d.whole("flange holes", 0, 4)
        for x, y in on_circle(count, (outer + rim) / 2 + 0.2, 45):
            hole = cylinder(0.28 * (rim - outer), -1, thick + 1, segments=28).translate((x, y, 0))
            steps.append(Step("flange holes", hole, metal, cut=True))
    for k in range(d.whole("grooves", 0, 2)):
        groove = tube(inner + 0.7, 0.5 * inner, -0.6, 0.6, 0.2).translate((0, 0, length * (0.55 + 0.2 * k)))
        steps.append(Step("grooves", groove, metal, cut=True))
    hole = (
        cylinder(d.real("oil hole", 0.8, 1.5), 0, 20, segments=28).rotate((0, 90, 0)).translate((0, 0, 0.62 * length))
    )
    return [*steps, Step("oil hole", union(around(hole, d.whole("oil holes", 1, 4))), metal, cut=True)]


def spacer_plate(d: Draws) -> list[Step]:
    """A flat plate with rounded corners, a pattern of holes, a window and two dowel pins."""
    metal = finish(d, "plate", (*MILLED, *SHEET))
    width, depth, thick = 40.0, d.real("depth", 27, 36), d.real("thickness", 3, 6)
    corner, hole = d.real("corner", 2.5, 6), d.real("hole", 1.5, 2.4)
    edge, inset = 0.12 * thick, d.real("inset", 4.2, 5.0)
    xs, ys = (
        np.linspace(inset - width / 2, width / 2 - inset, d.whole("columns", 2, 4)),
        (inset - depth / 2, depth / 2 - inset),
    )
    section = drilled(rectangle(width, depth, corner=corner), [(x, y) for x in xs for y in ys], hole)
    room = depth / 2 - inset - hole - 1.5
    window = d.choice("window", ("round", "square", "slots"))
    if window == "slots":
        slot = capsule((-6, 0), (6, 0), 0.28 * room)
        section = section - slot.translate((0, 0.5 * room)) - slot.translate((0, -0.5 * room))
    else:
        size = room * d.real("window size", 0.6, 0.85)
        section = section - (circle(size) if window == "round" else rectangle(2.6 * size, 1.7 * size, corner=1.5))
    steps = [Step("plate", prism(section, 0, thick, edge, chamfer=True), metal)]
    tall = thick + d.real("pin height", 5, 9)
    pin = cylinder(d.real("pin", 2.2, 2.8), 0.3, tall, 0.4, 36)
    steel = finish(d, "pins", HARD)
    sides = [(-width / 2 + 3.8, 0), (width / 2 - 3.8, 0)]
    return [*steps, *(Step(f"pin {k + 1}", pin.translate((*at, 0)), steel, movable=True) for k, at in enumerate(sides))]


FAMILIES = (flat_washer, tooth_washer, spring_washer, circlip, bushing, spacer_plate)
