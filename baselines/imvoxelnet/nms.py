"""Non-maximum suppression, separately for each class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.boxes import as_obb, floor_overlap

Overlap = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Detections:
    """n detections. boxes: (n, 6), centre and size, metres, world, or (n, 7) with the yaw. class_scores: (n, 2), in [0, 1]."""

    boxes: np.ndarray
    class_scores: np.ndarray

    def rows(self, index: np.ndarray) -> Detections:
        """The detections with these indices."""
        return Detections(self.boxes[index], self.class_scores[index])


def class_aware(found: Detections, overlap: Overlap, iou_above: float, score_above: float) -> Detections:
    """The detections that survive suppression in any class, each with both of its scores."""
    kept = np.zeros(len(found.boxes), bool)
    for scores in found.class_scores.T:
        candidates = np.flatnonzero(scores > score_above)
        kept[candidates[survivors(found.boxes[candidates], scores[candidates], overlap, iou_above)]] = True
    return found.rows(np.flatnonzero(kept))


def survivors(boxes: np.ndarray, scores: np.ndarray, overlap: Overlap, iou_above: float) -> np.ndarray:
    """Indices of the boxes that survive, best first: no better survivor has an IoU with them above `iou_above`.

    overlap: a function for the IoU of one box with each of k boxes. Among equal scores, the first box wins.
    """
    waiting, kept = np.argsort(-scores, kind="stable"), []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        waiting = waiting[overlap(boxes[best], boxes[waiting]) <= iou_above]
    return np.array(kept, int)


def floor_iou(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """IoU (k,) of oriented boxes seen from above. box: (7,). boxes: (k, 7)."""
    box, boxes = as_obb(box), as_obb(boxes)
    shared = floor_overlap(box, boxes)
    union = box[3:5].prod() + boxes[:, 3:5].prod(axis=1) - shared
    return shared / np.maximum(union, 1e-12)
