"""The cameras of a drawn orbit, as close to the objects as possible with every object in the picture."""

from __future__ import annotations

import numpy as np

from odd_bench.generate.config import OrbitConfig
from odd_bench.geometry.cameras import intrinsics, look_at
from odd_bench.plan_line import Orbit
from odd_bench.scene import Camera


def orbit_cameras(orbit: OrbitConfig, drawn: Orbit, points: np.ndarray) -> tuple[Camera, ...]:
    """One camera per drawn azimuth and elevation, with the objects in the middle of its picture.

    points: (n, 3) outlines of all objects in metres, world. The distance of each camera is the drawn factor times the smallest one
    at which the points span at most `orbit.fill` of the picture. No point is nearer than `orbit.min_clearance_m`.
    """
    K = intrinsics(orbit.pixels, orbit.pixels, orbit.focal_mm, orbit.sensor_mm)
    slope = orbit.fill * orbit.pixels / 2 / K[0, 0]
    cameras = []
    for azimuth, elevation, factor in zip(
        drawn.azimuth_rad, np.radians(drawn.elevation_deg), drawn.distance_factor, strict=True
    ):
        back = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
        camera_from_world = look_at(back, np.zeros(3))
        camera_from_world[:3, 3] = -_eye_in_camera_axes(
            points @ camera_from_world[:3, :3].T, slope, factor, orbit.min_clearance_m
        )
        cameras.append(Camera(K, camera_from_world, orbit.pixels, orbit.pixels))
    return tuple(cameras)


def _eye_in_camera_axes(points: np.ndarray, slope: float, factor: float, clearance_m: float) -> np.ndarray:
    """The camera's centre (3,), for points (n, 3) in the camera's axes.

    A point is in the picture if |x - eye_x| <= slope * (z - eye_z), and the same for y. Each side of the picture gives one bound on
    the eye. The nearest eye satisfies the tighter pair of bounds with equality, and lies half-way between the other two. `factor`
    then moves it back, and `clearance_m` does if it is still too close.
    """
    across, depth = points[:, :2], points[:, 2:]
    low = np.max(across - slope * depth, axis=0)  # eye >= low + slope * eye_z
    high = np.min(across + slope * depth, axis=0)  # eye <= high - slope * eye_z
    nearest = float(np.min(high - low)) / (2 * slope)
    middle = (depth.min() + depth.max()) / 2
    depth_of_eye = min(middle - factor * (middle - nearest), depth.min() - clearance_m)
    return np.append((low + high) / 2, depth_of_eye)
