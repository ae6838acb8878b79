"""Shapes for tests: convex point clouds, and a way for them to come to rest without a simulation."""

from functools import cache
from types import SimpleNamespace

import numpy as np
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from odd_bench.generate.rest import body, rest_poses
from odd_bench.geometry.shape import Shape


@cache
def cloud(seed: int) -> Shape:
    """The hull of 40 points in a box of random proportions, in its canonical frame."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    points = rng.normal(size=(40, 3)) * rng.uniform(0.4, 1.0, 3)
    points -= (points.min(axis=0) + points.max(axis=0)) / 2
    return solid(points / np.ptp(points, axis=0).max())


def solid(points: np.ndarray) -> Shape:
    hull = ConvexHull(points)
    corners = points[hull.vertices]
    faces = body(points, points.mean(axis=0)).triangles.reshape(-1, 3) + points.mean(axis=0)
    index = np.argmin(np.linalg.norm(faces[:, None] - corners[None], axis=-1), axis=1).reshape(-1, 3)
    flat = np.zeros(len(index), np.int32)
    return Shape("cloud", "cloud", corners, index, flat, flat, np.zeros((len(index), 3), np.uint8), ("body",), ())


def topple(hull_vertices: np.ndarray, centre: np.ndarray, orientations_wxyz: np.ndarray) -> SimpleNamespace:
    """A drop without a simulation: the hull topples over its edges until it rests."""
    poses = rest_poses(body(hull_vertices, centre), orientations_wxyz, np.ones(1, bool), max_tilt_rad=np.pi)
    wxyz = Rotation.from_matrix(poses).as_quat()[:, [3, 0, 1, 2]]
    return SimpleNamespace(quaternions_wxyz=wxyz, settled=np.ones(len(wxyz), bool))
