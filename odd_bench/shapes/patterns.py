"""Surface patterns: the colour of a point as a function of its position on the object. Colours are sRGB in 0..1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.spatial import cKDTree

from odd_bench.shapes import noise
from odd_bench.shapes.sdf import Field

Color = tuple[float, float, float]


class Pattern(Protocol):
    """A colour for every point of space. Lengths are in design units, and a share is a fraction from 0 to 1."""

    def colors(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) sRGB colours in 0..1 of points (n, 3) in the design frame of the model."""
        ...


@dataclass(frozen=True)
class Plain:
    color: Color

    def colors(self, points):
        return np.broadcast_to(np.asarray(self.color, float), (len(points), 3))


@dataclass(frozen=True)
class Stripes:
    """Bands of two colours across `direction`. The second colour fills `share` of each period; `wobble` bends the bands."""

    first: Color
    second: Color
    direction: tuple[float, float, float] = (0, 0, 1)
    period: float = 0.2
    share: float = 0.5
    wobble: float = 0.0
    phase: float = 0.0
    seed: int = 0

    def colors(self, points):
        n = np.asarray(self.direction, float) / np.linalg.norm(self.direction)
        height = points @ n + self.wobble * (noise.smooth(points * 4.0, self.seed) - 0.5)
        return _choose(np.mod(height / self.period + self.phase, 1.0) < self.share, self.second, self.first)


@dataclass(frozen=True)
class Spots:
    """Round spots of the second colour, of about `radius`, in a `share` of the cells of a lattice of `spacing`."""

    first: Color
    second: Color
    spacing: float = 0.25
    radius: float = 0.08
    share: float = 0.8
    seed: int = 0

    def colors(self, points):
        distance, owner = noise.cells(points / self.spacing, self.seed)
        size = self.radius / self.spacing * (0.6 + 0.8 * owner / max(self.share, 1e-6))
        return _choose((owner < self.share) & (distance < size), self.second, self.first)


@dataclass(frozen=True)
class Patches:
    """Irregular patches of the second colour that cover about `share` of the surface: cows, camouflage, moss."""

    first: Color
    second: Color
    size: float = 0.4
    share: float = 0.4
    seed: int = 0

    def colors(self, points):
        value = noise.fractal(points / self.size, self.seed, 3)
        return _choose(value < 0.3 + 0.4 * self.share, self.second, self.first)


@dataclass(frozen=True)
class Gradient:
    """A blend from the first colour at `low` to the second at `high` along `direction`."""

    first: Color
    second: Color
    direction: tuple[float, float, float] = (0, 0, 1)
    low: float = -0.5
    high: float = 0.5

    def colors(self, points):
        n = np.asarray(self.direction, float) / np.linalg.norm(self.direction)
        return _mix(np.clip((points @ n - self.low) / (self.high - self.low), 0, 1), self.first, self.second)


@dataclass(frozen=True)
class Split:
    """The first colour below the plane `points . direction = offset`, the second above it."""

    first: Color
    second: Color
    direction: tuple[float, float, float] = (0, 0, 1)
    offset: float = 0.0

    def colors(self, points):
        n = np.asarray(self.direction, float) / np.linalg.norm(self.direction)
        return _choose(points @ n < self.offset, self.first, self.second)


@dataclass(frozen=True)
class WoodGrain:
    """Growth rings around a slightly tilted, wandering axis."""

    light: Color = (0.76, 0.57, 0.36)
    dark: Color = (0.55, 0.36, 0.2)
    axis: tuple[float, float, float] = (1.0, 0.1, 0.15)
    period: float = 0.08
    seed: int = 0

    def colors(self, points):
        n = np.asarray(self.axis, float) / np.linalg.norm(self.axis)
        q = points + 0.12 * (noise.smooth(points * 2.5, self.seed)[:, None] - 0.5) + 0.4
        radius = np.linalg.norm(q - (q @ n)[:, None] * n, axis=1)
        ring = np.mod(radius / self.period, 1.0)
        fibre = noise.smooth(q * np.array([6.0, 40.0, 40.0]), self.seed + 5)
        return _mix(np.clip(0.75 * ring**2 + 0.3 * fibre, 0, 1), self.light, self.dark)


@dataclass(frozen=True)
class Mottled:
    """A cloudy blend of two colours: glaze, baked crust, fruit skin."""

    first: Color
    second: Color
    size: float = 0.15
    contrast: float = 1.5
    seed: int = 0

    def colors(self, points):
        value = noise.fractal(points / self.size, self.seed)
        return _mix(np.clip(0.5 + self.contrast * (value - 0.5), 0, 1), self.first, self.second)


@dataclass(frozen=True)
class Sectors:
    """`count` wedges of each colour around the vertical axis through `center`, twisted by `twist` turns per unit of height."""

    first: Color
    second: Color
    count: int = 8
    share: float = 0.5
    phase: float = 0.0
    twist: float = 0.0
    center: tuple[float, float] = (0.0, 0.0)

    def colors(self, points):
        q = points[:, :2] - np.asarray(self.center)
        turns = np.arctan2(q[:, 1], q[:, 0]) / (2 * np.pi) + self.twist * points[:, 2]
        return _choose(np.mod(turns * self.count + self.phase, 1.0) < self.share, self.second, self.first)


@dataclass(frozen=True)
class Checks:
    """A lattice of boxes with sides `size`, in two alternating colours."""

    first: Color
    second: Color
    size: tuple[float, float, float] = (0.2, 0.2, 0.2)

    def colors(self, points):
        cell = np.floor(points / np.asarray(self.size) + 0.5).astype(int)
        return _choose(cell.sum(axis=1) % 2 == 0, self.first, self.second)


@dataclass(frozen=True)
class Inlay:
    """One pattern painted over another wherever the field `where` is negative: bands, rings, badges."""

    base: Pattern
    over: Pattern
    where: Field

    def colors(self, points):
        inside = self.where(np.asarray(points, np.float32)) < 0
        return np.where(inside[:, None], self.over.colors(points), self.base.colors(points))


@dataclass(frozen=True, eq=False)
class Placed:
    """A pattern moved by a rigid motion. pose: (4, 4)."""

    pattern: Pattern
    pose: np.ndarray

    def colors(self, points):
        return self.pattern.colors((points - self.pose[:3, 3]) @ self.pose[:3, :3])


@dataclass(frozen=True)
class Tiles:
    """Irregular polygons of the first colour, separated by lines of the second: giraffe coat, scales, cracked glaze."""

    first: Color
    second: Color
    spacing: float = 0.25
    gap: float = 0.04
    seed: int = 0

    def colors(self, points):
        edge = noise.cell_edges(points / self.spacing, self.seed)
        return _choose(edge * self.spacing > self.gap / 2, self.first, self.second)


@dataclass(frozen=True)
class Scales:
    """Rows of overlapping round scales in the x-z plane, each with a rim of the second colour."""

    first: Color
    second: Color
    size: float = 0.2
    rim: float = 0.16

    def colors(self, points):
        u, v = points[:, 0] / self.size, 2 * points[:, 2] / self.size
        row, best, depth = np.floor(v), np.full(len(points), -np.inf), np.zeros(len(points))
        for j in (-1, 0, 1, 2):
            shift = 0.5 * np.mod(row + j, 2)
            for i in (0, 1):
                center = np.floor(u - shift) + shift + i
                inside = 0.62 - np.hypot(u - center, (v - row - j) / 2)
                front = (inside > 0) & (center > best)
                best, depth = np.where(front, center, best), np.where(front, inside, depth)
        return _choose(depth > self.rim * 0.62, self.first, self.second)


@dataclass(frozen=True)
class Confetti:
    """Each point has the colour of the nearest of the `centers`: sprinkles, beads, mosaic."""

    centers: tuple[tuple[float, float, float], ...]
    palette: tuple[Color, ...]

    def colors(self, points):
        _, nearest = cKDTree(np.asarray(self.centers)).query(points)
        return np.asarray(self.palette)[nearest % len(self.palette)]


def _mix(weight: np.ndarray, first: Color, second: Color) -> np.ndarray:
    a, b = np.asarray(first, float), np.asarray(second, float)
    return a + weight[:, None] * (b - a)


def _choose(use_first: np.ndarray, first: Color, second: Color) -> np.ndarray:
    return np.where(use_first[:, None], np.asarray(first, float), np.asarray(second, float))
