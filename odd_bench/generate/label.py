"""Labels by ray casting the posed meshes with the scene's cameras: exact, a partition by construction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.anomalies.variant import Variant
from odd_bench.data.record import CHANGED, LOST, UNCHANGED
from odd_bench.geometry.cameras import eye, pixel_directions, project
from odd_bench.geometry.hull import hull_points
from odd_bench.geometry.raycast import Caster
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


@dataclass(frozen=True)
class Labels:
    """What the cameras see. instance, change: (views, h, w) uint8. depth_m: (views, h, w) float32.

    visible, amodal, changed: (objects, views) int pixel counts.
    """

    instance: np.ndarray
    change: np.ndarray
    depth_m: np.ndarray
    visible: np.ndarray
    amodal: np.ndarray
    changed: np.ndarray


def transformed(points: np.ndarray, pose: np.ndarray) -> np.ndarray:
    return points @ pose[:3, :3].T + pose[:3, 3]


def cast_labels(posed: list[Posed], cameras: tuple[Camera, ...]) -> Labels:
    """Masks, depth and pixel counts of every view. See SceneRecord for what the values mean."""
    vertices = [p.world_vertices() for p in posed]
    whole = Caster([(v, p.shape.faces) for v, p in zip(vertices, posed, strict=True)])
    alone = [Caster([(v, p.shape.faces)]) for v, p in zip(vertices, posed, strict=True)]
    ghosts = {i: _lost_surface(p) for i, p in enumerate(posed) if p.variant is not None}
    outlines = [p.world_outline() for p in posed]
    views = [_label_view(posed, outlines, camera, whole, alone, ghosts) for camera in cameras]
    instance, change, depth_m, counts = (np.stack(part) for part in zip(*views, strict=True))
    visible, amodal, changed = counts.transpose(1, 2, 0)  # (3, objects, views)
    return Labels(instance, change, depth_m, visible, amodal, changed)


def _label_view(posed, outlines: list[np.ndarray], camera: Camera, whole: Caster, alone: list[Caster], ghosts: dict):
    origin, directions = eye(camera), pixel_directions(camera)
    hits = whole.cast(origin, directions)
    floor = -origin[2] / np.minimum(directions[..., 2], -1e-9)  # planar depth of z = 0, huge above the horizon
    instance = (hits.mesh + 1).astype(np.uint8)
    nearest = np.minimum(hits.distance, floor)
    change = np.full(instance.shape, UNCHANGED, np.uint8)
    counts = np.zeros((3, len(posed)), int)
    for i, item in enumerate(posed):
        own = instance == i + 1
        counts[0, i] = own.sum()
        window = _window(camera, outlines[i])
        counts[1, i] = alone[i].blocked(origin, directions[window]).sum()
        if i not in ghosts:
            continue
        seen = own & item.variant.changed_faces[np.where(own, hits.face, 0)]
        gone = _seen_ghost(ghosts[i], camera, origin, directions, nearest) & ~seen
        change[seen], change[gone] = CHANGED, LOST
        counts[2, i] = seen.sum() + gone.sum()
    depth_m = np.where(nearest < 1e3, nearest, 0.0).astype(np.float32)
    return instance, change, depth_m, counts


def _lost_surface(item: Posed) -> tuple[np.ndarray, Caster] | None:
    """World outline and caster of the intact shape's lost faces, None if there are none."""
    faces = item.intact.faces[item.variant.lost_faces]
    if len(faces) == 0:
        return None
    vertices = transformed(item.intact.vertices, item.world_from_object)
    return hull_points(vertices[np.unique(faces)]), Caster([(vertices, faces)])


def _seen_ghost(ghost, camera: Camera, origin, directions, nearest) -> np.ndarray:
    """(h, w) bool: pixels where the lost surface would be in front of everything that is there."""
    seen = np.zeros(nearest.shape, bool)
    if ghost is not None:
        outline, caster = ghost
        window = _window(camera, outline)
        depth = caster.cast(origin, directions[window]).distance
        seen[window] = depth < nearest[window] - TIE_M
    return seen


def _window(camera: Camera, outline: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns that hold the projection of everything within the outline."""
    pixels, _ = project(camera, outline)
    low = np.maximum(np.floor(pixels.min(axis=0)).astype(int), 0)
    high = np.ceil(pixels.max(axis=0)).astype(int) + 1
    return slice(low[1], max(high[1], 0)), slice(low[0], max(high[0], 0))
