"""The sun of a draft picture, with soft shadows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.raycast import Caster
from odd_bench.render.draft.light import Light
from odd_bench.render.draft.surface import CLEAR_M, Surface

DEVIATIONS = 6  # from the middle of the sun's disc: hardly a ray aims further out
LOWEST = 0.01  # sine of the sun's elevation: shadows longer than a hundred times the height end


@dataclass(frozen=True)
class Sun:
    """direction: (3, 1) unit, towards it. size_rad: its apparent diameter. irradiance: (3, 1) of a plane that faces it.

    least, greatest: (2, 1) x and y of the floor that objects may shade, metres; no ray is cast from elsewhere.
    """

    direction: np.ndarray
    size_rad: float
    irradiance: np.ndarray
    least: np.ndarray
    greatest: np.ndarray
    caster: Caster

    def shining(self, points: np.ndarray, normals: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) cosine between normals (3, n) and the sun, zero in shadow; each point looks at another point of its disc."""
        cosine = (self.direction * normals).sum(axis=0).clip(0)
        if not self.irradiance.any():
            return 0 * cosine
        foot = _foot(points, self.direction)
        near = ((foot >= self.least) & (foot <= self.greatest)).all(axis=0)
        doubtful = np.flatnonzero(near & (cosine > 0))
        towards = self.direction + self.size_rad / 4 * rng.standard_normal((3, len(doubtful)), np.float32)
        start = points.take(doubtful, axis=1) + CLEAR_M * normals.take(doubtful, axis=1)
        cosine[doubtful[self.caster.blocked(start.T, towards.T)]] = 0
        return cosine


def sun_over(surface: Surface, caster: Caster, light: Light) -> Sun:
    direction, size_rad = light.sun_direction.astype(np.float32)[:, None], float(light.sun_size_rad)
    feet = _foot(surface.vertices.T, direction)
    blur = float(surface.vertices[:, 2].max()) * DEVIATIONS * size_rad / 4 / max(float(direction[2, 0]), LOWEST) ** 2
    least, greatest = feet.min(axis=1, keepdims=True), feet.max(axis=1, keepdims=True)
    margin = CLEAR_M + blur
    irradiance = light.sun_irradiance.astype(np.float32)[:, None]
    return Sun(direction, size_rad, irradiance, least - margin, greatest + margin, caster)


def _foot(points: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """(2, n) where the lines from points (3, n) along the sun's light meet the floor."""
    return points[:2] - points[2] / np.maximum(direction[2], np.float32(LOWEST)) * direction[:2]
