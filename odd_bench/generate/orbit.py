"""From drawn orbits to cameras: as close as the picture allows while every object stays in it."""

from __future__ import annotations

import numpy as np

from odd_bench.cameras import intrinsics, look_at
from odd_bench.generate.config import OrbitConfig
from odd_bench.scene import Camera


def orbit_cameras(orbit: OrbitConfig, draws: dict, points: np.ndarray) -> tuple[Camera, ...]:
    """One camera a drawn azimuth, all looking at the middle of the scene.

    points: (n, 3) outline of all objects, metres, world. The distance of each view is the drawn factor times the smallest
    at which the points fill at most `orbit.fill` of the picture.
    """
    K = intrinsics(orbit.pixels, orbit.pixels, orbit.focal_mm, orbit.sensor_mm)
    target = (points.min(axis=0) + points.max(axis=0)) / 2
    slope = orbit.fill * orbit.pixels / 2 / K[0, 0]
    cameras = []
    for azimuth, elevation, factor in zip(
        draws["azimuth_rad"], np.radians(draws["elevation_deg"]), draws["distance_factor"], strict=True
    ):
        back = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
        rotation = look_at(target + back, target)[:3, :3]
        distance = factor * _fitting_distance(rotation, points - target, slope)
        cameras.append(Camera(K, look_at(target + distance * back, target), orbit.pixels, orbit.pixels))
    return tuple(cameras)


def _fitting_distance(camera_from_world_rotation: np.ndarray, offsets: np.ndarray, slope: float) -> float:
    """Smallest distance from the target at which |x|, |y| <= slope * depth for all offsets (n, 3) from the target."""
    x, y, z = (offsets @ camera_from_world_rotation.T).T
    return float(np.max(np.maximum(np.abs(x), np.abs(y)) / slope - z))
