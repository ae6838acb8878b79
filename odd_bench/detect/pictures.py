"""Pictures of a prediction file: the most informative views of every scene with boxes and suspicion, and a page of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from odd_bench.atomic import write_atomically
from odd_bench.counted import counted
from odd_bench.data.reader import Dataset
from odd_bench.detect.telling import telling_views
from odd_bench.html_page import html_page
from odd_bench.picture_file import write_picture
from odd_bench.scene import Camera
from odd_bench.scoring.prediction_file import read_predictions
from odd_bench.scoring.predictions import Predictions
from odd_bench.view.suspicion import Found, drawn

VIEWS, PIXELS = 4, 320
GAP = 6
Track = Callable[[Iterable[Any]], Iterable[Any]]


def write_pictures(
    predictions: Path, dataset: Dataset, folder: Path, track: Track = lambda scenes: scenes
) -> list[Path]:
    """Write a JPEG for each scene and index.html, the scenes with the highest suspicion first; returns the page, then the pictures.

    A method that is given the boxes has none in its file: the true boxes are drawn. Raises StorageError if the folder cannot be
    written, DataError if a scene of the file is missing in the data set.
    """
    read = read_predictions(predictions)
    paths, entries = [], []
    for number in track(range(len(read.scene_names))):
        name, scene = read.scene_names[number], dataset.scene(read.scene_names[number])
        found = found_in(read, number, np.array([one.aabb for one in scene.objects]))
        path = folder / f"{name}.jpg"
        write_picture(_sheet(dataset, name, scene.cameras, found), path, quality=90)
        paths.append(path)
        odd = [one.id for one in scene.objects if one.label]
        truth = f"{len(odd)} of {len(scene.objects)} objects are odd" if odd else "nothing is odd"
        entries.append((float(found.scores.max(initial=-np.inf)), name, truth))
    page = folder / "index.html"
    write_atomically(page, _page(predictions.name, read, sorted(entries, key=lambda one: -one[0])).encode())
    return [page, *paths]


def found_in(read: Predictions, number: int, true_boxes: np.ndarray) -> Found:
    """The objects of one scene in the file. true_boxes: (m, 6) of the objects, for a method that is given them."""
    rows = read.boxes.rows(np.flatnonzero(read.boxes.scene == number))
    boxes = np.column_stack([rows.box, np.nan_to_num(rows.yaw_rad)])
    told = np.isnan(rows.box).any(axis=1) & (rows.object_id >= 0)
    boxes[told] = np.column_stack([true_boxes, np.zeros(len(true_boxes))])[rows.object_id[told]]
    return Found(boxes, rows.score, threshold_of(read))


def threshold_of(read: Predictions) -> float:
    """The score above which an object is called odd: that of the file, or 0.5."""
    return 0.5 if read.threshold is None else float(read.threshold)


def _sheet(dataset: Dataset, name: str, cameras, found: Found) -> Image.Image:
    """The most informative views of one scene, side by side."""
    chosen = telling_views(list(cameras), found, VIEWS)
    tiles = []
    for number in chosen:
        picture, camera = _brought_to(PIXELS, dataset.image(name, number), cameras[number])
        tiles.append(drawn(picture, camera, found))
    sheet = Image.new("RGB", (sum(tile.width + GAP for tile in tiles) - GAP, PIXELS), (255, 255, 255))
    left = 0
    for tile in tiles:
        sheet.paste(tile, (left, 0))
        left += tile.width + GAP
    return sheet


def _brought_to(height: int, picture: np.ndarray, camera: Camera) -> tuple[np.ndarray, Camera]:
    """The picture scaled to a height, with its camera, so that lines and letters have the same size in all pictures."""
    width = max(round(camera.width * height / camera.height), 1)
    scale = np.diag([width / camera.width, height / camera.height, 1.0])
    larger = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(larger), Camera(scale @ camera.K, camera.camera_from_world, width, height)


def _page(file: str, read: Predictions, entries: list[tuple[float, str, str]]) -> str:
    style = (Path(__file__).parent / "page.css").read_text()
    scenes = "".join(
        f"<h3>{escape(name)}</h3><p class='soft'>highest suspicion: {score:.3f}; ground truth: {escape(truth)}</p>"
        f'<a href="{escape(name)}.jpg"><img class="sheet" src="{escape(name)}.jpg" alt="{escape(name)}" loading="lazy"></a>'
        for score, name, truth in entries
    )
    title = f"{read.method.name} on {read.dataset.name}, {read.dataset.split}"
    said = (
        f"{counted(len(entries), 'scene')} of {file}, the most suspicious first. "
        "Each box shows its number in the file and its suspicion; "
        f"thick boxes are called odd (suspicion above {threshold_of(read):g})."
    )
    return html_page(title, style, f"<h1>{escape(title)}</h1><p class='soft'>{escape(said)}</p>{scenes}")
