"""Blind sheets: enlarged views of every object next to its neighbours, without marks, and a separate file with the labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from odd_bench.atomic import write_atomically
from odd_bench.data.marks import font
from odd_bench.data.reader import Dataset
from odd_bench.data.views import TEST_VIEWS, spread_views
from odd_bench.geometry.boxes import box_corners
from odd_bench.geometry.cameras import project
from odd_bench.picture_file import write_picture
from odd_bench.scene import Camera, Scene, SceneObject
from odd_bench.view.preview import FAINT, FOLDER, GAP, INK, PAPER

KEY = "blind-key.json"
MARGIN = 1.12  # side of a crop relative to that of the object's box in the picture
CAPTION = 26


@dataclass(frozen=True)
class BlindConfig:
    """The layout of blind pages."""

    crops: int = 3
    """Number of crops per object, from the test views that show most of it."""
    size: int = 190
    """Side of a crop, pixels."""
    columns: int = 2
    """Number of objects side by side."""
    scenes_a_page: int = 2
    """Number of scenes below one another."""


def write_blind(dataset: Dataset, names: Sequence[str], config: BlindConfig | None = None) -> tuple[list[Path], Path]:
    """Write pages of the named scenes and their key to the preview folder; return the paths of the pages and of the key.

    Pages number scenes and objects from 1 and name no label. The key is a JSON list of one entry per object: page, scene,
    object, name, label, type, and the changed pixels of each test view.
    """
    config = config or BlindConfig()
    folder = dataset.folder / FOLDER
    pages, key = [], []
    for start in range(0, len(names), config.scenes_a_page):
        page = len(pages) + 1
        numbered = list(enumerate(names, 1))[start : start + config.scenes_a_page]
        panels = [_panel(dataset, name, number, config) for number, name in numbered]
        pages.append(write_picture(_below(panels), folder / f"blind-{page:03d}.png"))
        key += [entry for number, name in numbered for entry in _entries(dataset.scene(name), page, number)]
    write_atomically(folder / KEY, (json.dumps(key, indent=1) + "\n").encode())
    return pages, folder / KEY


def span_m(camera: Camera, one: SceneObject) -> float:
    """The length that the picture of an object's box spans at the object's distance, metres."""
    corners, depth_m = project(camera, box_corners(one.obb))
    return float(np.ptp(corners, axis=0).max() * depth_m.mean() / camera.K[0, 0])


def object_crop(picture: np.ndarray, camera: Camera, one: SceneObject, size: int, side_m: float) -> Image.Image:
    """The square of a picture around an object that spans `side_m` and a margin there, enlarged to `size` pixels."""
    corners, depth_m = project(camera, box_corners(one.obb))
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    half = MARGIN * side_m * camera.K[0, 0] / depth_m.mean() / 2
    window = (*(middle - half), *(middle + half))
    image = Image.fromarray(picture)
    return image.transform((size, size), Image.Transform.EXTENT, window, Image.Resampling.BICUBIC)


def best_views(one: SceneObject, views: Sequence[int], count: int) -> list[int]:
    """The views that show most of the object, in their order."""
    most = sorted(views, key=lambda view: (-int(one.visible_pixels[view]), view))[:count]
    return [view for view in views if view in most]


def _panel(dataset: Dataset, name: str, number: int, config: BlindConfig) -> Image.Image:
    """All objects of one scene, each with its number."""
    dataset.verify(name)
    scene = dataset.scene(name)
    views = spread_views(len(scene.cameras), TEST_VIEWS)
    pictures = dict(zip(views, dataset.images(name, views), strict=True))
    side_m = max(
        span_m(scene.cameras[view], one) for one in scene.objects for view in views
    )  # one scale, since size is a cue too
    strips = [_strip(scene, one, pictures, side_m, config) for one in scene.objects]
    columns = min(config.columns, len(strips))
    width, height = strips[0].width + 2 * GAP, strips[0].height + GAP
    panel = Image.new("RGB", (columns * width, CAPTION + -(-len(strips) // columns) * height), PAPER)
    title = f"scene {number}: {len(strips)} of {scene.category.replace('_', ' ')}"
    ImageDraw.Draw(panel).text((GAP, 4), title, font=font(16), fill=FAINT)
    for i, strip in enumerate(strips):
        panel.paste(strip, (GAP + i % columns * width, CAPTION + i // columns * height))
    return panel


def _strip(
    scene: Scene, one: SceneObject, pictures: dict[int, np.ndarray], side_m: float, config: BlindConfig
) -> Image.Image:
    shown = best_views(one, list(pictures), config.crops)
    strip = Image.new("RGB", (config.crops * config.size, config.size + CAPTION), PAPER)
    ImageDraw.Draw(strip).text((2, 3), f"{one.id + 1}", font=font(18), fill=INK)
    for place, view in enumerate(shown):
        crop = object_crop(pictures[view], scene.cameras[view], one, config.size, side_m)
        strip.paste(crop, (place * config.size, CAPTION))
    return strip


def _below(panels: Sequence[Image.Image]) -> Image.Image:
    page = Image.new("RGB", (max(p.width for p in panels), sum(p.height + 2 * GAP for p in panels)), PAPER)
    top = 0
    for panel in panels:
        page.paste(panel, (0, top))
        top += panel.height + 2 * GAP
    return page


def _entries(scene: Scene, page: int, number: int) -> list[dict]:
    views = spread_views(len(scene.cameras), TEST_VIEWS)
    return [
        {
            "page": page,
            "scene": number,
            "object": one.id + 1,
            "name": scene.name,
            "label": one.label,
            "type": one.type,
            "changed_pixels": [int(one.changed_pixels[view]) for view in views],
        }
        for one in scene.objects
    ]
