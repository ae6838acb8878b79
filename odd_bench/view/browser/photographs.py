"""Photographs to view: a capture alone, or with the results of `odd-bench detect`."""

from __future__ import annotations

from pathlib import Path

from odd_bench.captures.colmap_model import is_model
from odd_bench.captures.nerfstudio import FILE as TRANSFORMS
from odd_bench.captures.opening import capture_name, open_capture
from odd_bench.captures.photograph_file import list_photographs
from odd_bench.scoring.prediction_file import read_predictions
from odd_bench.view.browser.answers import NothingKnown, PredictionsAlone
from odd_bench.view.browser.capture_views import CaptureViews, placed
from odd_bench.view.browser.collection import Collection
from odd_bench.view.browser.placement_file import SCENE, origin_of, read_placement

MARKS = (TRANSFORMS, "sparse", "colmap", "keyframes", "images")


def looks_like_capture(folder: Path) -> bool:
    """Whether a folder has cameras in a format of captures, or photographs."""
    if any((folder / mark).exists() for mark in MARKS) or is_model(folder):
        return True
    return bool(list_photographs(folder))


def open_photographs(path: Path, images: Path | None) -> Collection:
    """A capture. images: folder of the photographs, if the capture does not name it. Raises CaptureError if it cannot be used."""
    capture = open_capture(path, images)
    views, notes = placed(capture)
    name = capture_name(path)
    title = f"{name}: {len(capture.photographs)} photographs, {capture.source}"
    return Collection(title, (name,), NothingKnown(), views, notes=tuple(notes))


def open_detection(folder: Path, file: Path, data: Path | None, images: Path | None) -> Collection:
    """The results of `odd-bench detect`, with photographs if the capture is given or still in its place. data: the capture."""
    predictions = read_predictions(file)
    title = f"{predictions.method.name} on {predictions.dataset.name} ({file.name})"
    views, notes = None, ("To see the photographs, give the capture with --data.",)
    if data is None:
        data, images = origin_of(folder / SCENE)
    if data is not None:
        views, notes = CaptureViews(open_capture(data, images), read_placement(folder / SCENE)), ()
    return Collection(title, predictions.scene_names, PredictionsAlone(predictions), views, notes=notes)
