"""Views of a shape from fixed sides by ray casting: depth and normals, without light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.raycast import ray_scene, tensor
from odd_bench.geometry.shape import Shape

CORNERS = np.array([[1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]]) / np.sqrt(3)
SIDES = np.concatenate([np.eye(3), -np.eye(3), CORNERS])  # (10, 3) unit vectors from the shape to the viewer
FIELD = 1.75  # side of a view in canonical units, such that a cube of side 1 fits into every view
FAR = 2.0  # distance from the origin to the viewer, canonical units
LIGHT = np.array([-0.4, 0.5, 0.77])  # direction towards the light, in the axes of a view
AMBIENT, DIFFUSE = 0.25, 0.6


@dataclass(frozen=True)
class Views:
    """Depth and normals of a shape, seen from all SIDES.

    depth: (views, h, w) float, canonical units, from the plane through the origin towards the viewer; NaN outside the shape.
    normals: (views, h, w, 3) unit vectors in the axes of each view (right, up, towards the viewer); 0 outside the shape.
    """

    depth: np.ndarray
    normals: np.ndarray

    @property
    def covered(self) -> np.ndarray:
        """(views, h, w) bool: the pixels of the shape."""
        return np.isfinite(self.depth)


class Surface:
    """The surface of a shape, prepared for ray casting and distance queries."""

    def __init__(self, shape: Shape):
        self._scene = ray_scene([(shape.vertices, shape.faces)])

    def views(self, pixels: int) -> Views:
        """Views of the shape from all SIDES, each `pixels` wide and high."""
        axes = np.stack([_view_axes(side) for side in SIDES])  # (views, 3, 3), rows right, up, towards the eye
        step = ((np.arange(pixels) + 0.5) / pixels - 0.5) * FIELD
        x, y = np.meshgrid(step, -step)
        in_view = np.stack([x, y, np.full_like(x, FAR)], axis=-1)  # (h, w, 3)
        origins = np.einsum("hwk,vkc->vhwc", in_view, axes)
        directions = np.broadcast_to(-axes[:, None, None, 2], origins.shape)
        hit = self._scene.cast_rays(tensor(np.concatenate([origins, directions], axis=-1)))
        reach = hit["t_hit"].numpy()
        covered = np.isfinite(reach)
        normals = np.einsum("vhwc,vkc->vhwk", hit["primitive_normals"].numpy(), axes)
        normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
        return Views(np.where(covered, FAR - reach, np.nan), np.where(covered[..., None], normals, 0.0))

    def distances(self, points: np.ndarray) -> np.ndarray:
        """(n,) distances of points (n, 3) to the surface, canonical units."""
        return self._scene.compute_distance(tensor(points)).numpy()


def _view_axes(side: np.ndarray) -> np.ndarray:
    """(3, 3) rows: right, up and towards the viewer, for a viewer on that side. Up is z if possible, else y."""
    hint = np.array([0.0, 0.0, 1.0]) if abs(side[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    right = np.cross(hint, side)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(side, right), side])


def surface_points(shape: Shape, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 3) random points spread evenly over the surface, in order of faces."""
    corners = shape.vertices[shape.faces]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    total = np.cumsum(areas)
    spread = (np.arange(count) + rng.random(count)) / count * total[-1]  # one point in each of `count` equal strata
    face = np.searchsorted(total, spread).clip(0, len(areas) - 1)
    u, v = rng.random((2, count))
    fold = u + v > 1
    u[fold], v[fold] = 1 - u[fold], 1 - v[fold]
    a, b, c = corners[face].transpose(1, 0, 2)
    return a + u[:, None] * (b - a) + v[:, None] * (c - a)


def shades(views: Views) -> np.ndarray:
    """(views, h, w) uint8: the shape in matt grey on white, lit from the upper left of each view."""
    grey = AMBIENT + DIFFUSE * np.clip(views.normals @ LIGHT, 0, 1)
    return np.round(255 * np.where(views.covered, grey, 1.0)).astype(np.uint8)


def seen_differences(one: np.ndarray, other: np.ndarray, least_contrast: float) -> np.ndarray:
    """(...) bool: the pixels at which two pictures of `shades` differ by at least `least_contrast`, black to white being 1."""
    return np.abs(one.astype(np.int16) - other) >= least_contrast * 255


def seen_difference(one: np.ndarray, other: np.ndarray, least_contrast: float) -> tuple[float, int]:
    """(share, view): the view in which most pixels of two shapes differ, and which share of the pixels of either differs there.

    one, other: (views, h, w) uint8, see `shades`.
    """
    differs = seen_differences(one, other, least_contrast).sum(axis=(1, 2))
    view = int(differs.argmax())
    either = int(((one[view] < 255) | (other[view] < 255)).sum())
    return float(differs[view] / max(either, 1)), view
