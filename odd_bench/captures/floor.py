"""The floor of a capture: a plane that is fitted robustly to objects on it, or given by the user."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.captures.capture import Capture
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.poses import camera_up, common_point
from odd_bench.captures.small import hint_if_small, sizes_of, told_if_small

LEAST_POINTS = 30
TRIES, SCORED_POINTS = 1500, 3000
THICKNESS = 0.012  # of the floor's points, as a share of the cameras' distance
NEAR = 1.2  # reach around the common point, in distances of the cameras
MOST_TILT_DEG = 40.0  # between the floor's normal and the up direction of the cameras
SNAP_DEG = 15.0  # a world axis within this angle of the cameras' up direction is taken as up
BELOW_COUNTS = 0.5  # cost of a point below the floor, where nothing should be
HINT = "Give the height of the floor with --floor, along the up axis of the capture's coordinates"


@dataclass(frozen=True)
class Floor:
    """The plane normal @ x = height, units of the capture. normal: (3,) unit vector, up. thickness: of its points, one sigma.

    centre: (3,) point of the plane below the point that the cameras look at. distance: median distance of the cameras from it.
    """

    normal: np.ndarray
    height: float
    thickness: float
    centre: np.ndarray
    distance: float

    def heights(self, points: np.ndarray) -> np.ndarray:
        """(n,) above the floor."""
        return points @ self.normal - self.height


def find_floor(capture: Capture, height: float | None = None) -> Floor:
    """The plane below the objects. height: along up, if the user gives it. Raises CaptureError if no plane is found."""
    eyes, rotations = capture.eyes, capture.rotations
    middle = common_point(eyes, rotations)
    distance = float(np.median(np.linalg.norm(eyes - middle, axis=1)))
    up = capture.up if capture.up is not None else camera_up(rotations)
    if height is not None:
        floor = _floor(_level(up), height, 0.0, middle, distance)
        if (floor.heights(eyes) <= 0).mean() > 0.1:
            lowest = float((eyes @ floor.normal).min())
            raise CaptureError(
                "--floor", f"{height:g}, which is above some cameras", f"less than {lowest:.3g}, the height of the lowest camera",
                f"The up axis is {_axis_name(floor.normal)}",
            )  # fmt: skip
        return floor
    near = capture.points[np.linalg.norm(capture.points - middle, axis=1) < NEAR * distance]
    told, hint = told_if_small(sizes_of(capture)), hint_if_small(sizes_of(capture), HINT)
    told = f"; photographs{told} are small" if told else ""
    if len(near) < LEAST_POINTS:
        raise CaptureError(
            "floor", f"{len(near)} points near the centre of the scene", f"{LEAST_POINTS} or more{told}", hint
        )
    normal, offset, sigma, inliers = _plane(near, eyes, up, THICKNESS * distance)
    if inliers < LEAST_POINTS // 2:
        if _plane(near, eyes, -up, THICKNESS * distance)[3] >= LEAST_POINTS // 2:
            raise CaptureError(
                "floor", f"the cameras below the floor (up is {_axis_name(up)})", "cameras above the floor",
                "Turn the capture over, or correct the poses: one of their axes may be flipped",
            )  # fmt: skip
        raise CaptureError(
            "floor",
            f"no plane below the cameras among {len(near)} points",
            f"a floor or a table with some texture{told}",
            hint,
        )
    return _floor(normal, offset, sigma, middle, distance)


def _floor(normal: np.ndarray, height: float, thickness: float, middle: np.ndarray, distance: float) -> Floor:
    return Floor(normal, float(height), thickness, middle - (middle @ normal - height) * normal, distance)


def _level(up: np.ndarray) -> np.ndarray:
    """Up, or the world axis near it."""
    axis = int(np.argmax(np.abs(up)))
    snapped = np.eye(3)[axis] * np.sign(up[axis])
    return snapped if up @ snapped > np.cos(np.radians(SNAP_DEG)) else up


def _axis_name(normal: np.ndarray) -> str:
    axis = int(np.argmax(np.abs(normal)))
    if abs(normal[axis]) > 0.999:
        return f"{'-' if normal[axis] < 0 else ''}{'xyz'[axis]}"
    return f"({', '.join(f'{value:.2f}' for value in normal)})"


def _plane(
    points: np.ndarray, eyes: np.ndarray, up: np.ndarray, thickness: float
) -> tuple[np.ndarray, float, float, int]:
    """Normal, height, sigma and number of inliers of the plane with most points that has all cameras above and few points below."""
    rng = np.random.default_rng(0)
    scored = points[rng.choice(len(points), min(len(points), SCORED_POINTS), replace=False)]
    a, b, c = scored[rng.integers(len(scored), size=(3, TRIES))]
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1)
    kept = lengths > 1e-12 * lengths.max()
    normals, a = normals[kept] / lengths[kept, None], a[kept]
    normals = normals * np.where(normals @ up >= 0, 1.0, -1.0)[:, None]
    offsets = (normals * a).sum(axis=1)
    above = (eyes @ normals.T - offsets > 4 * thickness).mean(axis=0) >= 0.9
    allowed = above & (normals @ up > np.cos(np.radians(MOST_TILT_DEG)))
    normals, offsets = normals[allowed], offsets[allowed]
    if not len(normals):
        return up, 0.0, 0.0, 0
    heights = scored @ normals.T - offsets  # (points, tries)
    near = np.clip(1 - (heights / thickness) ** 2, 0, None).sum(axis=0)
    score = near - BELOW_COUNTS * (heights < -3 * thickness).sum(axis=0)
    best = int(np.argmax(score))
    return _refined(points, normals[best], float(offsets[best]), thickness)


def _refined(
    points: np.ndarray, normal: np.ndarray, offset: float, thickness: float
) -> tuple[np.ndarray, float, float, int]:
    """Fit the plane to the points near it by least squares, and repeat with the points near the new plane."""
    reach, count = thickness, 0
    for _ in range(10):
        inliers = points[np.abs(points @ normal - offset) < reach]
        count = len(inliers)
        if count < 3:
            break
        centre = inliers.mean(axis=0)
        fitted = np.linalg.svd(inliers - centre, full_matrices=False)[2][2]
        normal = fitted if fitted @ normal > 0 else -fitted
        offset = float(centre @ normal)
        sigma = 1.4826 * float(np.median(np.abs(inliers @ normal - offset)))
        reach = float(np.clip(3 * sigma, thickness / 4, thickness))
    return normal, offset, 1.4826 * float(np.median(np.abs(inliers @ normal - offset))) if count else 0.0, count
