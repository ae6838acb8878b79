"""Smooth curves through a few points: paths for chains, outlines for fins, wings and leaves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odd_bench.shapes.poses import Vector, plane_pose
from odd_bench.shapes.sdf import Field, extrude, grown, placed


def smooth_path(points: Sequence[Vector], count: int) -> np.ndarray:
    """(count, d) points of a Catmull-Rom curve through the given (k, d) points, including both ends."""
    p = np.asarray(points, float)
    padded = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    return _catmull_rom(padded, np.linspace(0, len(p) - 1, count))


def smooth_outline(points: Sequence[Vector], count: int) -> np.ndarray:
    """(count, 2) points of a closed Catmull-Rom curve through the given (k, 2) points."""
    p = np.asarray(points, float)
    padded = np.concatenate([p[-1:], p, p[:2]])
    return _catmull_rom(padded, np.linspace(0, len(p), count, endpoint=False))


def plate(outline: Sequence[Vector], thickness: float, origin: Vector, right: Vector, up: Vector) -> Field:
    """A slab in the plane at `origin` that the directions `right` and `up` span. Its rounding lies outside the outline (k, 2)."""
    rounding = min(0.4 * thickness, 0.08)
    slab = grown(extrude(outline, rounding - thickness / 2, thickness / 2 - rounding), rounding)
    return placed(slab, plane_pose(origin, right, up))


def leaf_outline(length: float, width: float, skew: float = 0.0, count: int = 20) -> np.ndarray:
    """(count, 2) outline of a pointed leaf from the origin along x; `skew` moves the widest place towards the tip."""
    t = np.linspace(0, 1, count // 2 + 1)
    half = width / 2 * np.sin(np.pi * t ** (1 + skew)) ** 0.8
    upper = np.stack([length * t, half], axis=1)
    return np.concatenate([upper, (upper * [1, -1])[-2:0:-1]])


def star_outline(outer: float, inner: float, tips: int, turn: float = 0.0) -> np.ndarray:
    angle = np.arange(2 * tips) * np.pi / tips + turn
    radius = np.where(np.arange(2 * tips) % 2 == 0, outer, inner)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def heart_outline(size: float, count: int = 28) -> np.ndarray:
    """(count, 2) outline of a heart, about `size` wide, with its tip towards -y."""
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([x, y + 2.5], axis=1) * (size / 32)


def _catmull_rom(padded: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(n, d) points at the curve parameters `at` (n,) in [0, k - 1]; parameter i is the point padded[i + 1]."""
    i = np.minimum(np.floor(at).astype(int), len(padded) - 4)
    t = (at - i)[:, None]
    a, b, c, d = (padded[i + k] for k in range(4))
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
