"""How much of a change meets the eye: pictures of both shapes from all around, compared pixel by pixel."""

from __future__ import annotations

from itertools import product

import numpy as np

from odd_bench.color import lab
from odd_bench.geometry.raycast import ray_scene, tensor
from odd_bench.geometry.shape import Shape

VIEWS = 12
OBJECT_PIXELS = 80  # along the largest side of the intact shape
PICTURE_PIXELS = 120
STANDS_OUT = 15.0  # difference of two shaded pixels, CIELAB
NEAR = 2  # pixels
BACKGROUND = (255, 255, 255)


def differing_pixels(intact: Shape, odd: Shape) -> np.ndarray:
    """(VIEWS,) int: pixels that look different, in orthographic views from directions spread evenly over the sphere.

    A pixel counts that looks like nothing within NEAR pixels of its place in the other picture: a pattern that slid a little
    along the surface meets no eye.
    """
    rays = _rays()
    before, after = (_looks(*_picture(shape, rays)) for shape in (intact, odd))
    return (_unmatched(before, after) | _unmatched(after, before)).reshape(VIEWS, -1).sum(axis=1)


def _looks(color: np.ndarray, hit: np.ndarray) -> np.ndarray:
    """(VIEWS, h, w, 4) float32: CIELAB, and a number that tells the object from the background at any colour."""
    apart = 100 * STANDS_OUT * hit[:, None]
    return np.concatenate([lab(color), apart], axis=1, dtype=np.float32).reshape(
        VIEWS, PICTURE_PIXELS, PICTURE_PIXELS, 4
    )


def _unmatched(looks: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(VIEWS, h, w) bool: pixels that differ from all of the other pictures' pixels around their place."""
    view, row, column = np.nonzero((looks != other).any(axis=-1))
    around = np.pad(other, ((0, 0), (NEAR, NEAR), (NEAR, NEAR), (0, 0)), mode="edge")
    nearest = np.full(len(view), np.inf)
    for down, right in product(range(2 * NEAR + 1), repeat=2):
        difference = looks[view, row, column] - around[view, row + down, column + right]
        nearest = np.minimum(nearest, np.linalg.norm(difference, axis=1))
    differs = np.zeros(looks.shape[:3], bool)
    differs[view, row, column] = nearest > STANDS_OUT
    return differs


def _picture(shape: Shape, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) uint8 colours, each lit from beside the camera, and (n,) bool whether the ray meets the shape."""
    found = ray_scene([(shape.vertices, shape.faces)]).cast_rays(tensor(rays))
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
