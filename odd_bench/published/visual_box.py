"""Boxes of objects whose meshes are unknown, from depth, masks, poses and the size of each mesh in its own frame.

The visible surface bounds an object from inside, to a pixel; the box of its mesh, rotated with the object, bounds it from
outside. Instances of one mesh are seen from different sides, so the points of all of them are used for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.boxes import aabb_from_boxes, minimum_area_yaw
from odd_bench.geometry.hull import hull_points

NEAR = 1.5  # pixels
UPRIGHT = 0.999  # cosine of the angle below which two axes count as equal


@dataclass(frozen=True)
class Seen:
    """The known properties of one object.

    mesh: name shared by instances of one mesh. world_from_object: (4, 4) similarity. size_m: (3,) of the mesh along its own
    axes. points: (n, 3) metres, world, of its surface. pixel_m: width of a pixel at the object.
    """

    mesh: str
    world_from_object: np.ndarray
    size_m: np.ndarray
    points: np.ndarray
    pixel_m: float

    @property
    def scale(self) -> float:
        return float(np.cbrt(np.linalg.det(self.world_from_object[:3, :3])))

    @property
    def rotation(self) -> np.ndarray:
        return self.world_from_object[:3, :3] / self.scale


@dataclass(frozen=True)
class MeasuredBox:
    """aabb (6,) and obb (7,), metres, world. fits: whether the stated size of the mesh contains all visible points."""

    aabb: np.ndarray
    obb: np.ndarray
    fits: bool


def measure_boxes(objects: Sequence[Seen]) -> list[MeasuredBox]:
    """The boxes of all objects of a scene."""
    hulls = [hull_points(one.points) for one in objects]
    return [_measure(one, _points_of_mesh(one, objects, hulls)) for one in objects]


def local_points(one: Seen, points: np.ndarray) -> np.ndarray:
    """(n, 3) world points along the object's own axes, from its origin, metres."""
    return (points - one.world_from_object[:3, 3]) @ one.rotation


def stated_size(one: Seen, objects: Sequence[Seen], aabb: np.ndarray) -> np.ndarray:
    """(3,) size of an object's mesh along its own axes, from the visible points of all its instances; for an upright object, the
    height is that of the world box.

    aabb: (6,) true box of the object.
    """
    points = _points_of_mesh(one, objects, [hull_points(other.points) for other in objects])
    size = np.ptp(local_points(one, points), axis=0)
    up = np.abs(one.rotation[2])
    return np.where(up > UPRIGHT, aabb[5], size)


def _points_of_mesh(one: Seen, objects: Sequence[Seen], hulls: list[np.ndarray]) -> np.ndarray:
    """Hull corners of every instance of this object's mesh, moved to the pose of this one; (n, 3) metres, world."""
    together = []
    for other, hull in zip(objects, hulls, strict=True):
        if other is one:
            together.append(hull)
        elif other.mesh == one.mesh and np.allclose(other.size_m, one.size_m, atol=1e-3):
            local = local_points(other, hull) * (one.scale / other.scale)
            together.append(local @ one.rotation.T + one.world_from_object[:3, 3])
    return np.concatenate(together)


def _measure(one: Seen, points: np.ndarray) -> MeasuredBox:
    local = local_points(one, points)
    fits = bool((np.ptp(local, axis=0) <= one.size_m + 2 * one.pixel_m).all())
    outer = _OuterBox(one, local) if fits else None
    reach = _Reach(points, one.pixel_m, outer)
    bottom, top = _bottom(points, one.pixel_m, outer), reach(np.array([0.0, 0.0, 1.0]))
    obb = _smallest(points, reach, bottom, top, outer)
    around = aabb_from_boxes(obb)
    high = np.array([*(reach(axis) for axis in np.eye(3)[:2]), top])
    low = np.array([*(-reach(-axis) for axis in np.eye(3)[:2]), bottom])
    low = np.maximum(low, around[:3] - around[3:] / 2)
    high = np.minimum(high, around[:3] + around[3:] / 2)
    return MeasuredBox(np.concatenate([(low + high) / 2, high - low]), obb, fits)


class _OuterBox:
    """The box of the mesh, placed so that it contains the visible points; the floor or centring resolves remaining freedom."""

    def __init__(self, one: Seen, local: np.ndarray):
        low, high = local.min(axis=0), local.max(axis=0)
        least, most = high - one.size_m / 2, low + one.size_m / 2  # bounds of the centre
        centre = (least + most) / 2
        up = one.rotation[2]  # the world's z along the object's axes
        axis = int(np.argmax(np.abs(up)))
        self.upright = bool(abs(up[axis]) > UPRIGHT)
        if self.upright:
            standing = (one.size_m[axis] / 2 - one.world_from_object[2, 3]) * np.sign(up[axis])
            centre[axis] = np.clip(standing, *sorted((least[axis], most[axis])))
        self.rotation, self.size_m = one.rotation, one.size_m
        self.centre = one.rotation @ centre + one.world_from_object[:3, 3]

    def reach(self, direction: np.ndarray) -> float:
        return float(direction @ self.centre + np.abs(direction @ self.rotation) @ self.size_m / 2)

    def has_axis(self, direction: np.ndarray) -> bool:
        return bool(np.abs(direction @ self.rotation).max() > UPRIGHT)

    def yaw(self) -> float:
        """Yaw in [0, pi/2) of the most horizontal axis."""
        flat = self.rotation[:, int(np.argmin(np.abs(self.rotation[2])))]
        return float(np.mod(np.arctan2(flat[1], flat[0]), np.pi / 2))


class _Reach:
    """The extent of the surface along a unit direction: that of the visible points, which 20 views give to a fraction of a pixel.

    Along its own axes, the mesh touches each side of its box; the box decides if it is near the visible points.
    """

    def __init__(self, points: np.ndarray, pixel_m: float, outer: _OuterBox | None):
        self.points, self.pixel_m, self.outer = points, pixel_m, outer

    def __call__(self, direction: np.ndarray) -> float:
        seen = float((self.points @ direction).max())
        if self.outer is None or not self.outer.has_axis(direction):
            return seen
        bound = self.outer.reach(direction)
        return max(bound, seen) if bound <= seen + NEAR * self.pixel_m else seen


def _bottom(points: np.ndarray, pixel_m: float, outer: _OuterBox | None) -> float:
    """The floor, unless visible points are below it or the outer box ends above it."""
    seen = float(points[:, 2].min())
    least = -outer.reach(np.array([0.0, 0.0, -1.0])) if outer else 0.0
    if least <= pixel_m and seen >= -pixel_m:
        return 0.0
    return float(np.clip(0.0, least, max(least, seen)))


def _smallest(points: np.ndarray, reach: _Reach, bottom: float, top: float, outer: _OuterBox | None) -> np.ndarray:
    """The smaller of two boxes: with the yaw of minimal area around the visible points, or with that of the mesh's box."""
    yaws = [minimum_area_yaw(points[:, :2])] + ([outer.yaw()] if outer and outer.upright else [])
    return min((_turned(yaw, reach, bottom, top) for yaw in yaws), key=lambda obb: obb[3] * obb[4])


def _turned(yaw: float, reach: _Reach, bottom: float, top: float) -> np.ndarray:
    along, across = np.array([np.cos(yaw), np.sin(yaw), 0]), np.array([-np.sin(yaw), np.cos(yaw), 0])
    ends = [(-reach(-axis), reach(axis)) for axis in (along, across)]
    middle = sum(axis * (low + high) / 2 for axis, (low, high) in zip((along, across), ends, strict=True))
    sizes = [high - low for low, high in ends]
    return np.array([middle[0], middle[1], (bottom + top) / 2, *sizes, top - bottom, yaw])
