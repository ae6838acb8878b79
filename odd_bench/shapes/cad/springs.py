"""Springs of wire."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import BLACK_OXIDE, HARD, PAINT, PLASTIC, RUBBER, STAINLESS, STEEL, ZINC, finish
from odd_bench.shapes.cad.kernel import rod, tube, turned
from odd_bench.shapes.cad.machined import Step

WIRE = (STEEL, STAINLESS, BLACK_OXIDE, ZINC, PAINT)


def compression_spring(d: Draws) -> list[Step]:
    """A cylindrical, conical or barrel spring with closed ends, on one seat or between two."""
    metal = finish(d, "wire", WIRE)
    wire, turns, radius = d.real("wire", 1.3, 2.1), d.whole("turns", 5, 9), d.real("radius", 8, 11)
    pitch, dead = wire * d.real("pitch", 2.5, 3.4), 1.25
    turn = np.linspace(-dead, turns + dead, int(36 * (turns + 2 * dead)))
    closed = 1.93 * wire
    height = np.interp(
        turn,
        [-dead, 0, turns, turns + dead],
        [0, closed * dead, closed * dead + pitch * turns, 2 * closed * dead + pitch * turns],
    )
    share = height / height[-1]
    taper, bulge = (
        d.real("taper", 0.0, 0.35) * d.flag("conical", 0.35),
        d.real("bulge", -0.15, 0.2) * d.flag("barrel", 0.3),
    )
    reach = radius * (1 - taper * share + bulge * 4 * share * (1 - share))
    angle = 2 * np.pi * turn * (1 if d.flag("right hand") else -1)
    path = np.stack([reach * np.cos(angle), reach * np.sin(angle), height], axis=1)
    steps = [Step("coil", rod(path, wire, (0, 0, 1), sides=18), metal)]
    seats, cap, thick = (
        d.choice("seats", ("both", "lower")),
        finish(d, "seats", (PLASTIC, RUBBER, *HARD)),
        d.real("seat", 1.6, 3),
    )
    steps.append(Step("lower seat", _seat(reach[0] + wire, thick, 0.6 * wire, reach[0] * 0.5), cap, movable=True))
    if seats == "both":
        upper = (
            _seat(reach[-1] + wire, thick, 0.6 * wire, reach[-1] * 0.5).mirror((0, 0, 1)).translate((0, 0, height[-1]))
        )
        steps.append(Step("upper seat", upper, cap, movable=True))
    return steps


def extension_spring(d: Draws) -> list[Step]:
    """A close-wound spring with a hook at each end."""
    metal = finish(d, "wire", WIRE)
    wire, turns, radius = d.real("wire", 1.1, 1.6), d.whole("turns", 7, 13), d.real("radius", 6, 8)
    pitch = wire * d.real("pitch", 2.05, 2.5)
    angle = np.linspace(0, 2 * np.pi * turns, 36 * turns)
    path = np.stack([radius * np.cos(angle), radius * np.sin(angle), pitch * angle / (2 * np.pi)], axis=1)
    steps = [Step("coil", rod(path, wire, (0, 0, 1), sides=18), metal)]
    length = pitch * turns
    ring, swing, neck = (
        d.real("hook", 0.75, 0.95) * radius,
        np.radians(d.real("hook swing", 270, 335)),
        d.real("neck", 0.5, 4),
    )
    turn = d.choice("hook turn", (0, 90))
    bow = np.linspace(0, swing, 48)
    hook = np.stack([ring * np.sin(bow), 0 * bow, ring - ring * np.cos(bow)], axis=1) + [0, 0, neck]
    start = np.array(
        [
            [radius, 0, -0.4 * wire],
            [0.75 * radius, 0, 0.0],
            [0.35 * radius, 0, 0.1 * neck],
            [0.06 * radius, 0, 0.55 * neck],
        ]
    )
    path = np.concatenate([start, hook])
    hook = rod(path, wire, (0, 1, 0), sides=18)
    steps.append(Step("upper hook", hook.translate((0, 0, length)), metal, movable=True))
    lower = hook.rotate((180, 0, 0)).rotate((0, 0, turn))
    return [*steps, Step("lower hook", lower, metal, movable=True)]


def torsion_spring(d: Draws) -> list[Step]:
    """A coil with two straight legs, sometimes with bent ends and a bush."""
    metal = finish(d, "wire", WIRE)
    wire, turns, radius = d.real("wire", 1.3, 1.9), d.whole("turns", 3, 7), d.real("radius", 6.5, 9)
    pitch, spread = wire * d.real("pitch", 2.1, 2.6), np.radians(d.real("leg angle", 60, 200))
    angle = np.linspace(0, 2 * np.pi * turns + spread, int(36 * turns + 20))
    path = np.stack([radius * np.cos(angle), radius * np.sin(angle), pitch * angle / (2 * np.pi)], axis=1)
    steps = [Step("coil", rod(path, wire, (0, 0, 1), sides=18), metal)]
    kink = d.real("kink", 0, 6) * d.flag("kinked")
    for k, (at, sign) in enumerate(((0, -1), (-1, 1))):
        tangent = sign * np.array([-np.sin(angle[at]), np.cos(angle[at]), 0])
        outward = np.array([np.cos(angle[at]), np.sin(angle[at]), 0])
        reach = np.array([-1.0, 0.0, d.real(f"leg {k + 1}", 12, 22)])
        leg = path[at] + np.outer(reach, tangent)
        leg = (
            np.concatenate(
                [
                    leg,
                    [
                        leg[-1] + 1.0 * tangent + 0.6 * np.sign(kink) * outward,
                        leg[-1] + 1.2 * tangent + (0.8 + kink) * outward,
                    ],
                ]
            )
            if kink
            else leg
        )
        steps.append(Step(f"leg {k + 1}", rod(leg, wire, (0, 0, 1), sides=18), metal, movable=True))
    if d.flag("bush", 0.5):
        high = path[-1, 2]
        bush = tube(radius - 0.8 * wire, radius * d.real("bush bore", 0.4, 0.6), -1.5, high + 1.5, 0.4)
        steps.append(Step("bush", bush, finish(d, "bush", (PLASTIC, *HARD)), movable=True))
    return steps


def _seat(radius: float, thick: float, top: float, hole: float):
    """A washer-like cup below z = 0 that holds the first coil."""
    rim = [
        (hole, -thick),
        (radius + 1.2, -thick),
        (radius + 1.2, top),
        (radius + 0.1, top),
        (radius - 0.1, -0.2),
        (hole, -0.2),
    ]
    return turned(rim, 0.25, segments=80)


FAMILIES = (compression_spring, extension_spring, torsion_spring)
