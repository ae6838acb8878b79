"""Cameras and objects of a scene as tables (structured arrays) and back."""

from __future__ import annotations

import numpy as np

from odd_bench.scene import Camera, Scene, SceneObject

LEGACY_BOXES = "legacy_boxes"
ARRAYS = ("world_from_object", "aabb", "obb", "visible_pixels", "amodal_pixels", "changed_pixels")  # as in SceneObject
CAMERA_TYPE = np.dtype(
    [("K", "<f8", (3, 3)), ("camera_from_world", "<f8", (4, 4)), ("width", "<u2"), ("height", "<u2")]
)


def object_type(views: int) -> np.dtype:
    """The type of a row of the objects table, for a scene with this number of views."""
    poses = [("world_from_object", "<f8", (4, 4)), ("aabb", "<f8", (6,)), ("obb", "<f8", (7,))]
    counts = [(name, "<i4", (views,)) for name in ("visible_pixels", "amodal_pixels", "changed_pixels")]
    return np.dtype([("label", "u1"), ("type", "S20"), ("magnitude", "<f8"), *poses, *counts])


def scene_tables(scene: Scene) -> dict[str, np.ndarray]:
    """Cameras and objects as structured arrays, by field; for published data also the legacy boxes (objects, 6)."""
    cameras = np.zeros(len(scene.cameras), CAMERA_TYPE)
    objects = np.zeros(len(scene.objects), object_type(len(scene.cameras)))
    for table, items in ((cameras, scene.cameras), (objects, scene.objects)):
        for name in table.dtype.names:
            table[name] = [getattr(item, name) or "" if name == "type" else getattr(item, name) for item in items]
    tables = {"cameras": cameras, "objects": objects}
    if scene.is_published:
        tables[LEGACY_BOXES] = np.array([one.legacy_box for one in scene.objects], "<f8")
    return tables


def cameras_of(table: np.ndarray) -> tuple[Camera, ...]:
    """Convert the rows of a cameras table."""
    columns = table["K"], table["camera_from_world"], table["width"].tolist(), table["height"].tolist()
    return tuple(map(Camera, *columns))


def objects_of(table: np.ndarray, legacy_boxes: np.ndarray | None = None) -> tuple[SceneObject, ...]:
    """Convert the rows of an objects table, and of the legacy boxes if there are any. The id of an object is its row."""
    types = [word.decode() or None for word in table["type"].tolist()]
    numbers = range(len(table)), table["label"].tolist(), types, table["magnitude"].tolist()
    arrays = [table[name] for name in ARRAYS]
    legacy = [None] * len(table) if legacy_boxes is None else legacy_boxes
    return tuple(map(SceneObject, *numbers, *arrays, legacy))
