"""Draws the parts of a scene with viser: floor, cameras with pictures, boxes with labels, points of the objects.

root: name of the node below which everything is drawn; empty for the world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import viser
from viser import transforms

from odd_bench.geometry.boxes import EDGES, as_obb, box_corners, rotate_about_z
from odd_bench.geometry.cameras import eye
from odd_bench.scene import Camera
from odd_bench.view.browser.scene_views import Cloud, SceneViews
from odd_bench.view.browser.shown_box import COLORS, ShownBox
from odd_bench.view.browser.suspicion import Scale

SUSPICION, MAPS, TRUTH, PICTURE, NONE = "suspicion", "anomaly maps", "truth", "picture", "none"
POINT_M = 0.004
CHANGED, UNKNOWN = (255, 221, 51), (128, 128, 128)
PICTURE_PIXELS = 256  # the longer side of a picture in a frustum
THIN_PX, THICK_PX = 2.0, 4.0
STRONG = ("found", "missed", "false", "flagged")  # boxes drawn thick and filled
FRUSTUM_SHARE = 0.045  # of the largest distance of a camera from the centre of all cameras


def draw_cameras(scene: viser.SceneApi, root: str, views: SceneViews) -> list[viser.CameraFrustumHandle]:
    """Draw one frustum per camera with its picture, below ROOT/cameras. A click on it looks through the camera."""
    eyes = np.stack([eye(camera) for camera in views.cameras])
    scale_m = FRUSTUM_SHARE * max(float(np.linalg.norm(eyes - eyes.mean(axis=0), axis=1).max()), 0.1)
    handles = []
    for number, (camera, picture) in enumerate(zip(views.cameras, views.pictures, strict=True)):
        handles.append(scene.add_camera_frustum(
            f"{root}/cameras/{number:03d}", fov=vertical_fov_rad(camera), aspect=camera.width / camera.height, scale=scale_m,
            thickness=1.5, thickness_units="screen", color=(90, 95, 105), image=reduced(picture), format="jpeg",
            jpeg_quality=85, wxyz=transforms.SO3.from_matrix(camera.camera_from_world[:3, :3].T).wxyz,
            position=eye(camera), cast_shadow=False, receive_shadow=False,
        ))  # fmt: skip
        handles[-1].on_click(looking_through(camera))
    return handles


def looking_through(camera: Camera) -> Callable[[viser.SceneNodePointerEvent], None]:
    """The action of a click on the frustum: move to the camera and look in its direction."""

    def look(event: viser.SceneNodePointerEvent) -> None:
        position, forward = eye(camera), camera.camera_from_world[2, :3]
        own = event.client.camera
        with event.client.atomic():
            own.position, own.fov = position, vertical_fov_rad(camera)
            own.look_at = position + forward * max(float(np.linalg.norm(position)), 0.1)

    return look


def vertical_fov_rad(camera: Camera) -> float:
    return 2 * float(np.arctan2(camera.height / 2, camera.K[1, 1]))


def reduced(picture: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 at most PICTURE_PIXELS along its longer side, every n-th pixel of it."""
    step = -(-max(picture.shape[:2]) // PICTURE_PIXELS)
    return np.ascontiguousarray(picture[::step, ::step])


def draw_boxes(scene: viser.SceneApi, root: str, boxes: Iterable[ShownBox], labels: bool = True) -> None:
    """Draw the edges of every box below ROOT/boxes, thin for true boxes and thick for predicted ones, with labels. Important boxes
    are also filled faintly.
    """
    for number, one in enumerate(boxes):
        name, strong = f"{root}/boxes/{number:03d}-{one.state}", one.state in STRONG
        corners = box_corners(one.box)
        lines = np.stack([corners[[a, b]] for a, b in EDGES])  # (12, 2, 3)
        scene.add_line_segments(
            name, lines, COLORS[one.state], thickness=THICK_PX if strong else THIN_PX, thickness_units="screen"
        )
        if strong:
            obb = as_obb(one.box)
            scene.add_box(
                f"{name}/filling", COLORS[one.state], tuple(obb[3:6]), opacity=0.12, side="double", cast_shadow=False,
                receive_shadow=False, wxyz=transforms.SO3.from_z_radians(obb[6]).wxyz, position=obb[:3],
            )  # fmt: skip
        if labels and one.text:
            # labels of predicted boxes are above and those of true boxes below, so that they do not cover each other
            side = -1 if one.is_true else 1
            scene.add_label(
                f"{name}/label", one.text, position=one.box[:3] + [0, 0, side * one.box[5] / 2], font_screen_scale=0.8,
                anchor="top-center" if one.is_true else "bottom-center",
            )  # fmt: skip


def draw_clouds(
    scene: viser.SceneApi, root: str, clouds: Iterable[Cloud], boxes: list[ShownBox], scale: Scale, how: str
) -> list[tuple[Cloud, viser.PointCloudHandle]]:
    """Draw the points of every object below ROOT/points. how: their colours, SUSPICION, MAPS, TRUTH or PICTURE; NONE: no points."""
    if how == NONE:
        return []
    return [
        (cloud, scene.add_point_cloud(
            f"{root}/points/{cloud.object_id:03d}", cloud.points.astype(np.float32), cloud_colors(cloud, boxes, scale, how),
            point_size=POINT_M, point_shape="circle", point_shading="flat", precision="float32",
        ))
        for cloud in clouds
    ]  # fmt: skip


def cloud_colors(cloud: Cloud, boxes: list[ShownBox], scale: Scale, how: str) -> np.ndarray:
    """(n, 3) uint8. By suspicion: the score of the box that matches the object, grey without one; points of no object have
    the colour of the box around them, or that of the pictures. By anomaly maps: their level at the point. By truth: odd or normal,
    and the changed surface.
    """
    if cloud.object_id < 0:
        return colors_in_boxes(cloud, boxes, scale) if how == SUSPICION else cloud.colors
    if how == MAPS and cloud.suspicion is not None:
        return map_colors(cloud.suspicion)
    own = [one for one in boxes if one.object_id == cloud.object_id]
    if how == PICTURE:
        return cloud.colors
    if how == TRUTH:
        odd = any(one.label == 1 for one in own)
        colors = np.tile(np.array(COLORS["odd" if odd else "normal"], np.uint8), (len(cloud.points), 1))
        colors[cloud.changed] = CHANGED
        return colors
    scores = [one.score for one in own if np.isfinite(one.score)]
    color = scale.color(scores[0]) if scores else np.array(UNKNOWN, np.uint8)
    shaded = cloud.colors.mean(axis=1, keepdims=True) / max(float(cloud.colors.mean()), 1.0)  # keep some relief
    return np.clip(color * np.clip(0.45 + 0.55 * shaded, 0.5, 1.25), 0, 255).astype(np.uint8)


def colors_in_boxes(cloud: Cloud, boxes: list[ShownBox], scale: Scale) -> np.ndarray:
    """(n, 3) uint8: points inside a predicted box are coloured by its score, the others as in the pictures."""
    colors = cloud.colors.copy()
    for one in boxes:
        if np.isfinite(one.score):
            obb = as_obb(one.box)
            local = rotate_about_z(cloud.points - obb[:3], -obb[6])
            colors[(np.abs(local) <= obb[3:6] / 2).all(axis=1)] = scale.color(one.score)
    return colors


def map_colors(suspicion: np.ndarray) -> np.ndarray:
    """(n, 3) uint8 for levels in [0, 1]: white to red, grey for points that no map contains."""
    colors = Scale(-1.0, 0.0, 1.0).color(np.nan_to_num(suspicion))
    colors[np.isnan(suspicion)] = UNKNOWN
    return colors


def draw_floor(scene: viser.SceneApi, root: str, cameras: tuple[Camera, ...], boxes: list[ShownBox]) -> None:
    """Draw a grid on the floor that reaches below all boxes and, if they are known, to the cameras."""
    reach = [float(np.abs(one.box[:2]).max() + one.box[3:5].max()) for one in boxes]
    reach += [float(np.abs(eye(camera)[:2]).max()) for camera in cameras]
    side = 2 * float(np.clip(max(reach, default=1.0), 0.5, 10.0))
    scene.add_grid(
        f"{root}/floor", width=side, height=side, plane="xy", cell_size=0.1, section_size=0.5, cell_color=(222, 224, 228),
        section_color=(196, 200, 206), cell_thickness=0.6, section_thickness=0.9, shadow_opacity=0.0,
    )  # fmt: skip


def place_camera(server: viser.ViserServer, boxes: list[ShownBox], cameras: tuple[Camera, ...] = ()) -> None:
    """Set the first view of a page, which is also that of "reset view": it looks down on all boxes at an angle, from above the
    pictures. Without boxes, it looks at the centre of the cameras.
    """
    places = np.stack([one.box[:3] for one in boxes] or [eye(camera) for camera in cameras] or [np.zeros(3)])
    target = places.mean(axis=0)
    margin = max((float(one.box[3:6].max()) / 2 for one in boxes), default=0.0)
    reach = np.clip(np.linalg.norm(places - target, axis=1).max() + margin, 0.3, 100.0)
    server.initial_camera.position = target + (2.5 if boxes else 1.5) * reach * np.array([0.2, -0.37, 0.91])
    server.initial_camera.look_at = target
