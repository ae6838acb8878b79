"""The arrangement of instances on the floor: rest pose, yaw, height and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.hull import hull_points
from odd_bench.geometry.refusal import Refusal
from odd_bench.plan_line import PlanLine

STEP_M = 0.01
MAX_STEPS = 1000
STEPS_AT_ONCE = 50
LEVEL_M = 0.001  # less than a pixel of any preset
HEADINGS = 9  # directions tried for each instance, so that the group stays compact


@dataclass(frozen=True)
class Standing:
    """One instance before it has a place.

    world_from_object: (4, 4), above the origin and touching the floor. outline: (k, 2) convex footprint in metres,
    counter-clockwise, which contains the intact shape and every odd one.
    """

    world_from_object: np.ndarray
    outline: np.ndarray


def arranged(
    line: PlanLine, intact: np.ndarray, odd: Sequence[np.ndarray], rests: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """The world_from_object (4, 4) of every object of a planned scene. They do not depend on the labels.

    All objects have the poses of the intact shape, and the distances that the widest of them needs. intact, odd: (n, 3) corners of
    the convex hulls of the intact shape and of each odd one. rests: rest rotation (3, 3) of each object.
    """
    widest = np.concatenate([intact, *odd])
    standing = [
        stand(intact, widest, rest, item.yaw_rad, line.size_m) for rest, item in zip(rests, line.objects, strict=True)
    ]
    return place(standing, [item.direction_rad for item in line.objects], line.gap_m)


def stand(points: np.ndarray, widest: np.ndarray, rotation: np.ndarray, yaw_rad: float, size_m: float) -> Standing:
    """Pose an instance by a rest rotation (3, 3) and a yaw, and lower it until its intact shape touches z = 0.

    points, widest: (n, 3) vertices, or corners of their convex hulls, of the intact shape and of all shapes in the footprint.
    """
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    turned = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ rotation * size_m
    posed = points @ turned.T
    pose = np.eye(4)
    pose[:3, :3] = turned
    pose[2, 3] = -posed[:, 2].min()
    return Standing(pose, hull_points((widest @ turned.T)[:, :2]))


def require_level(odd: np.ndarray, intact: np.ndarray, rotation: np.ndarray, size_m: float) -> None:
    """Raise Refusal if an odd shape, in the pose of its intact shape, hovers above the floor or sinks below it.

    Moving it to the floor would not help: its height would then reveal its label. odd, intact: (n, 3) vertices, or corners of
    their convex hulls.
    """
    up = rotation[2] * size_m
    rise_m = float((odd @ up).min() - (intact @ up).min())
    if abs(rise_m) > LEVEL_M:
        raise Refusal("would not stand level", f"the lowest point is {1000 * rise_m:.1f} mm above the floor")


def place(standing: list[Standing], directions_rad: list[float], gap_m: float) -> list[np.ndarray]:
    """Place each instance as near to the first as possible, at least `gap_m` from all before it, and centre the group.

    directions_rad: rotation of the directions that are tried for each instance. Returns the world_from_object (4, 4) of each.
    """
    placed: list[np.ndarray] = []
    offsets = []
    for item, direction in zip(standing, directions_rad, strict=True):
        outline = item.outline - item.outline.mean(axis=0)
        offset = _nearest_free(outline, placed, direction, gap_m)
        placed.append(outline + offset)
        offsets.append(offset - item.outline.mean(axis=0))
    everything = np.concatenate(placed)
    middle = (everything.min(axis=0) + everything.max(axis=0)) / 2
    return [_shifted(item.world_from_object, offset - middle) for item, offset in zip(standing, offsets, strict=True)]


def lowered(points: np.ndarray, world_from_object: np.ndarray) -> np.ndarray:
    """Raise or lower a pose (4, 4) until the points (n, 3) touch z = 0, for another shape in place of the intact one."""
    pose = world_from_object.copy()
    pose[2, 3] = -(points @ pose[2, :3]).min()
    return pose


def _nearest_free(outline: np.ndarray, placed: list[np.ndarray], direction_rad: float, gap_m: float) -> np.ndarray:
    """The smallest offset (2,) along one of the directions at which the outline keeps the gap to all placed ones."""
    angles = direction_rad + 2 * np.pi * np.arange(HEADINGS) / HEADINGS
    headings = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for first in range(0, MAX_STEPS, STEPS_AT_ONCE):
        distance_m = STEP_M * np.arange(first, first + STEPS_AT_ONCE)
        offsets = (distance_m[:, None, None] * headings).reshape(-1, 2)  # in order of preference
        free = np.all([separations(outline, other, offsets) >= gap_m for other in placed], axis=0)
        if np.any(free):
            return offsets[np.argmax(free)]
    raise ValueError(f"place: found no room within {MAX_STEPS * STEP_M} m; expected outlines of at most a metre")


def separations(a: np.ndarray, b: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Gaps (m,) between two convex polygons (k, 2) after moving the first by each of the offsets (m, 2).

    A gap is the largest separation along an edge normal: a lower bound of the distance, negative if the polygons overlap.
    """
    a_normals, b_normals = _edge_normals(a), _edge_normals(b)
    from_a = (b @ a_normals.T).min(axis=0) - np.einsum("ij,ij->i", a, a_normals)
    from_b = (a @ b_normals.T).min(axis=0) - np.einsum("ij,ij->i", b, b_normals)
    # Moving the polygon along a normal changes the gap by the same length.
    return np.maximum((from_a - offsets @ a_normals.T).max(axis=1), (from_b + offsets @ b_normals.T).max(axis=1))


def _edge_normals(polygon: np.ndarray) -> np.ndarray:
    """Outward unit normals (k, 2) of the edges of a counter-clockwise polygon (k, 2)."""
    edge = np.roll(polygon, -1, axis=0) - polygon
    normal = np.stack([edge[:, 1], -edge[:, 0]], axis=1)
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)


def _shifted(pose: np.ndarray, offset: np.ndarray) -> np.ndarray:
    result = pose.copy()
    result[:2, 3] += offset
    return result
