"""Screws, bolts and nuts."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import ANODISED, BRASS, FASTENER, PLASTIC, RUBBER, finish
from odd_bench.shapes.cad.kernel import around, cylinder, prism, rod, screw, sphere, to_y, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import circle, rectangle, regular, rounded

RADIUS = 5.0  # radius of the shank of a bolt, over the crests of its thread, millimetres


def hex_bolt(d: Draws) -> list[Step]:
    """A hexagon head bolt with a partial or full thread, sometimes with a flange."""
    steel = finish(d, "bolt", FASTENER)
    length, height = d.real("length", 25, 55), d.real("head height", 6, 7.5)
    steps = [Step("head", _hexagon_head(d, d.real("across flats", 15.5, 18) / 2, height), steel, movable=True)]
    if d.flag("flange", 0.4):
        steps.append(Step("flange", _flange(d.real("flange radius", 10.5, 12.5)), steel, movable=True))
    return steps + _shank(d, length, steel)


def socket_screw(d: Draws) -> list[Step]:
    """A cap screw with a hexagon socket and a knurled or smooth head."""
    steel = finish(d, "screw", FASTENER)
    height, radius = d.real("head height", 8.5, 11), d.real("head radius", 7.6, 8.8)
    head = turned([(0, 0), (radius, 0), (radius, height), (0, height)], d.real("head edge", 0.5, 1.3))
    steps = [Step("head", head, steel, movable=True)]
    if d.flag("knurled", 0.6):
        count = d.whole("knurls", 24, 40)
        groove = prism(circle(0.45, (radius, 0), 8), 1.2, height - 1.6)
        steps.append(Step("knurls", union(around(groove, count)), steel, cut=True))
    depth = d.real("socket depth", 4, 6)
    steps += _shank(d, d.real("length", 22, 50), steel)
    return [
        *steps,
        Step("socket", prism(regular(6, d.real("socket", 3.6, 4.3)), height - depth, height + 1), steel, cut=True),
    ]


def machine_screw(d: Draws) -> list[Step]:
    """A pan, cheese or countersunk head screw with a slot or a cross recess."""
    steel = finish(d, "screw", FASTENER)
    radius, height = d.real("head radius", 8, 10), d.real("head height", 4.5, 6)
    kind = d.choice("head", ("pan", "cheese", "countersunk"))
    top = height
    outline = {
        "pan": [(0, 0), (radius, 0), (radius, 0.45 * top), (0.8 * radius, 0.85 * top), (0.4 * radius, top), (0, 1.03 * top)],
        "cheese": [(0, 0), (radius, 0), (0.95 * radius, top), (0, top)],
        "countersunk": [(0, -1), (4.6, 0), (radius, top - 0.8), (radius, top), (0, top)],
    }[kind]  # fmt: skip
    head = turned(outline, 0.4)
    depth, width = d.real("slot depth", 2, 2.8), d.real("slot width", 1.3, 2.0)
    length = 3 * radius if d.flag("slotted") else 1.25 * radius
    slot = prism(
        rectangle(length, width) + rectangle(width, length if length < 2 * radius else width),
        height - depth,
        height + 2,
    )
    steps = [Step("head", head, steel, movable=True), *_shank(d, d.real("length", 18, 40), steel)]
    return [*steps, Step("slot", slot, steel, cut=True)]


def hex_nut(d: Draws) -> list[Step]:
    """A hexagon nut: plain, with a flange, with a nylon insert, or slotted."""
    steel = finish(d, "nut", FASTENER)
    height, flats = d.real("height", 7, 11), d.real("across flats", 15.5, 18.5) / 2
    steps = [Step("body", _hexagon_head(d, flats, height, both=True), steel)]
    kind = d.choice("kind", ("plain", "flange", "lock", "slotted"))
    if kind == "flange":
        steps.append(Step("flange", _flange(d.real("flange radius", 10.5, 12.5)), steel, movable=True))
    if kind == "lock":
        collar = turned([(0, height - 1), (0.88 * flats, height - 1), (0.84 * flats, height + 3), (0, height + 3)], 0.8)
        steps.append(Step("collar", collar, steel, movable=True))
        steps.append(
            Step(
                "insert",
                cylinder(0.86 * flats - 1, height + 2.2, height + 4),
                finish(d, "insert", (PLASTIC,)),
                cut=True,
            )
        )
    if kind == "slotted":
        slot = prism(rectangle(30, d.real("slot width", 1.8, 2.6)), height - d.real("slot depth", 2, 3), height + 1)
        steps.append(Step("slots", union(around(slot, 3, 30)), steel, cut=True))
    return [*steps, *_nut_bore(d, -1, height + 4, steel)]


def wing_nut(d: Draws) -> list[Step]:
    """A wing nut with two rounded wings."""
    metal = finish(d, "nut", (*FASTENER, PLASTIC))
    radius, height = d.real("hub radius", 7.5, 9), d.real("hub height", 9, 12)
    top = d.real("taper", 0.7, 0.9) * radius
    steps = [Step("hub", turned([(0, 0), (radius, 0), (top, height), (0, height)], 0.8), metal)]
    wing = _wing(d, radius, height)
    steps += [Step(f"wing {k + 1}", solid, metal, movable=True) for k, solid in enumerate(around(wing, 2))]
    return [*steps, *_nut_bore(d, -1, height + 1, metal)]


def eyebolt(d: Draws) -> list[Step]:
    """A lifting eye on a collar and a threaded shank."""
    metal = finish(d, "bolt", FASTENER)
    wire, ring = d.real("wire", 3.2, 4.4), d.real("eye radius", 9.5, 13)
    base = d.real("collar height", 3.5, 6)
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    center = base + ring + 0.6 * wire
    eye = np.stack([ring * np.cos(angle), 0 * angle, center + ring * np.sin(angle)], axis=1)
    steps = [
        Step("collar", turned([(0, 0), (d.real("collar radius", 9, 12), 0), (0.75 * 9, base), (0, base)], 0.8), metal)
    ]
    steps.append(Step("eye", rod(eye, wire, (0, 1, 0), closed=True), metal, movable=True))
    if d.flag("nut", 0.5):
        nut = prism(regular(6, 8.2), -d.real("nut place", 11, 16), -5.5).rotate((0, 0, d.real("nut turn", 0, 60)))
        steps.append(Step("nut", nut, finish(d, "nut", FASTENER), movable=True))
    return steps + _shank(d, d.real("length", 24, 40), metal)


def thumb_screw(d: Draws) -> list[Step]:
    """A screw with a lobed head, sometimes with a collar."""
    grip = finish(d, "head", (PLASTIC, ANODISED, BRASS, RUBBER))
    radius, height, lobes = d.real("head radius", 9, 13), d.real("head height", 6, 10), d.whole("lobes", 5, 10)
    section = circle(radius, segments=96)
    for k in range(lobes):
        section = section - circle(2.2 * radius / lobes, (1.18 * radius, 0), 32).rotate(360 * k / lobes)
    head = prism(rounded(section, 0.8), 0, height, d.real("edge", 0.4, 0.75))
    steps = [Step("head", head, grip)]
    if d.flag("collar", 0.7):
        collar = turned(
            [(0, -d.real("collar height", 2, 5)), (d.real("collar radius", 6.5, 8), -2), (7.5, 0.5), (0, 0.5)], 0.4
        )
        steps.append(Step("collar", collar, grip, movable=True))
    cap = sphere(1.0).scale((0.55 * radius, 0.55 * radius, d.real("dome", 0.8, 2.2))).translate((0, 0, height - 0.1))
    steps.append(Step("cap", cap, finish(d, "cap", (PLASTIC, ANODISED, BRASS)), movable=True))
    return steps + _shank(d, d.real("length", 16, 36), finish(d, "screw", FASTENER))


def _hexagon_head(d: Draws, inradius: float, height: float, both: bool = False) -> Manifold:
    """A hexagonal prism whose corners are turned down at the top, or at both ends."""
    corner, fall = inradius / np.cos(np.pi / 6) + 0.2, d.real("corner", 0.24, 0.4) * inradius
    low = [(0, 0), (0.96 * inradius, 0), (corner, 0.5 * fall)] if both else [(0, 0), (corner, 0)]
    cone = turned([*low, (corner, height - 0.5 * fall), (0.96 * inradius, height), (0, height)])
    return prism(regular(6, inradius), 0, height) ^ cone


def _flange(radius: float) -> Manifold:
    return turned([(0, 0), (radius, 0), (radius, 1.2), (0.65 * radius, 3.2), (0, 3.2)], 0.4)


def _shank(d: Draws, length: float, metal) -> list[Step]:
    """A plain neck and a thread, downwards from z = 0."""
    pitch = d.real("pitch", 1.5, 2.2)
    neck = length * d.real("unthreaded share", 0.0, 0.5)
    steps = [
        Step("shank", screw(RADIUS, pitch, -length, min(-neck, -1.0), 0.55 * pitch, d.real("point", 0.5, 1.5)), metal)
    ]
    plain = max(neck, 1.0) + 0.6 * pitch
    return [*steps, Step("shank", cylinder(RADIUS - 0.3 * pitch if neck < 2 else RADIUS, -plain, 0.5, 0.3), metal)]


def _nut_bore(d: Draws, low: float, high: float, metal) -> list[Step]:
    """A threaded hole along z."""
    pitch = d.real("pitch", 1.5, 2.2)
    return [Step("thread", screw(RADIUS, pitch, low, high, 0.55 * pitch, point=0.0), metal, cut=True)]


def _wing(d: Draws, radius: float, height: float) -> Manifold:
    """A flat ear from inside the hub outwards along +x, in the xz plane."""
    span, rise = d.real("wing span", 9, 13), d.real("wing rise", 5, 10)
    tip = d.real("wing tip radius", 3.2, 4.8)
    ear = circle(tip, (radius + span - tip, -height - rise + tip)) + circle(
        0.35 * height, (0.72 * radius, -0.5 * height)
    )
    thick = d.real("wing thickness", 2.4, 3.4)
    return to_y(prism(ear.hull(), -thick / 2, thick / 2, 0.35 * thick))


FAMILIES = (hex_bolt, socket_screw, machine_screw, hex_nut, wing_nut, eyebolt, thumb_screw)
