"""Pictures of the scenes a method gets most wrong, with the boxes drawn in, for the report."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from odd_bench.errors import OddBenchError
from odd_bench.geometry.boxes import EDGES, box_corners
from odd_bench.geometry.cameras import project
from odd_bench.report.html_report import figure
from odd_bench.scene import Camera

VIEWS_A_SCENE = 3
JPEG_QUALITY = 85
LABEL_HEIGHT = 0.055  # of the picture


class NoPictures(Exception):
    """The pictures of the data set cannot be read; the message says why, in a line."""


def open_pictures(folder: Path, scenes: Sequence[str]) -> Any:
    """The data set of `folder`, if it holds the pictures of all `scenes`. Raises NoPictures."""
    try:
        from PIL import Image  # noqa: F401 - pictures are written with it

        from odd_bench.data.reader import open_dataset

        dataset = open_dataset(folder)
        absent = sorted(set(scenes) - set(dataset.scene_names()))
    except ImportError as error:
        raise NoPictures(f"{error.name} is not installed (pip install 'odd-bench[view]')") from error
    except (OddBenchError, OSError) as error:
        raise NoPictures(str(error).splitlines()[0]) from error
    if absent:
        raise NoPictures(f"{folder} has no pictures of {len(absent)} of the scenes")
    return dataset


def gallery(dataset: Any, scenes: Sequence[dict[str, Any]], views: dict[str, tuple[int, ...] | None]) -> str:
    """HTML of the scenes in the order given. views: the declared views of each scene, None for all. Raises NoPictures."""
    try:
        return "".join(figure(scene, scene_views(dataset, scene, views.get(scene["name"]))) for scene in scenes)
    except (OddBenchError, OSError, KeyError, ValueError) as error:
        raise NoPictures(f"a shard cannot be read ({str(error).splitlines()[0]})") from error


def scene_views(dataset: Any, scene: dict[str, Any], declared: tuple[int, ...] | None) -> str:
    """HTML of some of a scene's views."""
    cameras = dataset.scene(scene["name"]).cameras
    shown = spread(range(len(cameras)) if declared is None else declared)
    return "".join(picture(dataset.image(scene["name"], view), cameras[view], view, scene) for view in shown)


def spread(views: Sequence[int]) -> list[int]:
    """At most VIEWS_A_SCENE of the views, evenly spread."""
    places = np.linspace(0, len(views), VIEWS_A_SCENE, endpoint=False).astype(int)
    return [int(views[place]) for place in np.unique(places) if place < len(views)]


def picture(image: np.ndarray, camera: Camera, view: int, scene: dict[str, Any]) -> str:
    """One view with the true boxes: colour by class, dashed where the answer is wrong."""
    height, width = image.shape[:2]
    outlines = "".join(outline(item, camera) for item in scene["objects"])
    return (
        f'<div class="view"><img src="{data_uri(image)}" alt="view {view}" width="{width}" height="{height}">'
        f'<svg viewBox="0 0 {width} {height}">{outlines}</svg><span>view {view}</span></div>'
    )


def outline(item: dict[str, Any], camera: Camera) -> str:
    """The edges of one object's box and its number; nothing if a corner lies behind the camera."""
    corners, depth = project(camera, box_corners(np.array(item["aabb"])))
    if depth.min() <= 0:
        return ""
    style = ("odd" if item["label"] else "usual") + ("" if item["answer"] == item["label"] else " wrong")
    path = " ".join("M{:.1f} {:.1f}L{:.1f} {:.1f}".format(*corners[a], *corners[b]) for a, b in EDGES)
    x, y = corners[:, 0].mean(), corners[:, 1].min() - camera.height / 100
    size = camera.height * LABEL_HEIGHT
    label = f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" style="font-size:{size:.1f}px">{item["id"]}</text>'
    return f'<path class="{style}" d="{path}"/>{label}'


def data_uri(image: np.ndarray) -> str:
    """(h, w, 3) uint8 as a JPEG inside a URI."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
