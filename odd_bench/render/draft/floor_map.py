"""The light that the floor of a draft picture scatters, computed once for all views on grids of several resolutions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from odd_bench.plan_line import Floor
from odd_bench.render.draft.ambient import Ambient
from odd_bench.render.draft.floor import floor_albedo
from odd_bench.render.draft.sun import Sun
from odd_bench.render.surroundings import FLOOR_FADES_M
from odd_bench.scene import Camera

CELLS = 320  # along each side of a level
CELL_PX = 0.75  # side of the finest cells, in sides of a pixel in the middle of the scene
PENUMBRA_RAYS = 4  # additional rays to the sun from cells whose neighbours differ


@dataclass(frozen=True)
class FloorMap:
    """Square grids of CELLS x CELLS cells around the origin. The cells of each level are twice as large as those before.

    cell_m: side of the finest cells. values: (levels * CELLS * CELLS, 7), the diffuse radiance (3) without specular reflection, the
    fraction of the sun's light that arrives (1), and the albedo (3).
    """

    cell_m: float
    values: np.ndarray

    @cached_property
    def light(self) -> np.ndarray:
        """The values without the albedo, (levels * CELLS * CELLS, 4). Only metallic floors need the albedo."""
        return np.ascontiguousarray(self.values[:, :4])

    def at(self, points: np.ndarray, pixel_m: np.ndarray, albedo: bool = True) -> np.ndarray:
        """The values (7, n), or (4, n) without the albedo, at points (2, n). pixel_m: (n,), side of a pixel's area there."""
        values = self.values if albedo else self.light
        last = len(values) // CELLS**2 - 1
        wanted = np.floor(np.log2(pixel_m / (CELL_PX * self.cell_m)) + 0.5)
        reach = np.abs(points).max(axis=0) / (self.cell_m * (CELLS / 2 - 1))
        level = np.clip(np.maximum(wanted, np.ceil(np.log2(np.maximum(reach, 1e-6)))), 0, last).astype(np.intp)
        x, y = np.clip(points / (self.cell_m * np.exp2(level)) + (CELLS / 2 - 0.5), 0, CELLS - 1.001)
        row, column = x.astype(np.intp), y.astype(np.intp)
        below, beside = (x - row).astype(np.float32)[:, None], (y - column).astype(np.float32)[:, None]
        first = (level * CELLS + row) * CELLS + column
        upper = values.take(first, axis=0)
        upper += beside * (values.take(first + 1, axis=0) - upper)
        lower = values.take(first + CELLS, axis=0)
        lower += beside * (values.take(first + CELLS + 1, axis=0) - lower)
        upper += below * (lower - upper)
        return upper.T


def map_floor(
    floor: Floor, ambient: Ambient, sun: Sun, cameras: tuple[Camera, ...], rng: np.random.Generator
) -> FloorMap:
    """Compute the map of a floor with the resolution that the cameras need."""
    pixel_m = min(float(np.linalg.norm(camera.camera_from_world[:3, 3])) / focal_px(camera) for camera in cameras)
    cell_m = CELL_PX * pixel_m
    levels = [_cells(floor, ambient, sun, cell_m, np.ones((CELLS, CELLS), bool), rng)]
    quarter = slice(CELLS // 4, 3 * CELLS // 4)
    while cell_m * CELLS / 2 < FLOOR_FADES_M[1]:
        cell_m, finer = 2 * cell_m, levels[-1]
        around = np.ones((CELLS, CELLS), bool)
        around[quarter, quarter] = False
        level = _cells(floor, ambient, sun, cell_m, around, rng)
        level[quarter, quarter] = finer.reshape(CELLS // 2, 2, CELLS // 2, 2, 7).mean(axis=(1, 3))
        levels.append(level)
    return FloorMap(CELL_PX * pixel_m, np.stack(levels).reshape(-1, 7))


def focal_px(camera: Camera) -> float:
    """The focal length in pixels: the geometric mean of both axes."""
    return float(np.sqrt(camera.K[0, 0] * camera.K[1, 1]))


def _cells(floor: Floor, ambient: Ambient, sun: Sun, cell_m: float, chosen: np.ndarray, rng) -> np.ndarray:
    """The values (CELLS, CELLS, 7), x first, of the chosen cells (CELLS, CELLS) bool; zero elsewhere."""
    row, column = np.nonzero(chosen)
    places = ((np.arange(CELLS) - (CELLS / 2 - 0.5)) * cell_m).astype(np.float32)
    points = np.stack([places[row], places[column], 0 * places[row]])
    albedo = floor_albedo(floor, points[:2], cell_m)
    shine = np.zeros((CELLS, CELLS), np.float32)
    shine[row, column] = lit = _shine(sun, points, rng)
    blurred = np.ptp([ndimage.maximum_filter(shine, 3), ndimage.minimum_filter(shine, 3)], axis=0)[row, column] > 0
    edge = np.flatnonzero(blurred)
    for _ in range(PENUMBRA_RAYS):
        lit[edge] += _shine(sun, points[:, edge], rng)
    lit[edge] /= 1 + PENUMBRA_RAYS
    light = ambient.on_floor(points[:2]) + sun.irradiance / np.pi * lit
    values = np.zeros((CELLS, CELLS, 7), np.float32)
    values[row, column] = np.concatenate([albedo * light, lit[None], albedo]).T
    return values


def _shine(sun: Sun, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The cosine (n,) of the sun's incidence at points (3, n) on the floor, 0 in shadow."""
    return sun.shining(points, np.broadcast_to(np.float32([[0], [0], [1]]), points.shape), rng)
