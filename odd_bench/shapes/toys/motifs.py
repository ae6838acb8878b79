"""Flat motifs, as closed polygons, for badges, reliefs and painted marks."""

from __future__ import annotations

import numpy as np

from odd_bench.shapes.toys.curves import heart_outline, leaf_outline, star_outline

Polygon = list[tuple[float, float]]


def flower(radius: float, petals: int = 6, depth: float = 0.22) -> Polygon:
    t = np.linspace(0, 2 * np.pi, 6 * petals, endpoint=False)
    r = radius * (1 - depth + depth * np.cos(petals * t))
    return _closed(r * np.cos(t), r * np.sin(t))


def round_patch(radius: float, stretch: float = 1.0) -> Polygon:
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return _closed(radius * np.cos(t), radius * stretch * np.sin(t))


def rounded_rectangle(half_width: float, half_height: float, corner: float) -> Polygon:
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False) + np.pi / 24
    x = (half_width - corner) * np.sign(np.cos(t)) + corner * np.cos(t)
    y = (half_height - corner) * np.sign(np.sin(t)) + corner * np.sin(t)
    return _closed(x, y)


def draw(rng: np.random.Generator, radius: float) -> Polygon:
    """A random motif of about that radius: star, heart, flower, leaf or medallion."""
    kind = int(rng.integers(5))
    if kind == 0:
        outline = star_outline(radius, radius * rng.uniform(0.45, 0.6), int(rng.integers(5, 8)), np.pi / 2)
    elif kind == 1:
        outline = heart_outline(2 * radius)
    elif kind == 2:
        return flower(radius, int(rng.integers(5, 8)), float(rng.uniform(0.15, 0.28)))
    elif kind == 3:
        outline = leaf_outline(2.2 * radius, 1.2 * radius) - [1.1 * radius, 0]
    else:
        return round_patch(radius * 0.9, float(rng.uniform(0.7, 1.1)))
    return _closed(*outline.T)


def _closed(x: np.ndarray, y: np.ndarray) -> Polygon:
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
