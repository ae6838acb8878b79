"""Valves and manifolds."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import ANODISED, BRASS, BRONZE, CAST_IRON, MILLED, PAINT, PLASTIC, STAINLESS, finish
from odd_bench.shapes.cad.kernel import around, box, cylinder, prism, rod, sweep, to_x, to_y, turned, union
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.pipe_ends import pipe_end
from odd_bench.shapes.cad.profile import rectangle, regular


def valve(d: Draws) -> list[Step]:
    """A globe valve body with a bonnet, a spindle and a handwheel or lever."""
    metal = finish(d, "body", (BRASS, BRONZE, CAST_IRON, PAINT, STAINLESS))
    radius, run = 6.0, d.real("run", 15, 20)
    belly, style = radius * d.real("belly", 1.3, 1.55), d.choice("ends", ("hexagon", "flange", "collar"))
    outline = [
        (0, -run),
        (radius, -run),
        (radius, -0.8 * belly),
        (belly, -0.3 * belly),
        (belly, 0.3 * belly),
        (radius, 0.8 * belly),
        (radius, run),
        (0, run),
    ]
    steps = [Step("body", to_x(turned(outline, 1.2)), metal)]
    for k, side in enumerate((90, -90)):
        for s in pipe_end(d, style, radius, metal, f"end {k + 1}"):
            steps.append(Step(s.name, s.solid.translate((0, 0, run)).rotate((0, side, 0)), s.finish, s.cut, True))
    neck, top = belly * d.real("neck", 0.6, 0.75), belly + d.real("neck height", 4, 8)
    steps.append(Step("neck", cylinder(neck, 0, top, 0.5), metal))
    steps.append(
        Step(
            "bonnet",
            prism(regular(6, 1.25 * neck), top - 0.5, top + d.real("bonnet", 3, 5), 0.5, chamfer=True),
            metal,
            movable=True,
        )
    )
    stem = d.real("stem", 1.4, 2.0)
    rise = top + d.real("stem height", 9, 15)
    steps.append(Step("spindle", cylinder(stem, top, rise, 0.3, 32), finish(d, "spindle", (STAINLESS, BRASS))))
    paint = finish(d, "handle", (PAINT, PLASTIC, ANODISED))
    if d.flag("lever", 0.4):
        steps.append(Step("handle", _lever(d, rise), paint, movable=True))
    else:
        wheel = d.real("wheel radius", 8, 12)
        ring = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        path = np.stack([wheel * np.cos(ring), wheel * np.sin(ring), 0 * ring + rise - 1], axis=1)
        steps.append(Step("wheel rim", rod(path, 1.3, (0, 0, 1), closed=True), paint, movable=True))
        spoke = to_x(cylinder(0.85, 0, wheel, segments=20)).translate((0, 0, rise - 1))
        spokes = around(spoke, d.whole("spokes", 3, 5))
        steps += [Step(f"spoke {k + 1}", s, paint, movable=True) for k, s in enumerate(spokes)]
        steps.append(Step("wheel hub", cylinder(2.6, rise - 3, rise + 1.0, 0.4), paint))
    return [*steps, Step("bore", to_x(cylinder(radius * d.real("wall", 0.65, 0.8), -99, 99)), metal, cut=True)]


def manifold_block(d: Draws) -> list[Step]:
    """A drilled block with ports, plugs and fittings."""
    metal = finish(d, "block", MILLED)
    ports = d.whole("ports", 2, 5)
    pitch, depth, height = d.real("pitch", 11, 13), d.real("depth", 14, 20), d.real("height", 13, 20)
    length = ports * pitch + 6
    steps = [Step("block", box((length, depth, height), (0, 0, height / 2), d.real("edge", 0.5, 1.4)), metal)]
    port, brass = d.real("port", 2.4, 3.4), finish(d, "fittings", (BRASS, STAINLESS, ANODISED))
    xs = (np.arange(ports) - (ports - 1) / 2) * pitch
    tall = d.real("fitting height", 5, 11)
    fitted = [k for k in range(ports) if d.flag(f"fitting {k + 1}", 0.6)]
    for k in fitted:
        hexagon = prism(regular(6, port + 1.8), height - 0.4, height + 3.4, 0.4, chamfer=True)
        barb = turned(
            [
                (0, height),
                (port, height),
                (port, height + tall),
                (0.75 * port, height + tall + 2),
                (0, height + tall + 2),
            ],
            0.2,
            segments=40,
        )
        steps.append(Step(f"fitting {k + 1}", (hexagon + barb).translate((xs[k], 0, 0)), brass, movable=True))
    holes = union([cylinder(0.62 * port, height / 2, 99, segments=32).translate((x, 0, 0)) for x in xs])
    steps.append(Step("ports", holes, metal, cut=True))
    sinks = [
        cylinder(port + 1.4, height - 0.8, 99, segments=40).translate((xs[k], 0, 0))
        for k in range(ports)
        if k not in fitted
    ]
    if sinks:
        steps.append(Step("spot faces", union(sinks), metal, cut=True))
    across = to_x(cylinder(d.real("gallery", 2.2, 3.2), -99, 0)).translate((0.3 * length, 0, 0.55 * height))
    steps.append(Step("gallery", across, metal, cut=True))
    mount = to_y(cylinder(d.real("mounting hole", 1.1, 1.6), -99, 99, segments=28))
    places = [(x, 0, z) for x in (-length / 2 + 3, length / 2 - 3) for z in (0.2 * height, 0.8 * height)]
    return [*steps, Step("mounting holes", union([mount.translate(at) for at in places]), metal, cut=True)]


def _lever(d: Draws, height: float):
    """A flat handle that runs from the spindle along +x and bends upwards."""
    long = d.real("lever length", 20, 30)
    path = np.array([[-3, 0, 0], [2, 0, 0], [6, 0, 0.8], [10, 0, 3.2], [13, 0, 4], [long, 0, 4]]) + [0, 0, height - 1.5]
    section = rectangle(d.real("lever width", 4, 6.5), 2.0, corner=0.7).to_polygons()[0]
    return sweep(path, section, (0, 0, 1)) + cylinder(3.4, height - 3, height - 0.2, 0.4)


FAMILIES = (valve, manifold_block)
