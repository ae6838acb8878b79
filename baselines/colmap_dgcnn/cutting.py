"""Segmenting the cloud of a scene into objects: remove the floor, cluster the rest (DBSCAN, Ester et al., 1996), fit boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SOURCES = ("clusters", "oracle-box")


@dataclass(frozen=True)
class CutConfig:
    """The segmentation of a cloud into objects."""

    source: str = "clusters"
    """`clusters`, or `oracle-box`: the points in the true boxes, which the method is then given."""
    floor_m: float = 0.015
    """Points up to this height above z = 0 belong to the floor, in metres. The floor is not fitted, because the true cameras are
    given in a world whose floor is known.
    """
    reach_m: float = 0.025
    """DBSCAN: radius of the neighbourhood of a point, in metres."""
    neighbours: int = 6
    """DBSCAN: a point with at least this many points within `reach_m`, itself included, is a core point of a cluster."""
    min_points: int = 60
    """Clusters with fewer points are not objects."""
    min_size_m: float = 0.08
    """Clusters whose largest side is shorter are not objects, in metres."""
    trim: float = 0.005
    """Fraction of the points of a cluster that may lie beyond each side of its box. This ignores outliers."""
    margin_m: float = 0.01
    """Margin around a true box, in metres."""


@dataclass(frozen=True)
class Objects:
    """n objects of one scene.

    boxes: (n, 6), centre and size, metres, world. clouds: n arrays (p, 3) float32 of points, metres, world. ids: (n,), ids of the
    true objects if their boxes were given, else None.
    """

    boxes: np.ndarray
    clouds: list[np.ndarray]
    ids: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.clouds)


def cut_clusters(points: np.ndarray, config: CutConfig) -> Objects:
    """Cluster points (n, 3) into objects, sorted by x. The order of the points does not matter."""
    points = points[np.lexsort(points.T)]  # the order decides which cluster a border point joins
    points = points[points[:, 2] > config.floor_m]
    cluster = cluster_numbers(points, config)
    clouds = [points[cluster == number] for number in range(cluster.max(initial=-1) + 1)]
    boxes = [standing_box(cloud, config.trim) for cloud in clouds]
    kept = [
        number
        for number, (cloud, box) in enumerate(zip(clouds, boxes, strict=True))
        if len(cloud) >= config.min_points and box[3:].max() >= config.min_size_m
    ]
    kept = sorted(kept, key=lambda number: boxes[number][0])
    return Objects(np.array([boxes[number] for number in kept]).reshape(-1, 6), [clouds[number] for number in kept])


def cluster_numbers(points: np.ndarray, config: CutConfig) -> np.ndarray:
    """Cluster (n,) of each point, -1 for noise."""
    import open3d as o3d

    if not len(points):
        return np.zeros(0, int)
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points.astype(float)))
    return np.asarray(cloud.cluster_dbscan(config.reach_m, config.neighbours))


def standing_box(points: np.ndarray, trim: float) -> np.ndarray:
    """Box (6,) around all but the outermost points, extended down to the floor. trim: see CutConfig."""
    low, high = np.quantile(points, [trim, 1 - trim], axis=0)
    low[2] = 0.0
    return np.concatenate([(low + high) / 2, high - low])


def cut_boxes(points: np.ndarray, boxes: np.ndarray, config: CutConfig) -> Objects:
    """The points above the floor in each of the true boxes (n, 6). Boxes with too few points are left out."""
    points = points[points[:, 2] > config.floor_m]
    offset = np.abs(points[:, None] - boxes[:, :3])  # (p, n, 3)
    inside = (offset <= boxes[:, 3:] / 2 + config.margin_m).all(axis=2)  # (p, n)
    ids = np.flatnonzero(inside.sum(axis=0) >= config.min_points)
    return Objects(boxes[ids], [points[inside[:, i]] for i in ids], ids)
