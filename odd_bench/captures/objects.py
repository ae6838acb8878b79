"""A rough estimate of the objects on the floor of a capture: first on a coarse grid, then on a finer grid around the result."""

from __future__ import annotations

import numpy as np

from odd_bench.captures.capture import Capture
from odd_bench.captures.clusters import Clusters, find_clusters
from odd_bench.captures.resample import View, without_distortion
from odd_bench.captures.standing import Room, painted_floor, stands_out, votes

PICTURE = 360  # pixels of the longer side of the photographs that are compared
MOST_VIEWS = 40
PAINTED, SEARCHED, HIGH = 1.1, 0.75, 0.5  # half-sides of floor picture and search room, height: in cameras' distances
CELLS, FINE_CELLS = 80, 96  # along the room's longer side
MARGIN = 0.15  # around what was found, as a share of its extent


def find_objects(capture: Capture, plan_from_capture: np.ndarray, distance: float) -> Clusters:
    """Clusters in the floor plan. plan_from_capture: (4, 4) rigid. distance: of the cameras from the point they look at.

    Raises CaptureError if a photograph cannot be read.
    """
    chosen = np.unique(np.linspace(0, len(capture.photographs) - 1, min(len(capture.photographs), MOST_VIEWS)).round())
    views = [_view(capture, int(i), plan_from_capture) for i in chosen]
    painting, gains = painted_floor(views, PAINTED * distance)
    differs = [stands_out(view, gain, painting) for view, gain in zip(views, gains, strict=True)]
    half, height = SEARCHED * distance, HIGH * distance
    coarse = _room(np.array([-half, -half]), np.array([half, half]), height, CELLS)
    found = find_clusters(votes(views, differs, coarse), coarse)
    if not len(found):
        return found
    boxes = found.boxes
    low, high = (boxes[:, :2] - boxes[:, 3:5] / 2).min(axis=0), (boxes[:, :2] + boxes[:, 3:5] / 2).max(axis=0)
    margin = MARGIN * (high - low).max()
    height = min(height, 1.3 * (boxes[:, 2] + boxes[:, 5] / 2).max() + margin)
    fine = _room(low - margin, high + margin, height, FINE_CELLS)
    return find_clusters(votes(views, differs, fine), fine)


def _view(capture: Capture, number: int, plan_from_capture: np.ndarray) -> View:
    one = capture.photographs[number]
    return without_distortion(one, one.camera_from_world @ np.linalg.inv(plan_from_capture), PICTURE)


def _room(low: np.ndarray, high: np.ndarray, height: float, cells: int) -> Room:
    cell = float((high - low).max()) / cells
    counts = np.ceil([*((high - low) / cell), height / cell]).astype(int)
    return Room(np.array([*low, 0.0]), cell, tuple(int(count) for count in counts))
