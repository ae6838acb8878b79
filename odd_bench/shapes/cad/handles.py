"""Parts that are held by hand: knobs, star knobs, handwheels, levers, pull handles."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import (
    ALUMINIUM,
    ANODISED,
    BARE,
    BRASS,
    CAST,
    FASTENER,
    HARD,
    MOULDED,
    PAINT,
    PLASTIC,
    RUBBER,
    finish,
)
from odd_bench.shapes.cad.kernel import around, box, cylinder, prism, rod, screw, sphere, tube, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import circle, rectangle, regular


def knob(d: Draws) -> list[Step]:
    """A control knob with a skirt, flutes and a pointer."""
    body = finish(d, "knob", (*MOULDED, ANODISED, ALUMINIUM))
    radius, height = 10.0, d.real("height", 9, 16)
    skirt, thick = radius * d.real("skirt", 1.1, 1.45), d.real("skirt height", 1.5, 3)
    top = radius * d.real("taper", 0.78, 0.98)
    steps = [
        Step(
            "skirt",
            turned([(0, 0), (skirt, 0), (skirt - 0.6, thick), (0, thick)], 0.4, segments=96),
            body,
            movable=True,
        )
    ]
    steps.append(
        Step(
            "grip",
            turned([(0, 1), (radius, 1), (top, height), (0, height)], d.real("edge", 0.6, 1.6), segments=96),
            body,
        )
    )
    flutes, deep = d.whole("flutes", 8, 24), d.real("flute depth", 0.4, 0.6)
    flute = cylinder(deep * 2.2 * np.pi / flutes * 2 + 0.2, thick + 0.8, height + 9, segments=20)
    steps.append(
        Step(
            "flutes",
            union(around(flute.translate((0.55 * radius + 0.45 * top + 0.2, 0, 0)), flutes, 180 / flutes)),
            body,
            cut=True,
        )
    )
    mark = finish(d, "pointer", (PLASTIC, BRASS, ALUMINIUM))
    pointer = box((0.75 * radius, d.real("pointer width", 1.0, 2.0), 1.6), (0.55 * radius, 0, height), 0.3)
    steps.append(Step("pointer", pointer, mark, movable=True))
    cap = turned(
        [
            (0, height - 1),
            (0.45 * radius, height - 1),
            (0.42 * radius, height + d.real("cap", 0.4, 1.2)),
            (0, height + 0.6),
        ],
        0.2,
    )
    if d.flag("capped", 0.6):
        steps.append(Step("cap", cap, finish(d, "cap", BARE), movable=True))
    shaft = circle(3, segments=40) - rectangle(10, 10, (5 + d.real("flat", 1.2, 2.2), 0))
    return [*steps, Step("shaft hole", prism(shaft, -9, 0.7 * height), body, cut=True)]


def star_knob(d: Draws) -> list[Step]:
    """A clamping knob with three to seven arms, on a stud or with a threaded bush."""
    body = finish(d, "knob", (*MOULDED, PAINT))
    arms, reach, tip = d.whole("arms", 3, 7), d.real("reach", 15, 19), d.real("tip", 3.2, 4.4)
    hub, height = d.real("hub", 7, 9), d.real("height", 8, 12)
    steps = [Step("hub", turned([(0, -5), (0.7 * hub, -5), (hub, 0), (hub, height), (0, height)], 1.2), body)]
    lobe = (circle(tip, (reach - tip, 0), 36) + circle(0.8 * tip, (0.5 * hub, 0), 36)).hull()
    arm = prism(lobe, 0.12 * height, 0.88 * height, d.real("edge", 0.25, 0.34) * height * 0.7)
    steps += [Step(f"arm {k + 1}", solid, body, movable=True) for k, solid in enumerate(around(arm, arms))]
    metal = finish(d, "insert", (BRASS, *HARD))
    cap = sphere(1.0).scale((0.6 * hub, 0.6 * hub, d.real("dome", 1.0, 2.5))).translate((0, 0, height - 0.1))
    if d.flag("capped", 0.6):
        steps.append(Step("cap", cap, finish(d, "cap", (PLASTIC, ANODISED)), movable=True))
    if d.flag("stud", 0.6):
        return [*steps, Step("stud", screw(3.4, 1.3, -5 - d.real("stud length", 8, 22), -4, 0.7), metal)]
    steps.append(Step("insert", cylinder(0.55 * hub, -6, -3, 0.3, 48), metal))
    return [*steps, Step("bore", screw(2.8, 1.1, -9, 0.6 * height, 0.6, point=0.0), metal, cut=True)]


def handwheel(d: Draws) -> list[Step]:
    """A spoked wheel, mostly with a crank handle."""
    metal, grip = finish(d, "wheel", (*CAST, PLASTIC, ALUMINIUM)), finish(d, "handle", (PLASTIC, RUBBER, ALUMINIUM))
    radius, rim = 24.0, d.real("rim", 2.2, 3.2)
    dish, count = d.real("dish", 2, 8), d.whole("spokes", 3, 6)
    hub, tall = d.real("hub", 4.5, 6.5), d.real("hub height", 8, 13)
    steps = [Step("rim", _ring(radius, rim, dish), metal)]
    outline = [(0, -0.4 * tall), (hub, -0.4 * tall), (0.9 * hub, 0.6 * tall), (0, 0.6 * tall)]
    steps.append(Step("hub", turned(outline, 0.6), metal))
    path = np.array([[0, 0, 0], [0.3 * radius, 0, 0.1 * dish], [0.6 * radius, 0, 0.5 * dish], [radius, 0, dish]])
    spoke = rod(path, d.real("spoke", 1.5, 2.2), (0, 1, 0), sides=20)
    steps += [Step(f"spoke {k + 1}", solid, metal, movable=True) for k, solid in enumerate(around(spoke, count))]
    if d.flag("handle", 0.75):
        long, thick = d.real("handle length", 12, 18), d.real("handle radius", 2.4, 3.2)
        outline = [
            (0, 0),
            (0.6 * thick, 0),
            (0.6 * thick, 2),
            (0.8 * thick, 3),
            (thick, 0.6 * long),
            (0.75 * thick, long),
            (0, long),
        ]
        handle = turned(outline, 0.5, segments=48).translate((radius, 0, dish + 0.6 * rim))
        steps.append(Step("handle", handle.rotate((0, 0, d.real("handle place", 0, 60))), grip, movable=True))
    bore = hub * d.real("bore", 0.45, 0.58)
    steps.append(Step("bore", cylinder(bore, -99, 99), metal, cut=True))
    if d.flag("keyway", 0.5):
        steps.append(Step("keyway", box((bore, 0.6 * bore, 99), (0.8 * bore, 0, 0)), metal, cut=True))
    return steps


def lever(d: Draws) -> list[Step]:
    """A clamping lever: a hub with a stud or a bore, and a bent arm with a ball or a turned grip."""
    metal, grip = finish(d, "arm", (*HARD, PAINT, ALUMINIUM)), finish(d, "grip", (PLASTIC, RUBBER, BRASS))
    hub, height, long = d.real("hub", 5, 7), d.real("hub height", 9, 14), d.real("arm length", 28, 42)
    tilt, arm = np.radians(d.real("tilt", 8, 32)), d.real("arm radius", 1.8, 2.6)
    direction = np.array([np.cos(tilt), 0, np.sin(tilt)])
    start = np.array([0, 0, 0.6 * height])
    steps = [Step("hub", turned([(0, 0), (hub, 0), (hub, 0.7 * height), (0.8 * hub, height), (0, height)], 0.9), metal)]
    path = start + np.outer(np.linspace(0, long, 12), direction)
    path[:, 2] += d.real("bend", 0.0, 4.0) * np.linspace(0, 1, 12) ** 2
    steps.append(Step("arm", rod(path, arm, (0, 1, 0), sides=28), metal))
    if d.flag("ball", 0.5):
        steps.append(Step("grip", sphere(d.real("grip radius", 4, 5.5), tuple(path[-1])), grip, movable=True))
    else:
        thick, size = d.real("grip radius", 4, 5.5) * 0.75, d.real("grip length", 14, 20)
        outline = [(0, 0), (0.7 * thick, 0), (thick, 0.6 * size), (0.8 * thick, size), (0, size)]
        handle = turned(outline, 1.0, segments=48).rotate((0, 90 - np.degrees(tilt), 0))
        steps.append(Step("grip", handle.translate(tuple(path[-1] - 0.7 * size * direction)), grip, movable=True))
    if d.flag("stud", 0.6):
        steps.append(
            Step("stud", screw(0.55 * hub, 1.3, -d.real("stud length", 8, 18), 0.5, 0.7), finish(d, "stud", FASTENER))
        )
    else:
        steps.append(Step("bore", cylinder(hub * d.real("bore", 0.45, 0.6), -9, 0.5 * height), metal, cut=True))
    button = prism(regular(6, 0.45 * hub), height - 1, height + d.real("screw head", 1.2, 2.4), 0.3, chamfer=True)
    return [*steps, Step("screw", button, finish(d, "screw", FASTENER), movable=True)]


def pull_handle(d: Draws) -> list[Step]:
    """A bow handle on two feet with screw holes."""
    metal = finish(d, "bow", (*BARE, PAINT, PLASTIC, ANODISED))
    half, rise, thick = d.real("half length", 18, 27), d.real("rise", 11, 16), d.real("bow", 2.4, 3.4)
    corner = d.real("corner", 4, 8)
    turn = np.linspace(0, np.pi / 2, 14)
    left = np.stack([-half + corner * (1 - np.cos(turn)), 0 * turn, rise - corner + corner * np.sin(turn)], axis=1)
    right = left[::-1] * [-1, 1, 1]
    path = np.concatenate([[[-half, 0, 0], [-half, 0, 1]], left, right, [[half, 0, 1], [half, 0, 0]]])
    steps = [Step("bow", rod(path, thick, (0, 1, 0), sides=28), metal)]
    if d.flag("sleeve", 0.4):
        long = 2 * (half - corner) * d.real("sleeve length", 0.55, 0.85)
        sleeve = tube(1.35 * thick, 0.5 * thick, -long / 2, long / 2, 0.5).rotate((0, 90, 0)).translate((0, 0, rise))
        steps.append(Step("sleeve", sleeve, finish(d, "sleeve", (RUBBER, PLASTIC)), movable=True))
    foot, sheet = d.real("foot", 5.5, 8), d.real("foot thickness", 1.6, 3)
    hole, place = d.real("hole", 1.0, 1.5), d.real("hole place", 0.6, 0.75)
    section = circle(foot, segments=48) if d.flag("round feet") else rectangle(1.9 * foot, 1.6 * foot, corner=1.5)
    base = prism(section, -sheet, 0.5, 0.4, chamfer=True)
    for k, side in enumerate((-1, 1)):
        steps.append(Step(f"foot {k + 1}", base.translate((side * half, 0, 0)), metal, movable=True))
        holes = union(
            [
                cylinder(hole, -9, 9, segments=24).translate((side * half + s * (thick + hole) * 1.02, 0, 0))
                for s in (-1, 1)
            ]
        )
        if place > 0.68:
            holes = holes.translate((-side * half, 0, 0)).rotate((0, 0, 90)).translate((side * half, 0, 0))
        steps.append(Step(f"foot {k + 1}", holes, metal, cut=True))
    return steps


def _ring(radius: float, thick: float, height: float):
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    path = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle + height], axis=1)
    return rod(path, thick, (0, 0, 1), closed=True)


FAMILIES = (knob, star_knob, handwheel, lever, pull_handle)
