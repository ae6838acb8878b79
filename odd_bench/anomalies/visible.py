"""How much of a change can be seen: pictures of both shapes from all sides, compared patch by patch."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np

from odd_bench.anomalies.config import AnomalyConfig
from odd_bench.anomalies.patches import largest_patch, picture
from odd_bench.color import lab
from odd_bench.geometry.motion import transformed
from odd_bench.geometry.shape import Shape

VIEWS = 8
OBJECT_PIXELS = 60  # along the largest side of the intact shape
PICTURE_PIXELS = 96
SHADOW, SKY = 0.35, 0.15  # brightness of a surface away from the light, and what a surface that faces up gains


class Viewed:
    """A shape at which rays are cast. Its mesh stays in the canonical frame: rays are transformed instead."""

    def __init__(self, shape: Shape):
        self.shape = shape
        self._caster = shape.caster

    def cast(self, origins: np.ndarray, directions: np.ndarray, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(...) distance in units of the direction's length, inf where nothing is hit, and (...) the first face hit, -1 for none.

        origins: (3,) or (..., 3). directions: (..., 3). pose: (4, 4) similarity from the canonical frame to that of the rays.
        """
        back = np.linalg.inv(pose)
        hits = self._caster.cast(transformed(origins, back), directions @ back[:3, :3].T)
        return hits.distance, hits.face

    def color(self, face: np.ndarray, pose: np.ndarray, light: np.ndarray) -> np.ndarray:
        """(n, 3) CIELAB colours of faces (n,), lit from `light` and a little from above.

        pose: as in `cast`. light: (3,) unit vector towards the light, in the frame of the rays.
        """
        a, b, c = self.shape.vertices[self.shape.faces[face]].transpose(1, 0, 2)
        normal = np.cross(b - a, c - a) @ pose[:3, :3].T
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        lit = np.clip(normal @ light, 0, 1)
        brightness = SHADOW + SKY * normal[:, 2] + (1 - SHADOW - SKY) * lit
        return lab(self.shape.face_color[face] * brightness[:, None])


def looks_different(intact: Shape, odd: Shape, motions: Iterable[np.ndarray], type: str, config: AnomalyConfig) -> bool:
    """Whether the odd shape looks different enough from the intact one after each of the motions (4, 4).

    In at least `config.min_views` of VIEWS orthographic views, spread evenly over the sphere, the largest patch that differs must
    cover at least `config.least_patch(type)` of the odd shape's pixels. No more views are rendered than necessary, and the next
    motion is requested only once the odd shape looks different after all motions before it.
    """
    before, after, views = Viewed(intact), Viewed(odd), _views()
    least, slide = config.least_patch(type), max(1, round(config.slide_of(type) * OBJECT_PIXELS))
    pictures: dict[int, np.ndarray] = {}
    for motion in motions:
        shown = 0
        for number, view in enumerate(views):
            if number not in pictures:
                pictures[number] = _picture(after, np.eye(4), *view)
            shown += patch_share(_picture(before, motion, *view), pictures[number], config.contrast, slide) >= least
            if shown >= config.min_views:
                break
        if shown < config.min_views:
            return False
    return True


def patch_share(before: np.ndarray, after: np.ndarray, contrast: float, slide: int) -> float:
    """The size of the largest patch in which two pictures (h, w, 4) differ, as a fraction of the object's pixels in `after`."""
    return largest_patch(before, after, contrast, slide) / max(int((after[..., 3] > 0).sum()), 1)


def _picture(viewed: Viewed, pose: np.ndarray, origins: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """(h, w, 4) picture of a shape in a pose, see patches.picture, lit from beside the viewer.

    origins: (h, w, 3). direction: (3,) unit vector in which the viewer looks.
    """
    back = -direction
    light = back + 0.5 * np.roll(back, 1)
    _, face = viewed.cast(origins, np.broadcast_to(direction, origins.shape), pose)
    return picture(viewed.color(face[face >= 0], pose, light / np.linalg.norm(light)), face >= 0)


@cache
def _views() -> list[tuple[np.ndarray, np.ndarray]]:
    """For each view the origins of its rays (PICTURE_PIXELS, PICTURE_PIXELS, 3) and their common direction (3,)."""
    height = 1 - (2 * np.arange(VIEWS) + 1) / VIEWS
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(VIEWS)
    radius = np.sqrt(1 - height**2)
    back = np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=1)  # (views, 3)
    right = np.stack([-np.sin(turn), np.cos(turn), 0 * turn], axis=1)
    up = np.cross(back, right)
    axis = (np.arange(PICTURE_PIXELS) + 0.5 - PICTURE_PIXELS / 2) / OBJECT_PIXELS
    x, y = (values[..., None] for values in np.meshgrid(axis, axis))
    return [(4 * back[k] + x * right[k] + y * up[k], -back[k]) for k in range(VIEWS)]
