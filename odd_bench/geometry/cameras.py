"""Pinhole cameras: intrinsics, poses, projection and rays. OpenCV axes, pixel centres at half-integers."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from odd_bench.geometry.motion import transformed
from odd_bench.scene import Camera


def intrinsics(width: int, height: int, focal_mm: float = 30.0, sensor_mm: float = 36.0) -> np.ndarray:
    """The intrinsic matrix K (3, 3) in pixels. The sensor's width spans the longer side; the principal point is central."""
    focal_px = focal_mm / sensor_mm * max(width, height)
    return np.array([[focal_px, 0.0, width / 2], [0.0, focal_px, height / 2], [0.0, 0.0, 1.0]])


def look_at(eye: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The camera_from_world (4, 4) of an upright camera at `eye` (3,) that looks at `target` (3,), metres, world.

    Raises ValueError if the camera would look straight up or down: its roll would then be undefined.
    """
    forward = np.asarray(target, float) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    if np.linalg.norm(right) < 1e-6:
        raise ValueError(f"look_at: eye {eye} is straight above or below target {target}; expected a slanted view")
    right /= np.linalg.norm(right)
    camera_from_world = np.eye(4)
    camera_from_world[:3, :3] = np.stack([right, np.cross(forward, right), forward])
    camera_from_world[:3, 3] = -camera_from_world[:3, :3] @ eye
    return camera_from_world


class Posed(Protocol):
    """Anything with a camera pose, such as a camera or a photograph. camera_from_world: (4, 4) rigid motion."""

    camera_from_world: np.ndarray


def eye(camera: Posed) -> np.ndarray:
    """Position (3,) of the camera, in the unit of its world."""
    return -camera.camera_from_world[:3, :3].T @ camera.camera_from_world[:3, 3]


def project(camera: Camera, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Project world points (n, 3) to pixels (n, 2) and planar depths (n,) in metres.

    A point behind the camera has negative depth. A point in the plane of the camera's centre has depth 0, and its pixel
    is inf or NaN.
    """
    in_camera = transformed(points, camera.camera_from_world)
    depth = in_camera[:, 2]
    homogeneous = in_camera @ camera.K.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return homogeneous[:, :2] / homogeneous[:, 2:], depth


def unproject(camera: Camera, pixels: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Convert pixels (n, 2) and planar depths (n,) in metres to world points (n, 3)."""
    homogeneous = np.column_stack([pixels, np.ones(len(pixels))])
    in_camera = (homogeneous @ np.linalg.inv(camera.K).T) * np.asarray(depth)[:, None]
    return (in_camera - camera.camera_from_world[:3, 3]) @ camera.camera_from_world[:3, :3]


def pixel_directions(camera: Camera, rows: slice = slice(None)) -> np.ndarray:
    """Directions (h, w, 3) in the world of the rays through pixel centres, scaled to planar depth 1, for the given rows."""
    u, v = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height)[rows] + 0.5)
    homogeneous = np.stack([u, v, np.ones_like(u)], axis=-1)
    return homogeneous @ np.linalg.inv(camera.K).T @ camera.camera_from_world[:3, :3]
