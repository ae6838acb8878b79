"""How much of a change meets the eye: pictures of both shapes from all around, compared patch by patch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.patches import largest_patch, picture
from odd_bench.color import lab
from odd_bench.geometry.raycast import Caster
from odd_bench.geometry.shape import Shape

VIEWS = 8
OBJECT_PIXELS = 60  # along the largest side of the intact shape
PICTURE_PIXELS = 96
SHADOW, SKY = 0.35, 0.15  # brightness of what faces away from the light, and how much more of what faces upwards


class Viewed:
    """A shape that rays meet. Its mesh stays in the canonical frame; where it stands, rays are carried there."""

    def __init__(self, shape: Shape):
        self.shape = shape
        self._caster = Caster([(shape.vertices, shape.faces)])

    def cast(self, origins: np.ndarray, directions: np.ndarray, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(...) distance in lengths of the direction, inf where nothing is hit, and (...) face hit first, -1 for none.

        origins: (3,) or (..., 3). directions: (..., 3). pose: (4, 4) similarity from the canonical frame to that of the rays.
        """
        back = np.linalg.inv(pose)
        hits = self._caster.cast(origins @ back[:3, :3].T + back[:3, 3], directions @ back[:3, :3].T)
        return hits.distance, hits.face

    def color(self, face: np.ndarray, pose: np.ndarray, light: np.ndarray) -> np.ndarray:
        """(n, 3) CIELAB of the faces (n,), lit from `light` (3,), a direction in the frame of the rays, and a little from above."""
        a, b, c = self.shape.vertices[self.shape.faces[face]].transpose(1, 0, 2)
        normal = np.cross(b - a, c - a) @ pose[:3, :3].T
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        lit = np.clip(normal @ light, 0, 1)
        brightness = SHADOW + SKY * normal[:, 2] + (1 - SHADOW - SKY) * lit
        return lab(self.shape.face_color[face] * brightness[:, None])


def patch_shares(intact: Shape, odd: Shape, motions: Sequence[np.ndarray], config: AnomalyConfig) -> np.ndarray:
    """(motions, VIEWS) float: the largest patch that looks different, over the pixels of the odd shape, 0 to about 1.

    Orthographic views from directions spread evenly over the sphere, the intact shape moved by each of the motions (4, 4).
    """
    before, after = Viewed(intact), Viewed(odd)
    return np.transpose([_view_shares(before, after, motions, *view, config) for view in _views()])


def _view_shares(before: Viewed, after: Viewed, motions, origins, direction, config: AnomalyConfig) -> list[float]:
    light = np.roll(direction, 1) * 0.5 + direction
    light = -light / np.linalg.norm(light)
    directions = np.broadcast_to(direction, origins.shape)
    new = _picture(after, origins, directions, np.eye(4), light)
    count = max(int((new[..., 3] > 0).sum()), 1)
    slide = max(1, round(config.slide * OBJECT_PIXELS))
    old = (_picture(before, origins, directions, motion, light) for motion in motions)
    return [largest_patch(one, new, config.contrast, slide) / count for one in old]


def _picture(viewed: Viewed, origins: np.ndarray, directions: np.ndarray, pose: np.ndarray, light: np.ndarray):
    _, face = viewed.cast(origins, directions, pose)
    return picture(viewed.color(face[face >= 0], pose, light), face >= 0)


def _views() -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each view the origins of its rays (PICTURE_PIXELS, PICTURE_PIXELS, 3) and their direction (3,)."""
    height = 1 - (2 * np.arange(VIEWS) + 1) / VIEWS
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(VIEWS)
    radius = np.sqrt(1 - height**2)
    back = np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=1)  # (views, 3)
    right = np.stack([-np.sin(turn), np.cos(turn), 0 * turn], axis=1)
    up = np.cross(back, right)
    axis = (np.arange(PICTURE_PIXELS) + 0.5 - PICTURE_PIXELS / 2) / OBJECT_PIXELS
    x, y = (values[..., None] for values in np.meshgrid(axis, axis))
    return [(4 * back[k] + x * right[k] + y * up[k], -back[k]) for k in range(VIEWS)]
