"""Where masks and depth of a published scene disagree: a little along outlines is mended, more than that is refused.

A mask pixel is what covers most of the pixel, its depth is that of one ray: along an outline the two can mean different
surfaces. Depth is followed there, so that every pixel unprojects onto the thing it is labelled as.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from odd_bench.geometry.boxes import rotate_about_z
from odd_bench.geometry.cameras import eye, pixel_directions
from odd_bench.published.refused import Refused
from odd_bench.scene import Camera

FLOOR_M = 2.5e-3  # farthest that a point of the floor may lie off z = 0
JUMP_M = 0.03  # depth between neighbours beyond which an outline pixel may show another surface
WRONG_SHARE = 0.05  # of a view's object pixels, off outlines
ENOUGH = 50
SURFACE_M = 2.5e-3  # farthest that a surface may lie outside its boxes
NEIGHBOURS = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]


def world_points(cameras: tuple[Camera, ...], depth_m: np.ndarray) -> np.ndarray:
    """(views, h, w, 3) metres, world: the unprojected pixel centres; the camera's own place where there is no depth."""
    return np.stack([eye(camera) + pixel_directions(camera) * depth[..., None]
                     for camera, depth in zip(cameras, depth_m, strict=True)])  # fmt: skip


def floor_height(instance: np.ndarray, depth_m: np.ndarray, points: np.ndarray) -> float:
    """Median z of what belongs to no object, metres; 0 without any. Raises Refused where that is not flat."""
    z = points[(instance == 0) & (depth_m > 0), 2]
    if not len(z):
        return 0.0
    height = float(np.median(z))
    spread = float(np.median(np.abs(z - height)))
    if spread > FLOOR_M / 2:
        detail = f"the floor is {spread * 1000:.1f} mm off a plane: depth is not planar z in metres, or the cameras are wrong"
        raise Refused("depth disagrees with cameras", detail)
    return height


def check_agreement(instance: np.ndarray, depth_m: np.ndarray, points: np.ndarray) -> None:
    """Raise Refused where, off outlines, objects lie on the floor or in the void, or the floor rises."""
    inner = ~outlines(instance)
    on_floor = np.abs(points[..., 2]) < FLOOR_M
    flat = (instance > 0) & ((depth_m == 0) | on_floor) & inner
    risen = (instance == 0) & (depth_m > 0) & ~on_floor & inner
    wrong, total = (flat | risen).sum(axis=(1, 2)), (instance > 0).sum(axis=(1, 2))
    worst = int(np.argmax(wrong - WRONG_SHARE * total))
    if wrong[worst] > max(WRONG_SHARE * total[worst], ENOUGH):
        raise Refused(
            "masks disagree with depth", f"view {worst}: {wrong[worst]:,} pixels, objects have {total[worst]:,}"
        )


def outlines(instance: np.ndarray) -> np.ndarray:
    """(views, h, w) bool: pixels with another id among their eight neighbours."""
    size = (1, 3, 3)
    return ndimage.maximum_filter(instance, size) != ndimage.minimum_filter(instance, size)


def trusted(instance: np.ndarray, depth_m: np.ndarray) -> np.ndarray:
    """(views, h, w) bool: object pixels with depth, but outline pixels only where neighbours of their object are as deep."""
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
    """Masks and depth in which every pixel lies on the floor or in the boxes of its object, and how many were changed.

    boxes: aabb (6,) and obb (7,) of each object. A pixel that lies nowhere loses its depth; an object's pixel its object too.
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
    """(n,) bool: which of (n, 3) points lie in both boxes of an object."""
    inside = (np.abs(points - aabb[:3]) <= aabb[3:] / 2 + SURFACE_M).all(axis=-1)
    local = rotate_about_z(points[inside] - obb[:3], -obb[6])
    inside[inside] = (np.abs(local) <= obb[3:6] / 2 + SURFACE_M).all(axis=-1)
    return inside
