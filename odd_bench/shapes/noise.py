"""Seeded noise in space: value noise, its fractal sum and cellular noise. The same seed gives the same values on any machine."""

from __future__ import annotations

import numpy as np


def hash01(cells: np.ndarray, seed: int) -> np.ndarray:
    """(...) uniform random numbers in [0, 1) for the lattice cells with integer coordinates (..., 3)."""
    c = cells.astype(np.int64).astype(np.uint32)
    h = c[..., 0] * np.uint32(0x8DA6B343) ^ c[..., 1] * np.uint32(0xD8163841) ^ c[..., 2] * np.uint32(0xCB1AB31F)
    h ^= np.uint32((seed * 0x9E3779B1 + 0x7F4A7C15) & 0xFFFFFFFF)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    return (h ^ (h >> np.uint32(16))).astype(np.float64) / 2**32


def smooth(points: np.ndarray, seed: int) -> np.ndarray:
    """(n,) value noise in [0, 1] at (n, 3) points, with features of about one unit."""
    base = np.floor(points)
    f = points - base
    f = f * f * (3 - 2 * f)
    total = np.zeros(len(points))
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, f, 1 - f), axis=1)
        total += weight * hash01(base + np.array(corner), seed)
    return total


def fractal(points: np.ndarray, seed: int, octaves: int = 4) -> np.ndarray:
    """(n,) weighted mean of several octaves of value noise at (n, 3) points, in [0, 1]."""
    amplitudes = 0.5 ** np.arange(octaves)
    layers = [a * smooth(points * 2.0**i, seed + i) for i, a in enumerate(amplitudes)]
    return np.sum(layers, axis=0) / amplitudes.sum()


def cells(points: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Cellular noise: (n,) distance to the nearest random site, and (n,) uniform random number of that site's cell, in [0, 1)."""
    base = np.floor(points)
    nearest, owner = np.full(len(points), np.inf), np.zeros(len(points))
    for offset in np.ndindex(3, 3, 3):
        cell = base + np.array(offset) - 1
        site = cell + np.stack([hash01(cell, seed + 101 + k) for k in range(3)], axis=1)
        distance = np.linalg.norm(points - site, axis=1)
        closer = distance < nearest
        nearest = np.where(closer, distance, nearest)
        owner = np.where(closer, hash01(cell, seed + 7), owner)
    return nearest, owner


def cell_edges(points: np.ndarray, seed: int) -> np.ndarray:
    """(n,) approximate distance to the nearest border between the cells of `cells`; zero on a border."""
    base = np.floor(points)
    first, second = np.full(len(points), np.inf), np.full(len(points), np.inf)
    for offset in np.ndindex(3, 3, 3):
        cell = base + np.array(offset) - 1
        site = cell + np.stack([hash01(cell, seed + 101 + k) for k in range(3)], axis=1)
        distance = np.linalg.norm(points - site, axis=1)
        second = np.minimum(second, np.maximum(first, distance))
        first = np.minimum(first, distance)
    return (second - first) / 2
