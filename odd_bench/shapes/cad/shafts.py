"""Shafts and the parts that turn with them: stepped and splined shafts, cams, crankshafts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import ALUMINIUM, ANODISED, BLACK_OXIDE, HARD, STEEL, finish
from odd_bench.shapes.cad.kernel import around, box, cylinder, prism, screw, to_x, tube, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import capsule, circle, rectangle, rounded
from odd_bench.shapes.cad.wheels import key

TURNED = (STEEL, *HARD)


def stepped_shaft(d: Draws) -> list[Step]:
    """A shaft with journals, a collar, a key and a snap ring groove, sometimes with a threaded end."""
    metal = finish(d, "shaft", TURNED)
    count = d.whole("steps", 3, 5)
    lengths = [d.real(f"length {k + 1}", 8, 20) for k in range(count)]
    radii = [d.real(f"radius {k + 1}", 4.0, 7.0) for k in range(count)]
    ends = np.cumsum([0.0, *lengths])
    outline = [(0.0, 0.0)]
    for radius, low, high in zip(radii, ends[:-1], ends[1:], strict=True):
        outline += [(radius, low), (radius, high)]
    outline.append((0.0, ends[-1]))
    steps = [Step("shaft", turned(outline, d.real("edge", 0.3, 0.7), chamfer=True), metal)]
    steps.append(
        Step("collar", cylinder(8.5 + d.real("collar", 0, 1.8), ends[1] - 2, ends[1] + 1.4, 0.4), metal, movable=True)
    )
    steps.append(key(d, radii[1], ends[1] + 2.2, ends[2] - 1, metal))
    if d.flag("second key", 0.4):
        steps.append(replace(key(d, radii[-1], ends[-2] + 1, ends[-1] - 1, metal), name="second key"))
    if d.flag("threaded", 0.6):
        size = 0.8 * radii[-1]
        steps.append(
            Step("thread", screw(size, 1.5, ends[-1] - 1, ends[-1] + d.real("thread length", 7, 12), 0.8), metal)
        )
    groove = tube(12, 0.86 * radii[0], 0, 1.3)
    steps.append(
        Step("groove", groove.translate((0, 0, d.real("groove place", 0.2, 0.5) * lengths[0])), metal, cut=True)
    )
    if d.flag("centre holes", 0.7):
        steps.append(Step("centre hole", turned([(0, -1), (1.9, -1), (0.6, 1.6), (0.6, 3), (0, 3)]), metal, cut=True))
    return [Step(s.name, to_x(s.solid).rotate((210, 0, 0)), s.finish, s.cut, s.movable) for s in steps]


def cam(d: Draws) -> list[Step]:
    """A plate cam with a hub, sometimes with a second lobe, a pin and a keyway."""
    metal = finish(d, "cam", (STEEL, BLACK_OXIDE, ALUMINIUM, ANODISED))
    base, lift, width = 11.0, d.real("lift", 6, 12), d.real("width", 5, 9)
    nose = d.real("nose", 3.5, 6)
    section = capsule((0, 0), (base + lift - nose, 0), base, nose)
    if d.flag("double", 0.3):
        section = (section + section.rotate(180 if d.flag("opposite") else 120)).offset(-0.01)
    steps = [Step("cam", prism(section, 0, width, d.real("edge", 0.4, 0.9), chamfer=True), metal)]
    hub, tall = base * d.real("hub", 0.55, 0.68), width + d.real("hub height", 2, 7)
    steps.append(Step("hub", cylinder(hub, -d.real("hub below", 0.5, 4), tall, 0.5), metal, movable=True))
    if d.flag("pin", 0.6):
        pin = cylinder(d.real("pin", 1.4, 2.2), 0.5, width + d.real("pin height", 2, 6), 0.4, 32)
        steps.append(Step("pin", pin.translate((base + lift - nose, 0, 0)), finish(d, "pin", HARD), movable=True))
    shaft = hub * d.real("bore", 0.5, 0.66)
    steps.append(Step("bore", cylinder(shaft, -99, 99), metal, cut=True))
    grub = cylinder(1.3, 0, 99, segments=24).rotate((0, 90, 120)).translate((0, 0, (width + tall) / 2))
    if tall - width > 4:
        steps.append(Step("set screw hole", grub, metal, cut=True))
    if d.flag("keyway", 0.6):
        steps.append(Step("keyway", box((shaft, 0.55 * shaft, 99), (-0.78 * shaft, 0, 0)), metal, cut=True))
    return steps


def crankshaft(d: Draws) -> list[Step]:
    """A crankshaft: journals, webs with counterweights, and crank pins."""
    metal = finish(d, "crankshaft", (STEEL, *HARD))
    throws, throw = d.whole("throws", 1, 3), d.real("throw", 7, 11)
    journal, pin = d.real("journal", 3.6, 5), d.real("pin", 3.2, 4.6)
    web, gap, long = d.real("web thickness", 3, 4.5), d.real("pin length", 6, 9), d.real("journal length", 6, 10)
    weight = d.real("counterweight", 8.5, 12)
    steps, x = [], 0.0
    angles = {1: (0,), 2: (0, 180), 3: (0, 120, 240)}[throws]
    arm = prism(capsule((0, 0), (throw, 0), journal + 2.2, pin + 1.8), 0, web, 0.45, chamfer=True)
    half = rounded(circle(weight, segments=72) ^ rectangle(40, 40, (-20 + 0.1 * weight, 0)), 0.8)
    lump = prism(half, 0.15, web - 0.15, 0.45, chamfer=True)
    for k, angle in enumerate(angles):
        for side, z in enumerate((x + long, x + long + web + gap)):
            steps.append(Step(f"web {2 * k + side + 1}", arm.rotate((0, 0, angle)).translate((0, 0, z)), metal))
            solid = lump.rotate((0, 0, angle)).translate((0, 0, z))
            steps.append(Step(f"counterweight {2 * k + side + 1}", solid, metal, movable=True))
        crank = (
            cylinder(pin, x + long + 0.5, x + long + 1.5 * web + gap, 0.3, 48)
            .translate((throw, 0, 0))
            .rotate((0, 0, angle))
        )
        steps.append(Step(f"pin {k + 1}", crank, metal))
        steps.append(Step(f"journal {k + 1}", cylinder(journal, x - 0.5, x + long + 0.5 * web, 0.3, 56), metal))
        x += long + 2 * web + gap
    steps.append(
        Step(
            "end",
            cylinder(journal, x - 0.5 * web, x + long + d.real("end length", 4, 14), 0.6, 56),
            metal,
            movable=True,
        )
    )
    if d.flag("flange", 0.6):
        rim = cylinder(journal + d.real("flange", 4, 6), -3, 0.5, 0.5)
        rim = rim - union(
            around(cylinder(1.2, -9, 9, segments=24).translate((journal + 2.2, 0, 0)), d.whole("flange holes", 3, 6))
        )
        steps.append(Step("flange", rim, metal, movable=True))
    steps.append(
        Step("oil holes", to_x(cylinder(0.8, 0, 9, segments=20)).translate((0, 0, 0.5 * long)), metal, cut=True)
    )
    return [Step(s.name, to_x(s.solid), s.finish, s.cut, s.movable) for s in steps]


def spline_shaft(d: Draws) -> list[Step]:
    """A shaft with splines, a shoulder and a plain end, sometimes with a key and a cross hole."""
    metal = finish(d, "shaft", TURNED)
    count, radius = d.whole("splines", 6, 12), 6.0
    high, length = d.real("spline height", 1.0, 1.6), d.real("spline length", 18, 34)
    broad = 2 * np.pi * radius / count * d.real("spline width", 0.42, 0.56)
    core = cylinder(radius, 0, length, 0.4)
    rib = box((2 * high + 1, broad, length - 1.2), (radius, 0, length / 2), 0.14).translate((0.2, 0, 0))
    steps = [
        Step("core", core, metal),
        *(Step(f"spline {k + 1}", s, metal, movable=True) for k, s in enumerate(around(rib, count))),
    ]
    shoulder, plain = radius + d.real("shoulder", 2.2, 4), d.real("plain end", 10, 22)
    steps.append(Step("shoulder", cylinder(shoulder, -3, 0.5, 0.5), metal))
    end = radius * d.real("end radius", 0.75, 1.1)
    steps.append(Step("plain end", cylinder(end, -3 - plain, -2, 0.6), metal))
    if d.flag("key", 0.6):
        steps.append(key(d, end, -plain, -5, metal))
    if d.flag("cross hole", 0.5):
        steps.append(
            Step(
                "cross hole",
                to_x(cylinder(d.real("cross hole size", 1.0, 1.6), -30, 30, segments=24)).translate((0, 0, -plain)),
                metal,
                cut=True,
            )
        )
    return [Step(s.name, to_x(s.solid).rotate((210, 0, 0)), s.finish, s.cut, s.movable) for s in steps]


FAMILIES = (stepped_shaft, cam, crankshaft, spline_shaft)
