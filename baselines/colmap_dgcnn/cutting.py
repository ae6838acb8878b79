"""Objects cut out of a scene's cloud: floor removed, the rest clustered (Ester et al., DBSCAN, 1996), a box around each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SOURCES = ("clusters", "oracle-box")


@dataclass(frozen=True)
class CutConfig:
    """From a cloud to objects."""

    source: str = "clusters"
    """`clusters`, or `oracle-box`: what lies in the true boxes, which the method is then given."""
    floor_m: float = 0.015
    """Height up to which points belong to the floor, z = 0; the floor is not fitted, because the true cameras are given in
    a world whose floor is known.
    """
    reach_m: float = 0.025
    """DBSCAN: a point with `neighbours` others within this distance is inside a cluster, metres."""
    neighbours: int = 6
    """DBSCAN: so many points within `reach_m` make a point the inside of a cluster."""
    min_points: int = 60
    """A cluster of fewer points is no object."""
    min_size_m: float = 0.08
    """A cluster whose largest side is shorter is no object, metres."""
    trim: float = 0.005
    """Fraction of a cluster's points beyond each side of its box, which leaves stray points out."""
    margin_m: float = 0.01
    """Margin around a true box, metres."""


@dataclass(frozen=True)
class Objects:
    """n objects of one scene.

    boxes: (n, 6) centre and size, metres, world. clouds: n times (p, 3) float32 points, metres, world. ids: (n,) of the true
    objects where their boxes were given, else None.
    """

    boxes: np.ndarray
    clouds: list[np.ndarray]
    ids: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.clouds)


def cut_clusters(points: np.ndarray, config: CutConfig) -> Objects:
    """The objects among (n, 3) points, whatever their order; from the lowest x to the highest."""
    points = points[np.lexsort(points.T)]  # clusters share border points by order
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
    """(n,) number of each point's cluster, -1 for stray points."""
    import open3d as o3d

    if not len(points):
        return np.zeros(0, int)
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points.astype(float)))
    return np.asarray(cloud.cluster_dbscan(config.reach_m, config.neighbours))


def standing_box(points: np.ndarray, trim: float) -> np.ndarray:
    """(6,) box around all but the outermost points, down to the floor, on which objects stand."""
    low, high = np.quantile(points, [trim, 1 - trim], axis=0)
    low[2] = 0.0
    return np.concatenate([(low + high) / 2, high - low])


def cut_boxes(points: np.ndarray, boxes: np.ndarray, config: CutConfig) -> Objects:
    """What lies in (n, 6) true boxes and above the floor; boxes with too few points are left out."""
    points = points[points[:, 2] > config.floor_m]
    offset = np.abs(points[:, None] - boxes[:, :3])  # (p, n, 3)
    inside = (offset <= boxes[:, 3:] / 2 + config.margin_m).all(axis=2)  # (p, n)
    ids = np.flatnonzero(inside.sum(axis=0) >= config.min_points)
    return Objects(boxes[ids], [points[inside[:, i]] for i in ids], ids)
