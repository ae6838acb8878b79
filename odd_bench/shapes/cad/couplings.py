"""Couplings that join two shafts."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import (
    ALUMINIUM,
    ANODISED,
    BLACK_OXIDE,
    FASTENER,
    HARD,
    PLASTIC,
    RUBBER,
    STEEL,
    finish,
)
from odd_bench.shapes.cad.kernel import around, box, cylinder, prism, to_x, to_y, tube, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import polygon, regular


def coupling(d: Draws) -> list[Step]:
    """A jaw coupling: two hubs with jaws and a spider between them."""
    metal = finish(d, "hubs", (ALUMINIUM, ANODISED, STEEL, BLACK_OXIDE))
    radius, hub = 12.0, d.real("hub length", 10, 15)
    bore, jaws = d.real("bore", 4, 6), d.whole("jaws", 2, 4)
    gap, tall = d.real("gap", 2.5, 4), d.real("jaw height", 5, 7)
    steps = [
        Step("lower hub", cylinder(radius, -hub, 0, 0.6), metal),
        Step("upper hub", cylinder(radius, gap + tall, gap + tall + hub, 0.6), metal, movable=True),
    ]
    share = 360 / jaws * d.real("jaw width", 0.36, 0.44)
    wedge = _sector(radius, bore + 1.6, share)
    lower, upper = prism(wedge, -0.5, tall, 0.25, chamfer=True), prism(wedge, gap, gap + tall + 0.5, 0.25, chamfer=True)
    steps += [Step(f"lower jaw {k + 1}", s, metal, movable=True) for k, s in enumerate(around(lower, jaws))]
    steps += [Step(f"upper jaw {k + 1}", s, metal, movable=True) for k, s in enumerate(around(upper, jaws, 180 / jaws))]
    arm = prism(
        _sector(radius * d.real("spider", 0.9, 1.06), bore + 1.2, 360 / jaws - share + 2.5), 0.15, gap + tall - 0.15
    )
    spider = arm.rotate((0, 0, 90 / jaws))
    rubber = finish(d, "spider", (RUBBER, PLASTIC))
    arms = union([*around(spider, 2 * jaws), tube(bore + 3, bore + 1, -0.1, gap + tall + 0.1)])
    steps.append(Step("spider", arms, rubber))
    grub = to_x(cylinder(d.real("set screw", 1.2, 1.8), bore - 1, 2 * radius, segments=24))
    for name, z in (("lower screw hole", -0.55 * hub), ("upper screw hole", gap + tall + 0.55 * hub)):
        steps.append(Step(name, grub.translate((0, 0, z)), metal, cut=True))
    steps.append(Step("bore", cylinder(bore, -99, 99), metal, cut=True))
    if d.flag("keyway", 0.5):
        steps.append(Step("keyway", box((3, 2.6, 199), (bore + 0.4, 0, 0)), metal, cut=True))
    return [Step(s.name, to_x(s.solid).rotate((60, 0, 0)), s.finish, s.cut, s.movable) for s in steps]


def flange_coupling(d: Draws) -> list[Step]:
    """Two flanged hubs bolted together."""
    metal, steel = finish(d, "hubs", (STEEL, *HARD, ALUMINIUM)), finish(d, "bolts", FASTENER)
    radius, hub, thick = 17.0, d.real("hub radius", 7.5, 9.5), d.real("flange", 3, 4.5)
    length, bore, bolts = d.real("hub length", 7, 13), d.real("bore", 0.5, 0.65), d.whole("bolts", 3, 8)
    half = [
        (0, 0.15),
        (radius, 0.15),
        (radius, thick),
        (hub + 1.2, thick + 0.6),
        (hub, thick + 2),
        (hub, thick + length),
        (0, thick + length),
    ]
    solid = turned(half, d.real("edge", 0.3, 0.7), segments=96)
    steps = [
        Step("upper hub", solid, metal),
        Step("lower hub", solid.mirror((0, 0, 1)), metal),
        Step("joint", cylinder(radius - 0.6, -1, 1), metal),
    ]
    head = d.real("bolt head", 2.2, 2.9)
    bolt = prism(regular(6, head), thick - 0.3, thick + 2.2, 0.3, chamfer=True) + prism(
        regular(6, head), -thick - 2, 0.3 - thick, 0.3, chamfer=True
    )
    bolt = bolt + cylinder(0.55 * head, -thick - 3.4, thick + 1, 0.2, 24)
    at = (hub + radius + 0.6) / 2
    steps += [
        Step(f"bolt {k + 1}", s, steel, movable=True) for k, s in enumerate(around(bolt.translate((at, 0, 0)), bolts))
    ]
    steps.append(Step("bore", cylinder(hub * bore, -99, 99), metal, cut=True))
    if d.flag("keyway", 0.6):
        steps.append(
            Step("keyway", box((hub * bore, 0.5 * hub * bore, 199), (0.75 * hub * bore, 0, 0)), metal, cut=True)
        )
    return [Step(s.name, to_x(s.solid).rotate((60, 0, 0)), s.finish, s.cut, s.movable) for s in steps]


def universal_joint(d: Draws) -> list[Step]:
    """Two forks around a cross, one of them swung to one side."""
    metal, steel = finish(d, "forks", (STEEL, *HARD)), finish(d, "cross", HARD)
    radius, wide, reach = d.real("radius", 8, 10), d.real("arm width", 7, 9), d.real("reach", 9, 12)
    gap, hub, swing = d.real("gap", 0.46, 0.56) * radius, d.real("hub length", 10, 16), d.real("swing", 0, 32)
    body = cylinder(radius, -reach - hub, 3.5, 0.6)
    keep = box((4 * radius, wide, 2 * reach), (0, 0, -0.1 * reach), 0) + cylinder(
        2 * radius, -reach - hub - 1, -0.8 * reach
    )
    tip = to_x(cylinder(wide / 2, -2 * radius, 2 * radius)) + box((4 * radius, wide, 99), (0, 0, -49.5))
    slot = box((2 * gap, 4 * radius, 2 * reach * 0.88), (0, 0, 0.0))
    bore = cylinder(radius * d.real("bore", 0.45, 0.58), -99, -0.88 * reach - 2)
    grub = to_x(cylinder(1.3, 0, 99, segments=24)).translate((0, 0, -reach - 0.6 * hub))
    fork = ((body ^ keep) ^ (tip + cylinder(2 * radius, -99, -0.5 * reach))) - slot
    steps = []
    for k in range(2):
        steps.append(Step(f"fork {k + 1}", _posed(fork, k, swing), metal, movable=k == 1))
        steps.append(Step(f"fork {k + 1}", _posed(bore, k, swing), metal, cut=True))
        steps.append(Step(f"fork {k + 1}", _posed(grub, k, swing), metal, cut=True))
    size = d.real("pin", 2.0, 2.6)
    steps.append(Step("cross", box((1.9 * gap,) * 3, (0, 0, 0), 0.8), steel))
    for k, pin in enumerate(
        (
            to_x(cylinder(size, -radius - 0.6, radius + 0.6, 0.3, 32)),
            to_y(cylinder(size, -radius - 0.6, radius + 0.6, 0.3, 32)),
        )
    ):
        steps.append(Step(f"pin {k + 1}", pin, steel))
    return [Step(s.name, to_x(s.solid).rotate((30, 0, 0)), s.finish, s.cut, s.movable) for s in steps]


def _sector(outer: float, inner: float, degrees: float):
    """The sector of a ring that is centred on +x and spans `degrees`."""
    angle = np.radians(np.linspace(-degrees / 2, degrees / 2, 16))
    arc = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return polygon(np.concatenate([outer * arc, inner * arc[::-1]]))


def _posed(solid, number: int, swing: float):
    return solid if number == 0 else solid.rotate((0, 0, 90)).rotate((180, 0, 0)).rotate((swing, 0, 0))


FAMILIES = (coupling, flange_coupling, universal_joint)
