"""Labels by ray casting the posed meshes with the scene's cameras: exact, a partition by construction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.anomalies.variant import Variant
from odd_bench.data.record import CHANGED, LOST, UNCHANGED
from odd_bench.geometry.cameras import eye, pixel_directions
from odd_bench.geometry.first_hits import PosedMesh, cast_window, first_hits
from odd_bench.geometry.hull import hull_points
from odd_bench.geometry.motion import transformed
from odd_bench.geometry.raycast import Caster, Hits
from odd_bench.geometry.shape import Shape
from odd_bench.scene import Camera

TIE_M = 5e-4  # a lost surface counts as in front only if it is nearer by more than this


@dataclass(frozen=True)
class Posed:
    """One instance in the world: its mesh, its pose and, if it is odd, the variant it came from and the intact shape."""

    shape: Shape
    world_from_object: np.ndarray
    variant: Variant | None = None
    intact: Shape | None = None

    def world_vertices(self) -> np.ndarray:
        return transformed(self.shape.vertices, self.world_from_object)

    def world_outline(self) -> np.ndarray:
        """(k, 3) corners of the convex hull, metres."""
        return transformed(self.shape.outline, self.world_from_object)

    @property
    def mesh(self) -> PosedMesh:
        return PosedMesh(self.shape.caster, self.world_from_object, self.world_outline())


@dataclass(frozen=True)
class Labels:
    """What the cameras see. instance, change: (views, h, w) uint8. depth_m: (views, h, w) float32.

    visible, amodal, changed: (objects, views) int pixel counts. hits: (views, h, w) what the centres of the pixels meet.
    """

    instance: np.ndarray
    change: np.ndarray
    depth_m: np.ndarray
    visible: np.ndarray
    amodal: np.ndarray
    changed: np.ndarray
    hits: Hits


def cast_labels(posed: list[Posed], cameras: tuple[Camera, ...]) -> Labels:
    """Masks, depth and pixel counts of every view. See SceneRecord for what the values mean."""
    seen = first_hits([p.mesh for p in posed], cameras)
    instance = (seen.hits.mesh + 1).astype(np.uint8)
    nearest = np.minimum(seen.hits.distance, _floor_depth(cameras))
    change = np.full(instance.shape, UNCHANGED, np.uint8)
    visible, changed = np.zeros((2, len(posed), len(cameras)), int)
    for i, item in enumerate(posed):
        own = instance == i + 1
        visible[i] = own.sum(axis=(1, 2))
        if item.variant is not None:
            marked = _changes(item, own, seen.hits.face, nearest, cameras)
            changed[i] = (marked != UNCHANGED).sum(axis=(1, 2))
            np.copyto(change, marked, where=marked != UNCHANGED)
    depth_m = np.where(nearest < 1e3, nearest, np.float32(0))
    return Labels(instance, change, depth_m, visible, seen.alone, changed, seen.hits)


def _floor_depth(cameras: tuple[Camera, ...]) -> np.ndarray:
    """(views, h, w) float32 planar depth of z = 0, huge above the horizon."""
    depths = [-eye(camera)[2] / np.minimum(pixel_directions(camera)[..., 2], -1e-9) for camera in cameras]
    return np.stack(depths).astype(np.float32)


def _changes(item: Posed, own: np.ndarray, face: np.ndarray, nearest: np.ndarray, cameras) -> np.ndarray:
    """(views, h, w) uint8 changes of one odd object; own: its pixels. Lost is where its lost surface would be in front."""
    marked = np.full(own.shape, UNCHANGED, np.uint8)
    lost = _lost_surface(item)
    if lost is not None:
        around = cast_window(lost, cameras)
        marked.ravel()[around.pixel[around.hits.distance < nearest.ravel()[around.pixel] - TIE_M]] = LOST
    marked[own] = np.where(item.variant.changed_faces[face[own]], CHANGED, marked[own])
    return marked


def _lost_surface(item: Posed) -> PosedMesh | None:
    """The intact shape's lost faces, None if there are none."""
    faces = item.intact.faces[item.variant.lost_faces]
    if len(faces) == 0:
        return None
    outline = transformed(hull_points(item.intact.vertices[np.unique(faces)]), item.world_from_object)
    return PosedMesh(Caster([(item.intact.vertices, faces)]), item.world_from_object, outline)
