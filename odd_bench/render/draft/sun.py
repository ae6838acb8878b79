"""The sun of a draft picture, with soft shadows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.raycast import Caster
from odd_bench.render.draft.light import Light
from odd_bench.render.draft.surface import CLEAR_M, Surface

DEVIATIONS = 6  # hardly a ray deviates more from the middle of the sun's disc, in standard deviations
LOWEST = 0.01  # smallest sine of the sun's elevation: shadows end at a hundred times the height


@dataclass(frozen=True)
class Sun:
    """The sun, and the region of the floor that objects may shade.

    direction: (3, 1) unit vector to the sun. size_rad: apparent diameter of the sun. irradiance: (3, 1) of a plane that faces the
    sun. least, greatest: (2, 1), bounds of the region along x and y in metres; no ray is cast from outside it.
    """

    direction: np.ndarray
    size_rad: float
    irradiance: np.ndarray
    least: np.ndarray
    greatest: np.ndarray
    caster: Caster

    def shining(self, points: np.ndarray, normals: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Cosine (n,) between normals (3, n) and the sun, 0 in shadow. Each point uses a random point of the sun's disc."""
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
    """The sun of a light, with the region that a surface may shade."""
    direction, size_rad = light.sun_direction.astype(np.float32)[:, None], float(light.sun_size_rad)
    feet = _foot(surface.vertices.T, direction)
    blur = float(surface.vertices[:, 2].max()) * DEVIATIONS * size_rad / 4 / max(float(direction[2, 0]), LOWEST) ** 2
    least, greatest = feet.min(axis=1, keepdims=True), feet.max(axis=1, keepdims=True)
    margin = CLEAR_M + blur
    irradiance = light.sun_irradiance.astype(np.float32)[:, None]
    return Sun(direction, size_rad, irradiance, least - margin, greatest + margin, caster)


def _foot(points: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The points (2, n) at which lines from points (3, n) along the sun's light meet the floor."""
    return points[:2] - points[2] / np.maximum(direction[2], np.float32(LOWEST)) * direction[:2]
