"""Rigid motions (4, 4) that place parts: a rotation about a line, a frame along an axis, a frame in a plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Vector = Sequence[float] | np.ndarray


def rotation_about(axis: Vector, degrees: float, about: Vector = (0, 0, 0)) -> np.ndarray:
    """(4, 4) rotation by an angle about the line through `about` along `axis`."""
    n = np.asarray(axis, float) / np.linalg.norm(axis)
    angle = np.radians(degrees)
    k = np.array([[0, -n[2], n[1]], [n[2], 0, -n[0]], [-n[1], n[0], 0]])
    pose = np.eye(4)
    pose[:3, :3] += np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)
    pose[:3, 3] = np.asarray(about, float) - pose[:3, :3] @ np.asarray(about, float)
    return pose


def frame_along(z_axis: Vector, origin: Vector) -> np.ndarray:
    """(4, 4) pose at `origin` whose z axis points along `z_axis`."""
    z = np.asarray(z_axis, float) / np.linalg.norm(z_axis)
    helper = np.array([1.0, 0, 0]) if abs(z[0]) < 0.9 else np.array([0, 1.0, 0])
    x = np.cross(helper, z)
    return _frame(x / np.linalg.norm(x), z, origin)


def plane_pose(origin: Vector, right: Vector, up: Vector) -> np.ndarray:
    """(4, 4) pose at `origin` with x along `right` and y as close to `up` as possible, perpendicular to x."""
    x = np.asarray(right, float) / np.linalg.norm(right)
    z = np.cross(x, up)
    return _frame(x, z / np.linalg.norm(z), origin)


def _frame(x: np.ndarray, z: np.ndarray, origin: Vector) -> np.ndarray:
    """(4, 4) pose at `origin` from perpendicular unit axes x and z; y completes the right-handed frame."""
    pose = np.eye(4)
    pose[:3, :3] = np.stack([x, np.cross(z, x), z], axis=1)
    pose[:3, 3] = origin
    return pose
