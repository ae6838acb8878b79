"""The light that reaches a place from the environment and, after one bounce, from the floor and the neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse

from odd_bench.draft.light import Light
from odd_bench.draft.surface import CLEAR_M, Surface
from odd_bench.shapes.raycast import Caster

RAYS_A_VERTEX, RAYS_A_CELL = 24, 32
FLOOR_CELLS, FLOOR_SIDE_M = 160, 3.2  # of the floor around the origin; beyond it lies in the open
BOUNCE = 0.5  # share of the open floor's light that a surface near others receives, for light that bounces off it
GATHERED_BLUR = 2  # of the environment: so few rays would hit a small lamp by luck alone
SMOOTHINGS = 2


@dataclass(frozen=True)
class Ambient:
    """Diffuse radiance of a white surface without the sun. vertices: (v, 3). floor: (cells, cells, 3), x first."""

    vertices: np.ndarray
    floor: np.ndarray

    def on_floor(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) at places (n, 2), metres."""
        cells = (points / FLOOR_SIDE_M + 0.5) * FLOOR_CELLS - 0.5
        return np.stack(
            [ndimage.map_coordinates(self.floor[..., i], cells.T, order=1, mode="nearest") for i in range(3)], axis=1
        )


def measure_ambient(
    surface: Surface, caster: Caster, light: Light, floor_mean: np.ndarray, rng: np.random.Generator
) -> Ambient:
    """floor_mean: (3,) its mean reflectance."""

    def gather(points, normals, count):
        return _gathered(points, normals, count, surface, caster, light, floor_mean, rng)

    at_vertices = gather(surface.vertices, surface.vertex_normals, RAYS_A_VERTEX)
    return Ambient(_smoothed(at_vertices, surface), _on_floor(gather))


def _on_floor(gather) -> np.ndarray:
    places = ((np.arange(FLOOR_CELLS) + 0.5) / FLOOR_CELLS - 0.5) * FLOOR_SIDE_M
    x, y = np.meshgrid(places, places, indexing="ij")
    points = np.stack([x, y, 0 * x], axis=-1).reshape(-1, 3)
    light = gather(points, np.broadcast_to([0.0, 0.0, 1.0], points.shape), RAYS_A_CELL)
    cells = ndimage.gaussian_filter(light.reshape(FLOOR_CELLS, FLOOR_CELLS, 3), (1.0, 1.0, 0))
    rim = np.concatenate([cells[0], cells[-1], cells[:, 0], cells[:, -1]])
    cells[[0, -1]] = cells[:, [0, -1]] = rim.mean(axis=0)  # noise would go on outwards as streaks
    return cells


def _gathered(points, normals, count, surface, caster, light, floor_mean, rng) -> np.ndarray:
    """(n, 3) mean radiance over `count` directions, drawn as the cosine to the normal."""
    total = np.zeros((len(points), 3))
    open_floor = light.on_floor() / np.pi
    turns = rng.random(len(points))
    for i in range(count):  # one direction of a spiral at a time, turned differently at every point
        directions = _around(normals, np.sqrt((i + 0.5) / count), 2 * np.pi * (i * 0.618034 + turns))
        hits = caster.cast(points + CLEAR_M * normals, directions)
        arriving = np.where(directions[:, 2:] > 0, light.radiance(directions, GATHERED_BLUR), floor_mean * open_floor)
        on_object = hits.face >= 0
        arriving[on_object] = BOUNCE * surface.albedo[hits.face[on_object]] * open_floor
        total += arriving
    return total / count


def _around(normals: np.ndarray, sine: float, turn: np.ndarray) -> np.ndarray:
    """(n, 3) unit directions whose angle to the unit normals (n, 3) has that sine, turned about them."""
    sign = np.where(normals[:, 2] < 0, -1.0, 1.0)  # an orthonormal basis without branches (Duff et al. 2017)
    a = -1.0 / (sign + normals[:, 2])
    b = normals[:, 0] * normals[:, 1] * a
    first = np.stack([1 + sign * normals[:, 0] ** 2 * a, sign * b, -sign * normals[:, 0]], axis=1)
    second = np.stack([b, sign + normals[:, 1] ** 2 * a, -normals[:, 1]], axis=1)
    across = np.cos(turn)[:, None] * first + np.sin(turn)[:, None] * second
    return sine * across + np.sqrt(1 - sine**2) * normals


def _smoothed(values: np.ndarray, surface: Surface) -> np.ndarray:
    """Means over neighbouring vertices: what is left of the noise of few rays."""
    a, b = surface.faces.ravel(), np.roll(surface.faces, 1, axis=1).ravel()
    count = len(values)
    near = sparse.coo_matrix((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a])), (count, count)).tocsr()
    near = near + sparse.eye(count)
    near = sparse.diags(1 / np.asarray(near.sum(axis=1)).ravel()) @ near
    for _ in range(SMOOTHINGS):
        values = near @ values
    return values
