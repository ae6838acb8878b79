"""The light that reaches a place from the environment and, after one bounce, from the floor and the neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse

from odd_bench.geometry.raycast import Caster
from odd_bench.render.draft.grid import bilinear
from odd_bench.render.draft.light import Light
from odd_bench.render.draft.surface import CLEAR_M, Surface

RAYS_A_VERTEX, RAYS_A_CLOSE_VERTEX, RAYS_A_CELL = 24, 8, 32
CLOSE_M = 0.006  # vertices nearer to each other than that share their light with more neighbours and need fewer rays
FLOOR_CELLS, FLOOR_SIDE_M = 160, 3.2  # of the floor around the origin; beyond it lies in the open
BOUNCE = 0.5  # share of the open floor's light that a surface near others receives, for light that bounces off it
GATHERED_BLUR = 2  # of the environment: so few rays would hit a small lamp by luck alone
AT_ONCE = 2**14  # points, so that their numbers stay in a processor's cache
SMOOTHINGS, CLOSE_SMOOTHINGS = 2, 10


@dataclass(frozen=True)
class Ambient:
    """Diffuse radiance of a white surface without the sun, float32. vertices: (v, 3). floor: (3, cells, cells), x first."""

    vertices: np.ndarray
    floor: np.ndarray

    def on_floor(self, points: np.ndarray) -> np.ndarray:
        """(3, n) at places (2, n), metres."""
        cells = np.clip((points / FLOOR_SIDE_M + 0.5) * FLOOR_CELLS - 0.5, 0, FLOOR_CELLS - 1)
        return bilinear(np.pad(self.floor, ((0, 0), (0, 1), (0, 1)), mode="edge"), *cells)


def measure_ambient(
    surface: Surface, caster: Caster, light: Light, floor_mean: np.ndarray, rng: np.random.Generator
) -> Ambient:
    """floor_mean: (3,) its mean reflectance."""
    open_floor = light.on_floor() / np.pi
    below = (floor_mean * open_floor).astype(np.float32)[:, None]
    bounced = BOUNCE * surface.albedo * open_floor.astype(np.float32)  # (f, 3)

    def piece(points: np.ndarray, normals: np.ndarray, count: int) -> np.ndarray:
        """(3, n) mean radiance over `count` directions, drawn as the cosine to the normal, at points (3, n)."""
        total, start = np.zeros_like(points), points + CLEAR_M * normals
        turns = rng.random(points.shape[1]).astype(np.float32)
        first, second = _across(normals)
        for i in range(count):  # one direction of a spiral at a time, turned differently at every point
            turn, sine = 2 * np.pi * (i * 0.618034 + turns), ((i + 0.5) / count) ** 0.5
            directions = sine * (np.cos(turn) * first + np.sin(turn) * second) + (1 - sine**2) ** 0.5 * normals
            face = caster.cast(start.T, directions.T).face
            arriving = np.where(directions[2] > 0, light.radiance(directions, GATHERED_BLUR), below)
            on_object = np.flatnonzero(face >= 0)
            arriving[:, on_object] = bounced[face[on_object]].T
            total += arriving
        return total / count

    def gather(points: np.ndarray, normals: np.ndarray, count: int) -> np.ndarray:
        parts = [slice(first, first + AT_ONCE) for first in range(0, points.shape[1], AT_ONCE)]
        return np.concatenate([points[:, :0], *(piece(points[:, i], normals[:, i], count) for i in parts)], axis=1)

    return Ambient(_at_vertices(gather, surface), _on_floor(gather))


def _at_vertices(gather, surface: Surface) -> np.ndarray:
    """(v, 3)"""
    close = surface.vertex_spacing_m < CLOSE_M
    light = np.empty_like(surface.vertices)
    for chosen, count in ((close, RAYS_A_CLOSE_VERTEX), (~close, RAYS_A_VERTEX)):
        points, normals = (np.ascontiguousarray(v[chosen].T) for v in (surface.vertices, surface.vertex_normals))
        light[chosen] = gather(points, normals, count).T
    return _smoothed(light, surface.faces, close)


def _on_floor(gather) -> np.ndarray:
    """(3, cells, cells)"""
    places = (((np.arange(FLOOR_CELLS) + 0.5) / FLOOR_CELLS - 0.5) * FLOOR_SIDE_M).astype(np.float32)
    x, y = np.meshgrid(places, places, indexing="ij")
    points = np.stack([x, y, 0 * x]).reshape(3, -1)
    light = gather(points, np.broadcast_to(np.float32([[0], [0], [1]]), points.shape), RAYS_A_CELL)
    cells = ndimage.gaussian_filter(light.reshape(3, FLOOR_CELLS, FLOOR_CELLS), (0, 1.0, 1.0))
    rim = np.concatenate([cells[:, 0], cells[:, -1], cells[:, :, 0], cells[:, :, -1]], axis=1).mean(axis=1)
    cells[:, [0, -1]] = cells[:, :, [0, -1]] = rim[:, None, None]  # noise would go on outwards as streaks
    return cells


def _across(normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two (3, n) unit vectors at right angles to the unit normals (3, n) and to each other (Duff et al. 2017)."""
    x, y, z = normals
    sign = np.where(z < 0, np.float32(-1), np.float32(1))
    a = -1 / (sign + z)
    b = x * y * a
    return np.stack([1 + sign * x**2 * a, sign * b, -sign * x]), np.stack([b, sign + y**2 * a, -y])


def _smoothed(values: np.ndarray, faces: np.ndarray, close: np.ndarray) -> np.ndarray:
    """Means of values (v, 3) over neighbouring vertices, over more of them where close (v,): less noise of few rays."""
    start, end, count = faces.ravel(), np.roll(faces, 1, axis=1).ravel(), len(values)
    near = sparse.coo_matrix((np.ones(len(start), np.float32), (start, end)), (count, count)).tocsr()
    near = near + near.T + sparse.eye(count, dtype=np.float32, format="csr")
    near = sparse.diags(1 / np.asarray(near.sum(axis=1)).ravel()) @ near
    for round in range(CLOSE_SMOOTHINGS):
        values = near @ values if round < SMOOTHINGS else np.where(close[:, None], near @ values, values)
    return values
