"""Flat motifs for badges, reliefs and painted marks: closed polygons of about unit radius, scaled on demand."""

from __future__ import annotations

import numpy as np

Polygon = list[tuple[float, float]]


def star(radius: float, points: int = 5, depth: float = 0.5) -> Polygon:
    angle = np.pi / 2 + np.arange(2 * points) * np.pi / points
    r = radius * np.where(np.arange(2 * points) % 2 == 0, 1.0, depth)
    return _closed(r * np.cos(angle), r * np.sin(angle))


def heart(radius: float) -> Polygon:
    t = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t) + 2.5
    return _closed(radius * x / 16, radius * y / 16)


def flower(radius: float, petals: int = 6, depth: float = 0.22) -> Polygon:
    t = np.linspace(0, 2 * np.pi, 6 * petals, endpoint=False)
    r = radius * (1 - depth + depth * np.cos(petals * t))
    return _closed(r * np.cos(t), r * np.sin(t))


def round_patch(radius: float, stretch: float = 1.0) -> Polygon:
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return _closed(radius * np.cos(t), radius * stretch * np.sin(t))


def leaf(radius: float) -> Polygon:
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return _closed(0.55 * radius * np.sin(t) * np.sin(t / 2) ** 0.6, -radius * np.cos(t))


def rounded_rectangle(half_width: float, half_height: float, corner: float) -> Polygon:
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False) + np.pi / 24
    x = (half_width - corner) * np.sign(np.cos(t)) + corner * np.cos(t)
    y = (half_height - corner) * np.sign(np.sin(t)) + corner * np.sin(t)
    return _closed(x, y)


def draw(rng: np.random.Generator, radius: float) -> Polygon:
    """A random motif of about that radius."""
    kind = int(rng.integers(5))
    if kind == 0:
        return star(radius, int(rng.integers(5, 8)), float(rng.uniform(0.45, 0.6)))
    if kind == 1:
        return heart(radius)
    if kind == 2:
        return flower(radius, int(rng.integers(5, 8)), float(rng.uniform(0.15, 0.28)))
    if kind == 3:
        return leaf(1.15 * radius)
    return round_patch(radius * 0.9, float(rng.uniform(0.7, 1.1)))


def _closed(x: np.ndarray, y: np.ndarray) -> Polygon:
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
