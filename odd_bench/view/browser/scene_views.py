"""The views of a scene: its cameras, their pictures and points on the surfaces of its objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from odd_bench.data.anomaly_maps import open_maps
from odd_bench.data.reader import Dataset
from odd_bench.data.record import UNCHANGED
from odd_bench.data.views import spread_views
from odd_bench.geometry.cameras import unproject
from odd_bench.scene import Camera, Scene
from odd_bench.view.browser.silhouette_hull import hull_surface, pixels_of

POINT_VIEWS = 8  # number of views whose depth maps give points
MOST_POINTS = 6000  # of an object
SCENES_KEPT = 8
HIGHEST_LEVEL = 255  # of an anomaly map


@dataclass(frozen=True)
class Cloud:
    """Points on the surface of one object. object_id: as in the scene, -1 if they belong to no object.

    points: (n, 3) metres, world. colors: (n, 3) uint8 of the pictures. changed: (n,) bool, whether the point is on the
    changed surface of an odd object, as far as that is known. suspicion: (n,) in [0, 1], mean of the anomaly maps that contain the
    point, NaN if none does; None without maps.
    """

    object_id: int
    points: np.ndarray
    colors: np.ndarray
    changed: np.ndarray
    suspicion: np.ndarray | None = None


@dataclass(frozen=True)
class SceneViews:
    """cameras: of a scene. pictures: one per camera, (h, w, 3) uint8. clouds: one per object whose points are known."""

    cameras: tuple[Camera, ...]
    pictures: Sequence[np.ndarray]
    clouds: tuple[Cloud, ...]


class Views(Protocol):
    """A source of views."""

    def of(self, scene: str) -> SceneViews:
        """The views of the scene of this name, read on demand."""
        ...


class DatasetViews:
    """The pictures of a data set. Points come from the depth maps, or from the silhouettes if there is no depth.

    maps: file of anomaly maps of predictions, None if there is none.
    """

    def __init__(self, dataset: Dataset, maps: Path | None = None):
        self.dataset, self.maps = dataset, maps
        self.of = lru_cache(SCENES_KEPT)(self._read)

    def _read(self, scene: str) -> SceneViews:
        self.dataset.verify(scene)
        stored = self.dataset.scene(scene)
        every = range(len(stored.cameras))
        pictures, (instance, change) = self.dataset.images(scene, every), self.dataset.masks(scene, every)
        chosen = spread_views(len(every), POINT_VIEWS)
        depth = self.dataset.depths(scene, chosen) if self.dataset.has_depth(scene) else None
        clouds = []
        for one in stored.objects:
            if depth is not None:
                found = depth_points(stored.cameras, pictures, instance == one.id + 1, change, chosen, depth)
            else:
                found = hull_points(stored.cameras, pictures, instance, one.id, one.aabb)
            if len(found[0]):
                clouds.append(Cloud(one.id, *found, self._suspicion(stored, instance, one.id, found[0])))
        return SceneViews(stored.cameras, pictures, tuple(clouds))

    def _suspicion(self, scene: Scene, instance: np.ndarray, number: int, points: np.ndarray) -> np.ndarray | None:
        """(n,) mean level of the maps at the points of one object, from the views that show the object there."""
        if self.maps is None:
            return None
        with open_maps(self.maps) as maps:
            by_view = maps.maps(scene.name, tuple(range(len(scene.cameras))), instance.shape[1:])
        total, seen = np.zeros(len(points)), np.zeros(len(points), int)
        for view, levels in by_view.items():
            there, rows, columns = pixels_of(scene.cameras[view], points)
            there &= instance[view][rows, columns] == number + 1
            total += np.where(there, levels[rows, columns] / HIGHEST_LEVEL, 0)
            seen += there
        return np.divide(total, seen, out=np.full(len(points), np.nan), where=seen > 0)


Found = tuple[np.ndarray, np.ndarray, np.ndarray]  # points, colours, whether changed


def depth_points(
    cameras: tuple[Camera, ...],
    pictures: np.ndarray,
    own: np.ndarray,
    change: np.ndarray,
    views: list[int],
    depth: np.ndarray,
) -> Found:
    """The pixels of one object as points. own: (views, h, w) bool. depth: (k, h, w) metres of the k chosen views."""
    points, colors, changed = [], [], []
    for view, depth_m in zip(views, depth, strict=True):
        rows, columns = np.nonzero(own[view] & (depth_m > 0))
        pixels = np.column_stack([columns, rows]) + 0.5
        points.append(unproject(cameras[view], pixels, depth_m[rows, columns]))
        colors.append(pictures[view][rows, columns])
        changed.append(change[view][rows, columns] != UNCHANGED)
    found = np.concatenate(points), np.concatenate(colors), np.concatenate(changed)
    thinned = slice(None, None, 1 + len(found[0]) // MOST_POINTS)
    return found[0][thinned], found[1][thinned], found[2][thinned]


def hull_points(
    cameras: tuple[Camera, ...], pictures: np.ndarray, instance: np.ndarray, number: int, aabb: np.ndarray
) -> Found:
    """The surface of the visual hull of one object; silhouettes do not show which part of it has changed."""
    points, colors = hull_surface(cameras, pictures, instance, number, aabb)
    return points, colors, np.zeros(len(points), bool)
