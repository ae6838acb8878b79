"""Bump: a round swelling or dent."""

from __future__ import annotations

import numpy as np

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.quality import require_unstretched
from odd_bench.anomalies.warp import warped
from odd_bench.geometry.mesh import face_vectors
from odd_bench.geometry.refine import refine
from odd_bench.geometry.refusal import FOLDS, Refusal
from odd_bench.geometry.shape import Shape

FRONT = 0.2  # the surface near a bump may rise this far above its centre, as a fraction of the radius, without being in its way
SPOTS = 8  # places tried to find a clear one


def bump(shape: Shape, rng: np.random.Generator, config: AnomalyConfig) -> Shape:
    """Everything inside a ball is moved along the surface normal, most at its centre; vertices outside the ball stay."""
    radius, height = _size(rng, config)
    center, outward = _clear_spot(shape, radius, height, rng)
    fine = refine(shape, lambda points: np.linalg.norm(points - center, axis=1) - radius, min(config.edge, radius / 6))
    distance = np.linalg.norm(fine.vertices - center, axis=1)
    moved = distance < radius
    pulled = fine.vertices[moved] + (height * falloff(distance[moved] / radius))[:, None] * outward
    odd = warped(fine, moved, pulled)
    require_unstretched(fine, odd, config.stretch)
    return odd


def _size(rng: np.random.Generator, config: AnomalyConfig) -> tuple[float, float]:
    """Radius and height in canonical units; the height of a dent is negative.

    A dent must stay below 0.58 of the radius: the slope of `falloff` reaches 1.72, so a deeper one would fold over.
    """
    radius = rng.uniform(*config.bump_radius)
    if rng.random() < config.dent_share:
        return radius, -radius * rng.uniform(*config.dent_depth)
    return radius, radius * rng.uniform(*config.bump_height)


def falloff(distance: np.ndarray) -> np.ndarray:
    """1 at 0 and 0 from 1 on, with continuous curvature; the steepest slope is 1.72."""
    return np.clip(1 - distance**2, 0.0, None) ** 3


def _clear_spot(shape: Shape, radius: float, height: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The centre and outward normal of a face drawn by area, where no other surface is in the way of a bump.

    Raises Refusal if none of SPOTS faces is clear.
    """
    normals = face_vectors(shape.vertices, shape.faces)
    areas = np.linalg.norm(normals, axis=1)
    for face in rng.choice(len(areas), SPOTS, p=areas / areas.sum()):
        center, outward = shape.vertices[shape.faces[face]].mean(axis=0), normals[face] / areas[face]
        from_center = shape.vertices - center
        near = (from_center**2).sum(axis=1) < radius**2
        if height < 0 or (from_center[near] @ outward).max(initial=0.0) < FRONT * radius:
            return center, outward
    raise Refusal(FOLDS, f"{shape.name}: another surface is in the way of the bump at all {SPOTS} places tried")
