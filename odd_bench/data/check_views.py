"""Checks that the cameras, boxes, masks and depth of one scene agree with each other."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np

from odd_bench.data.check_labels import HINT, RIGID
from odd_bench.data.object_pixels import ObjectPixels, grown
from odd_bench.geometry.boxes import aabb_from_boxes, as_obb, box_corners, rotate_about_z
from odd_bench.geometry.cameras import eye
from odd_bench.scene import Scene, SceneObject
from odd_bench.scoring.problems import Problem

FLOOR_M = 1e-3
PUBLISHED_FLOOR_M = 0.02  # the authors' objects may float or sink a little
SURFACE_M = 3e-3  # tolerance of a point unprojected from a pixel centre with depth in steps of 0.25 mm
SLACK_PX = 1.0  # a mask may extend this far beyond its projected box
TIP_PX = 2  # a mask may miss a tip thinner than a pixel by this much ...
ENOUGH = 0.9  # ... and only in this fraction of the views need it show the tip at all
AZIMUTH_RAD = 1e-3
WHOLE = 0.9  # fraction of an object's amodal pixels that must be visible for a check of its height
SIDES = ("low x side", "high x side", "low y side", "high y side", "bottom", "top")
GRID = 33  # points along each edge of a side
STEPS = (4, 2, 1)  # strides over the grid, one after the other; the last one covers every point
VIEWS_AT_ONCE = 4
BITS = 8  # objects whose grown masks share one array of bytes
EVERY = 17  # stride between the checked floor pixels; it divides no usual width, so that every column has some of them


def check_cameras(scene: Scene) -> Iterator[Problem]:
    """Check that every camera has a rigid pose, is above the floor, sees the scene, and has its own azimuth.

    The last check does not apply to the published data, whose first and last views share their azimuth.
    """
    middle = np.mean([one.aabb[:3] for one in scene.objects], axis=0)
    K, poses = (np.stack([getattr(one, name) for one in scene.cameras]) for name in ("K", "camera_from_world"))
    turns, shifts = poses[:, :3, :3], poses[:, :3, 3]
    off = np.abs(turns @ turns.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2))
    rigid = (off < RIGID) & (np.linalg.det(poses) >= 0) & (poses[:, 3] == [0, 0, 0, 1]).all(axis=1)
    pinhole = (K[:, [0, 1], [0, 1]] > 0).all(axis=1) & (K[:, 2] == [0, 0, 1]).all(axis=1)
    eyes = -np.einsum("vji,vj->vi", turns, shifts)
    seeing = _see(scene, K, turns @ middle + shifts) & (eyes[:, 2] > 0)
    for view in np.flatnonzero(~(rigid & pinhole & seeing)):
        path = f"cameras[{view}]"
        if not rigid[view]:
            yield Problem("cameras", f"{path}.camera_from_world", f"off by {off[view]:.2g}", "a rigid motion", HINT)
        elif not pinhole[view]:
            expected = "positive focal lengths, last row 0 0 1"
            yield Problem("cameras", f"{path}.K", str(K[view].tolist()), expected, HINT)
        else:
            yield Problem("cameras", path, f"eye {np.round(eyes[view], 3).tolist()}", "a view of the scene", HINT)
    offsets = eyes - middle
    azimuths = np.sort(np.arctan2(offsets[:, 1], offsets[:, 0]))
    gaps = np.diff(azimuths, append=azimuths[0] + 2 * np.pi)
    if len(scene.cameras) > 1 and not scene.is_published and gaps.min() < AZIMUTH_RAD:
        found = f"two views {gaps.min():.2g} rad apart"
        yield Problem("cameras", "cameras", found, f"{len(scene.cameras)} distinct azimuths", HINT)


def _see(scene: Scene, K: np.ndarray, in_camera: np.ndarray) -> np.ndarray:
    """Whether a point lies in each picture, (views,) bool. in_camera: (views, 3), the point in the frame of each camera."""
    u, v, depth = np.einsum("vij,vj->iv", K, in_camera)
    size = np.array([(one.width, one.height) for one in scene.cameras])
    ahead = depth > 0
    pixel = np.stack([u, v], axis=-1) / np.where(ahead, depth, 1.0)[:, None]
    return ahead & (pixel >= 0).all(axis=1) & (pixel <= size).all(axis=1)


def check_boxes(scene: Scene) -> Iterator[Problem]:
    """Check that boxes are finite with positive sizes, stand on the floor, and that the two boxes of an object agree."""
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
    """Check that every mask lies within its projected boxes, and that no box is larger than the masks allow.

    A tight box has a point of the mesh on each of its sides, and this point lies in the silhouette in every view that shows the
    whole object. Views from above do not determine the height of a box; `check_depth` checks it.
    """
    to_pixels = np.stack([camera.K @ camera.camera_from_world[:3] for camera in scene.cameras])  # (views, 3, 4)
    view, number, _ = pixels.seen()
    ends, begins = pixels.row_ends()
    whole = _are_whole(scene, pixels, ends, begins)
    beyond = {name: _beyond_boxes(scene, name, pixels, to_pixels, ends, begins) for name in ("aabb", "obb")}
    for first in range(0, len(scene.objects), BITS):
        some = [one for one in scene.objects if first <= one.id < first + BITS]
        masks = grown(pixels.instance, [one.id for one in some], TIP_PX)
        for one in some:
            own = number == one.id
            shows = view[own & whole]
            for name in ("aabb", "obb"):
                box, path = getattr(one, name), f"objects[{one.id}].{name}"
                outside = view[own & (beyond[name] > SLACK_PX)]
                if len(outside):
                    found = f"a mask outside the projected box in {len(outside)} views, first {outside[0]}"
                    yield Problem("boxes", path, found, "a box around the mask", HINT)
                elif len(shows) and (loose := _loose_sides(box, to_pixels, shows, masks, 1 << (one.id - first))):
                    yield Problem("boxes", path, f"no silhouette at its {', '.join(loose)}", "a tight box", HINT)


def _are_whole(scene: Scene, pixels: ObjectPixels, ends: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Whether neither another object nor the border of the picture hides a part of an object, (n,) bool.

    n counts pairs of a view and an object, in the order of pixels.seen(). ends, begins: see ObjectPixels.row_ends.
    """
    view, number, _ = pixels.seen()
    if not len(view):
        return np.zeros(0, bool)
    height, width = pixels.instance.shape[1:]
    low = np.minimum.reduceat(ends.min(axis=1), begins)
    high = np.maximum.reduceat(ends.max(axis=1), begins)
    visible, amodal = (
        np.stack([getattr(one, f"{name}_pixels") for one in scene.objects]) for name in ("visible", "amodal")
    )
    uncut = (low > 1).all(axis=1) & (high < [width - 1, height - 1]).all(axis=1)
    return uncut & (visible == amodal)[number, view]


def _beyond_boxes(
    scene: Scene, name: str, pixels: ObjectPixels, to_pixels: np.ndarray, ends: np.ndarray, begins: np.ndarray
) -> np.ndarray:
    """Distance (n,) in pixels by which each mask extends beyond the convex hull of its box's projected corners.

    The order is that of pixels.seen(). The distance is -inf if a corner lies behind the camera. name: aabb or obb.
    to_pixels: (views, 3, 4), K @ camera_from_world[:3].
    """
    view, number, _ = pixels.seen()
    beyond = np.full(len(view), -np.inf)
    corners = np.stack([box_corners(getattr(one, name)) for one in scene.objects])  # (objects, 8, 3)
    u, v, depth = np.moveaxis(_projected(to_pixels[view], corners[number].swapaxes(1, 2)), 1, 0)  # each (n, 8)
    ahead = (depth > 0).all(axis=1)
    if not ahead.any():
        return beyond
    normals, offsets = _hull_sides(np.stack([u[ahead], v[ahead]], axis=-1) / depth[ahead][..., None])
    is_side = np.isfinite(offsets)
    sides = np.argsort(~is_side, axis=1, kind="stable")[:, : is_side.sum(axis=1).max(), None]  # the few real sides
    normals = np.take_along_axis(normals, sides, axis=1)
    offsets = np.take_along_axis(offsets, sides[..., 0], axis=1)
    rows = np.diff(begins, append=len(ends))
    points = ends[np.repeat(ahead, rows)]
    hull = np.repeat(np.arange(ahead.sum()), rows[ahead])  # index of the hull for each row
    u, v = np.moveaxis(points, 2, 0)  # each (rows, 2)
    across, down = np.moveaxis(normals[hull], 2, 0)[:, :, None]  # each (rows, 1, sides)
    past = (u[..., None] * across + v[..., None] * down + offsets[hull][:, None]).max(axis=(1, 2))
    beyond[ahead] = np.maximum.reduceat(past, np.cumsum(rows[ahead]) - rows[ahead])
    return beyond


def _projected(to_pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Project points (3, n) or (..., 3, n) to (..., 3, n): u * depth, v * depth and depth. to_pixels: (..., 3, 4)."""
    return to_pixels[..., :3] @ points + to_pixels[..., 3:]


def _hull_sides(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outward normals (n, 56, 2) and offsets (n, 56) of the lines through pairs of 8 corners (n, 8, 2).

    The largest normal @ point + offset is the distance of a point from the convex hull of the corners. A line that contains no
    side of the hull has offset -inf.
    """
    i, j = np.triu_indices(8, 1)
    along = corners[:, j] - corners[:, i]  # (n, 28, 2)
    length = np.linalg.norm(along, axis=-1, keepdims=True)
    normal = np.stack([along[..., 1], -along[..., 0]], axis=-1) / np.maximum(length, 1e-12)
    normal = np.concatenate([normal, -normal], axis=1)  # (n, 56, 2)
    reach = np.einsum("vkc,vpc->vkp", normal, corners).max(axis=-1)
    own = np.einsum("vkc,vkc->vk", normal, np.concatenate([corners[:, i], corners[:, i]], axis=1))
    is_side = (reach - own < 1e-9 * (1 + np.abs(reach))) & (np.concatenate([length, length], axis=1)[..., 0] > 0)
    return normal, np.where(is_side, -reach, -np.inf)


def _loose_sides(box: np.ndarray, to_pixels: np.ndarray, views: np.ndarray, masks: np.ndarray, bit: int) -> list[str]:
    """Names of the sides of a box that have no point within the grown masks of enough of the views.

    to_pixels: (views, 3, 4). masks, bit: the masks of `grown`, and the bit of the object. Few points are tried first, because
    most sides have one among them.
    """
    touched: set[int] = set()
    for step in STEPS:
        left = [number for number in range(len(SIDES)) if number not in touched]
        if not left:
            break
        some = side_points(box, step, left)
        sides = np.repeat(left, some.shape[1])
        touched |= _touched(sides, some.reshape(-1, 3), to_pixels, views, masks, bit)
    return [name for number, name in enumerate(SIDES) if number not in touched]


def _touched(
    side: np.ndarray, points: np.ndarray, to_pixels: np.ndarray, views: np.ndarray, masks: np.ndarray, bit: int
) -> set[int]:
    """The sides that have a point within the masks of enough of the views.

    points: (n, 3) metres, world. side: (n,) the side of each point. Points that too many masks have missed are dropped after
    every few views, so that soon few remain.
    """
    misses, allowed = np.zeros(len(points), np.int64), len(views) - ENOUGH * len(views) + 1e-9
    for first in range(0, len(views), VIEWS_AT_ONCE):
        some = views[first : first + VIEWS_AT_ONCE]
        misses += (~_hits(_projected(to_pixels[some], points.T), some, masks, bit)).sum(axis=0)
        alive = misses <= allowed
        if not alive.all():
            side, points, misses = side[alive], points[alive], misses[alive]
        if not len(side):
            break
    return set(side.tolist())


def _hits(projected: np.ndarray, views: np.ndarray, masks: np.ndarray, bit: int) -> np.ndarray:
    """Which projected points (k, 3, n) in k views lie on the grown masks of an object, (k, n) bool. The masks have a border."""
    height, width = masks.shape[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        u, v = np.moveaxis(projected[:, :2] / projected[:, 2:] + 1, 1, 0)
    column = np.fmin(np.fmax(u, 0), width - 0.5).astype(np.intp)  # NaN goes to the border
    row = np.fmin(np.fmax(v, 0), height - 0.5).astype(np.intp)
    return masks[views[:, None], row, column] & bit != 0


def side_points(box: np.ndarray, step: int, sides: Sequence[int]) -> np.ndarray:
    """Every step-th point of a grid over some sides of a box, (sides, n ** 2, 3) metres, world. sides: indices into SIDES."""
    obb = as_obb(box)
    grid = _unit_sides()[list(sides), ::step, ::step].reshape(len(sides), -1, 3)
    return rotate_about_z(grid * obb[3:6], obb[6]) + obb[:3]


@functools.cache
def _unit_sides() -> np.ndarray:
    """Points (6, GRID, GRID, 3) on the sides of the unit cube centred on the origin."""
    across = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, GRID)] * 2), axis=-1).reshape(-1, 2)
    sides = [np.insert(across, axis, end, axis=1) for axis in range(3) for end in (-0.5, 0.5)]
    return np.stack(sides).reshape(len(SIDES), GRID, GRID, 3)


def check_depth(scene: Scene, pixels: ObjectPixels, depth: np.ndarray, step_m: float) -> Iterator[Problem]:
    """Check that unprojected pixels lie in the boxes of their object and reach the top of these, or lie on the floor.

    depth: (views, h, w) planar depth in units of step_m metres.
    """
    off, tops = _surfaces(scene, pixels, depth, step_m)
    for view, floor_m in enumerate(_floors(scene, pixels, depth, step_m)):
        for k in np.flatnonzero(off[:, view] > SURFACE_M):
            found = f"surface {off[k, view] * 1000:.1f} mm outside the boxes of object {k}"
            yield Problem("depth", f"depth[{view}]", found, f"at most {SURFACE_M * 1000:g} mm", HINT)
        if floor_m > SURFACE_M:
            yield Problem("depth", f"depth[{view}]", f"a floor at z = {floor_m * 1000:.1f} mm", "z = 0", HINT)

    counts = pixels.counts().sum(axis=1)
    eyes = np.stack([eye(camera) for camera in scene.cameras])
    focal = np.array([camera.K[0, 0] for camera in scene.cameras])
    for one in scene.objects:
        slack = TIP_PX * np.median(np.linalg.norm(eyes - one.aabb[:3], axis=1) / focal)
        low = one.aabb[2] + one.aabb[5] / 2 - tops[one.id]
        if low > slack and counts[one.id] > WHOLE * one.amodal_pixels.sum():
            found = f"a surface that ends {low * 1000:.0f} mm below the box"
            yield Problem("boxes", f"objects[{one.id}].aabb", found, "a box as high as the object", HINT)


def _surfaces(scene: Scene, pixels: ObjectPixels, depth: np.ndarray, step_m: float) -> tuple[np.ndarray, np.ndarray]:
    """The greatest distance (objects, views) of each object's points from its boxes, and its greatest height (objects,).

    Both are in metres. The distance is -inf in views that do not show the object; the height is 0 if no view shows it.
    """
    off, tops = np.full((len(scene.objects), len(scene.cameras)), -np.inf), np.zeros(len(scene.objects))
    depth_m = (depth.reshape(-1)[pixels.place] * step_m).astype(np.float32).astype(float)
    rays = np.empty((3, len(depth_m)))
    np.multiply(pixels.columns + 0.5, depth_m, out=rays[0])
    np.multiply(pixels.rows + 0.5, depth_m, out=rays[1])
    rays[2] = depth_m
    axes = [_box_axes(one) for one in scene.objects]
    to_world = _world_from_pixels(scene)
    for view, k, place in zip(*pixels.seen(), strict=True):
        directions, centres, sizes = axes[k]
        along = directions @ to_world[view] @ rays[:, pixels.bounds[place] : pixels.bounds[place + 1]]  # (5, pixels)
        shift = directions @ eye(scene.cameras[view]) - centres
        high, low = along.max(axis=1) + shift, along.min(axis=1) + shift
        off[k, view] = (np.maximum(high, -low) - sizes / 2).max()
        tops[k] = max(tops[k], high[2] + centres[2])
    return off, tops


def _box_axes(one: SceneObject) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors (6, 3) along the axes of an object's aabb and obb, and the boxes' centres (6,) and sizes (6,) along them."""
    cos, sin = np.cos(one.obb[6]), np.sin(one.obb[6])
    directions = np.concatenate([np.eye(3), [[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]])
    centres = np.concatenate([one.aabb[:3], directions[3:] @ one.obb[:3]])
    return directions, centres, np.concatenate([one.aabb[3:], one.obb[3:6]])


def _floors(scene: Scene, pixels: ObjectPixels, depth: np.ndarray, step_m: float) -> Iterator[float]:
    """The greatest distance in metres of the visible floor from z = 0, for each view."""
    for view, (camera, to_world) in enumerate(zip(scene.cameras, _world_from_pixels(scene), strict=True)):
        some = slice(view % EVERY, None, EVERY)
        steps = depth[view].reshape(-1)[some]
        on_floor = np.flatnonzero((pixels.instance[view].reshape(-1)[some] == 0) & (steps > 0))
        row, column = np.divmod(on_floor * EVERY + some.start, depth.shape[2])
        depth_m = (steps[on_floor] * step_m).astype(np.float32).astype(float)
        up = to_world[2]
        z = (up[0] * (column + 0.5) + up[1] * (row + 0.5) + up[2]) * depth_m + eye(camera)[2]
        yield float(np.abs(z).max(initial=0.0))


def _world_from_pixels(scene: Scene) -> np.ndarray:
    """Matrices (views, 3, 3) from a pixel (u, v, 1) to the direction of its ray in the world, scaled to planar depth 1."""
    turns, K = (
        np.stack([one.camera_from_world[:3, :3].T for one in scene.cameras]),
        np.stack([one.K for one in scene.cameras]),
    )
    return turns @ np.linalg.inv(K)
