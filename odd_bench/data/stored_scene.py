"""One scene of a shard, read field by field. Any fault in it raises DataError."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import h5py
import numpy as np

from odd_bench.data.chunks import find_chunks
from odd_bench.data.codec import MAX_OBJECTS, decode_masks, decode_pictures, depth_from_steps
from odd_bench.data.damage import reading
from odd_bench.data.errors import DataError
from odd_bench.data.fields import (
    Place,
    Storage,
    find_field,
    has_field,
    name_text,
    place,
    read_field,
    text,
)
from odd_bench.data.record import SceneRecord
from odd_bench.data.tables import CAMERA_TYPE, LEGACY_BOXES, cameras_of, object_type, objects_of
from odd_bench.names import name_problem
from odd_bench.scene import Scene

MOST_VIEWS = 1000
MOST_PIXELS = 1 << 25  # in all views of a scene together: for example, 20 views of 1295 x 1295
BYTES, OFFSETS, NUMBERS = np.dtype("u1"), np.dtype("<u4"), np.dtype("<f8")
DEPTH_STEPS = np.dtype("<u2")
READABLE = "a field that can be read"


_object_type = functools.cache(object_type)


@functools.cache
def _float_columns(table: np.dtype) -> list[str]:
    return [key for key in table.names if table[key].base.kind == "f"]


@dataclass(frozen=True)
class Labels:
    """The masks and depth of a scene.

    instance, change: (views, h, w) uint8. depth_steps: (views, h, w) uint16, or None if depth is not stored.
    """

    instance: np.ndarray
    change: np.ndarray
    depth_steps: np.ndarray | None


class StoredScene:
    """One scene of a shard. Fields are checked when first read; every method raises DataError if a field cannot be read.

    group: the HDF5 group of the scene. name: name of the scene, one path component. storage: the shard, which stays open as long
    as this object exists.
    """

    def __init__(self, group: h5py.Group, name: str, storage: Storage):
        self.group, self.name = group, name
        self._storage = storage
        if problem := name_problem(self.name):
            raise DataError(place(group), f"{problem}: {self.name[:60]!r}", "a scene name of one path component")

    @cached_property
    def scene(self) -> Scene:
        """The cameras and objects."""
        with self._reading("objects"):
            cameras = cameras_of(self._cameras)
            rows = self._field("objects", _object_type(len(cameras)), 1)
            if not 1 <= len(rows) <= MAX_OBJECTS:
                raise DataError(place(self.group, "objects"), f"{len(rows)} objects", f"1 to {MAX_OBJECTS}")
            self._check_finite("objects", rows)
            objects = objects_of(rows, self._legacy_boxes(len(rows)))
            split, category, shape = (name_text(self.group, key) for key in ("split", "category", "shape"))
            return Scene(self.name, split, category, shape, cameras, objects)

    @property
    def size(self) -> tuple[int, int, int]:
        """Number of views, and the height and width that all of them have."""
        return len(self._cameras), int(self._cameras["height"][0]), int(self._cameras["width"][0])

    @property
    def has_depth(self) -> bool:
        return has_field(self.group, "depth")

    def text(self, name: str) -> str:
        """A text attribute: split, category, shape or one of the digests."""
        with self._reading(name):
            return text(self.group, name)

    def images(self, views: Sequence[int]) -> np.ndarray:
        """Pictures (n, h, w, 3) uint8 sRGB of the given views."""
        size = self.size[1:]
        with self._reading("images"):
            return decode_pictures(self._blobs("images", "image_offsets", views), size)

    def masks(self, views: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Instance and change masks of the given views, each (n, h, w) uint8."""
        size = self.size[1:]
        with self._reading("masks"):
            return decode_masks(self._blobs("masks", "mask_offsets", views), size)

    def depth_steps(self, views: Sequence[int]) -> np.ndarray | None:
        """Depth (n, h, w) uint16 in steps of 0.25 mm of the given views, or None if depth is not stored."""
        if not self.has_depth:
            return None
        shape = self.size
        self._check_views(views, shape[0])
        with self._reading("depth"):
            return find_chunks(self.group, "depth", DEPTH_STEPS, shape, self._storage).read(views)

    def labels(self) -> Labels:
        """The masks and depth of all views."""
        views = range(self.size[0])
        return Labels(*self.masks(views), self.depth_steps(views))

    def depth(self, views: Sequence[int]) -> np.ndarray:
        """Planar depth (n, h, w) float32 in metres, 0 where nothing was hit. Raises DataError if depth is not stored."""
        steps = self.depth_steps(views)
        if steps is None:
            raise DataError(place(self.group), "no depth", "a data set made with depth")
        return depth_from_steps(steps)

    def record(self, labels: Labels | None = None) -> SceneRecord:
        """The complete decoded scene. labels: the labels, if they have been read already."""
        found = labels or self.labels()
        depth_m = None if found.depth_steps is None else depth_from_steps(found.depth_steps)
        images = self.images(range(self.size[0]))
        return SceneRecord(self.scene, images, found.instance, found.change, depth_m, self.text("plan_sha256"))

    def encoded_images(self) -> tuple[np.ndarray, np.ndarray]:
        """The bytes of all pictures, (bytes,) uint8, and their offsets (views + 1,)."""
        with self._reading("images"):
            return self._field("images", BYTES, 1), self._offsets("image_offsets")

    def _field(self, name: str, dtype: np.dtype, dims: int) -> np.ndarray:
        return read_field(self.group, name, dtype, dims, self._storage)

    def _reading(self, name: str):
        return reading(Place(self.group, name), READABLE)

    @cached_property
    def _cameras(self) -> np.ndarray:
        """The table of cameras."""
        with self._reading("cameras"):
            cameras = self._field("cameras", CAMERA_TYPE, 1)
            if not 1 <= len(cameras) <= MOST_VIEWS:
                raise DataError(place(self.group, "cameras"), f"{len(cameras)} cameras", f"1 to {MOST_VIEWS}")
        self._check_finite("cameras", cameras)
        flat = [name for name in ("K", "camera_from_world") if not np.linalg.det(cameras[name]).all()]
        if flat:
            raise DataError(
                place(self.group, "cameras"), f"{', '.join(flat)} of determinant 0", "matrices with an inverse"
            )
        heights, widths = cameras["height"], cameras["width"]
        pixels = len(cameras) * int(heights.max()) * int(widths.max())
        if heights.min() != heights.max() or widths.min() != widths.max() or not 0 < pixels <= MOST_PIXELS:
            found = f"sizes up to {heights.max()} x {widths.max()}, {pixels:,} pixels in all"
            raise DataError(place(self.group, "cameras"), found, f"one size, at most {MOST_PIXELS:,} pixels in all")
        return cameras

    def _check_finite(self, name: str, table: np.ndarray) -> None:
        wrong = [key for key in _float_columns(table.dtype) if not np.isfinite(table[key]).all()]
        if wrong:
            raise DataError(place(self.group, name), f"{', '.join(wrong)} not finite", "finite numbers")

    def _legacy_boxes(self, objects: int) -> np.ndarray | None:
        if not has_field(self.group, LEGACY_BOXES):
            return None
        boxes = self._field(LEGACY_BOXES, NUMBERS, 2)
        if boxes.shape != (objects, 6):
            raise DataError(place(self.group, LEGACY_BOXES), f"shape {boxes.shape}", f"({objects}, 6)")
        return boxes

    def _offsets(self, name: str) -> np.ndarray:
        offsets = self._field(name, OFFSETS, 1)
        if len(offsets) != len(self._cameras) + 1:
            raise DataError(place(self.group, name), f"{len(offsets)} offsets", f"{len(self._cameras) + 1}")
        return offsets

    def _blobs(self, name: str, offsets_name: str, views: Sequence[int]) -> list[bytes]:
        """Read the encoded bytes of the given views, and nothing else of the field."""
        field = find_field(self.group, name, BYTES, 1, self._storage)
        offsets, (size,) = self._offsets(offsets_name).tolist(), field.shape
        self._check_views(views, len(offsets) - 1)
        if offsets[0] != 0 or offsets != sorted(offsets) or offsets[-1] != size:
            raise DataError(place(self.group, offsets_name), f"up to {max(offsets):,}", f"0 rising to {size:,}")
        return field.pieces([(offsets[view], offsets[view + 1]) for view in views])

    def _check_views(self, views: Sequence[int], count: int) -> None:
        if not len(views) or not all(0 <= view < count for view in views):
            raise DataError(place(self.group), f"views {list(views)[:20]}", f"0 to {count - 1}")
