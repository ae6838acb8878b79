"""Ends of pipe fittings: flanges, hexagons, collars, beads."""

from __future__ import annotations

from odd_bench.shapes.cad.draws import Draws
from odd_bench.shapes.cad.finishes import Finish
from odd_bench.shapes.cad.kernel import prism, turned
from odd_bench.shapes.cad.machined import Step
from odd_bench.shapes.cad.profile import circle, drilled, on_circle, regular


def pipe_end(d: Draws, style: str, radius: float, metal: Finish, name: str) -> list[Step]:
    """The fitting at the end of a pipe along z, around z = 0. style: flange, hexagon, bead or collar."""
    if style == "flange":
        reach, thick = radius + d.real("end flange", 4.5, 6.5), d.real("end thickness", 2, 3.2)
        holes = on_circle(d.whole("end holes", 3, 6), radius + 2.6)
        section = drilled(circle(reach, segments=80), holes, 1.1)
        return [Step(name, prism(section, -0.2, thick, 0.25, chamfer=True), metal)]
    length = d.real("end length", 3.5, 6)
    if style == "hexagon":
        section = regular(6, radius + d.real("end wall", 1.2, 2.2))
        return [Step(name, prism(section, -0.5 * length, 0.6 * length, 0.5, chamfer=True), metal)]
    reach = radius + d.real("end wall", 0.9, 1.9)
    bead = [(0, -0.6), (radius + 0.05, -0.6), (reach, 0.4), (reach, 1.6), (radius, 2.4), (0, 2.4)]
    collar = [(0, -0.5 * length), (reach, -0.4 * length), (reach, 0.6 * length), (0, 0.6 * length)]
    solid = turned(bead, 0.3) if style == "bead" else turned(collar, 0.6)
    return [Step(name, solid, metal)]
