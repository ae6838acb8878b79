"""Where a shape is bent or twisted: a line through it and a plane across the line, behind which everything stays in place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.anomalies.config import AnomalyConfig

TILT = 0.25  # standard deviation of the line's tilt from a principal axis, radians


@dataclass(frozen=True)
class Hinge:
    """A line along which a shape is deformed, canonical frame.

    origin: (3,) the point on the line where the deformation begins. axes: (3, 3) orthonormal rows: along the line, aside, across.
    ramp: the length along the line over which the angle grows; beyond it the shape moves rigidly.
    """

    origin: np.ndarray
    axes: np.ndarray
    ramp: float

    def to_local(self, points: np.ndarray) -> np.ndarray:
        return (points - self.origin) @ self.axes.T

    def to_canonical(self, local: np.ndarray) -> np.ndarray:
        return self.origin + local @ self.axes

    def behind(self, points: np.ndarray) -> np.ndarray:
        """(n,) signed distance to the plane where the deformation begins; negative on the side that moves."""
        return -(points - self.origin) @ self.axes[0]

    def progress(self, along: np.ndarray) -> np.ndarray:
        """(n,) fraction of the full angle at each distance along the line: 0 at the plane, 1 past the ramp, smooth at both."""
        t = np.clip(along / self.ramp, 0.0, 1.0)
        return t * t * (3 - 2 * t)


def draw_hinge(vertices: np.ndarray, rng: np.random.Generator, config: AnomalyConfig) -> Hinge:
    """A hinge along a principal axis of the shape. `config.hinge` and `config.ramp` say where it begins and how long it is."""
    along = _direction(vertices, rng)
    aside = np.cross(along, rng.standard_normal(3))
    aside /= np.linalg.norm(aside)
    axes = np.stack([along, aside, np.cross(along, aside)])
    height = vertices @ along
    start = height.min() + rng.uniform(*config.hinge) * np.ptp(height)
    ramp = rng.uniform(*config.ramp) * (height.max() - start)
    near = vertices[np.abs(height - start) < 0.03 * np.ptp(height)]
    center = near.mean(axis=0) if len(near) else vertices.mean(axis=0)
    return Hinge(center + (start - center @ along) * along, axes, float(ramp))


def _direction(vertices: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(3,) unit vector: a principal axis of the shape, slightly tilted. Longer axes are likelier."""
    spread, principal = np.linalg.eigh(np.cov(vertices.T))
    chosen = principal[:, rng.choice(3, p=spread / spread.sum())] * rng.choice([-1.0, 1.0])
    tilted = chosen + TILT * rng.standard_normal(3) / np.sqrt(3)
    return tilted / np.linalg.norm(tilted)
