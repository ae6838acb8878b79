"""The types that every stage shares: cameras, objects and scenes as frozen dataclasses of plain arrays.

World: metres, z up, right-handed, floor at z = 0, scene centred on the origin. Cameras have OpenCV axes (x right, y down,
z forward) and pixel centres at half-integers. Labels: 1 = anomalous.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ANOMALY_TYPES = (
    "crack", "fracture", "bump", "bend", "twist", "part_translation", "part_rotation",
    "missing_part", "material_mismatch", "similar_shape",
)  # fmt: skip
PUBLISHED_TYPES = ("deformation", "part_scaling")  # additional types, only in the published data sets
SPLITS = {"toys": ("train", "val", "test-seen", "test-unseen"), "parts": ("train", "val", "test")}


@dataclass(frozen=True)
class Camera:
    """One pinhole view.

    K: (3, 3) float, pixels, pixel centres at half-integers. camera_from_world: (4, 4) float rigid motion, OpenCV axes.
    width, height: pixels.
    """

    K: np.ndarray
    camera_from_world: np.ndarray
    width: int
    height: int


@dataclass(frozen=True)
class SceneObject:
    """One instance on the floor.

    id: position in the scene, from 0. label: 1 if anomalous. type: one of ANOMALY_TYPES, None for a normal object.
    magnitude: size of the change as a fraction of the object's largest side, 0 for a normal object or if unknown.
    world_from_object: (4, 4) similarity from the shape's canonical frame. aabb: (6,) centre x y z, size x y z, metres, world.
    obb: (7,) centre x y z, local size x y z in metres, yaw in radians about +z.
    visible_pixels, amodal_pixels, changed_pixels: (views,) int. amodal: as if alone in the scene. changed: -1 if unknown.
    legacy_box: (6,) origin x y z and un-rotated size of the mesh, as in published data; None for other data.
    """

    id: int
    label: int
    type: str | None
    magnitude: float
    world_from_object: np.ndarray
    aabb: np.ndarray
    obb: np.ndarray
    visible_pixels: np.ndarray
    amodal_pixels: np.ndarray
    changed_pixels: np.ndarray
    legacy_box: np.ndarray | None = None


@dataclass(frozen=True)
class Scene:
    """Several instances of one shape seen by several cameras."""

    name: str
    split: str
    category: str
    shape: str
    cameras: tuple[Camera, ...]
    objects: tuple[SceneObject, ...]

    @property
    def is_published(self) -> bool:
        """Whether it comes from a published data set: boxes measured from its views, changed regions unknown."""
        return any(one.legacy_box is not None for one in self.objects)
