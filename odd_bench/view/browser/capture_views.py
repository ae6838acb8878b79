"""The views of a capture: its undistorted photographs at their camera poses, and its points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.captures.capture import Capture
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.placing import Wishes, floor_plan, place
from odd_bench.captures.resample import without_distortion
from odd_bench.scene import Camera
from odd_bench.view.browser.scene_views import Cloud, SceneViews
from odd_bench.view.browser.silhouette_hull import pixels_of

MOST_PHOTOGRAPHS = 40  # shown, evenly spread
LONGEST_PX = 256
MOST_POINTS = 60_000
SIZE_M, ROOM_M = (0.25, 0.40), (1.0, 1.0)  # of objects and half the room, as in generated scenes
NO_OBJECT = -1  # object_id of points that belong to no object
GREY = 128


@dataclass(frozen=True)
class CaptureViews:
    """Photographs and points of one capture. scene_from_capture: (4, 4) similarity."""

    capture: Capture
    scene_from_capture: np.ndarray

    def of(self, scene: str) -> SceneViews:
        """The only scene, whatever its name. Raises CaptureError if a photograph cannot be read."""
        photographs = self.capture.photographs
        numbers = np.unique(np.linspace(0, len(photographs) - 1, MOST_PHOTOGRAPHS).round().astype(int))
        poses = {number: self.camera_from_scene(photographs[number].camera_from_world) for number in numbers}
        views = [without_distortion(photographs[number], poses[number], LONGEST_PX) for number in numbers]
        cameras, pictures = tuple(view.camera for view in views), [view.picture for view in views]
        kept = self.capture.points[:: 1 + len(self.capture.points) // MOST_POINTS]
        points = kept @ self.scene_from_capture[:3, :3].T + self.scene_from_capture[:3, 3]
        cloud = Cloud(NO_OBJECT, points, sampled_colors(points, cameras, pictures), np.zeros(len(points), bool))
        return SceneViews(cameras, pictures, (cloud,) if len(points) else ())

    def camera_from_scene(self, camera_from_capture: np.ndarray) -> np.ndarray:
        """(4, 4) rigid motion for the camera with this pose, (4, 4), in the capture."""
        scale = np.cbrt(np.linalg.det(self.scene_from_capture[:3, :3]))
        moved = camera_from_capture @ np.linalg.inv(self.scene_from_capture)
        moved[:3] *= scale
        return moved


def placed(capture: Capture) -> tuple[CaptureViews, list[str]]:
    """The capture with its floor at z = 0 and its objects scaled to the size of generated ones. If no floor or object is found, the
    capture is not changed, and a note says why.
    """
    try:
        placement = place(capture, floor_plan(capture, Wishes()), Wishes(), SIZE_M, ROOM_M)
    except CaptureError as error:
        return CaptureViews(capture, np.eye(4)), [
            *capture.notes,
            f"The capture is shown in its own frame and unit: {error}",
        ]
    return CaptureViews(capture, placement.scene_from_capture), [*capture.notes, *placement.notes]


def sampled_colors(points: np.ndarray, cameras: tuple[Camera, ...], pictures: list[np.ndarray]) -> np.ndarray:
    """(n, 3) uint8: the median colour of a point over the pictures that contain it, ignoring occlusion; grey if there are none."""
    seen = np.full((len(cameras), len(points), 3), np.nan, np.float32)
    for number, (camera, picture) in enumerate(zip(cameras, pictures, strict=True)):
        there, rows, columns = pixels_of(camera, points)
        seen[number, there] = picture[rows[there], columns[there]]
    somewhere = np.isfinite(seen[..., 0]).any(axis=0)
    colors = np.full((len(points), 3), GREY, np.uint8)
    colors[somewhere] = np.nanmedian(seen[:, somewhere], axis=0).astype(np.uint8)
    return colors
