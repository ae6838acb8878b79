"""How much of a change meets the eye: pictures of both shapes from all around, compared pixel by pixel."""

from __future__ import annotations

import numpy as np

from odd_bench.anomalies.color import lab
from odd_bench.shapes.shape import Shape

VIEWS = 12
OBJECT_PIXELS = 80  # along the largest side of the intact shape
PICTURE_PIXELS = 120
STANDS_OUT = 15.0  # difference of two shaded pixels, CIELAB
BACKGROUND = (255, 255, 255)


def differing_pixels(intact: Shape, odd: Shape) -> np.ndarray:
    """(VIEWS,) int: pixels that look different, in orthographic views from directions spread evenly over the sphere."""
    rays = _rays()
    before, hit_before = _picture(intact, rays)
    after, hit_after = _picture(odd, rays)
    suspects = np.flatnonzero((before != after).any(axis=1))
    differs = hit_before != hit_after
    distance = np.linalg.norm(lab(before[suspects]) - lab(after[suspects]), axis=1)
    differs[suspects] |= distance > STANDS_OUT
    return differs.reshape(VIEWS, -1).sum(axis=1)


def _picture(shape: Shape, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) uint8 colours, each lit from beside the camera, and (n,) bool whether the ray meets the shape."""
    import open3d

    scene = open3d.t.geometry.RaycastingScene()
    scene.add_triangles(np.ascontiguousarray(shape.vertices, np.float32), np.ascontiguousarray(shape.faces, np.uint32))
    found = scene.cast_rays(open3d.core.Tensor(rays))
    hit = np.isfinite(found["t_hit"].numpy())
    back = -rays[hit, 3:]
    light = back + 0.5 * np.roll(back, 1, axis=1)
    light /= np.linalg.norm(light, axis=1, keepdims=True)
    normal = found["primitive_normals"].numpy()[hit]
    brightness = 0.4 + 0.6 * np.clip(np.einsum("ij,ij->i", normal, light), 0, 1)
    picture = np.tile(np.array(BACKGROUND, np.uint8), (len(rays), 1))
    picture[hit] = shape.face_color[found["primitive_ids"].numpy()[hit]] * brightness[:, None]
    return picture, hit


def _rays() -> np.ndarray:
    """(VIEWS * PICTURE_PIXELS**2, 6) float32 origins and directions."""
    height = 1 - (2 * np.arange(VIEWS) + 1) / VIEWS
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(VIEWS)
    radius = np.sqrt(1 - height**2)
    back = np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=1)  # (views, 3)
    right = np.stack([-np.sin(turn), np.cos(turn), 0 * turn], axis=1)
    up = np.cross(back, right)
    axis = (np.arange(PICTURE_PIXELS) + 0.5 - PICTURE_PIXELS / 2) / OBJECT_PIXELS
    x, y = np.meshgrid(axis, axis)
    origins = 4 * back[:, None] + x.reshape(1, -1, 1) * right[:, None] + y.reshape(1, -1, 1) * up[:, None]
    return (
        np.concatenate([origins, np.broadcast_to(-back[:, None], origins.shape)], axis=2)
        .reshape(-1, 6)
        .astype(np.float32)
    )
