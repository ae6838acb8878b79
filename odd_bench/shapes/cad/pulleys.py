"""Pulleys and the like: V pulleys, flywheels, casters and links of roller chains."""

from __future__ import annotations

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import ALUMINIUM, CAST, HARD, PLASTIC, RUBBER, SHEET, STEEL, finish
from odd_bench.shapes.cad.kernel import around, box, cylinder, prism, to_x, tube, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import capsule, rectangle
from odd_bench.shapes.cad.wheels import blank, bore


def v_pulley(d: Draws) -> list[Step]:
    """A pulley with one to three V grooves."""
    metal = finish(d, "pulley", (*CAST, ALUMINIUM, STEEL))
    grooves, top = d.whole("grooves", 1, 3), d.real("groove width", 4.0, 6.0)
    land, radius = d.real("land", 0.9, 1.6), 22.0
    width = grooves * (top + land) + land
    steps = blank(d, radius, width, metal, inside=(0.64, 0.7))
    bottom, depth = 0.45 * top, top * d.real("groove depth", 0.7, 0.85)
    for k in range(grooves):
        middle = land + top / 2 + k * (top + land)
        vee = [
            (radius + 1, middle - 0.6 * top),
            (radius - depth, middle - bottom / 2),
            (radius - depth, middle + bottom / 2),
            (radius + 1, middle + 0.6 * top),
        ]
        steps.append(Step("grooves", turned(vee, 0.15, segments=96), metal, cut=True))
    return [*steps, *bore(d, radius, width, metal)]


def flywheel(d: Draws) -> list[Step]:
    """A heavy rim with balance holes, on spokes or a web."""
    metal = finish(d, "wheel", CAST)
    radius, width = 24.0, d.real("width", 6, 11)
    steps = blank(d, radius, width, metal, ("spokes", "web", "holes"))
    rim = tube(radius + 2.2, radius - 0.8, -0.12 * width, 1.12 * width, d.real("rim edge", 0.4, 1.2), 96)
    steps.insert(0, Step("heavy rim", rim, metal))
    hole = cylinder(d.real("balance hole", 0.7, 1.2), 0.7 * width, 2 * width, segments=24).translate(
        (radius + 0.7, 0, 0)
    )
    steps.append(Step("balance holes", union(around(hole, d.whole("balance holes", 2, 8))), metal, cut=True))
    return [*steps, *bore(d, radius, width, metal)]


def caster(d: Draws) -> list[Step]:
    """A wheel in a fork under a plate with four holes."""
    plate_finish, tread = finish(d, "fork", (*SHEET, STEEL)), finish(d, "tread", (RUBBER, PLASTIC))
    radius, width = d.real("wheel radius", 13, 17), d.real("wheel width", 7, 11)
    offset, rise = d.real("offset", 4, 9), radius + d.real("clearance", 4, 6)
    half, thick = width / 2 + d.real("gap", 0.8, 1.6), d.real("sheet", 1.6, 2.4)
    plate = rectangle(d.real("plate length", 28, 34), 24, corner=3)
    steps = [Step("plate", prism(plate, rise + 3, rise + 3 + thick, 0.3, chamfer=True), plate_finish)]
    steps.append(
        Step("swivel", turned([(0, rise - 1), (9, rise - 1), (8, rise + 3.2), (0, rise + 3.2)], 0.8), plate_finish)
    )
    bridge = box((14, 2 * half + 2 * thick, 2 * thick), (0, 0, rise - 0.6), 0.4)
    steps.append(Step("bridge", bridge, plate_finish))
    leg = capsule((0, rise - 2), (offset, 0), 7.0, d.real("leg end", 4.0, 5.5))
    leg = prism(leg, 0, thick, 0.3, chamfer=True).rotate((90, 0, 0))
    for k, y in enumerate((half + thick, -half)):
        steps.append(Step(f"leg {k + 1}", leg.translate((0, y, 0)), plate_finish, movable=True))
    wheel = tube(radius, 0.62 * radius, -width / 2, width / 2, d.real("tread edge", 0.8, 2.0), 80).rotate((90, 0, 0))
    steps.append(Step("tread", wheel.translate((offset, 0, 0)), tread, movable=True))
    core = turned(
        [
            (0, -width / 2 - 0.9),
            (4, -width / 2 - 0.9),
            (4, -0.3 * width),
            (0.7 * radius, -0.3 * width),
            (0.7 * radius, 0.3 * width),
            (4, 0.3 * width),
            (4, width / 2 + 0.9),
            (0, width / 2 + 0.9),
        ],
        0.3,
    )
    steps.append(Step("core", core.rotate((90, 0, 0)).translate((offset, 0, 0)), finish(d, "core", (PLASTIC, *HARD))))
    axle = cylinder(d.real("axle", 1.8, 2.4), -half - thick - 2, half + thick + 2, 0.4, 36)
    steps.append(Step("axle", axle.rotate((90, 0, 0)).translate((offset, 0, 0)), finish(d, "axle", HARD)))
    hole = cylinder(d.real("hole", 1.2, 1.8), rise, rise + 9, segments=28)
    holes = union([hole.translate((x, y, 0)) for x in (-11, 11) for y in (-9, 9)])
    steps.append(Step("holes", holes, plate_finish, cut=True))
    if d.flag("brake", 0.4):
        pedal = box((11, width, 1.6), (-10, 0, rise - 1.2), 0.5)
        steps.append(Step("brake", pedal, finish(d, "brake", (PLASTIC,)), movable=True))
    return steps


def roller_chain_link(d: Draws) -> list[Step]:
    """An outer link of a roller chain with its pins and rollers, sometimes with an attachment."""
    plates, metal = finish(d, "plates", HARD), finish(d, "rollers", (STEEL,))
    pitch, inside = 16.0, d.real("inner width", 7, 11)
    end, waist, thick = d.real("plate end", 5.6, 6.8), d.real("waist", 3.4, 4.6), d.real("thickness", 1.6, 2.4)
    roller, pin = d.real("roller", 4.0, 4.9), d.real("pin", 2.0, 2.6)
    half = pitch / 2
    section = (
        capsule((-half, 0), (-half + 1, 0), end) + capsule((half, 0), (half - 1, 0), end) + rectangle(pitch, 2 * waist)
    )
    section = section.offset(1.2).offset(-2.0).offset(0.8)
    plate = prism(section, 0, thick, d.real("edge", 0.2, 0.45), chamfer=True)
    steps = [Step("lower plate", plate, plates), Step("upper plate", plate.translate((0, 0, thick + inside)), plates)]
    for k, x in enumerate((-half, half)):
        body = tube(roller, 0.8 * pin, thick - 0.3, thick + inside + 0.3, 0.2, 48).translate((x, 0, 0))
        steps.append(Step(f"roller {k + 1}", body, metal, movable=True))
        reach = d.real("pin end", 0.6, 1.8)
        rivet = turned(
            [(0, -reach), (pin, -reach), (pin, 2 * thick + inside + reach), (0, 2 * thick + inside + reach)],
            0.4,
            segments=40,
        )
        steps.append(Step(f"pin {k + 1}", rivet.translate((x, 0, 0)), finish(d, "pins", (STEEL,)), movable=True))
    if d.flag("attachment", 0.45):
        hole = d.real("attachment hole", 1.6, 2.4)
        tab = prism(rectangle(10, 13, (0, end + 2), 1.5), 0, thick, 0.2, chamfer=True)
        tab = tab - cylinder(hole, -1, 9, segments=28).translate((0, end + 5, 0))
        steps.append(Step("attachment", tab.translate((0, 0, thick + inside)), plates, movable=True))
    return [Step(step.name, to_x(step.solid).rotate((90, 0, 0)), step.finish, step.cut, step.movable) for step in steps]


FAMILIES = (v_pulley, flywheel, caster, roller_chain_link)
