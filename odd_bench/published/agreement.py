"""Agreement of masks and depth in a published scene: small differences along outlines are corrected, larger ones refused.

A pixel of a mask shows the object that covers most of it, but its depth is that of one ray. Along an outline, the two can belong to
different surfaces. The mask is then changed to agree with the depth, so that every pixel unprojects onto its own object.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from odd_bench.geometry.boxes import rotate_about_z
from odd_bench.geometry.cameras import eye, pixel_directions
from odd_bench.published.refused import Refused
from odd_bench.scene import Camera

FLOOR_M = 2.5e-3  # largest distance of a floor point from z = 0
JUMP_M = 0.03  # difference of depth between neighbours from which an outline pixel may show another surface
WRONG_SHARE = 0.05  # of a view's object pixels that are not on outlines
ENOUGH = 50
SURFACE_M = 2.5e-3  # largest distance of a surface point outside its boxes
NEIGHBOURS = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]


def world_points(cameras: tuple[Camera, ...], depth_m: np.ndarray) -> np.ndarray:
    """(views, h, w, 3) metres, world: the unprojected pixel centres; the camera's position where there is no depth."""
    return np.stack([eye(camera) + pixel_directions(camera) * depth[..., None]
                     for camera, depth in zip(cameras, depth_m, strict=True)])  # fmt: skip


def floor_height(instance: np.ndarray, depth_m: np.ndarray, points: np.ndarray) -> float:
    """Median z of pixels that belong to no object, metres; 0 if there are none. Raises Refused if they are not flat."""
    z = points[(instance == 0) & (depth_m > 0), 2]
    if not len(z):
        return 0.0
    height = float(np.median(z))
    spread = float(np.median(np.abs(z - height)))
    if spread > FLOOR_M / 2:
        detail = f"the floor deviates from a plane by {spread * 1000:.1f} mm: depth is not planar z in metres, or cameras are wrong"
        raise Refused("depth disagrees with cameras", detail)
    return height


def check_agreement(instance: np.ndarray, depth_m: np.ndarray, points: np.ndarray) -> None:
    """Raise Refused if, away from outlines, object pixels are on the floor or have no depth, or floor pixels are above it."""
    inner = ~outlines(instance)
    on_floor = np.abs(points[..., 2]) < FLOOR_M
    flat = (instance > 0) & ((depth_m == 0) | on_floor) & inner
    risen = (instance == 0) & (depth_m > 0) & ~on_floor & inner
    wrong, total = (flat | risen).sum(axis=(1, 2)), (instance > 0).sum(axis=(1, 2))
    worst = int(np.argmax(wrong - WRONG_SHARE * total))
    if wrong[worst] > max(WRONG_SHARE * total[worst], ENOUGH):
        raise Refused("masks disagree with depth", f"view {worst}: {wrong[worst]:,} of {total[worst]:,} object pixels")


def outlines(instance: np.ndarray) -> np.ndarray:
    """(views, h, w) bool: pixels with another id among their eight neighbours."""
    size = (1, 3, 3)
    return ndimage.maximum_filter(instance, size) != ndimage.minimum_filter(instance, size)


def trusted(instance: np.ndarray, depth_m: np.ndarray) -> np.ndarray:
    """(views, h, w) bool: object pixels with depth; on outlines, only those as deep as their object's neighbouring pixels."""
    good = (instance > 0) & (depth_m > 0)
    view, row, column = np.nonzero(good & outlines(instance))
    own, depth = instance[view, row, column], depth_m[view, row, column]
    far = np.zeros(len(view), bool)
    for down, right in NEIGHBOURS:
        at = view, np.clip(row + down, 0, good.shape[1] - 1), np.clip(column + right, 0, good.shape[2] - 1)
        far |= (instance[at] == own) & (np.abs(depth_m[at] - depth) > JUMP_M)
    good[view[far], row[far], column[far]] = False
    return good


def follow_depth(
    instance: np.ndarray, depth_m: np.ndarray, points: np.ndarray, boxes: Sequence[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray, int]:
    """Masks and depth in which every pixel is on the floor or in the boxes of its object, and the number of changed pixels.

    boxes: aabb (6,) and obb (7,) of each object. A pixel that is in neither loses its depth, and its object if it has one.
    """
    at = np.nonzero((instance > 0) | ((depth_m > 0) & (np.abs(points[..., 2]) >= FLOOR_M)))
    place, now, has_depth = points[at], instance[at], depth_m[at] > 0
    inside = np.stack([has_depth & _inside(place, *pair) for pair in boxes])  # (objects, n)
    on_floor = has_depth & (np.abs(place[:, 2]) < FLOOR_M)
    keeps = np.where(now > 0, inside[now.astype(int) - 1, np.arange(len(now))], False)
    owner = np.where(inside.any(axis=0) & ~on_floor, inside.argmax(axis=0) + 1, 0).astype(np.uint8)
    new_instance, new_depth = instance.copy(), depth_m.copy()
    new_instance[at] = np.where(keeps, now, owner)
    new_depth[at] = np.where(keeps | on_floor | (owner > 0), depth_m[at], 0)
    return new_instance, new_depth, int((~keeps).sum())


def _inside(points: np.ndarray, aabb: np.ndarray, obb: np.ndarray) -> np.ndarray:
    """(n,) bool: which of (n, 3) points are in both boxes of an object."""
    inside = (np.abs(points - aabb[:3]) <= aabb[3:] / 2 + SURFACE_M).all(axis=-1)
    local = rotate_about_z(points[inside] - obb[:3], -obb[6])
    inside[inside] = (np.abs(local) <= obb[3:6] / 2 + SURFACE_M).all(axis=-1)
    return inside
