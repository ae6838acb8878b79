"""The last that a shoe is built on: outline, instep, upper and opening."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.shapes.sdf import Field, box, ellipsoid, extrude, grown, half_space, intersection, smooth_cut, union
from odd_bench.shapes.toys.curves import smooth_outline, smooth_path
from odd_bench.shapes.toys.wheels import from_side


@dataclass(frozen=True)
class Last:
    """The foot that a shoe is built on, in design units.

    half, wide: half length and half width. sole: thickness of the sole. collar: height of the collar. plan: (k, 2) outline of the
    sole in x and y. instep: (k, 2) line in x and z from the collar down to the toe. upper, opening: the shoe and its hollow.
    """

    half: float
    wide: float
    sole: float
    collar: float
    plan: np.ndarray
    instep: np.ndarray
    upper: Field
    opening: Field

    def ridge(self, t: float) -> np.ndarray:
        """(2,) the point (x, z) on the instep at t, from 0 (behind the toe cap) to 1 (just below the collar)."""
        x = self.half * (0.5 - 0.46 * t)
        return np.array([x, np.interp(x, self.instep[:, 0], self.instep[:, 1])])


def draw_last(rng, collar: float) -> Last:
    half, wide, sole = rng.uniform(0.98, 1.1), rng.uniform(0.36, 0.43), rng.uniform(0.14, 0.2)
    toe, heel = rng.uniform(0.92, 1.05), rng.uniform(0.72, 0.82)
    side = [
        (1.0, 0.0),
        (0.93, 0.45 * toe),
        (0.75, 0.8 * toe),
        (0.4, 1.0 * toe),
        (-0.1, 0.84),
        (-0.6, heel),
        (-0.9, heel * 0.8),
        (-1.0, 0.0),
    ]
    other = [(x, -y * 0.92) for x, y in side[-2:0:-1]]
    plan = smooth_outline([(half * x, wide * y) for x, y in [*side, *other]], 28)
    foot = extrude(0.95 * plan, 0.02, 3)
    shaft = np.array([-0.02 * half, min(collar, sole + 0.62)])
    front = [
        shaft,
        (0.16 * half, sole + rng.uniform(0.46, 0.54)),
        (0.5 * half, sole + 0.36),
        (0.8 * half, sole + 0.25),
        (half, sole + 0.1),
    ]
    instep = smooth_path(front, 9)
    rear = [
        (-1.2 * half, collar + 0.08),
        (-0.85 * half, collar + 0.05),
        (-0.45 * half, collar - 0.06 * (collar < 1.0)),
        (shaft[0], collar),
    ]
    profile = from_side([(-1.2 * half, -0.5), (1.2 * half, -0.5), (1.2 * half, sole), *instep[::-1], *rear[::-1]], 2.0)
    body = smooth_cut(rng.uniform(0.16, 0.24), foot, lambda p: -profile(p))
    reach = 0.48 * half
    ankle = _drum(-0.96 * half + reach, reach, wide * heel * 1.02)
    upper = intersection(body, union(box((0, 0, 0), (3, 3, sole + 0.6)), ankle))
    hollow = intersection(grown(ankle, -0.085), grown(foot, -0.085), half_space((0, 0, sole + 0.14), (0, 0, -1)))
    return Last(half, wide, sole, collar, plan, instep, upper, hollow)


def _drum(x: float, reach: float, wide: float) -> Field:
    """The ankle: an upright oval column."""
    flat = ellipsoid((x, 0, 0), (reach, wide, reach))
    return lambda p: flat(p * np.array([1, 1, 0], np.float32))
