"""What must hold between one scene's cameras, boxes, masks and depth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull

from odd_bench.data.check_labels import HINT, RIGID
from odd_bench.geometry.boxes import aabb_from_boxes, as_obb, box_corners, rotate_about_z
from odd_bench.geometry.cameras import eye, project, unproject
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


def check_silhouettes(scene: Scene, instance: np.ndarray) -> Iterator[Problem]:
    """A mask lies within its projected boxes, and the boxes are no larger than the masks allow.

    A tight box has a point of the mesh on each of its sides, which lies in the silhouette of every view that shows the whole
    object. Views from above cannot tell how high a box must be: that is left to depth. instance: (views, h, w) uint8.
    """
    for one in scene.objects:
        masks = instance == one.id + 1
        whole = [view for view in range(len(masks)) if _is_whole(one, view, masks[view])]
        grown = {view: ndimage.maximum_filter(masks[view], 2 * TIP_PX + 1) for view in whole}
        for name in ("aabb", "obb"):
            box, path = getattr(one, name), f"objects[{one.id}].{name}"
            outside = [v for v, camera in enumerate(scene.cameras) if _beyond_box(masks[v], camera, box) > SLACK_PX]
            if outside:
                found = f"a mask outside the projected box in {len(outside)} views, first {outside[0]}"
                yield Problem("boxes", path, found, "a box around the mask", HINT)
            elif whole and (loose := _loose_sides(box, scene.cameras, grown)):
                yield Problem("boxes", path, f"no silhouette at its {', '.join(loose)}", "a tight box", HINT)


def _beyond_box(mask: np.ndarray, camera: Camera, box: np.ndarray) -> float:
    """How many pixels the mask's pixel centres reach past the convex hull of the box's projected corners."""
    corners, depth = project(camera, box_corners(box))
    if not mask.any() or depth.min() <= 0:
        return 0.0
    v, u = np.nonzero(mask)
    equations = ConvexHull(corners).equations  # (k, 3), outward normals
    return float((np.column_stack([u + 0.5, v + 0.5]) @ equations[:, :2].T + equations[:, 2]).max())


def _is_whole(one: SceneObject, view: int, mask: np.ndarray) -> bool:
    """Nothing hides the object, not even the border of the picture."""
    border = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
    return bool(one.visible_pixels[view] == one.amodal_pixels[view] and not border)


def _loose_sides(box: np.ndarray, cameras: tuple[Camera, ...], grown: dict[int, np.ndarray]) -> list[str]:
    """Names of the sides without a point that lies in enough of the grown masks, keyed by view."""
    inside = np.zeros((len(SIDES), GRID**2))
    points = side_points(box)
    for view, mask in grown.items():
        pixels, _ = project(cameras[view], points.reshape(-1, 3))
        u, v = np.floor(pixels).astype(int).T
        within = (u >= 0) & (v >= 0) & (u < mask.shape[1]) & (v < mask.shape[0])
        hit = within & mask[np.where(within, v, 0), np.where(within, u, 0)]
        inside += hit.reshape(inside.shape)
    return [side for side, count in zip(SIDES, inside.max(axis=1), strict=True) if count < ENOUGH * len(grown)]


def side_points(box: np.ndarray) -> np.ndarray:
    """(6, GRID ** 2, 3) points spread over the sides of a box, in the order of SIDES; metres, world."""
    across = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, GRID)] * 2), axis=-1).reshape(-1, 2)
    local = np.stack([np.insert(across, axis, end, axis=1) for axis in range(3) for end in (-0.5, 0.5)])
    obb = as_obb(box)
    return rotate_about_z(local * obb[3:6], obb[6]) + obb[:3]


def check_depth(scene: Scene, instance: np.ndarray, depth_m: np.ndarray) -> Iterator[Problem]:
    """Unprojected pixels lie in the boxes of the object they belong to and reach their tops, or lie on the floor."""
    tops = np.zeros(len(scene.objects))
    for view, camera in enumerate(scene.cameras):
        for one in scene.objects:
            points = _points(camera, instance[view] == one.id + 1, depth_m[view])
            tops[one.id] = max(tops[one.id], points[:, 2].max(initial=0.0))
            off = _farthest_outside(one, points)
            if off > SURFACE_M:
                found = f"surface {off * 1000:.1f} mm outside the boxes of object {one.id}"
                yield Problem("depth", f"depth[{view}]", found, f"at most {SURFACE_M * 1000:g} mm", HINT)
        floor = _points(camera, (instance[view] == 0) & (depth_m[view] > 0), depth_m[view])[::16]
        if len(floor) and np.abs(floor[:, 2]).max() > SURFACE_M:
            found = f"a floor at z = {np.abs(floor[:, 2]).max() * 1000:.1f} mm"
            yield Problem("depth", f"depth[{view}]", found, "z = 0", HINT)

    for one in scene.objects:
        slack = TIP_PX * np.median([np.linalg.norm(eye(c) - one.aabb[:3]) / c.K[0, 0] for c in scene.cameras])
        low = one.aabb[2] + one.aabb[5] / 2 - tops[one.id]
        if low > slack and one.visible_pixels.sum() > WHOLE * one.amodal_pixels.sum():
            found = f"a surface that ends {low * 1000:.0f} mm below the box"
            yield Problem("boxes", f"objects[{one.id}].aabb", found, "a box as high as the object", HINT)


def _points(camera: Camera, mask: np.ndarray, depth_m: np.ndarray) -> np.ndarray:
    """(n, 3) world points of the masked pixels."""
    v, u = np.nonzero(mask)
    return unproject(camera, np.column_stack([u + 0.5, v + 0.5]), depth_m[mask].astype(float))


def _farthest_outside(one: SceneObject, points: np.ndarray) -> float:
    """How far in metres the farthest of (n, 3) points lies outside the aabb or the obb."""
    if not len(points):
        return 0.0
    local = rotate_about_z(points - one.obb[:3], -one.obb[6])
    outside = np.abs(local) - one.obb[3:6] / 2, np.abs(points - one.aabb[:3]) - one.aabb[3:] / 2
    return float(np.max(outside))
