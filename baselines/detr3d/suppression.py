"""Suppression of detections with two thresholds that are chosen on the validation scenes.

Queries learn only slowly that one of them is enough for an object, and a box without an object counts as wrong. The two thresholds
are the class score below which a box is not reported, and the IoU above which two boxes belong to one object. The chosen pair
maximises

    matched objects / objects x matched objects / (objects + false boxes)

over the validation scenes. These are the factors of AUC_detect (docs/reference/protocol.md) without the labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import linear_sum_assignment

from odd_bench.geometry.boxes import iou_matrix

KEEP_ABOVE = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
DUPLICATE_IOU = (0.1, 0.25, 0.5)
MATCHED_ABOVE = 0.5  # IoU


@dataclass(frozen=True)
class Suppression:
    """The two thresholds, in [0, 1]: a class score and an IoU. The defaults apply if there are no validation scenes."""

    keep_above: float = 0.1
    duplicate_iou: float = 0.25


Reported = Callable[[Suppression], Iterable[tuple[np.ndarray, np.ndarray]]]


def best_suppression(reported: Reported) -> Suppression:
    """The best pair of the grid; among equals, the first.

    reported: a function from a pair to the reported boxes (m, 6) and the true boxes (n, 6) of every validation scene.
    """
    grid = [Suppression(*pair) for pair in product(KEEP_ABOVE, DUPLICATE_IOU)]
    worth = [one_box_an_object(reported(some)) for some in grid]
    return grid[int(np.argmax(worth))]


def one_box_an_object(scenes: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """1 if every object has a box with an IoU above 0.5 and there are no others; lower for missed objects and false boxes."""
    objects = boxes = found = 0
    for reported, true in scenes:
        objects, boxes, found = objects + len(true), boxes + len(reported), found + matched(reported, true)
    return found / objects * found / (objects + boxes - found) if objects else 0.0


def matched(boxes: np.ndarray, true: np.ndarray) -> int:
    """Number of objects matched one to one with an IoU above MATCHED_ABOVE."""
    overlap = iou_matrix(boxes, true)
    gain = np.where(overlap > MATCHED_ABOVE, overlap, 0.0)
    return int(np.count_nonzero(gain[linear_sum_assignment(gain, maximize=True)]))
