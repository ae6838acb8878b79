"""Converting detections of two classes, anomalous and normal, to one box and one score per object.

A detector may find an object twice, once as anomalous and once as normal. Its detections are therefore grouped, in descending order
of confidence, which is the larger of the two class scores. A detection whose IoU with a kept one is above `duplicate_iou` joins it,
whatever their classes, or the most confident of them if there are several. Otherwise it is kept itself. A group has the box of its
kept detection and, for each class, the highest score of its members.
"""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.boxes import iou_matrix
from odd_bench.training.method import SceneAnswer

THRESHOLD = 0.5  # for p_a / (p_a + p_n): the more likely class
UNDECIDED = 0.5
ANOMALOUS, NORMAL = 0, 1  # columns of class scores
SOURCES = ("predicted", "oracle-box")  # of the boxes to be scored


def scene_answer(
    boxes: np.ndarray, class_scores: np.ndarray, duplicate_iou: float = 0.25, keep_above: float = 0.0
) -> SceneAnswer:
    """One box per object, the most confident first, with the score p_a / (p_a + p_n) in [0, 1].

    boxes: (n, 6), centre and size, metres, world, or (n, 7) with the yaw; n may be 0. class_scores: (n, 2), >= 0, with the columns
    ANOMALOUS and NORMAL, p_a and p_n. duplicate_iou: detections with a larger IoU belong to one object. keep_above: detections
    are dropped unless their confidence is above this value, which is at least 0. All of them may be dropped.
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
    """Scores of given boxes (t, 6). Each takes the score of the detection that overlaps it most, or UNDECIDED if none overlaps it.

    boxes, class_scores: the detections, as in `scene_answer`.
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
    """The first kept row that each row joins, (n,); a kept row joins itself. same: (n, n) bool, rows in descending order.

    A row is kept unless it is the same as a kept row before it.
    """
    leader = np.full(len(same), -1)
    for row in range(len(same)):
        if leader[row] < 0:
            joined = same[row] & (leader < 0)
            joined[row] = True
            leader[joined] = row
    return leader
