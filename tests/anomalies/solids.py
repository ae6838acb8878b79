"""Small closed shapes to be broken: an apple, a thin-walled mug, a dumbbell."""

from __future__ import annotations

from functools import cache

import numpy as np
from skimage.measure import marching_cubes

from odd_bench.geometry.fracture.modes import FractureConfig, FractureModes, compute_modes
from odd_bench.geometry.shape import Material, Shape

QUICK = FractureConfig(resolution=64, cells=220, modes=6)
NAMES = ("apple", "mug", "dumbbell")
MUG_WALL = 0.06


@cache
def solid_shape(name: str, grid: int = 60) -> Shape:
    """One of NAMES, as a shape of two parts that differ in colour and material."""
    axis = (np.arange(grid) + 0.5) / grid * 1.2 - 0.6
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    distances = {"apple": _apple, "mug": _mug, "dumbbell": _dumbbell}[name](x, y, z)
    vertices, faces, _, _ = marching_cubes(distances.min(axis=0), 0.0, gradient_direction="descent")
    vertices = axis[0] + vertices.astype(np.float64) * (axis[1] - axis[0])
    nearest = np.floor((vertices[faces].mean(axis=1) - axis[0]) / (axis[1] - axis[0]) + 0.5).astype(int)
    part = distances[:, nearest[:, 0], nearest[:, 1], nearest[:, 2]].argmin(axis=0)
    vertices = vertices - (vertices.max(axis=0) + vertices.min(axis=0)) / 2
    colors = np.array([[190, 60, 50], [60, 90, 180]], np.uint8)
    materials = (Material("skin", 0.4), Material("trim", 0.6))
    size = np.ptp(vertices, axis=0).max()
    return Shape(name, name, vertices / size, faces, part, part.copy(), colors[part], ("body", "trim"), materials)


@cache
def solid_modes(name: str) -> FractureModes:
    return compute_modes(solid_shape(name), np.random.default_rng(0), QUICK)


def _apple(x, y, z) -> np.ndarray:
    return np.stack([np.sqrt(x**2 + y**2 + z**2) - 0.45, np.sqrt(x**2 + y**2 + (z - 0.42) ** 2) - 0.1])


def _mug(x, y, z) -> np.ndarray:
    radius = np.hypot(x, y)
    wall = np.maximum(np.abs(radius - 0.4) - MUG_WALL / 2, np.abs(z) - 0.45)
    bottom = np.maximum(radius - 0.4, np.abs(z + 0.45) - MUG_WALL / 2)
    return np.stack([wall, bottom])


def _dumbbell(x, y, z) -> np.ndarray:
    ends = [np.sqrt((x - side * 0.38) ** 2 + y**2 + z**2) - 0.18 for side in (-1, 1)]
    return np.stack([np.minimum(*ends), np.maximum(np.hypot(y, z) - 0.07, np.abs(x) - 0.4)])
