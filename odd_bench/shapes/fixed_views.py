"""A shape seen from fixed sides by ray casting: depth and normals, no light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.raycast import ray_scene, tensor
from odd_bench.geometry.shape import Shape

CORNERS = np.array([[1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]]) / np.sqrt(3)
SIDES = np.concatenate([np.eye(3), -np.eye(3), CORNERS])  # (10, 3) unit, from the shape to the eye
FIELD = 1.75  # side of a view in canonical units: a cube of side 1 fits from every side
FAR = 2.0  # distance of the eye
LIGHT = np.array([-0.4, 0.5, 0.77])  # towards it, in the axes of a view
AMBIENT, DIFFUSE = 0.25, 0.6


@dataclass(frozen=True)
class Views:
    """depth: (views, h, w) float, canonical units from the plane through the origin towards the eye, NaN beside the shape.

    normals: (views, h, w, 3) unit, in the axes of each view (right, up, towards the eye); 0 beside the shape.
    """

    depth: np.ndarray
    normals: np.ndarray

    @property
    def covered(self) -> np.ndarray:
        """(views, h, w) bool: pixels of the shape."""
        return np.isfinite(self.depth)


class Surface:
    """The surface of a shape, ready to be rendered and measured."""

    def __init__(self, shape: Shape):
        self._scene = ray_scene([(shape.vertices, shape.faces)])

    def views(self, pixels: int) -> Views:
        """The shape from all SIDES."""
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
        """(n,) distance of points (n, 3) to the surface."""
        return self._scene.compute_distance(tensor(points)).numpy()


def _view_axes(side: np.ndarray) -> np.ndarray:
    """(3, 3) right, up and towards the eye for an eye on that side; z is up where that is possible, else y."""
    hint = np.array([0.0, 0.0, 1.0]) if abs(side[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    right = np.cross(hint, side)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(side, right), side])


def surface_points(shape: Shape, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 3) points spread over the surface in proportion to area."""
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
    """(views, h, w) uint8: the shape in matt grey, lit from the upper left of each view, on white."""
    grey = AMBIENT + DIFFUSE * np.clip(views.normals @ LIGHT, 0, 1)
    return np.round(255 * np.where(views.covered, grey, 1.0)).astype(np.uint8)


def seen_differences(one: np.ndarray, other: np.ndarray, least_contrast: float) -> np.ndarray:
    """Bool array: pixels of `shades` at which two shapes differ by at least that share of black to white."""
    return np.abs(one.astype(np.int16) - other) >= least_contrast * 255


def seen_difference(one: np.ndarray, other: np.ndarray, least_contrast: float) -> tuple[float, int]:
    """(share, view): the view in which most pixels of two shapes differ, see seen_differences, and the share of their pixels
    there.
    """
    differs = seen_differences(one, other, least_contrast).sum(axis=(1, 2))
    view = int(differs.argmax())
    either = int(((one[view] < 255) | (other[view] < 255)).sum())
    return float(differs[view] / max(either, 1)), view
