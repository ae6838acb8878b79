"""Ambient light: the light that reaches a point from the environment and, after one bounce, from the floor and the neighbours.

The light at an unoccluded point is tabulated by the direction of the normal. Rays are cast to find its occlusion alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse

from odd_bench.color import LUMINANCE
from odd_bench.geometry.raycast import Caster
from odd_bench.render.draft.grid import bilinear
from odd_bench.render.draft.light import Light
from odd_bench.render.draft.surface import CLEAR_M, Surface

RAYS_A_PATCH, RAYS_A_CELL = 12, 12
PATCH_M = 0.010  # vertices in a cell of this side whose normals are in the same octant share their rays
FLOOR_CELLS, FLOOR_SIDE_M = 128, 3.2  # grid on the floor around the origin; the floor beyond it is unoccluded
SHADE_ENDS_M = (0.25, 0.5)  # the occlusion of the floor fades between these distances from the objects
BOUNCE = 0.5  # a surface near others receives this fraction of the open floor's light, and reflects it to them
DARKEST = 1e-9  # smallest weight of a direction, for environments that are black
GATHERED_BLUR = 2  # blur level of the environment: without it, few rays would hit a small lamp only by chance
AT_ONCE = 2**14  # points computed together, so that their values stay in a processor's cache
SMOOTHINGS = 2
OPEN_ROWS, OPEN_COLUMNS = 17, 32  # tabulated normals of the open light: elevations from down to up, and azimuths
OPEN_CELL = 16  # rows and columns of the blurred environment that form one cell


@dataclass(frozen=True)
class Ambient:
    """Diffuse radiance of a white surface, without the sun, float32. vertices: (v, 3). floor: (3, cells, cells), x first."""

    vertices: np.ndarray
    floor: np.ndarray

    def on_floor(self, points: np.ndarray) -> np.ndarray:
        """Radiance (3, n) at points (2, n) on the floor, metres."""
        cells = np.clip((points / FLOOR_SIDE_M + 0.5) * FLOOR_CELLS - 0.5, 0, FLOOR_CELLS - 1)
        return bilinear(np.pad(self.floor, ((0, 0), (0, 1), (0, 1)), mode="edge"), *cells)


@dataclass(frozen=True)
class OpenLight:
    """Diffuse radiance of an unoccluded white surface, tabulated by its normal. means: (3, rows, columns + 1)."""

    means: np.ndarray

    def __call__(self, normals: np.ndarray) -> np.ndarray:
        """Radiance (3, n) for unit normals (3, n)."""
        row = (np.arcsin(np.clip(normals[2], -1, 1)) / np.pi + 0.5) * (OPEN_ROWS - 1)
        column = (np.arctan2(normals[1], normals[0]) / (2 * np.pi) + 0.5) % 1 * OPEN_COLUMNS
        return bilinear(self.means, row, column)


def open_light(light: Light, below: np.ndarray) -> OpenLight:
    """Tabulate the light of an unoccluded surface. below: (3, 1), radiance of the floor."""
    height, width = (size // OPEN_CELL for size in light.blurred.shape[2:])
    cells = light.blurred[:, GATHERED_BLUR].reshape(3, height, OPEN_CELL, width, OPEN_CELL).mean(axis=(2, 4))
    elevation = ((np.arange(height) + 0.5) / height - 0.5) * np.pi
    cells = np.where(elevation[:, None] > 0, cells, below[:, :, None]).reshape(3, -1)
    directions = _on_sphere(elevation, ((np.arange(width) + 0.5) / width - 0.5) * 2 * np.pi)
    normals = _on_sphere(
        (np.arange(OPEN_ROWS) / (OPEN_ROWS - 1) - 0.5) * np.pi,
        (np.arange(OPEN_COLUMNS + 1) / OPEN_COLUMNS - 0.5) * 2 * np.pi,
    )
    share = np.clip(normals.T @ directions, 0, None) * np.repeat(np.cos(elevation), width)  # (normals, directions)
    means = cells @ (share / share.sum(axis=1, keepdims=True)).T
    return OpenLight(means.reshape(3, OPEN_ROWS, OPEN_COLUMNS + 1).astype(np.float32))


def measure_ambient(
    surface: Surface, caster: Caster, light: Light, floor_mean: np.ndarray, rng: np.random.Generator
) -> Ambient:
    """Measure the ambient light at the vertices of a surface and on the floor. floor_mean: (3,), mean albedo of the floor."""
    open_floor = light.on_floor() / np.pi
    below = (floor_mean * open_floor).astype(np.float32)[:, None]
    bounced = BOUNCE * surface.albedo * open_floor.astype(np.float32)  # (f, 3)
    in_the_open = open_light(light, below)

    brightness = (np.float32(LUMINANCE) @ light.blurred[:, GATHERED_BLUR].reshape(3, -1)).reshape(
        light.blurred.shape[2:]
    )
    brightness[: len(brightness) // 2] = LUMINANCE @ below[:, 0]

    def piece(points: np.ndarray, normals: np.ndarray, count: int) -> np.ndarray:
        """The fraction of the open light that objects do not block, and the radiance that they reflect instead: (4, n).

        Directions are distributed as the cosine to the normal, and weighted by the brightness of the environment, so that one
        fraction serves all colours.
        """
        start = (points + CLEAR_M * normals).T
        turns = rng.random(points.shape[1]).astype(np.float32)
        first, second = _across(normals)
        left, around, sent = *np.zeros((2, points.shape[1]), np.float32), np.zeros_like(points)
        for i in range(count):  # directions of a spiral, which has a random rotation at every point
            turn, sine = 2 * np.pi * (i * 0.618034 + turns), ((i + 0.5) / count) ** 0.5
            directions = sine * (np.cos(turn) * first + np.sin(turn) * second) + (1 - sine**2) ** 0.5 * normals
            face = caster.cast(start, directions.T).face
            weight = brightness.ravel().take(light.cells(directions)) + DARKEST
            around += weight
            left += np.where(face < 0, weight, 0)
            on_object = np.flatnonzero(face >= 0)
            sent[:, on_object] += bounced.take(face[on_object], axis=0).T
        return np.concatenate([(left / around)[None], sent / count])

    def shade(points: np.ndarray, normals: np.ndarray, count: int) -> np.ndarray:
        parts = [slice(first, first + AT_ONCE) for first in range(0, points.shape[1], AT_ONCE)]
        none = np.zeros((4, 0), np.float32)
        return np.concatenate([none, *(piece(points[:, i], normals[:, i], count) for i in parts)], axis=1)

    return Ambient(_at_vertices(shade, surface, in_the_open), _on_floor(shade, surface, in_the_open))


def _at_vertices(shade, surface: Surface, in_the_open: OpenLight) -> np.ndarray:
    """Ambient radiance (v, 3) at the vertices."""
    patch, chosen = _patches(surface)
    points, normals = (np.ascontiguousarray(v[chosen].T) for v in (surface.vertices, surface.vertex_normals))
    shaded = shade(points, normals, RAYS_A_PATCH).T
    to_patches = _neighbours(surface.faces, patch, len(chosen))
    among_patches = _means(
        sparse.csr_matrix((np.ones(len(patch), np.float32), (patch, np.arange(len(patch))))) @ to_patches
    )
    for _ in range(SMOOTHINGS):
        shaded = among_patches @ shaded
    shaded = _means(to_patches) @ shaded
    return in_the_open(surface.vertex_normals.T).T * shaded[:, :1] + shaded[:, 1:]


def _patches(surface: Surface) -> tuple[np.ndarray, np.ndarray]:
    """The patch (v,) int of every vertex, and one vertex (patches,) int of each patch."""
    cell = np.floor(surface.vertices / PATCH_M).astype(np.int64) + 2**18
    octant = (surface.vertex_normals > 0) @ np.array([1, 2, 4])
    key = ((cell[:, 0] << 40) | (cell[:, 1] << 20) | cell[:, 2]) * 8 + octant
    _, chosen, patch = np.unique(key, return_index=True, return_inverse=True)
    return patch.ravel(), chosen


def _neighbours(faces: np.ndarray, patch: np.ndarray, patches: int) -> sparse.csr_matrix:
    """For each vertex and patch, the number (v, patches) of corners in that patch among the faces around the vertex.

    The vertex itself counts as well.
    """
    vertex = np.concatenate([faces.ravel(), faces.ravel(), np.arange(len(patch))])
    other = np.concatenate(
        [np.roll(faces, 1, axis=1).ravel(), np.roll(faces, -1, axis=1).ravel(), np.arange(len(patch))]
    )
    ones = np.ones(len(vertex), np.float32)
    return sparse.csr_matrix((ones, (vertex, patch[other])), (len(patch), patches))


def _means(weights: sparse.csr_matrix) -> sparse.csr_matrix:
    return sparse.diags(1 / np.asarray(weights.sum(axis=1)).ravel()) @ weights


def _on_floor(shade, surface: Surface, in_the_open: OpenLight) -> np.ndarray:
    """Ambient radiance (3, cells, cells) on the floor."""
    places = (((np.arange(FLOOR_CELLS) + 0.5) / FLOOR_CELLS - 0.5) * FLOOR_SIDE_M).astype(np.float32)
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    away = [np.maximum(np.maximum(low[i] - places, places - high[i]), 0) for i in (0, 1)]
    away = np.hypot(away[0][:, None], away[1])
    x, y = np.nonzero(away < SHADE_ENDS_M[1])
    points = np.stack([places[x], places[y], 0 * places[x]])
    up = np.float32([[0], [0], [1]])
    shaded = np.zeros((4, FLOOR_CELLS, FLOOR_CELLS), np.float32)
    shaded[0] = 1
    shaded[:, x, y] = shade(points, np.broadcast_to(up, points.shape), RAYS_A_CELL)
    near = np.clip((SHADE_ENDS_M[1] - away) / (SHADE_ENDS_M[1] - SHADE_ENDS_M[0]), 0, 1)
    near[[0, -1]] = near[:, [0, -1]] = 0  # the rim is unoccluded, because the floor beyond continues it
    left, *sent = ndimage.gaussian_filter(shaded, (0, 1.0, 1.0))
    return in_the_open(up)[:, :, None] * (1 - near * (1 - left)) + near * np.stack(sent)


def _on_sphere(elevation: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """Unit vectors (3, rows * columns) of all pairs of an elevation and an azimuth."""
    level = np.cos(elevation)[:, None]
    up = np.broadcast_to(np.sin(elevation)[:, None], (len(elevation), len(azimuth)))
    return np.stack([level * np.cos(azimuth), level * np.sin(azimuth), up]).reshape(3, -1).astype(np.float32)


def _across(normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors (3, n) orthogonal to the unit normals (3, n) and to each other (Duff et al. 2017)."""
    x, y, z = normals
    sign = np.where(z < 0, np.float32(-1), np.float32(1))
    a = -1 / (sign + z)
    b = x * y * a
    return np.stack([1 + sign * x**2 * a, sign * b, -sign * x]), np.stack([b, sign + y**2 * a, -y])
