"""Standing the instances on the floor: rest pose, yaw, lowered until they touch, pushed apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.hull import hull_points

STEP_M = 0.01
MAX_STEPS = 1000
STEPS_AT_ONCE = 50
HEADINGS = 9  # tried for each instance, so that the group stays compact


@dataclass(frozen=True)
class Standing:
    """One instance before it has a place. world_from_object: (4, 4), over the origin, touching the floor.

    outline: (k, 2) convex footprint in metres, counter-clockwise, of the instance together with its intact shape.
    """

    world_from_object: np.ndarray
    outline: np.ndarray


def stand(
    points: np.ndarray, intact_points: np.ndarray, rotation: np.ndarray, yaw_rad: float, size_m: float
) -> Standing:
    """Pose an instance by the rest rotation (3, 3) of its intact shape and a yaw, and lower it until it touches z = 0.

    points, intact_points: (n, 3) vertices of both, or the corners of their hulls.
    """
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    turned = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ rotation * size_m
    posed = points @ turned.T
    pose = np.eye(4)
    pose[:3, :3] = turned
    pose[2, 3] = -posed[:, 2].min()
    both = np.concatenate([posed, intact_points @ turned.T])[:, :2]
    return Standing(pose, hull_points(both))


def place(standing: list[Standing], directions_rad: list[float], gap_m: float) -> list[np.ndarray]:
    """Put each instance as near to the first as it can stand, `gap_m` clear of all before it; centre the group.

    directions_rad: turns the headings that are tried for each instance. Returns world_from_object (4, 4) for each.
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


def _nearest_free(outline: np.ndarray, placed: list[np.ndarray], direction_rad: float, gap_m: float) -> np.ndarray:
    """The smallest offset (2,) along one of the headings at which the outline is clear of the placed ones."""
    angles = direction_rad + 2 * np.pi * np.arange(HEADINGS) / HEADINGS
    headings = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for first in range(0, MAX_STEPS, STEPS_AT_ONCE):
        distance_m = STEP_M * np.arange(first, first + STEPS_AT_ONCE)
        offsets = (distance_m[:, None, None] * headings).reshape(-1, 2)  # in the order in which they are preferred
        free = np.all([separations(outline, other, offsets) >= gap_m for other in placed], axis=0)
        if np.any(free):
            return offsets[np.argmax(free)]
    raise ValueError(f"place: found no room within {MAX_STEPS * STEP_M} m; expected outlines of at most a metre")


def separations(a: np.ndarray, b: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(m,) gap between convex polygons (k, 2), the first moved by each of the offsets (m, 2).

    The largest along any edge normal, at most their distance; negative if they meet.
    """
    a_normals, b_normals = _edge_normals(a), _edge_normals(b)
    from_a = (b @ a_normals.T).min(axis=0) - np.einsum("ij,ij->i", a, a_normals)
    from_b = (a @ b_normals.T).min(axis=0) - np.einsum("ij,ij->i", b, b_normals)
    return np.maximum(
        (from_a - offsets @ a_normals.T).max(axis=1), (from_b + offsets @ b_normals.T).max(axis=1)
    )  # each gap changes by as much as the polygon moves along the normal


def _edge_normals(polygon: np.ndarray) -> np.ndarray:
    """(k, 2) unit normals of the edges of a counter-clockwise polygon (k, 2), outward."""
    edge = np.roll(polygon, -1, axis=0) - polygon
    normal = np.stack([edge[:, 1], -edge[:, 0]], axis=1)
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)


def _shifted(pose: np.ndarray, offset: np.ndarray) -> np.ndarray:
    result = pose.copy()
    result[:2, 3] += offset
    return result
