"""The inner parts that gears, sprockets, pulleys and flywheels share: hub, web or spokes, rim, bore, keyway; and shaft keys."""

from __future__ import annotations

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import Finish
from odd_bench.shapes.cad.kernel import around, box, cylinder, prism, tube, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import capsule, circle, on_circle

STYLES = ("solid", "web", "holes", "spokes")


def blank(
    d: Draws,
    radius: float,
    width: float,
    finish: Finish,
    styles: tuple[str, ...] = STYLES,
    inside: tuple[float, float] = (0.76, 0.84),
) -> list[Step]:
    """A wheel from z = 0 to `width` without its bore: rim, web or spokes, and hub.

    styles: the kinds of web to choose from. inside: range of the rim's inner radius, as a fraction of `radius`.
    """
    hub = radius * d.real("hub radius", 0.3, 0.38)
    inner = radius * d.real("rim inside", *inside)
    edge = min(0.04 * width, 0.3 * (radius - inner))
    steps = [Step("rim", tube(radius, inner, 0, width, edge), finish)]
    style = d.choice("web", styles)
    thick = width * d.real("web thickness", 0.35, 0.55)
    low, high = (width - thick) / 2, (width + thick) / 2
    if style == "solid":
        steps = [Step("rim", cylinder(radius, 0, width, edge, 96), finish)]
    elif style == "spokes":
        steps += _spokes(d, hub, inner, low, high, finish)
    else:
        steps.append(Step("web", tube(inner + 0.4 * (radius - inner), 0.5 * hub, low, high), finish))
    if style == "holes":
        room = (inner - hub) / 2
        size = room * d.real("web holes size", 0.5, 0.75)
        centers = on_circle(d.whole("web holes", 4, 7), hub + room)
        holes = union([cylinder(size, -1, width + 1, segments=36).translate((x, y, 0)) for x, y in centers])
        steps.append(Step("web holes", holes, finish, cut=True))
    boss = radius * d.real("hub overhang", 0.04, 0.3)
    hub_outline = [(0, 0.5 * low), (hub, 0.5 * low), (0.94 * hub, width + boss), (0, width + boss)]
    return [*steps, Step("hub", turned(hub_outline, 0.05 * hub), finish, movable=style != "spokes")]


def bore(d: Draws, radius: float, width: float, finish: Finish) -> list[Step]:
    """The hole for the shaft through a wheel of this outer radius, mostly with a keyway."""
    size = radius * d.real("bore", 0.13, 0.19)
    steps = [Step("bore", prism(circle(size, segments=56), -width, 3 * width), finish, cut=True)]
    if d.flag("keyway", 0.6):
        broad = size * d.real("keyway width", 0.5, 0.7)
        key = box((size + 0.55 * broad, broad, 5 * width), ((size + 0.55 * broad) / 2, 0, width))
        steps.append(Step("keyway", key, finish, cut=True))
    return steps


def key(d: Draws, shaft: float, low: float, high: float, finish: Finish) -> Step:
    """A feather key on the +x side of a shaft along z, half sunk into it."""
    broad = shaft * d.real("key width", 0.5, 0.62)
    section = capsule((0, low + broad / 2), (0, high - broad / 2), broad / 2)
    solid = prism(section, 0.5 * shaft, shaft + 0.42 * broad, 0.08 * broad, chamfer=True)
    return Step("key", solid.rotate((90, 0, 0)).rotate((0, 0, 90)), finish, movable=True)


def _spokes(d: Draws, hub: float, inner: float, low: float, high: float, finish: Finish) -> list[Step]:
    """Tapering arms from the hub to the rim, each a part of its own."""
    wide, narrow = hub * d.real("spoke at hub", 0.5, 0.65), hub * d.real("spoke at rim", 0.32, 0.45)
    section = capsule((0.75 * hub, 0), (inner + 0.5 * narrow, 0), wide / 2, narrow / 2)
    arm = prism(section, low, high, min(0.3 * (high - low), 0.4 * narrow))
    count = d.whole("spokes", 3, 6)
    return [Step(f"spoke {k + 1}", solid, finish, movable=True) for k, solid in enumerate(around(arm, count))]
