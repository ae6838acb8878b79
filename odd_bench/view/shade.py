"""A quick shaded picture of a shape by ray casting: for sheets and checks, not for data."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.raycast import ray_scene, tensor
from odd_bench.geometry.shape import Shape

LIGHT = np.array([0.35, -0.55, 0.75]) / np.linalg.norm([0.35, -0.55, 0.75])
SHARP = np.cos(np.radians(20.0))  # a corner whose normal differs more from its face keeps the normal of the face


def shaded(shape: Shape, size: int = 256, azimuth_deg: float = -50.0, elevation_deg: float = 30.0) -> np.ndarray:
    """(size, size, 3) uint8 orthographic picture, camera on the given side of the canonical frame, with shadows on a floor."""
    scene = ray_scene([(shape.vertices, shape.faces)])
    floor = float(np.float32(shape.vertices[:, 2].min()))
    origins, direction = _rays(size, np.radians(azimuth_deg), np.radians(elevation_deg))
    hit = scene.cast_rays(tensor(np.concatenate([origins, np.broadcast_to(direction, origins.shape)], -1)))
    depth, face = hit["t_hit"].numpy(), hit["primitive_ids"].numpy()
    on_shape = np.isfinite(depth)
    depth = np.where(on_shape, depth, (floor - origins[..., 2]) / direction[2])
    points = origins + depth[..., None] * direction
    normals = np.where(on_shape[..., None], _smooth_normals(shape, hit, face, on_shape), [0.0, 0.0, 1.0])
    colors = np.where(on_shape[..., None], shape.face_color[np.where(on_shape, face, 0)] / 255.0, 0.82)

    toward = np.broadcast_to(LIGHT, points.shape)
    start = points + 2e-3 * normals
    lit = ~scene.test_occlusions(tensor(np.concatenate([start, toward], -1))).numpy()
    lambert = np.clip(normals @ LIGHT, 0, 1) * lit
    half = (LIGHT - direction) / np.linalg.norm(LIGHT - direction)
    shine = 0.25 * np.clip(normals @ half, 0, 1) ** 40 * lit * on_shape
    ambient = 0.38 + 0.14 * normals[..., 2]
    picture = colors * (ambient + 0.6 * lambert)[..., None] + shine[..., None]
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _rays(size: int, azimuth: float, elevation: float) -> tuple[np.ndarray, np.ndarray]:
    """Origins (size, size, 3) and the common direction (3,) of an orthographic camera."""
    back = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    up = np.cross(back, right)
    axis = ((np.arange(size) + 0.5) / size - 0.5) * 1.35
    origins = 4 * back + axis[None, :, None] * right - axis[:, None, None] * up
    return origins.astype(np.float32), (-back).astype(np.float32)


def _smooth_normals(shape: Shape, hit, face: np.ndarray, on_shape: np.ndarray) -> np.ndarray:
    """Interpolated vertex normals where the ray hit, (h, w, 3)."""
    corners = shape.vertices[shape.faces]
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    vertex_normals = np.zeros_like(shape.vertices)
    for k in range(3):
        np.add.at(vertex_normals, shape.faces[:, k], face_normals)
    uv = hit["primitive_uvs"].numpy()
    weights = np.stack([1 - uv.sum(-1), uv[..., 0], uv[..., 1]], axis=-1)
    seen = np.where(on_shape, face, 0)
    flat = face_normals[seen] / np.maximum(np.linalg.norm(face_normals[seen], axis=-1, keepdims=True), 1e-12)
    corner_normals = vertex_normals / np.maximum(np.linalg.norm(vertex_normals, axis=1, keepdims=True), 1e-12)
    corner_normals = corner_normals[shape.faces[seen]]  # (h, w, 3 corners, 3)
    is_sharp = np.einsum("hwkc,hwc->hwk", corner_normals, flat) < SHARP
    corner_normals = np.where(is_sharp[..., None], flat[..., None, :], corner_normals)
    normals = np.einsum("hwk,hwkc->hwc", weights, corner_normals)
    return normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
