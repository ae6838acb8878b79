"""Conversion and checks of camera poses, and what all poses together say about the scene."""

from __future__ import annotations

import numpy as np

from odd_bench.captures.errors import CaptureError

OPENGL_AXES = np.diag([1.0, -1.0, -1.0, 1.0])  # OpenCV's y and z point the other way
ROTATION_TOLERANCE = 0.02
SAME_PLACE = 1e-7  # distance below which positions are equal, as a share of their coordinates
FARTHEST = 1e9  # units of a capture: at larger distances, positions lose all precision


def from_opengl(world_from_camera: np.ndarray) -> np.ndarray:
    """(4, 4) camera from world with OpenCV axes, from world from camera with OpenGL axes."""
    return np.linalg.inv(world_from_camera @ OPENGL_AXES)


def check_rotations(where: object, names: list[str], poses: np.ndarray) -> None:
    """Raise CaptureError unless every pose (n, 4, 4) is a rotation and a translation: not mirrored, scaled or sheared."""
    rotations = poses[:, :3, :3]
    if not np.isfinite(poses).all():
        worst = int(np.flatnonzero(~np.isfinite(poses).all(axis=(1, 2)))[0])
        raise CaptureError(where, f"a pose of {names[worst]} that is not finite", "finite numbers")
    away = np.abs(poses[:, :3, 3]).max(axis=1)
    if away.max() > FARTHEST:
        raise CaptureError(
            where, f"a pose of {names[int(np.argmax(away))]} that is {away.max():.2g} units away", f"at most {FARTHEST:g}"
        )  # fmt: skip
    mirrored = np.linalg.det(rotations) < 0
    if mirrored.any():
        raise CaptureError(
            where, f"mirrored poses ({int(mirrored.sum())} of {len(poses)}, such as that of {names[int(np.argmax(mirrored))]})",
            "rotations with determinant +1", "Export again without flipping an axis",
        )  # fmt: skip
    error = np.abs(rotations @ rotations.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2))
    if error.max() > ROTATION_TOLERANCE:
        worst = int(np.argmax(error))
        raise CaptureError(
            where, f"a pose of {names[worst]} that is not a rotation (off by {error[worst]:.2g})", "rotations"
        )


def common_point(eyes: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    """(3,) the point nearest to all optical axes: least squares, repeated with less weight for axes that miss it.

    eyes: (n, 3). rotations: (n, 3, 3) camera from world.
    """
    forward = rotations[:, 2]
    across = np.eye(3) - forward[:, :, None] * forward[:, None, :]  # (n, 3, 3) project onto the plane across each axis
    weights, regular = np.ones(len(eyes)), 1e-6 * np.eye(3)  # parallel axes do not meet
    for _ in range(10):
        system = (weights[:, None, None] * across).sum(axis=0) + regular
        right = np.einsum("n,nij,nj->i", weights, across, eyes) + regular @ eyes.mean(axis=0)
        point = np.linalg.solve(system, right)
        missed = np.linalg.norm(np.einsum("nij,nj->ni", across, point - eyes), axis=1)
        weights = 1 / np.maximum(missed, 1e-3 * np.linalg.norm(point - eyes, axis=1).mean() + 1e-12)
    return point


def check_apart(where: object, eyes: np.ndarray) -> None:
    """Raise CaptureError if all cameras (n, 3) are at the same position, from which depth cannot be determined."""
    if np.ptp(eyes, axis=0).max() <= SAME_PLACE * max(float(np.abs(eyes).max()), 1e-12):
        raise CaptureError(
            where, f"{len(eyes)} photographs from one position", "photographs from around the objects",
            "Walk around the objects: a camera that only rotates does not see depth",
        )  # fmt: skip


def check_looks_at(where: object, eyes: np.ndarray, rotations: np.ndarray, point: np.ndarray) -> None:
    """Raise CaptureError if most cameras look away from the point nearest to their axes."""
    ahead = np.einsum("ni,ni->n", rotations[:, 2], point - eyes) > 0
    if ahead.mean() <= 0.5:
        raise CaptureError(
            where,
            f"cameras that look away from each other: the point nearest to their axes is behind {(~ahead).sum()} of {len(eyes)}",
            "photographs around a scene", "Check the convention of the poses: OpenCV or OpenGL axes, or the inverse matrix",
        )  # fmt: skip


def camera_up(rotations: np.ndarray) -> np.ndarray:
    """(3,) unit vector: the up direction, estimated from how the cameras were held, in landscape or portrait format.

    The right axis of a level camera is parallel to the floor, so up is perpendicular to all right axes. For portrait pictures that
    were not rotated, the same holds for their down axes. The more consistent of the two is used. The sign points along the
    cameras' own up, and away from where they look.
    """
    candidates = []
    for axis in (0, 1):
        values, vectors = np.linalg.eigh(np.einsum("ni,nj->ij", rotations[:, axis], rotations[:, axis]))
        spread_enough = values[1] > 0.02 * values[2]  # if all axes are parallel, the perpendicular is not unique
        candidates.append((values[0] / max(values[2], 1e-12) if spread_enough else 1.0, vectors[:, 0], axis))
    level, up, axis = min(candidates, key=lambda one: one[0])
    if level >= 1.0:
        up, axis = -rotations[:, 1].mean(axis=0), 0
    own = -rotations[:, 1].mean(axis=0) if axis == 0 else -rotations[:, 2].mean(axis=0)
    toward = own - 0.5 * rotations[:, 2].mean(axis=0)
    return up / np.linalg.norm(up) * (1.0 if up @ toward >= 0 else -1.0)
