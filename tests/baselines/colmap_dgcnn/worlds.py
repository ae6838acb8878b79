"""Worlds whose depth is known in closed form: a ball on a floor, painted with a solid texture."""

from __future__ import annotations

import numpy as np

from odd_bench.baselines.colmap_dgcnn.views import Views
from odd_bench.geometry.cameras import eye, intrinsics, look_at, pixel_directions
from odd_bench.scene import Camera

CENTRE_M, RADIUS_M = np.array([0.05, -0.03, 0.15]), 0.15


def ball_on_floor(views: int = 10, pixels: int = 96, contrast: float = 90.0) -> Views:
    """A ring of cameras around a ball. contrast: of the texture, in grey values; 0 = no texture."""
    cameras = ring(views, pixels)
    depth_m = np.stack([depth_of(camera) for camera in cameras])
    images = np.stack([painted(camera, depth, contrast) for camera, depth in zip(cameras, depth_m, strict=True)])
    K = np.stack([camera.K for camera in cameras])
    return Views(images, K, np.stack([camera.camera_from_world for camera in cameras]), depth_m.astype(np.float32))


def ring(views: int, pixels: int) -> list[Camera]:
    angles = 2 * np.pi * np.arange(views) / views
    eyes = [np.array([0.8 * np.cos(a), 0.8 * np.sin(a), 0.7]) for a in angles]
    target = np.array([0.0, 0.0, 0.05])
    return [Camera(intrinsics(pixels, pixels), look_at(place, target), pixels, pixels) for place in eyes]


def depth_of(camera: Camera) -> np.ndarray:
    """(h, w) planar depth of the ball, or of the floor where the ball is not seen."""
    place, directions = eye(camera), pixel_directions(camera)
    floor = -place[2] / np.minimum(directions[..., 2], -1e-9)
    away = place - CENTRE_M
    a, half_b = (directions**2).sum(axis=-1), directions @ away
    inside = half_b**2 - a * (away @ away - RADIUS_M**2)
    ball = (-half_b - np.sqrt(np.maximum(inside, 0))) / a
    return np.where(inside > 0, ball, floor)


def painted(camera: Camera, depth_m: np.ndarray, contrast: float) -> np.ndarray:
    """(h, w, 3) uint8: waves in space, evaluated where the rays meet the surface."""
    points = eye(camera) + pixel_directions(camera) * depth_m[..., None]
    rng = np.random.default_rng(5)
    waves = 2 * np.pi * rng.normal(0, 14, (12, 3))  # a metre
    phases = points @ waves.T + rng.uniform(0, 2 * np.pi, 12)
    grey = 128 + contrast * np.sin(phases).sum(axis=-1) / np.sqrt(12)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=-1)
