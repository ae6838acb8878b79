"""Converting pinhole cameras to Blender: from OpenCV axes and pixels to Blender's axes, focal length and lens shift."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix

from odd_bench.scene import Camera

SENSOR_WIDTH_MM = 36.0
BLENDER_FROM_OPENCV = np.diag([1.0, -1.0, -1.0, 1.0])  # Blender looks along -z with y up


def build_camera() -> bpy.types.Object:
    """Add a camera to the scene."""
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    return camera


def aim(target: bpy.types.Object, camera: Camera) -> None:
    """Set the pose, focal length, principal point and resolution of Blender's camera to those of `camera`.

    The horizontal focal length defines the lens, and the ratio of both focal lengths defines the shape of a pixel. Pixel centres
    are at half-integers, so the centre of Blender's image is at (width, height) / 2. Raises ValueError for a camera with skew,
    which Blender cannot render.
    """
    fx, fy, cx, cy = camera.K[0, 0], camera.K[1, 1], camera.K[0, 2], camera.K[1, 2]
    if abs(camera.K[0, 1]) > 1e-9:
        raise ValueError(
            f"camera K: found skew {camera.K[0, 1]:g}, expected 0. Hint: Blender renders square axes only."
        )
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = camera.width, camera.height, 100
    render.pixel_aspect_x, render.pixel_aspect_y = max(1.0, fy / fx), max(1.0, fx / fy)
    lens = target.data
    lens.type, lens.sensor_fit, lens.sensor_width = "PERSP", "HORIZONTAL", SENSOR_WIDTH_MM
    lens.lens = fx * SENSOR_WIDTH_MM / camera.width
    lens.shift_x = (camera.width / 2 - cx) / camera.width
    lens.shift_y = (cy - camera.height / 2) * (fx / fy) / camera.width
    lens.clip_start, lens.clip_end = 0.01, 1000.0
    world_from_camera = np.linalg.inv(camera.camera_from_world)
    target.matrix_world = Matrix((world_from_camera @ BLENDER_FROM_OPENCV).tolist())
