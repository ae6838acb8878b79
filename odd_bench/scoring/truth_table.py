"""The ground truth of one split as columns, one row per object: the input of matching and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np

from odd_bench.scoring.ground_truth import GroundTruth, TruthObject


@dataclass(frozen=True)
class TruthTable:
    """n objects of s scenes in k clusters, scenes by name, objects by id.

    scene: (n,) index of the scene. object_id, label: (n,). type: (n,) names, "" for normal objects. magnitude: (n,).
    aabb: (n, 6). obb: (n, 7). legacy_box: (n, 6), NaN where there is none. changed_pixels: (n, views) float, NaN where
    unknown. cluster: (s,) index of the base shape, or of the scene where the shape is not named. category: (s,) names.
    known_category: (s,) whether the training split has the category. views: number of views of the data set.
    """

    scene_names: tuple[str, ...]
    scene: np.ndarray
    object_id: np.ndarray
    label: np.ndarray
    type: np.ndarray
    magnitude: np.ndarray
    aabb: np.ndarray
    obb: np.ndarray
    legacy_box: np.ndarray
    changed_pixels: np.ndarray
    cluster: np.ndarray
    category: np.ndarray
    known_category: np.ndarray
    views: int

    @property
    def scenes(self) -> int:
        return len(self.scene_names)

    @property
    def clusters(self) -> int:
        return int(self.cluster.max()) + 1 if len(self.cluster) else 0

    @property
    def object_cluster(self) -> np.ndarray:
        """(n,) cluster of every object."""
        return self.cluster[self.scene]

    def count_by_scene(self, mask: np.ndarray) -> np.ndarray:
        """(s,) how many objects of each scene the (n,) mask chooses."""
        return np.bincount(self.scene[mask], minlength=self.scenes)


def truth_table(truth: GroundTruth, split: str) -> TruthTable:
    """The objects of one split."""
    scenes = truth.split(split)
    objects = [item for scene in scenes for item in scene.objects]
    units = [scene.shape or scene.name for scene in scenes]
    trained = {scene.category for scene in truth.split("train")}
    return TruthTable(
        scene_names=tuple(scene.name for scene in scenes),
        scene=np.repeat(np.arange(len(scenes)), [len(scene.objects) for scene in scenes]),
        object_id=np.array([item.id for item in objects], int),
        label=np.array([item.label for item in objects], int),
        type=np.array([item.type or "" for item in objects], dtype=object),
        magnitude=np.array([item.magnitude for item in objects], float),
        aabb=stacked([item.aabb for item in objects], 6),
        obb=stacked([item.obb for item in objects], 7),
        legacy_box=legacy_boxes(objects),
        changed_pixels=changed_pixels(objects),
        cluster=np.unique(np.array(units, dtype=object), return_inverse=True)[1],
        category=np.array([scene.category for scene in scenes], dtype=object),
        known_category=np.array([scene.category in trained for scene in scenes], bool),
        views=max((len(item.visible_fraction) for item in objects), default=0),
    )


def legacy_boxes(objects: list[TruthObject]) -> np.ndarray:
    """(n, 6), NaN where there is none: everywhere but in imported data."""
    if all(item.legacy_box is None for item in objects):
        return np.full((len(objects), 6), np.nan)
    return stacked([item.legacy_box or (np.nan,) * 6 for item in objects], 6)


def changed_pixels(objects: list[TruthObject]) -> np.ndarray:
    """(n, views) float, NaN where the data set does not say."""
    views = max((len(item.changed_pixels) for item in objects), default=0)
    if all(len(item.changed_pixels) == views for item in objects):
        return stacked([item.changed_pixels for item in objects], views)
    unknown = (np.nan,) * views
    return stacked([item.changed_pixels + unknown[len(item.changed_pixels) :] for item in objects], views)


def stacked(rows: list[tuple[float, ...]], width: int) -> np.ndarray:
    """(n, width) float64 of n tuples; several times quicker than np.array."""
    return np.fromiter(chain.from_iterable(rows), float, len(rows) * width).reshape(len(rows), width)
