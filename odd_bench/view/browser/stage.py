"""The drawn scene, and its updates when another scene, threshold or colouring is chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import viser

from odd_bench.scene import Camera
from odd_bench.view.browser.collection import Collection
from odd_bench.view.browser.drawing import (
    PICTURE,
    SUSPICION,
    cloud_colors,
    draw_boxes,
    draw_cameras,
    draw_clouds,
    draw_floor,
    place_camera,
)
from odd_bench.view.browser.scene_views import Cloud
from odd_bench.view.browser.shown_box import ShownBox


@dataclass(frozen=True)
class Look:
    """Display settings of a scene. threshold: None for that of the file. points: their colours, see drawing.cloud_colors."""

    threshold: float | None = None
    points: str = SUSPICION
    cameras: bool = True
    labels: bool = True
    truth: bool = True


@dataclass(frozen=True)
class Drawn:
    """A scene that has been drawn. clouds: with the handles of their points. cameras: handles of the frustums of placed_cameras."""

    boxes: list[ShownBox]
    clouds: list[tuple[Cloud, viser.PointCloudHandle]]
    cameras: list[viser.CameraFrustumHandle]
    placed_cameras: tuple[Camera, ...] = ()

    def show_cameras(self, visible: bool) -> None:
        for handle in self.cameras:
            handle.visible = visible


def draw_scene(scene: viser.SceneApi, collection: Collection, name: str, look: Look, root: str = "") -> Drawn:
    """Draw the scene of this name below a node. Raises DataError if it cannot be read; then nothing is drawn."""
    boxes = collection.answers.boxes(name, look.threshold)
    views = None if collection.views is None else collection.views.of(name)
    draw_floor(scene, root, views.cameras if views else (), boxes)
    draw_boxes(scene, root, drawn_of(boxes, look), look.labels)
    if views is None:
        return Drawn(boxes, [], [])
    cameras = draw_cameras(scene, root, views)
    clouds = draw_clouds(scene, root, views.clouds, boxes, collection.scale(look.threshold), look.points)
    drawn = Drawn(boxes, clouds, cameras, views.cameras)
    drawn.show_cameras(look.cameras)
    return drawn


def drawn_of(boxes: list[ShownBox], look: Look) -> list[ShownBox]:
    """The boxes to draw: all boxes, or all without true boxes that only repeat the truth."""
    return [one for one in boxes if look.truth or one.state not in ("normal", "odd")]


def first_look(collection: Collection) -> Look:
    """The initial settings: points are coloured by suspicion if there are scores, else as in the pictures."""
    return Look(points=SUSPICION if collection.has_scores else PICTURE)


class Stage:
    """Draws scenes of a collection on a server, one at a time."""

    def __init__(self, server: viser.ViserServer, collection: Collection):
        self.server, self.collection = server, collection
        self.drawn, self._shown = Drawn([], [], []), ("", Look())

    @property
    def boxes(self) -> list[ShownBox]:
        """The boxes of the scene drawn last."""
        return self.drawn.boxes

    def draw(self, name: str, look: Look) -> None:
        """Clear the scene and draw the one of this name. Raises DataError if it cannot be read."""
        with self.server.atomic():
            self.server.scene.reset()
            self.server.scene.set_up_direction("+z")
            self.drawn = draw_scene(self.server.scene, self.collection, name, look)
            place_camera(self.server, self.boxes, self.drawn.placed_cameras)
        self._shown = name, look

    def change(self, look: Look) -> None:
        """Draw the same scene with other settings; only differences are sent."""
        name, before = self._shown
        if look.points != before.points:
            self.draw(name, look)
            return
        boxes = self.collection.answers.boxes(name, look.threshold)
        as_before = [one.state for one in boxes] == [one.state for one in self.boxes]
        with self.server.atomic():
            if not as_before or (look.truth, look.labels) != (before.truth, before.labels):
                self.server.scene.remove_by_name("/boxes")
                draw_boxes(self.server.scene, "", drawn_of(boxes, look), look.labels)
            self.drawn = replace(self.drawn, boxes=boxes)
            if look.threshold != before.threshold:
                for cloud, handle in self.drawn.clouds:
                    handle.colors = cloud_colors(cloud, boxes, self.collection.scale(look.threshold), look.points)
            self.drawn.show_cameras(look.cameras)
        self._shown = name, look
