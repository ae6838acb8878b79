"""What must hold between one scene's cameras, boxes, masks and depth."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from odd_bench.data.check_labels import HINT, RIGID
from odd_bench.data.object_pixels import ObjectPixels, grown
from odd_bench.geometry.boxes import aabb_from_boxes, as_obb, box_corners, rotate_about_z
from odd_bench.geometry.cameras import eye, project
from odd_bench.scene import Camera, Scene, SceneObject
from odd_bench.scoring.problems import Problem

FLOOR_M = 1e-3
PUBLISHED_FLOOR_M = 0.02  # the authors' objects may float or sink a little
SURFACE_M = 3e-3  # slack of a point unprojected from a pixel centre and 0.25 mm depth steps
SLACK_PX = 1.0  # a mask may reach this far past its box
TIP_PX = 2  # a tip thinner than a pixel may be missed by this much ...
ENOUGH = 0.9  # ... and in some of the views altogether
AZIMUTH_RAD = 1e-3
WHOLE = 0.9  # share of an object's pixels that must be seen before its height is judged
SIDES = ("low x side", "high x side", "low y side", "high y side", "bottom", "top")
GRID = 33
STEPS = (4, 2, 1)  # along both edges of the grid; the last looks at every point
VIEWS_AT_ONCE = 4
EVERY = (
    17  # of the floor pixels one in so many is looked at: no divisor of a usual width, so that all columns have some
)


def check_cameras(scene: Scene) -> Iterator[Problem]:
    """Every camera is a rigid motion above the floor that looks at the scene, from a side of its own.

    First and last view of the published data share their azimuth.
    """
    middle = np.mean([one.aabb[:3] for one in scene.objects], axis=0)
    for view, camera in enumerate(scene.cameras):
        path = f"cameras[{view}]"
        pose, K = camera.camera_from_world, camera.K
        error = np.abs(pose[:3, :3] @ pose[:3, :3].T - np.eye(3)).max()
        if not error < RIGID or np.linalg.det(pose) < 0 or not np.array_equal(pose[3], [0, 0, 0, 1]):
            yield Problem("cameras", f"{path}.camera_from_world", f"off by {error:.2g}", "a rigid motion", HINT)
        elif not (np.isfinite(K).all() and K[0, 0] > 0 and K[1, 1] > 0 and np.array_equal(K[2], [0, 0, 1])):
            yield Problem("cameras", f"{path}.K", str(K.tolist()), "positive focal lengths, last row 0 0 1", HINT)
        elif not _sees(camera, middle) or eye(camera)[2] <= 0:
            yield Problem("cameras", path, f"eye {np.round(eye(camera), 3).tolist()}", "a view of the scene", HINT)
    offsets = np.array([eye(camera) - middle for camera in scene.cameras])
    azimuths = np.sort(np.arctan2(offsets[:, 1], offsets[:, 0]))
    gaps = np.diff(azimuths, append=azimuths[0] + 2 * np.pi)
    if len(scene.cameras) > 1 and not scene.is_published and gaps.min() < AZIMUTH_RAD:
        found = f"two views {gaps.min():.2g} rad apart"
        yield Problem("cameras", "cameras", found, f"{len(scene.cameras)} distinct azimuths", HINT)


def _sees(camera: Camera, point: np.ndarray) -> bool:
    (pixel,), (depth,) = project(camera, point[None])
    return bool(depth > 0 and (pixel >= 0).all() and (pixel <= [camera.width, camera.height]).all())


def check_boxes(scene: Scene) -> Iterator[Problem]:
    """Boxes have a size, stand on the floor, and the two boxes of an object agree."""
    for one in scene.objects:
        path = f"objects[{one.id}]"
        if not (np.isfinite(one.aabb).all() and np.isfinite(one.obb).all() and (one.aabb[3:] > 0).all()
                and (one.obb[3:6] > 0).all()):  # fmt: skip
            yield Problem("boxes", f"{path}.aabb", str(one.aabb.tolist()), "finite boxes with positive sizes", HINT)
            continue
        bottom = one.aabb[2] - one.aabb[5] / 2
        if abs(bottom) > (PUBLISHED_FLOOR_M if scene.is_published else FLOOR_M):
            yield Problem("boxes", f"{path}.aabb", f"bottom at {bottom * 1000:.1f} mm", "the floor, z = 0", HINT)
        around = aabb_from_boxes(one.obb)
        inside = np.abs(one.aabb[:3] - around[:3]) + one.aabb[3:] / 2 - around[3:] / 2
        height = np.abs(one.obb[[2, 5]] - one.aabb[[2, 5]]).max()
        if max(inside.max(), height) > FLOOR_M:
            found = f"aabb {max(inside.max(), height) * 1000:.1f} mm off the obb"
            yield Problem("boxes", f"{path}.obb", found, "two boxes around the same mesh", HINT)


def check_silhouettes(scene: Scene, pixels: ObjectPixels) -> Iterator[Problem]:
    """A mask lies within its projected boxes, and the boxes are no larger than the masks allow.

    A tight box has a point of the mesh on each of its sides, which lies in the silhouette of every view that shows the whole
    object. Views from above cannot tell how high a box must be: that is left to depth.
    """
    size = pixels.instance.shape[1:]
    to_pixels = np.stack([camera.K @ camera.camera_from_world[:3] for camera in scene.cameras])  # (views, 3, 4)
    for one in scene.objects:
        seen = {view: places for view in range(len(scene.cameras)) if len((places := pixels.of(view, one.id))[0])}
        ends = {view: pixels.row_ends(view, one.id) for view in seen}
        whole = [view for view in seen if _is_whole(one, view, ends[view], size)]
        masks = np.stack([grown(*seen[view], TIP_PX, size) for view in whole]) if whole else None
        for name in ("aabb", "obb"):
            box, path = getattr(one, name), f"objects[{one.id}].{name}"
            outside = [view for view, beyond in _beyond_box(ends, to_pixels, box) if beyond > SLACK_PX]
            if outside:
                found = f"a mask outside the projected box in {len(outside)} views, first {outside[0]}"
                yield Problem("boxes", path, found, "a box around the mask", HINT)
            elif masks is not None and (loose := _loose_sides(box, to_pixels[whole], masks)):
                yield Problem("boxes", path, f"no silhouette at its {', '.join(loose)}", "a tight box", HINT)


def _beyond_box(ends: dict[int, np.ndarray], to_pixels: np.ndarray, box: np.ndarray) -> Iterator[tuple[int, float]]:
    """Views, and how many pixels the points there reach past the convex hull of the box's projected corners.

    ends: (n, 2) pixels u, v by view. to_pixels: (views, 3, 4). A view with a corner behind its camera is left out.
    """
    views = list(ends)
    u, v, depth = np.moveaxis(_projected(to_pixels[views], box_corners(box)), 1, 0)  # each (views, 8)
    ahead = (depth > 0).all(axis=1)
    normals, offsets = _hull_sides(np.stack([u[ahead], v[ahead]], axis=-1) / depth[ahead][..., None])
    for view, normal, offset in zip(np.array(views, int)[ahead], normals, offsets, strict=True):
        is_side = np.isfinite(offset)
        yield int(view), float((ends[view] @ normal[is_side].T + offset[is_side]).max())


def _projected(to_pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(..., 3, n) u * depth, v * depth and depth of (n, 3) points. to_pixels: (..., 3, 4)."""
    return to_pixels[..., :3] @ points.T + to_pixels[..., 3:]


def _hull_sides(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outward normals (views, 56, 2) and offsets (views, 56) of the lines through two of 8 corners (views, 8, 2).

    A point is outside the hull of the corners by the largest of normal @ point + offset. Lines that are no side have -inf.
    """
    i, j = np.triu_indices(8, 1)
    along = corners[:, j] - corners[:, i]  # (views, 28, 2)
    length = np.linalg.norm(along, axis=-1, keepdims=True)
    normal = np.stack([along[..., 1], -along[..., 0]], axis=-1) / np.maximum(length, 1e-12)
    normal = np.concatenate([normal, -normal], axis=1)  # (views, 56, 2)
    reach = np.einsum("vkc,vpc->vkp", normal, corners).max(axis=-1)
    own = np.einsum("vkc,vkc->vk", normal, np.concatenate([corners[:, i], corners[:, i]], axis=1))
    is_side = (reach - own < 1e-9 * (1 + np.abs(reach))) & (np.concatenate([length, length], axis=1)[..., 0] > 0)
    return normal, np.where(is_side, -reach, -np.inf)


def _is_whole(one: SceneObject, view: int, ends: np.ndarray, size: tuple[int, int]) -> bool:
    """Nothing hides the object, not even the border of the picture. ends: (n, 2) u, v of its rows' first and last pixels."""
    low, high = ends.min(axis=0), ends.max(axis=0)
    inside = low.min() > 1 and high[0] < size[1] - 1 and high[1] < size[0] - 1
    return bool(one.visible_pixels[view] == one.amodal_pixels[view] and inside)


def _loose_sides(box: np.ndarray, to_pixels: np.ndarray, masks: np.ndarray) -> list[str]:
    """Names of the sides without a point that lies in enough of the grown masks.

    to_pixels: (views, 3, 4). masks: (views, h + 2, w + 2) bool. A few points are looked at first: most sides have one there.
    """
    points = side_points(box).reshape(len(SIDES), GRID, GRID, 3)
    touched: set[int] = set()
    for step in STEPS:
        left = [number for number in range(len(SIDES)) if number not in touched]
        if not left:
            break
        some = points[left, ::step, ::step].reshape(len(left), -1, 3)
        touched |= _touched(np.repeat(left, some.shape[1]), some.reshape(-1, 3), to_pixels, masks)
    return [name for number, name in enumerate(SIDES) if number not in touched]


def _touched(side: np.ndarray, points: np.ndarray, to_pixels: np.ndarray, masks: np.ndarray) -> set[int]:
    """Sides, given for each of the points (n, 3), that have a point in enough of the masks.

    Points that have been missed too often are dropped after some views: few are left then.
    """
    misses, allowed = np.zeros(len(points), np.int64), len(masks) - ENOUGH * len(masks) + 1e-9
    for first in range(0, len(masks), VIEWS_AT_ONCE):
        some = slice(first, first + VIEWS_AT_ONCE)
        misses += (~_hits(_projected(to_pixels[some], points), masks[some])).sum(axis=0)
        alive = misses <= allowed
        if not alive.all():
            side, points, misses = side[alive], points[alive], misses[alive]
        if not len(side):
            break
    return set(side.tolist())


def _hits(projected: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """(views, n) bool: which projected points (views, 3, n) fall on the masks, which have a border of one pixel around them."""
    height, width = masks.shape[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        u, v = np.moveaxis(projected[:, :2] / projected[:, 2:] + 1, 1, 0)
    column = np.fmin(np.fmax(u, 0), width - 0.5).astype(np.intp)  # what is no number lies on the border
    row = np.fmin(np.fmax(v, 0), height - 0.5).astype(np.intp)
    return masks[np.arange(len(masks))[:, None], row, column]


def side_points(box: np.ndarray) -> np.ndarray:
    """(6, GRID ** 2, 3) points spread over the sides of a box, in the order of SIDES; metres, world."""
    obb = as_obb(box)
    return rotate_about_z(_unit_sides() * obb[3:6], obb[6]) + obb[:3]


@functools.cache
def _unit_sides() -> np.ndarray:
    """(6, GRID ** 2, 3) the same of a cube with sides of 1 around the origin."""
    across = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, GRID)] * 2), axis=-1).reshape(-1, 2)
    return np.stack([np.insert(across, axis, end, axis=1) for axis in range(3) for end in (-0.5, 0.5)])


def check_depth(scene: Scene, pixels: ObjectPixels, depth_m: np.ndarray) -> Iterator[Problem]:
    """Unprojected pixels lie in the boxes of the object they belong to and reach their tops, or lie on the floor."""
    objects = scene.objects
    tops, yaws = np.zeros(len(objects)), np.array([one.obb[6] for one in objects])
    boxes = np.array([[one.aabb[:3], one.aabb[3:]] for one in objects])  # (objects, 2, 3): centre and size
    turned = np.array([[_turned(one.obb[:3, None], -one.obb[6])[:, 0], one.obb[3:6]] for one in objects])
    to_camera = np.linalg.inv([camera.K for camera in scene.cameras])
    for view, camera in enumerate(scene.cameras):
        depth = depth_m[view]
        rows, columns, bounds = pixels.in_view(view)
        there = np.flatnonzero(np.diff(bounds))  # objects that are seen
        if len(there):
            points = _points(camera, to_camera[view], rows, columns, depth)
            starts = bounds[there]
            along = _turned(points, -np.repeat(yaws[there], np.diff(bounds)[there]))
            off = np.maximum(_outside(points, starts, boxes[there]), _outside(along, starts, turned[there]))
            tops[there] = np.maximum(tops[there], np.maximum.reduceat(points[2], starts))
            for k in np.flatnonzero(off > SURFACE_M):
                found = f"surface {off[k] * 1000:.1f} mm outside the boxes of object {there[k]}"
                yield Problem("depth", f"depth[{view}]", found, f"at most {SURFACE_M * 1000:g} mm", HINT)
        some = slice(view % EVERY, None, EVERY)
        is_floor = (pixels.instance[view].reshape(-1)[some] == 0) & (depth.reshape(-1)[some] > 0)
        on_floor = np.flatnonzero(is_floor) * EVERY + some.start
        floor = _points(camera, to_camera[view], *np.divmod(on_floor, depth.shape[1]), depth)[2]
        if len(floor) and np.abs(floor).max() > SURFACE_M:
            found = f"a floor at z = {np.abs(floor).max() * 1000:.1f} mm"
            yield Problem("depth", f"depth[{view}]", found, "z = 0", HINT)

    counts = pixels.counts().sum(axis=1)
    for one in scene.objects:
        slack = TIP_PX * np.median([np.linalg.norm(eye(c) - one.aabb[:3]) / c.K[0, 0] for c in scene.cameras])
        low = one.aabb[2] + one.aabb[5] / 2 - tops[one.id]
        if low > slack and counts[one.id] > WHOLE * one.amodal_pixels.sum():
            found = f"a surface that ends {low * 1000:.0f} mm below the box"
            yield Problem("boxes", f"objects[{one.id}].aabb", found, "a box as high as the object", HINT)


def _points(
    camera: Camera, to_camera: np.ndarray, rows: np.ndarray, columns: np.ndarray, depth: np.ndarray
) -> np.ndarray:
    """(3, n) world points of the pixels at rows and columns of one view's depth (h, w). to_camera: inverse of K."""
    pixels = np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
    in_camera = to_camera @ pixels * depth[rows, columns].astype(float)
    return camera.camera_from_world[:3, :3].T @ (in_camera - camera.camera_from_world[:3, 3:])


def _turned(points: np.ndarray, yaw_rad: np.ndarray | float) -> np.ndarray:
    """(3, n) points turned about z, each by its own yaw."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    return np.stack([cos * points[0] - sin * points[1], sin * points[0] + cos * points[1], points[2]])


def _outside(points: np.ndarray, starts: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(k,) how far in metres the farthest point of each object lies outside its box.

    points: (3, n), object by object. starts: (k,) where each object begins. boxes: (k, 2, 3) centre and size.
    """
    high = np.maximum.reduceat(points, starts, axis=1).T - boxes[:, 0]
    low = boxes[:, 0] - np.minimum.reduceat(points, starts, axis=1).T
    return (np.maximum(high, low) - boxes[:, 1] / 2).max(axis=1)
