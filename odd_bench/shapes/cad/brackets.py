"""Brackets and sheet-metal holders."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import ALUMINIUM, ANODISED, CAST, FASTENER, HARD, RUBBER, SHEET, STEEL, finish
from odd_bench.shapes.cad.kernel import box, cylinder, prism, rod, screw, to_x, to_y
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import capsule, circle, drilled, polygon, rectangle, rounded


def l_bracket(d: Draws) -> list[Step]:
    """A bent strip with holes or slots in both legs, sometimes with one or two ribs in its corner."""
    metal = finish(d, "bracket", (*SHEET, STEEL))
    first, second, width = d.real("first leg", 22, 34), d.real("second leg", 20, 32), d.real("width", 12, 22)
    thick = d.real("thickness", 1.8, 3.6)
    outline = [(0, 0), (first, 0), (first, thick), (thick, thick), (thick, second), (0, second)]
    bend = d.real("bend radius", 0.9, 1.6) * thick
    section = polygon(outline).offset(-0.45 * thick).offset(0.45 * thick, circular_segments=20)
    corner = rectangle(bend, bend, (bend / 2, bend / 2)) - circle(bend, (bend, bend), 40)
    section = rounded(section - corner, 0, 1.2 * bend)
    body = to_y(prism(section.mirror((0, 1)), -width / 2, width / 2, 0.12 * thick, chamfer=True))
    steps = [Step("legs", body, metal)]
    hole = d.real("hole", 0.12, 0.17) * width
    count, slotted = d.whole("holes", 1, 3), d.flag("slotted", 0.4)
    for name, length, place in (("holes", first, _upright), ("upper holes", second, _sideways)):
        for at in np.linspace(0.32 if count > 1 else 0.6, 0.82, count) * length:
            reach = 0.9 * hole if slotted and count < 3 else 0.01
            sink = prism(capsule((at, -reach * 2), (at, reach * 2), hole), -1, thick + 1)
            steps.append(Step(name, place(sink), metal, cut=True))
    if d.flag("ribs", 0.6):
        rib_thick, reach = d.real("rib thickness", 1.5, 2.6), d.real("rib length", 0.4, 0.6) * min(first, second)
        web = polygon(
            [
                (0.5, 0.5),
                (reach, 0.5),
                (reach, thick),
                (thick + 1.5, reach),
                (thick, reach + thick),
                (0.5, reach + thick),
            ]
        )
        web = to_y(prism(web.mirror((0, 1)), -rib_thick / 2, rib_thick / 2, 0.25, chamfer=True))
        sides = (-1, 1) if d.flag("two ribs", 0.6) else (0,)
        y = width / 2 - rib_thick / 2 - 0.4
        steps += [
            Step(f"rib {k + 1}", web.translate((0, side * y, 0)), metal, movable=True) for k, side in enumerate(sides)
        ]
    return steps


def gusset_bracket(d: Draws) -> list[Step]:
    """A cast angle bracket with bosses and one or two triangular gussets."""
    metal = finish(d, "bracket", (*CAST, ALUMINIUM, ANODISED))
    side, width, thick = d.real("side", 26, 34), d.real("width", 20, 30), d.real("thickness", 3, 5)
    plate = rectangle(side, width, (side / 2, 0), d.real("corner", 2, 5))
    base = prism(plate, 0, thick, 0.8)
    wall = prism(plate, 0, thick, 0.8).rotate((0, -90, 0)).translate((thick, 0, 0))
    steps = [Step("base", base, metal), Step("wall", wall, metal)]
    count, web = d.whole("gussets", 1, 2), d.real("gusset thickness", 2.4, 4)
    reach = side * d.real("gusset reach", 0.68, 0.86)
    shape = polygon(
        [
            (0.4 * thick, 0.4 * thick),
            (reach, 0.4 * thick),
            (reach, thick + 0.6),
            (thick + 0.6, reach),
            (0.4 * thick, reach),
        ]
    )
    if d.flag("lightened", 0.5):
        shape = shape - circle(0.17 * reach, (0.32 * reach + 1, 0.32 * reach + 1))
    gusset = to_y(prism(shape.mirror((0, 1)), -web / 2, web / 2, 0.25, chamfer=True))
    ys = (0,) if count == 1 else (-width / 2 + web, width / 2 - web)
    steps += [Step(f"gusset {k + 1}", gusset.translate((0, y, 0)), metal, movable=True) for k, y in enumerate(ys)]
    boss, hole, tall = d.real("boss", 3.4, 4.4), d.real("hole", 1.5, 2.1), thick + d.real("boss height", 1.2, 3)
    y_hole = 0.5 * width - boss - 0.4 if count == 1 else 0.0
    places = [(0.7 * side, y) for y in ({-y_hole, y_hole} if count == 1 else (0.0,))]
    for name, turn in (("base boss", False), ("wall boss", True)):
        for k, (x, y) in enumerate(sorted(places)):
            solid = cylinder(boss, 0.5, tall, 0.4, 44) - cylinder(hole, -9, 99, segments=32)
            through = cylinder(hole, -9, thick + 0.1, segments=32)
            for part, cut in ((solid, False), (through, True)):
                part = part.translate((x, y, 0))
                part = part.mirror((1, 0, 0)).rotate((0, 90, 0)) if turn else part
                steps.append(Step(f"{name} {k + 1}", part, metal, cut=cut, movable=True))
    return steps


def clevis(d: Draws) -> list[Step]:
    """A fork with a pin, a split pin and a threaded or plain shank."""
    metal = finish(d, "fork", (*HARD, *FASTENER))
    half, gap = d.real("half width", 6, 8), d.real("gap", 3, 4.4)
    eye, long = d.real("eye", 6, 7.5), d.real("fork length", 20, 28)
    back = d.real("back", 6, 9)
    side = (circle(eye, (long, 0)) + rectangle(2, 1.9 * eye, (1, 0), 0.8)).hull()
    block = prism(side, -half, half, 0.7).rotate((90, 0, 0))
    steps = [Step("fork", block, metal)]
    slot = rectangle(2 * long, 2 * gap, (back + long, 0), 0.0) - rectangle(0.01, 0.01)
    steps.append(Step("gap", prism(slot, -50, 50), metal, cut=True))
    neck = d.real("shank", 4.2, 5.6)
    length = d.real("shank length", 12, 24)
    steps.append(Step("shank", to_x(cylinder(neck + 1.2, -3, 2, 0.5)), metal, movable=True))
    thread = screw(neck, d.real("pitch", 1.5, 2.2), -length, -1, 0.8)
    steps.append(Step("shank", to_x(thread if d.flag("threaded", 0.7) else cylinder(neck, -length, 0, 0.6)), metal))
    pin, steel = d.real("pin", 2.6, 3.6), finish(d, "pin", HARD)
    bolt = cylinder(pin, -half - 4, half + 1, 0.5, 40) + cylinder(1.5 * pin, half - 0.2, half + 2.2, 0.5, 40)
    steps.append(Step("pin", to_y(bolt).translate((long, 0, 0)), steel, movable=True))
    ring = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    size = 1.15 * pin
    path = np.stack([0 * ring, size * np.cos(ring), size * np.sin(ring) - 0.4 * size], axis=1)
    clip = rod(path, 0.7, (1, 0, 0), closed=True).translate((long, -half - 2.2, 0))
    return [*steps, Step("clip", clip, steel, movable=True)]


def t_slot_rail(d: Draws) -> list[Step]:
    """A length of extruded aluminium profile with an end cap and sliding nuts."""
    metal = finish(d, "rail", (ALUMINIUM, ALUMINIUM, ANODISED))
    half, length, cells = 10.0, d.real("length", 28, 52), d.whole("cells", 1, 2)
    mouth, inside, wall = d.real("slot mouth", 2.4, 3.2), d.real("slot inside", 4.8, 5.8), d.real("lip", 1.6, 2.3)
    depth, core = d.real("slot depth", 5.2, 6.2), d.real("core hole", 1.9, 2.7)
    slot = rectangle(2 * mouth, 9, (0, half)) + polygon(
        [(-inside, half - wall), (inside, half - wall), (0.5 * inside, half - depth), (-0.5 * inside, half - depth)]
    )
    centers = [(2 * half * (k - (cells - 1) / 2), 0.0) for k in range(cells)]
    section = rectangle(2 * half * cells, 2 * half, corner=d.real("corner", 0.8, 2.0))
    for x, y in centers:
        section = section - slot.translate((x, y)) - slot.rotate(180).translate((x, y))
    for x, turn in ((centers[0][0], 90), (centers[-1][0], -90)):
        section = section - slot.rotate(turn).translate((x, 0))
    section = drilled(rounded(section, 0.35), centers, core)
    steps = [Step("rail", prism(section, 0, length, 0.2, chamfer=True), metal)]
    if d.flag("cap", 0.5):
        cap = rectangle(2 * half * cells - 0.4, 2 * half - 0.4, corner=2.0)
        steps.append(
            Step(
                "cap",
                prism(cap, length - 0.2, length + d.real("cap thickness", 1.5, 3), 0.5),
                finish(d, "cap", (RUBBER, *HARD)),
                movable=True,
            )
        )
    steel = finish(d, "nuts", FASTENER)
    head, tall = d.real("bolt head", 4.0, 5.5), d.real("bolt height", 4.5, 7.0)
    nut = box((6, 1.8 * inside, wall + 2.4), (0, 0, half - wall - 0.9), 0.3)
    for k in range(d.whole("nuts", 1, 3)):
        bolt = cylinder(2.0, half - 4, half + 2.5, 0.3, 32) + cylinder(head, half - 0.3, half + tall, 0.5, 40)
        place = length * (0.2 + 0.3 * k + d.real(f"nut place {k + 1}", -0.08, 0.08))
        solid = (nut.rotate((0, 0, 90)) + bolt).rotate((-90, 0, 0)).translate((centers[0][0], 0, place))
        steps.append(Step(f"nut {k + 1}", solid, steel, movable=True))
    return [Step(s.name, to_x(s.solid), s.finish, s.cut, s.movable) for s in steps]


def _upright(solid):
    return solid


def _sideways(solid):
    return solid.mirror((1, 0, 0)).rotate((0, 90, 0))


FAMILIES = (l_bracket, gusset_bracket, clevis, t_slot_rail)
