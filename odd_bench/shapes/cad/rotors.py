"""Bladed wheels: impellers, propellers and fans."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import (
    ALUMINIUM,
    ANODISED,
    BRASS,
    BRONZE,
    CAST_ALUMINIUM,
    HARD,
    MOULDED,
    PLASTIC,
    STAINLESS,
    finish,
)
from odd_bench.shapes.cad.kernel import around, box, cylinder, prism, tube, turned
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import polygon

CAST_ROTOR = (BRONZE, BRASS, CAST_ALUMINIUM, STAINLESS, PLASTIC)


def impeller(d: Draws) -> list[Step]:
    """A centrifugal pump wheel: back plate, curved vanes, hub, and sometimes a front ring."""
    metal = finish(d, "impeller", CAST_ROTOR)
    radius, plate = 22.0, d.real("plate", 1.6, 2.8)
    vanes, tall, sweep_deg = d.whole("vanes", 5, 9), d.real("vane height", 6, 11), d.real("vane sweep", 40, 85)
    hub, thick, rise = d.real("hub", 5.5, 7.5), d.real("vane thickness", 1.3, 2.2), d.real("hub height", 0.6, 1.1)
    steps = [Step("plate", cylinder(radius, 0, plate, 0.4, 110), metal)]
    share = np.linspace(0, 1, 18)
    reach, angle = 0.75 * hub + share * (0.97 * radius - 0.75 * hub), np.radians(sweep_deg) * share**1.2
    vane = prism(_ribbon(reach, angle, thick), 0.5 * plate, plate + tall)
    lower = d.real("vane slope", 0.35, 0.8)
    cone = turned(
        [
            (0, -1),
            (radius + 2, -1),
            (radius + 2, plate + lower * tall),
            (0.5 * radius, plate + tall),
            (0, plate + tall),
        ],
        segments=72,
    )
    steps += [Step(f"vane {k + 1}", solid, metal, movable=True) for k, solid in enumerate(around(vane ^ cone, vanes))]
    steps.append(
        Step(
            "hub",
            turned(
                [(0, -1.5), (hub, -1.5), (hub, plate), (0.7 * hub, plate + rise * tall), (0, plate + rise * tall)], 0.6
            ),
            metal,
        )
    )
    if d.flag("front ring", 0.35):
        ring = tube(radius, 0.62 * radius, plate + lower * tall - 0.8, plate + lower * tall + 0.7, 0.3, 96)
        steps.append(Step("front ring", ring, metal, movable=True))
    bore = hub * d.real("bore", 0.42, 0.58)
    steps.append(Step("bore", cylinder(bore, -99, 99), metal, cut=True))
    if d.flag("keyway", 0.6):
        steps.append(Step("keyway", box((bore, 0.55 * bore, 99), (0.72 * bore, 0, 0)), metal, cut=True))
    return steps


def propeller(d: Draws) -> list[Step]:
    """A marine propeller with twisted, rounded blades and a nose cone."""
    metal = finish(d, "propeller", (BRONZE, BRASS, STAINLESS, CAST_ALUMINIUM, *MOULDED))
    hub, radius, blades = d.real("hub", 4.5, 6.5), 22.0, d.whole("blades", 3, 6)
    width, skew = d.real("blade width", 8, 12), d.real("skew", 0, 6)
    pitch, thick = d.real("pitch", 20, 40), d.real("thickness", 1.4, 2.2)
    tall = d.real("hub length", 11, 15)
    steps = [
        Step(
            "hub",
            turned([(0, -tall / 2), (0.9 * hub, -tall / 2), (hub, 0), (0.85 * hub, tall / 2), (0, tall / 2)], 0.5),
            metal,
        )
    ]
    blade = _blade(hub, radius, width, skew, pitch, thick)
    if d.flag("left hand", 0.3):
        blade = blade.mirror((0, 1, 0))
    steps += [Step(f"blade {k + 1}", solid, metal, movable=True) for k, solid in enumerate(around(blade, blades))]
    nose = turned(
        [(0, 0), (0.8 * hub, 0), (0.6 * hub, d.real("nose", 3, 7)), (0, d.real("nose", 3, 7) + 2)], 0.8
    ).translate((0, 0, tall / 2 - 0.4))
    steps.append(Step("nose", nose, finish(d, "nose", (BRASS, *HARD)), movable=True))
    return [*steps, Step("bore", cylinder(hub * d.real("bore", 0.35, 0.5), -99, 0), metal, cut=True)]


def fan(d: Draws) -> list[Step]:
    """An axial fan wheel with a drum hub and twisted blades, sometimes with a shroud."""
    body = finish(d, "fan", (*MOULDED, ALUMINIUM, ANODISED))
    hub, radius, blades = d.real("hub", 7.5, 10.5), 22.0, d.whole("blades", 5, 9)
    tall, wall = d.real("hub height", 7, 11), d.real("hub wall", 1.4, 2.2)
    cup = tube(hub, hub - wall, -tall / 2, tall / 2, 0.4) + cylinder(hub - 0.5 * wall, tall / 2 - 2, tall / 2, 0.3)
    steps = [Step("hub", cup, body)]
    blade = _blade(
        hub,
        radius,
        d.real("blade width", 8, 11),
        d.real("skew", -3, 5),
        d.real("pitch", 18, 34),
        d.real("thickness", 0.9, 1.5),
        0.95,
    )
    steps += [Step(f"blade {k + 1}", solid, body, movable=True) for k, solid in enumerate(around(blade, blades))]
    if d.flag("shroud", 0.4):
        high = d.real("shroud height", 4, 7)
        steps.append(
            Step("shroud", tube(radius + 0.6, radius - 1.0, -high / 2, high / 2, 0.3, 110), body, movable=True)
        )
    boss = tube(3.4, 1.0, -tall / 2, tall / 2 + d.real("boss", 0.5, 2), 0.3, 40)
    steps.append(Step("boss", boss, finish(d, "boss", (BRASS, PLASTIC))))
    return [*steps, Step("bore", cylinder(d.real("bore", 1.3, 2.0), -99, 99, segments=28), body, cut=True)]


def _ribbon(reach: np.ndarray, angle: np.ndarray, thick: float):
    """A strip of constant width along a plane curve. reach, angle: (n,) radius and angle (radians) of its points."""
    line = np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1)
    along = np.gradient(line, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True)
    return polygon(np.concatenate([line + thick / 2 * normal, (line - thick / 2 * normal)[::-1]]))


def _blade(
    hub: float, radius: float, width: float, skew: float, pitch: float, thick: float, square: float = 0.0
) -> Manifold:
    """A blade along +x whose sections lie on a helix. pitch: pitch angle at 70 % of the radius, degrees.

    square: 0 for a rounded tip, up to 1 for a blunt one.
    """
    share = np.linspace(0, 1, 22)
    chord = np.sqrt(np.maximum(1 - share**2, 0)) * (0.75 + 0.9 * share)
    chord = width * ((1 - square) * chord + square * (0.55 + 0.45 * share))
    reach = 0.6 * hub + share * (radius - 0.6 * hub)
    chord, reach = chord[:-1], reach[:-1]
    middle = skew * share[:-1] ** 2
    front = np.stack([reach, middle + chord / 2], axis=1)
    back = np.stack([reach, middle - chord / 2], axis=1)
    flat = prism(polygon(np.concatenate([front, back[::-1]])), -thick / 2, thick / 2, 0.3 * thick).refine_to_length(1.6)
    lead = 0.7 * radius * np.tan(np.radians(pitch))

    def twisted(points: np.ndarray) -> np.ndarray:
        x, y, z = np.asarray(points).T
        slope = np.arctan(lead / np.maximum(x, 2.0))
        return np.stack([x, y * np.cos(slope) - z * np.sin(slope), y * np.sin(slope) + z * np.cos(slope)], axis=1)

    return flat.warp_batch(twisted)


FAMILIES = (impeller, propeller, fan)
