"""Parts that vehicles share: wheels, bodies extruded from a side view, panes of glass and lamps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odd_bench.geometry.shape import Material
from odd_bench.shapes.patterns import Color, Inlay, Pattern, Placed, Plain, Sectors
from odd_bench.shapes.poses import rotation_about
from odd_bench.shapes.sdf import Field, cylinder, extrude, grown, intersection, rotated, sphere
from odd_bench.shapes.toy import SIDES, Part
from odd_bench.shapes.toys import palette
from odd_bench.shapes.toys.curves import smooth_outline
from odd_bench.shapes.toys.draws import shade, tint, wood_grain

PANE = Material("window glass", roughness=0.08, coat=0.8)
PANES = ((0.12, 0.16, 0.2), (0.3, 0.45, 0.55), (0.55, 0.75, 0.85), (0.2, 0.3, 0.35))
AMBER, CLEAR_LAMP = (0.95, 0.6, 0.1), (0.98, 0.95, 0.8)


def from_side(outline: Sequence, half_width: float, rounding: float = 0.0, smooth: int = 0) -> Field:
    """A body extruded along y from its outline (k, 2) in x and z. smooth: number of points of a curve through it, 0 = none."""
    points = smooth_outline(outline, smooth) if smooth else outline
    return rotated(extrude(points, -half_width, half_width, rounding), (1, 0, 0), 90)


def pane(body: Field, where: Field, proud: float = 0.03) -> Field:
    """A window that is raised by `proud` above the body, wherever `where` is negative."""
    return intersection(grown(body, proud), where)


class WheelStyle:
    """The look that all wheels of one vehicle share."""

    def __init__(self, rng: np.random.Generator, radius: float, width: float):
        self.radius, self.width = radius, width
        self.rim_share = rng.uniform(0.5, 0.66)
        self.tyre = shade(palette.CHARCOAL, rng.uniform(0.5, 1.1))
        self.hub = tint(rng, (palette.SILVER, palette.WHITE, palette.GOLD, palette.RED, palette.YELLOW))
        self.spokes, self.spoke_share = int(rng.integers(4, 9)), rng.uniform(0.3, 0.55)
        self.plain, self.wooden = rng.random() < 0.4, rng.random() < 0.12
        self.grain = wood_grain(rng, (0.1, 1.0, 0.1))

    def parts(self, name: str, x: float, y: float) -> list[Part]:
        """A wheel on the floor. Its outer face points to the side of y's sign, and its inner end reaches under the body."""
        r, out = self.radius, np.sign(y)
        center = np.array([x, y, r])
        axle = np.array([0, out, 0])
        tyre = cylinder(center - self.width / 2 * axle, center + self.width / 2 * axle, r, 0.28 * self.width)
        hub = cylinder(center, center + (self.width / 2 + 0.02) * axle, r * self.rim_share, 0.02)
        cap = sphere(center + (self.width / 2 - 0.02) * axle, 0.22 * r)
        wood, metal = self.wooden, self.hub
        return [
            Part(
                name,
                tyre,
                self.grain if wood else Plain(self.tyre),
                palette.WOOD if wood else palette.RUBBER,
                movable=True,
            ),
            Part(name, hub, self._hub_paint(center, r), palette.PLASTIC, movable=True),
            Part(name, cap, Plain(shade(metal, 1.3)), palette.METAL, movable=True),
        ]

    def _hub_paint(self, center: np.ndarray, radius: float) -> Pattern:
        if self.plain:
            return Plain(self.hub)
        upright = rotation_about((1, 0, 0), 90)
        upright[:3, 3] = center
        wedges = Placed(Sectors(self.hub, shade(self.hub, 0.35), self.spokes, self.spoke_share), upright)
        return Inlay(wedges, Plain(self.hub), sphere(center, 0.3 * radius))


def lamps(name: str, x: float, y: float, z: float, radius: float, color: Color, flat: float = 0.7) -> list[Part]:
    """A pair of round lamps at +y and -y, on the front if x is positive, else on the back. flat: ratio of depth to radius."""
    out = np.sign(x) * radius * flat
    parts = []
    for side, sign in SIDES:
        rim = cylinder((x - 2 * out, sign * y, z), (x + 0.5 * out, sign * y, z), radius * 1.25, 0.02)
        lens = sphere((x, sign * y, z), radius)
        parts.append(Part(f"{name}_{side}", rim, Plain(palette.SILVER), palette.METAL, movable=True))
        parts.append(Part(f"{name}_{side}", lens, Plain(color), PANE, movable=True))
    return parts
