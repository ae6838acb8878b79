"""From detections of two classes, anomalous and normal, to one box and one score for every object.

A detector of classes may find an object twice, once as anomalous and once as normal. Its detections are grouped: in order of
confidence (the larger of the two class scores) each detection joins the most confident kept one that it overlaps by more than
`duplicate_iou`, whatever their classes, or else is kept itself. A group answers with the box of its first detection and, for
each class, with the highest score in the group: an object is as anomalous as it looks at best, against as normal at best.
"""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.boxes import iou_matrix
from odd_bench.training.method import SceneAnswer

THRESHOLD = 0.5  # of p_a / (p_a + p_n): the likelier class
UNDECIDED = 0.5
ANOMALOUS, NORMAL = 0, 1  # columns of class scores
SOURCES = ("predicted", "oracle-box")  # of the boxes that are answered for


def scene_answer(
    boxes: np.ndarray, class_scores: np.ndarray, duplicate_iou: float = 0.25, keep_above: float = 0.0
) -> SceneAnswer:
    """One box an object, most confident first, with score p_a / (p_a + p_n) in [0, 1], to be compared with THRESHOLD.

    boxes: (n, 6) centre and size, metres, world, or (n, 7) with the yaw. class_scores: (n, 2) not negative, columns
    ANOMALOUS and NORMAL, p_a and p_n. duplicate_iou: detections above it are one object. keep_above: detections whose
    confidence is not above it, at least 0, are dropped. n may be 0, and so may be the number of boxes left.
    """
    boxes, class_scores = np.asarray(boxes, float), np.asarray(class_scores, float).reshape(-1, 2)
    confidence = class_scores.max(axis=1, initial=0.0)
    order = np.argsort(-confidence, kind="stable")
    order = order[confidence[order] > keep_above]
    boxes, class_scores = boxes[order], class_scores[order]
    leader = leaders(iou_matrix(boxes, boxes) > duplicate_iou)
    kept, group = np.unique(leader, return_inverse=True)
    best = np.zeros((len(kept), 2))
    np.maximum.at(best, group, class_scores)
    return SceneAnswer(boxes[kept], best[:, ANOMALOUS] / best.sum(axis=1))


def answer_for_true_boxes(true_boxes: np.ndarray, boxes: np.ndarray, class_scores: np.ndarray) -> SceneAnswer:
    """Scores of given boxes (t, 6): each takes that of the detection that overlaps it most, UNDECIDED where none does.

    boxes, class_scores: detections, as in `scene_answer`.
    """
    overlap = iou_matrix(np.asarray(boxes, float), true_boxes)  # (n, t)
    scores = np.full(len(true_boxes), UNDECIDED)
    met = overlap.max(axis=0, initial=0.0) > 0
    chosen = (
        np.asarray(class_scores, float).reshape(-1, 2)[overlap.argmax(axis=0)[met]] if met.any() else np.zeros((0, 2))
    )
    scores[met] = chosen[:, ANOMALOUS] / np.maximum(chosen.sum(axis=1), 1e-12)
    return SceneAnswer(true_boxes, scores, np.arange(len(true_boxes)))


def leaders(same: np.ndarray) -> np.ndarray:
    """(n,) the first kept row that each row joins, itself where it is kept. same: (n, n) bool, rows best first.

    A row is kept unless it is the same as a kept row before it.
    """
    leader = np.full(len(same), -1)
    for row in range(len(same)):
        if leader[row] < 0:
            joined = same[row] & (leader < 0)
            joined[row] = True
            leader[joined] = row
    return leader
