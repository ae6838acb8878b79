"""The body of a swimming animal: a spindle along x, and the outlines of its fins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.shapes.patterns import Color, Pattern, Placed, Sectors
from odd_bench.shapes.poses import plane_pose
from odd_bench.shapes.sdf import Field, chain, scaled
from odd_bench.shapes.toys.curves import smooth_path
from odd_bench.shapes.toys.draws import shade

UPRIGHT = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0))  # the plane of dorsal and tail fins


@dataclass(frozen=True)
class Spindle:
    """A body along x. x: (k,) ascending. half_height: (k,) at each x. flatness: ratio of half width to half height."""

    x: np.ndarray
    half_height: np.ndarray
    flatness: float

    def field(self) -> Field:
        points = [(x, 0.0, 0.0) for x in self.x]
        return scaled(chain(points, list(self.half_height)), (1.0, self.flatness, 1.0))

    def top(self, x: float | np.ndarray) -> np.ndarray:
        return np.interp(x, self.x, self.half_height)

    def side(self, x: float, z: float = 0.0) -> float:
        """The half width at x and at height z."""
        return self.flatness * float(np.sqrt(max(self.top(x) ** 2 - z * z, 1e-4)))

    def ridge(self, front: float, back: float, height: float, sweep: float, peak: float) -> np.ndarray:
        """(k, 2) outline, in x and z, of a fin on the back between two x. A `peak` below 1 moves its highest point forwards."""
        t = np.linspace(0, 1, 11)
        x = front + (back - front) * t
        crest = self.top(x) + height * np.sin(np.pi * t**peak) ** 0.7
        root = np.stack([x, self.top(x) - 0.14], axis=1)
        return np.concatenate([root, np.stack([x - sweep * t, crest], axis=1)[::-1]])


def spindle(profile: list[tuple[float, float]], flatness: float) -> Spindle:
    x, radius = smooth_path(profile, 16).T
    return Spindle(x, np.maximum(radius, 0.04), flatness)


def fan(color: Color, origin, right=UPRIGHT[0], up=UPRIGHT[1], rays: int = 50) -> Pattern:
    """Rays of a fin that spread from a point, in the plane that `right` and `up` span."""
    return Placed(Sectors(color, shade(color, 0.78), rays, 0.35), plane_pose(origin, right, up))
