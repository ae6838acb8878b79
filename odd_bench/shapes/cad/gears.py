"""Toothed wheels: spur, helical and bevel gears, racks, sprockets, ratchets, timing pulleys and worms."""

from __future__ import annotations

import numpy as np
from manifold3d import CrossSection, Manifold

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import ALUMINIUM, ANODISED, HARD, STEEL, TOOTHED, Finish, finish
from odd_bench.shapes.cad.kernel import around, cylinder, prism, screw, to_x, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import circle, polygon, rectangle
from odd_bench.shapes.cad.wheels import blank, bore

PRESSURE_ANGLE = np.radians(20)


def spur_gear(d: Draws) -> list[Step]:
    """A straight-toothed gear."""
    metal = finish(d, "gear", TOOTHED)
    count, width = d.whole("teeth", 14, 28), d.real("width", 7, 18)
    root = _root_radius(count)
    steps = blank(d, root, width, metal)
    tooth = prism(involute_tooth(count), 0, width, 0.1, chamfer=True)
    return [*steps, *_teeth(tooth, count, metal), *bore(d, root, width, metal)]


def helical_gear(d: Draws) -> list[Step]:
    """A gear whose teeth are inclined to its axis."""
    metal = finish(d, "gear", TOOTHED)
    count, width = d.whole("teeth", 14, 26), d.real("width", 10, 20)
    root = _root_radius(count)
    twist = np.degrees(np.tan(np.radians(d.real("helix angle", 14, 30))) * width / (count / 2))
    twist = twist if d.flag("right hand") else -twist
    tooth = involute_tooth(count).extrude(width, 10, twist)
    steps = blank(d, root, width, metal)
    return [*steps, *_teeth(tooth, count, metal), *bore(d, root, width, metal)]


def bevel_gear(d: Draws) -> list[Step]:
    """A conical gear with a hub on its back."""
    metal = finish(d, "gear", TOOTHED)
    count = d.whole("teeth", 14, 24)
    root, slope = _root_radius(count), np.tan(np.radians(d.real("cone angle", 38, 52)))
    face = root * d.real("face", 0.28, 0.4)
    shrink = 1 - face * slope / root
    tooth = involute_tooth(count).extrude(face, scale_top=(shrink, shrink))
    back, hub = root * d.real("back", 0.12, 0.25), root * d.real("hub radius", 0.42, 0.55)
    length = root * d.real("hub length", 0.25, 0.5)
    body = turned(
        [(0, -back), (0.85 * root, -back), (root + 0.3, 0), (shrink * root, face), (0, face)], 0.3, segments=96
    )
    steps = [Step("body", body, metal), *_teeth(tooth, count, metal)]
    steps.append(
        Step("hub", turned([(0, -back - length), (hub, -back - length), (hub, 0), (0, 0)], 0.6), metal, movable=True)
    )
    if d.flag("recess", 0.5):
        inside = 0.62 * shrink * root
        steps.append(
            Step("recess", cylinder(inside, face * d.real("recess depth", 0.45, 0.7), face + 9), metal, cut=True)
        )
    return [*steps, *bore(d, root * d.real("bore scale", 0.9, 1.3), root, metal)]


def rack(d: Draws) -> list[Step]:
    """A straight bar with teeth on top."""
    metal = finish(d, "rack", TOOTHED)
    count, width, height = d.whole("teeth", 7, 12), d.real("width", 4, 9), d.real("height", 3, 6)
    pitch, ends = np.pi, d.real("end", 0.0, 5.0)
    length = count * pitch + 2 * ends
    bar = prism(rectangle(length, width, corner=0.5), 0, height, d.real("edge", 0.1, 0.4), chamfer=True)
    half, angle = pitch / 4, np.tan(np.radians(d.real("flank angle", 14, 22)))
    outline = [(-half - 1.6 * angle, -1.6), (half + 1.6 * angle, -1.6), (half - angle, 1), (angle - half, 1)]
    tooth = prism(polygon(outline), -width / 2 + 0.02, width / 2 - 0.02, 0.1, chamfer=True).rotate((90, 0, 0))
    places = (np.arange(count) - (count - 1) / 2) * pitch
    steps = [Step("bar", bar, metal)]
    steps += [
        Step(f"tooth {k + 1}", tooth.translate((x, 0, height + 1.2)), metal, movable=True) for k, x in enumerate(places)
    ]
    holes = d.whole("holes", 0, 4)
    across = cylinder(d.real("hole", 0.18, 0.28) * height, -width, width, segments=28).rotate((90, 0, 0))
    at = (np.arange(holes) - (holes - 1) / 2) * 0.8 * length / max(holes, 1)
    return steps + [Step("holes", across.translate((x, 0, 0.45 * height)), metal, cut=True) for x in at]


def sprocket(d: Draws) -> list[Step]:
    """A chain wheel: a thin plate with a hub, and pointed teeth with round gullets."""
    metal = finish(d, "sprocket", (*HARD, STEEL, ANODISED))
    count, width = d.whole("teeth", 11, 24), d.real("plate", 2.0, 3.6)
    pitch = 2.0 / np.sin(np.pi / count)  # radius of the pitch circle, chain pitch 4
    roller, reach = d.real("roller", 1.15, 1.3), d.real("tooth height", 1.0, 1.3)
    section = circle(pitch + reach, segments=160)
    flank = [circle(roller, (pitch, 0), 36), circle(1.45 * roller, (pitch + 1.7, 0), 36)]
    gullet = CrossSection.batch_hull(flank).rotate(180 / count)
    for k in range(count):
        section = section - gullet.rotate(360 * k / count)
    root = pitch - roller
    steps = blank(d, root, width, metal, ("solid", "holes", "spokes") if root > 9 else ("solid",))
    tooth = prism(_one_tooth(section, root, count), 0, width, 0.1 * roller, chamfer=True)
    return [*steps, *_teeth(tooth, count, metal), *bore(d, root, width, metal)]


def ratchet_wheel(d: Draws) -> list[Step]:
    """A wheel with saw teeth."""
    metal = finish(d, "ratchet", TOOTHED)
    count, width, radius = d.whole("teeth", 10, 22), d.real("width", 4, 9), 16.0
    depth, lean = radius * d.real("tooth depth", 0.13, 0.2), d.real("undercut", 0.0, 0.12)
    step = 2 * np.pi / count
    angle = np.array([0.0, 0.0, 0.35, 0.7, 1.0]) * step
    reach = np.array(
        [radius - 0.3 * depth, radius + depth, radius + 0.66 * depth, radius + 0.28 * depth, radius - 0.3 * depth]
    )
    angle[0] += lean * step
    saw = polygon(np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1))
    tooth = prism(saw, 0, width, 0.06 * depth, chamfer=True)
    return [*blank(d, radius, width, metal), *_teeth(tooth, count, metal), *bore(d, radius, width, metal)]


def timing_pulley(d: Draws) -> list[Step]:
    """A toothed belt pulley between two flanges, with a clamping hub."""
    metal = finish(d, "pulley", (ALUMINIUM, ANODISED, STEEL))
    count, width = d.whole("teeth", 14, 30), d.real("width", 7, 14)
    radius, plate = count * 2.0 / np.pi, d.real("flange thickness", 0.8, 1.6)
    groove = d.real("groove", 0.5, 0.62)
    section = circle(radius, segments=120)
    for k in range(count):
        section = section - circle(groove, (radius - 0.2, 0), 20).rotate(360 * k / count)
    rim, hub = radius + d.real("flange height", 1.2, 2.2), radius * d.real("hub radius", 0.6, 0.8)
    steps = [Step("body", section.extrude(width), metal)]
    flange = turned([(0, -plate), (rim, -plate), (rim, -0.3 * plate), (0.93 * radius, 0.1), (0, 0.1)], 0.2, segments=96)
    steps.append(Step("lower flange", flange, metal, movable=True))
    if d.flag("upper flange", 0.75):
        steps.append(Step("upper flange", flange.mirror((0, 0, 1)).translate((0, 0, width)), metal, movable=True))
    top = width + radius * d.real("hub length", 0.5, 0.9)
    steps.append(Step("hub", cylinder(hub, width / 2, top, 0.4), metal, movable=True))
    grub = cylinder(0.16 * hub, 0, 3 * hub, segments=24).rotate((0, 90, 0)).translate((0, 0, (width + top) / 2 + 0.5))
    steps += [Step("set screws", union(around(grub, d.whole("set screws", 1, 3))), metal, cut=True)]
    return [*steps, *bore(d, radius * d.real("bore scale", 1.4, 2.0), width, metal)]


def worm(d: Draws) -> list[Step]:
    """A worm on a shaft with journals."""
    metal = finish(d, "worm", TOOTHED)
    radius, length = 8.0, d.real("length", 22, 36)
    pitch, shaft = d.real("pitch", 4.5, 7.0), d.real("shaft", 3.4, 4.6)
    thread = screw(radius, pitch, -length / 2, length / 2, d.real("depth", 0.36, 0.46) * pitch, point=1.2)
    ends = [d.real("left end", 7, 16), d.real("right end", 7, 16)]
    collar = d.real("collar", 4.8, 5.4)
    core = cylinder(collar, -length / 2 - 2, length / 2 + 2, 0.4)
    steps = [Step("core", core, metal), Step("thread", thread, metal)]
    for k, (side, end) in enumerate(zip((180, 0), ends, strict=True)):
        journal = cylinder(shaft, 0, length / 2 + end, 0.4).rotate((side, 0, 0))
        steps.append(Step(f"journal {k + 1}", journal, metal, movable=True))
    if d.flag("flat", 0.6):
        flat = prism(rectangle(20, 20, (10 + 0.7 * shaft, 0)), length / 2 + 0.45 * ends[1], length / 2 + 40)
        steps.append(Step("flat", flat, metal, cut=True))
    return [Step(s.name, to_x(s.solid), s.finish, s.cut, s.movable) for s in steps]


def involute_tooth(count: int) -> CrossSection:
    """One tooth of module 1 on the +x side, with its foot inside the root circle; the pressure angle is PRESSURE_ANGLE."""
    pitch, root, tip = count / 2, _root_radius(count), count / 2 + 1
    base = pitch * np.cos(PRESSURE_ANGLE)
    radius = np.concatenate([[root - 0.5, root, root + 0.12, root + 0.35], np.linspace(max(base, root + 0.45), tip, 9)])
    widening = np.array([0.34, 0.3, 0.12, 0.02, *([0.0] * 9)]) / root  # the fillet at the root
    flank = np.arccos(np.clip(base / radius, 0, 1))
    half = np.pi / (2 * count) + _involute(PRESSURE_ANGLE) - _involute(flank) + widening
    half[-1] *= 0.8  # tip relief
    angle = np.concatenate([-half, half[::-1]])
    reach = np.concatenate([radius, radius[::-1]])
    return polygon(np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1))


def _involute(angle):
    return np.tan(angle) - angle


def _root_radius(count: int) -> float:
    """The root radius of a gear of module 1 with `count` teeth."""
    return count / 2 - 1.25


def _one_tooth(section: CrossSection, root: float, count: int) -> CrossSection:
    """The tooth of a toothed outline on the +x side, with its foot inside the root circle."""
    reach, half = 3 * root, np.pi / count
    wedge = polygon([(0.9 * root, 0), *[(reach * np.cos(a), reach * np.sin(a)) for a in np.linspace(-half, half, 5)]])
    return section ^ wedge


def _teeth(tooth: Manifold, count: int, metal: Finish) -> list[Step]:
    return [Step(f"tooth {k + 1}", solid, metal, movable=True) for k, solid in enumerate(around(tooth, count))]


FAMILIES = (spur_gear, helical_gear, bevel_gear, rack, sprocket, ratchet_wheel, timing_pulley, worm)
