"""Holders of pipes and hoses: clamps and U bolts."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import BRASS, FASTENER, MILLED, RUBBER, SHEET, STAINLESS, STEEL, ZINC, finish
from odd_bench.shapes.cad.kernel import box, cylinder, prism, rod, screw, to_x, tube, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import circle, rectangle, regular, rounded


def hose_clamp(d: Draws) -> list[Step]:
    """A slotted band with a worm screw in a housing."""
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


def pipe_clamp(d: Draws) -> list[Step]:
    """Two half shells with ears and bolts around a rubber lining."""
    metal = finish(d, "clamp", (*SHEET, STEEL))
    radius, width, thick = d.real("radius", 9, 13), d.real("width", 7, 12), d.real("thickness", 1.8, 2.8)
    ear, lining = d.real("ear", 8, 11), d.real("lining", 1.2, 2.2)
    gap, bolts = d.real("gap", 1.0, 2.4), finish(d, "bolts", FASTENER)
    reach = radius + lining + thick
    steps = [
        Step(
            "lining",
            tube(reach - 0.5 * thick, radius, -width / 2 - 0.8, width / 2 + 0.8, 0.4),
            finish(d, "lining", (RUBBER,)),
        )
    ]
    shell = circle(reach, segments=96) + rectangle(2 * reach + 2 * ear, 2 * thick + gap, corner=0.8)
    shell = rounded(shell, 0, 1.5) - circle(reach - thick, segments=96) - rectangle(200, gap)
    steps.append(Step("shells", prism(shell, -width / 2, width / 2, 0.2 * thick, chamfer=True), metal))
    head, shaft = d.real("bolt head", 2.8, 3.4), d.real("bolt", 1.4, 1.9)
    low = -thick - gap / 2 - d.real("bolt end", 2.5, 5)
    bolt = cylinder(shaft, low, thick, 0.3, 28) + prism(
        regular(6, head), thick + gap / 2 - 0.2, thick + gap / 2 + 2.2, 0.3, chamfer=True
    )
    bolt = (
        bolt
        + cylinder(shaft, 0, thick + gap, segments=28)
        + prism(regular(6, head), -thick - gap / 2 - 2, -thick - gap / 2 + 0.2, 0.3, chamfer=True)
    )
    for k, side in enumerate((-1, 1)):
        at = (side * (reach + 0.5 * ear), 0, 0)
        steps.append(Step(f"bolt {k + 1}", bolt.rotate((-90, 0, 0)).translate(at), bolts, movable=True))
    return [Step(s.name, s.solid.rotate((90, 0, 0)), s.finish, s.cut, s.movable) for s in steps]


def u_bolt(d: Draws) -> list[Step]:
    """A bent threaded rod with a bridge plate and nuts."""
    metal = finish(d, "bolt", FASTENER)
    wire, half, leg = d.real("wire", 2.2, 3.0), d.real("half width", 9, 13), d.real("leg", 16, 26)
    angle = np.linspace(0, np.pi, 40)
    arc = np.stack([half * np.cos(angle), 0 * angle, half * np.sin(angle)], axis=1)
    path = np.concatenate([[[half, 0, -4], [half, 0, -1]], arc, [[-half, 0, -1], [-half, 0, -4]]])
    steps = [Step("bow", rod(path, wire, (0, 1, 0), sides=28), metal)]
    thread = screw(wire, d.real("pitch", 1.1, 1.5), -leg, -3, 0.5)
    steps += [Step(f"thread {k + 1}", thread.translate((side * half, 0, 0)), metal) for k, side in enumerate((1, -1))]
    plate, sheet = finish(d, "plate", (*SHEET, *MILLED)), d.real("plate thickness", 2, 3.5)
    down = -leg * d.real("plate place", 0.35, 0.6)
    section = rectangle(2 * half + d.real("plate end", 8, 12), d.real("plate width", 8, 13), corner=2.5)
    steps.append(Step("plate", prism(section, down, down + sheet, 0.3, chamfer=True), plate, movable=True))
    nut = prism(regular(6, 1.75 * wire), -2.4 + down, 0.2 + down, 0.35, chamfer=True)
    nuts = [nut.translate((side * half, 0, 0)) for side in (1, -1)]
    return steps + [Step(f"nut {k + 1}", solid, metal, movable=True) for k, solid in enumerate(nuts)]


FAMILIES = (hose_clamp, pipe_clamp, u_bolt)
