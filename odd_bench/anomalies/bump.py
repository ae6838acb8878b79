"""Bump: a round swelling or dent."""

from __future__ import annotations

import numpy as np

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.mesh import face_vectors
from odd_bench.anomalies.quality import require_unstretched
from odd_bench.anomalies.refine import refine
from odd_bench.anomalies.warp import warped
from odd_bench.shapes.shape import Shape


def bump(shape: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """Everything within a ball is pulled along the surface normal, most in the middle; outside the ball every vertex stays.

    A height below 0.58 of the radius cannot make the surface pass through itself.
    """
    center, outward = _spot(shape, rng)
    radius = rng.uniform(*config.bump_radius)
    height = radius * rng.uniform(*config.bump_height) * (-1.0 if rng.random() < config.dent_share else 1.0)
    fine = refine(shape, lambda points: np.linalg.norm(points - center, axis=1) - radius, min(config.edge, radius / 6))
    distance = np.linalg.norm(fine.vertices - center, axis=1)
    moved = distance < radius
    pulled = fine.vertices[moved] + (height * falloff(distance[moved] / radius))[:, None] * outward
    odd = warped(fine, moved, pulled)
    require_unstretched(fine, odd, config.stretch)
    return odd


def falloff(distance: np.ndarray) -> np.ndarray:
    """1 at 0, 0 from 1 on, with a continuous curvature; steepest slope 1.72."""
    return np.clip(1 - distance**2, 0.0, None) ** 3


def _spot(shape: Shape, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A point on the surface, uniform by area, and the outward normal there."""
    normals = face_vectors(shape.vertices, shape.faces)
    areas = np.linalg.norm(normals, axis=1)
    face = rng.choice(len(areas), p=areas / areas.sum())
    weights = rng.dirichlet(np.ones(3))
    return weights @ shape.vertices[shape.faces[face]], normals[face] / areas[face]
