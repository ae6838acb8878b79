"""Labels, by ray casting the posed meshes with the scene's cameras.

The labels are exact, and every pixel belongs to exactly one object or to none.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from odd_bench.anomalies.variant import Variant
from odd_bench.data.record import CHANGED, LOST, UNCHANGED
from odd_bench.data.views import TEST_VIEWS, spread_views
from odd_bench.geometry.cameras import eye, pixel_directions
from odd_bench.geometry.first_hits import PosedMesh, cast_window, first_hits
from odd_bench.geometry.hull import hull_points
from odd_bench.geometry.motion import transformed
from odd_bench.geometry.raycast import Caster, Hits
from odd_bench.geometry.shape import Shape
from odd_bench.scene import Camera

FARTHEST_M = 1e3  # surfaces beyond this depth count as nothing
TIE_M = 5e-4  # a lost surface is in front of another only if it is nearer by more than this


@dataclass(frozen=True)
class Posed:
    """One instance in the world: its mesh, its pose (4, 4) and, if it is odd, its variant and the intact shape."""

    shape: Shape
    world_from_object: np.ndarray
    variant: Variant | None = None
    intact: Shape | None = None

    def world_vertices(self) -> np.ndarray:
        """Vertices (v, 3) in metres, world."""
        return transformed(self.shape.vertices, self.world_from_object)

    def world_outline(self) -> np.ndarray:
        """Corners (k, 3) of the convex hull in metres, world."""
        return transformed(self.shape.outline, self.world_from_object)

    @property
    def mesh(self) -> PosedMesh:
        return PosedMesh(self.shape.caster, self.world_from_object, self.world_outline())


@dataclass(frozen=True)
class Labels:
    """The labels of all views of a scene.

    instance, change: (views, h, w) uint8, see SceneRecord. depth_m: (views, h, w) float32, planar depth.
    visible, amodal, changed: (objects, views) int, numbers of pixels. hits: (views, h, w), first hits at the pixel centres.
    """

    instance: np.ndarray
    change: np.ndarray
    depth_m: np.ndarray
    visible: np.ndarray
    amodal: np.ndarray
    changed: np.ndarray
    hits: Hits


@dataclass(frozen=True)
class View:
    """The rays of one camera and their hits on posed objects.

    directions: (h, w, 3) through the pixel centres, see pixel_directions. hits: (h, w), first hits on the objects.
    nearest_m: (h, w) float32, planar depth of objects and floor, huge above the horizon. alone: (objects,) int, the number of
    pixels that each object would cover if the others were absent.
    """

    directions: np.ndarray
    hits: Hits
    nearest_m: np.ndarray
    alone: np.ndarray


class Sight:
    """The views of posed objects. Rays are cast on demand: first for all test views together, then for all others."""

    def __init__(self, posed: list[Posed], cameras: tuple[Camera, ...]):
        self.posed, self.cameras = posed, cameras
        self._views: dict[int, View] = {}

    def view(self, number: int) -> View:
        """The view with this index."""
        if number not in self._views:
            every, test = range(len(self.cameras)), spread_views(len(self.cameras), TEST_VIEWS)
            self._cast(test if number in test else [other for other in every if other not in test])
        return self._views[number]

    def _cast(self, numbers: list[int]) -> None:
        found = first_hits([item.mesh for item in self.posed], tuple(self.cameras[number] for number in numbers))
        for place, number in enumerate(numbers):
            hits, camera = found.hits.only(place), self.cameras[number]
            directions = pixel_directions(camera)
            nearest_m = np.minimum(hits.distance, _floor_depth(camera, directions))
            self._views[number] = View(directions, hits, nearest_m, found.alone[:, place])


def cast_labels(sight: Sight) -> Labels:
    """The masks, depth and pixel counts of all views. SceneRecord defines their values."""
    posed, cameras = sight.posed, sight.cameras
    views = [sight.view(number) for number in range(len(cameras))]
    hits = Hits(*(np.stack([getattr(view.hits, field.name) for view in views]) for field in fields(Hits)))
    nearest, amodal = np.stack([view.nearest_m for view in views]), np.stack([view.alone for view in views], axis=1)
    instance = (hits.mesh + 1).astype(np.uint8)
    change = np.full(instance.shape, UNCHANGED, np.uint8)
    visible, changed = np.zeros((2, len(posed), len(cameras)), int)
    for i, item in enumerate(posed):
        own = instance == i + 1
        visible[i] = own.sum(axis=(1, 2))
        if item.variant is not None:
            marked = _changes(item, own, hits.face, nearest, cameras)
            changed[i] = (marked != UNCHANGED).sum(axis=(1, 2))
            np.copyto(change, marked, where=marked != UNCHANGED)
    depth_m = np.where(nearest < FARTHEST_M, nearest, np.float32(0))
    return Labels(instance, change, depth_m, visible, amodal, changed, hits)


def _floor_depth(camera: Camera, directions: np.ndarray) -> np.ndarray:
    """Planar depth (h, w) float32 of the plane z = 0, huge above the horizon."""
    return (-eye(camera)[2] / np.minimum(directions[..., 2], -1e-9)).astype(np.float32)


def _changes(item: Posed, own: np.ndarray, face: np.ndarray, nearest: np.ndarray, cameras) -> np.ndarray:
    """The changes (views, h, w) uint8 of one odd object.

    A pixel is LOST where the object's lost surface would be in front. own: (views, h, w) bool, the pixels of the object.
    """
    marked = np.full(own.shape, UNCHANGED, np.uint8)
    lost = _lost_surface(item)
    if lost is not None:
        around = cast_window(lost, cameras)
        marked.ravel()[around.pixel[around.hits.distance < nearest.ravel()[around.pixel] - TIE_M]] = LOST
    marked[own] = np.where(item.variant.changed_faces[face[own]], CHANGED, marked[own])
    return marked


def _lost_surface(item: Posed) -> PosedMesh | None:
    """The faces of the intact shape that the odd one lacks, or None if there are none."""
    faces = item.intact.faces[item.variant.lost_faces]
    if len(faces) == 0:
        return None
    outline = transformed(hull_points(item.intact.vertices[np.unique(faces)]), item.world_from_object)
    return PosedMesh(Caster([(item.intact.vertices, faces)]), item.world_from_object, outline)
