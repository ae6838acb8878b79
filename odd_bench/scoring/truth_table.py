"""The ground truth of one split as columns with one row per object, the input of matching and metrics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import numpy as np

from odd_bench.scoring.ground_truth import GroundTruth, TruthObject


@dataclass(frozen=True)
class TruthTable:
    """n objects of s scenes in k clusters; scenes are sorted by name. Columns that are rarely needed are computed on first use.

    objects: the n objects. scene: (n,), index of the scene. label: (n,), 1 = anomalous. cluster: (s,), index of the base shape, or
    of the scene if its shape is not named. category: (s,), names. known_category: (s,), whether the training split contains the
    category. views: number of views per scene in the data set.
    """

    scene_names: tuple[str, ...]
    objects: list[TruthObject]
    scene: np.ndarray
    label: np.ndarray
    cluster: np.ndarray
    category: np.ndarray
    known_category: np.ndarray
    views: int

    @cached_property
    def object_id(self) -> np.ndarray:
        """Ids (n,) of the objects, unique within a scene."""
        return np.array([item.id for item in self.objects], int)

    @cached_property
    def type(self) -> np.ndarray:
        """Names (n,) of the anomaly types, "" for normal objects."""
        return np.array([item.type or "" for item in self.objects], dtype=object)

    @cached_property
    def magnitude(self) -> np.ndarray:
        """Sizes (n,) of the changes, as a fraction of the largest side of the object."""
        return np.array([item.magnitude for item in self.objects], float)

    @cached_property
    def aabb(self) -> np.ndarray:
        """Axis-aligned boxes (n, 6): centre and size, metres, world."""
        return stacked([item.aabb for item in self.objects], 6)

    @cached_property
    def obb(self) -> np.ndarray:
        """Oriented boxes (n, 7): centre, local size and yaw, metres and radians, world."""
        return stacked([item.obb for item in self.objects], 7)

    @cached_property
    def legacy_box(self) -> np.ndarray:
        """Boxes (n, 6) as published; NaN for objects without one, which is all but those of imported data."""
        if all(item.legacy_box is None for item in self.objects):
            return np.full((len(self.objects), 6), np.nan)
        return stacked([item.legacy_box or (np.nan,) * 6 for item in self.objects], 6)

    @cached_property
    def changed_pixels(self) -> np.ndarray:
        """Visible pixels (n, views) float of the changed region in each view; NaN if the data set does not state them."""
        rows = [item.changed_pixels for item in self.objects]
        views = max(map(len, rows), default=0)
        unknown = (np.nan,) * views
        return stacked([row if len(row) == views else row + unknown[len(row) :] for row in rows], views)

    @property
    def scenes(self) -> int:
        """Number of scenes."""
        return len(self.scene_names)

    @property
    def clusters(self) -> int:
        """Number of clusters."""
        return int(self.cluster.max()) + 1 if len(self.cluster) else 0

    @property
    def object_cluster(self) -> np.ndarray:
        """Cluster (n,) of every object."""
        return self.cluster[self.scene]

    def rows(self, index: np.ndarray) -> TruthTable:
        """The table with these objects only; the scenes stay."""
        objects = [self.objects[row] for row in index]
        return replace(self, objects=objects, scene=self.scene[index], label=self.label[index])

    def count_by_scene(self, mask: np.ndarray) -> np.ndarray:
        """Number (s,) of objects of each scene that the mask (n,) selects."""
        return np.bincount(self.scene[mask], minlength=self.scenes)


def truth_table(truth: GroundTruth, split: str) -> TruthTable:
    """The table of the objects of one split."""
    scenes = truth.split(split)
    objects = [item for scene in scenes for item in scene.objects]
    units = [scene.shape or scene.name for scene in scenes]
    trained = {scene.category for scene in truth.split("train")}
    return TruthTable(
        scene_names=tuple(scene.name for scene in scenes),
        objects=objects,
        scene=np.repeat(np.arange(len(scenes)), [len(scene.objects) for scene in scenes]),
        label=np.array([item.label for item in objects], int),
        cluster=np.unique(np.array(units, dtype=object), return_inverse=True)[1],
        category=np.array([scene.category for scene in scenes], dtype=object),
        known_category=np.array([scene.category in trained for scene in scenes], bool),
        views=max((len(item.visible_fraction) for item in objects), default=0),
    )


def stacked(rows: list[tuple[float, ...]], width: int) -> np.ndarray:
    """An array (n, width) of float64 from n tuples; several times faster than np.array."""
    return np.fromiter(chain.from_iterable(rows), float, len(rows) * width).reshape(len(rows), width)
