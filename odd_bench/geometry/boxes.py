"""Upright boxes, axis-aligned (`aabb`) or turned about z (`obb`): fitting them to points and comparing them by IoU.

aabb: (..., 6) centre x y z, size along x y z, metres, world.
obb: (..., 7) centre x y z, size along the box's own x y z, metres, and yaw about +z in radians.
Functions of boxes accept any leading shape. All functions return float64 arrays.
"""

from __future__ import annotations

import numpy as np

# Signs of the eight corners: the lower four, counter-clockwise, then the four above them.
CORNER_SIGNS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]] * 2, float)
CORNER_SIGNS = np.column_stack([CORNER_SIGNS, np.repeat([-1.0, 1.0], 4)])
# The twelve edges as pairs of corners: around the bottom, around the top, then the vertical ones.
EDGES = [(0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7)]


def aabb_from_points(points: np.ndarray) -> np.ndarray:
    """The smallest axis-aligned box around the points. points: (n, 3) metres, world. Returns (6,)."""
    low, high = points.min(axis=0), points.max(axis=0)
    return np.concatenate([(low + high) / 2, high - low])


def obb_from_points(points: np.ndarray, yaw_rad: float | None = None) -> np.ndarray:
    """The smallest box of the given yaw around the points. points: (n, 3) metres, world. Returns (7,).

    If `yaw_rad` is None, the function uses the yaw in [0, pi/2) whose box has the smallest floor area: one side of that
    rectangle lies on an edge of the convex hull of the points seen from above (Freeman and Shapira, 1975).
    """
    yaw = minimum_area_yaw(points[:, :2]) if yaw_rad is None else float(yaw_rad)
    local = aabb_from_points(rotate_about_z(points, -yaw))
    return np.concatenate([rotate_about_z(local[:3], yaw), local[3:], [yaw]])


def minimum_area_yaw(points_xy: np.ndarray) -> float:
    """Yaw in [0, pi/2) of the smallest rectangle around (n, 2) points; the smallest such yaw if several areas are equal."""
    corners = hull_corners(points_xy)
    directions = np.roll(corners, -1, axis=0) - corners
    yaws = np.unique(np.mod(np.arctan2(directions[:, 1], directions[:, 0]), np.pi / 2))
    along = np.stack([np.cos(yaws), np.sin(yaws)])  # (2, k)
    across = np.stack([-np.sin(yaws), np.cos(yaws)])
    areas = np.ptp(corners @ along, axis=0) * np.ptp(corners @ across, axis=0)
    return float(yaws[np.argmax(areas <= areas.min() * (1 + 1e-9))])


def hull_corners(points_xy: np.ndarray) -> np.ndarray:
    """Corners of the convex hull of (n, 2) points, (k, 2), counter-clockwise; the two end points if all lie on a line."""
    from scipy.spatial import ConvexHull, QhullError  # imported here: comparing boxes does not need this slow import

    try:
        return points_xy[ConvexHull(points_xy).vertices]
    except (QhullError, ValueError):  # fewer than three points, or all on a line
        order = np.lexsort((points_xy[:, 1], points_xy[:, 0]))
        return points_xy[order[[0, -1]]]


def as_obb(boxes: np.ndarray) -> np.ndarray:
    """Convert boxes (..., 6) or (..., 7) to (..., 7). An aabb gets yaw 0."""
    boxes = np.asarray(boxes, float)
    if boxes.shape[-1] == 7:
        return boxes
    return np.concatenate([boxes, np.zeros((*boxes.shape[:-1], 1))], axis=-1)


def box_corners(boxes: np.ndarray) -> np.ndarray:
    """Corners (..., 8, 3) of boxes (..., 6) or (..., 7): the lower four counter-clockwise, then the upper four."""
    obb = as_obb(boxes)
    local = CORNER_SIGNS * obb[..., None, 3:6] / 2
    return rotate_about_z(local, obb[..., 6, None]) + obb[..., None, :3]


def aabb_from_boxes(boxes: np.ndarray) -> np.ndarray:
    """The axis-aligned boxes (..., 6) around boxes (..., 6) or (..., 7)."""
    corners = box_corners(boxes)
    low, high = corners.min(axis=-2), corners.max(axis=-2)
    return np.concatenate([(low + high) / 2, high - low], axis=-1)


def box_volume(boxes: np.ndarray) -> np.ndarray:
    """Volumes (...) in cubic metres of boxes (..., 6) or (..., 7)."""
    return np.prod(np.asarray(boxes, float)[..., 3:6], axis=-1)


def iou_matrix(boxes_a: np.ndarray, boxes_b: np.ndarray) -> np.ndarray:
    """IoU of every box in (n, 6 or 7) with every box in (m, 6 or 7). Returns (n, m) in [0, 1]."""
    return iou(np.asarray(boxes_a, float)[:, None], np.asarray(boxes_b, float)[None])


def iou(boxes_a: np.ndarray, boxes_b: np.ndarray) -> np.ndarray:
    """IoU of pairs of boxes, each an aabb or an obb; leading shapes broadcast. Returns (...) in [0, 1]."""
    boxes_a, boxes_b = np.asarray(boxes_a, float), np.asarray(boxes_b, float)
    if boxes_a.shape[-1] == 6 and boxes_b.shape[-1] == 6:
        floor_area = overlap_1d(boxes_a, boxes_b, 0) * overlap_1d(boxes_a, boxes_b, 1)
    else:
        floor_area = floor_overlap(as_obb(boxes_a), as_obb(boxes_b))
    intersection = floor_area * overlap_1d(boxes_a, boxes_b, 2)
    union = box_volume(boxes_a) + box_volume(boxes_b) - intersection
    with np.errstate(invalid="ignore", divide="ignore"):  # two flat boxes have no volume to share
        return np.where(union > 0, np.clip(intersection / union, 0.0, 1.0), 0.0)


def overlap_1d(boxes_a: np.ndarray, boxes_b: np.ndarray, axis: int) -> np.ndarray:
    """Length (...) in metres that two boxes share along a world axis. Subtracting the centres first makes equal boxes exact."""
    offset = boxes_b[..., axis] - boxes_a[..., axis]
    half_a, half_b = boxes_a[..., 3 + axis] / 2, boxes_b[..., 3 + axis] / 2
    return np.maximum(np.minimum(half_a, offset + half_b) - np.maximum(-half_a, offset - half_b), 0.0)


def floor_overlap(obb_a: np.ndarray, obb_b: np.ndarray) -> np.ndarray:
    """Area (...) in square metres that two boxes (..., 7) share seen from above. The result is exact; there are no branches.

    In its own frame, box a is the rectangle |x| <= w, |y| <= h. The function cuts every edge of box b where it crosses
    one of the four lines x = +-w, y = +-h, and clamps all points to the rectangle. Clamping keeps the part of box b inside
    the rectangle, flattens the part outside onto the border, and does not change the winding number of inner points.
    The shoelace area of the clamped polygon is therefore the overlap.
    """
    obb_a, obb_b = np.broadcast_arrays(obb_a, obb_b)
    centre = rotate_about_z(obb_b[..., :3] - obb_a[..., :3], -obb_a[..., 6])[..., :2]
    local = CORNER_SIGNS[:4, :2] * obb_b[..., None, 3:5] / 2
    corners = rotate_about_z(local, (obb_b[..., 6] - obb_a[..., 6])[..., None]) + centre[..., None, :]  # (..., 4, 2)
    limit = obb_a[..., None, 3:5] / 2  # (..., 1, 2)
    points = np.clip(cut_edges(corners, limit), -limit, limit)  # (..., 20, 2)
    following = np.roll(points, -1, axis=-2)
    cross = points[..., 0] * following[..., 1] - points[..., 1] * following[..., 0]
    return np.maximum(cross.sum(axis=-1) / 2, 0.0)


def cut_edges(corners: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Insert into a polygon (..., 4, 2), in order, the points where it crosses x, y = +-limit. Returns (..., 20, 2)."""
    edges = np.roll(corners, -1, axis=-2) - corners
    lines = np.concatenate([-limit, limit], axis=-2)  # (..., 2, 2): sign, axis
    with np.errstate(divide="ignore", invalid="ignore"):  # an edge along a line never crosses it, so any cut is correct
        at = (lines[..., None, :, :] - corners[..., None, :]) / edges[..., None, :]  # (..., 4, 2, 2)
    at = np.clip(np.nan_to_num(at.reshape(*at.shape[:-2], 4), nan=0.0), 0.0, 1.0)
    at = np.concatenate([np.zeros_like(at[..., :1]), np.sort(at, axis=-1)], axis=-1)  # (..., 4, 5)
    points = corners[..., None, :] + at[..., None] * edges[..., None, :]  # (..., 4, 5, 2)
    return points.reshape(*points.shape[:-3], 20, 2)


def rotate_about_z(points: np.ndarray, yaw_rad: np.ndarray | float) -> np.ndarray:
    """Rotate points (..., 2 or 3) about the z axis by `yaw_rad`, counter-clockwise seen from above."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    x, y = points[..., 0], points[..., 1]
    return np.concatenate([np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1), points[..., 2:]], axis=-1)
