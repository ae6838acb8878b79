"""Every object of a split with its prediction under one protocol."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from odd_bench.scoring.matching import match
from odd_bench.scoring.predictions import Boxes
from odd_bench.scoring.protocol import Protocol
from odd_bench.scoring.truth_table import TruthTable


@dataclass(frozen=True)
class Submission:
    """Predicted boxes of the scenes of one split, in canonical order.

    boxes.scene: index into the scenes of the ground truth. predicted_label: (m,), 1 = anomalous.
    """

    boxes: Boxes
    predicted_label: np.ndarray


@dataclass(frozen=True)
class Judged:
    """n objects of s scenes with the boxes that are matched to them.

    counted: (n,), whether the protocol counts the object. matched: (n,), whether a box is matched to it. score, predicted_label,
    iou, box_row: (n,), score, label and IoU of that box, and its row in the submission; NaN, -1, 0 and -1 for an unmatched
    object. false_boxes: (s,), number of boxes in each scene that count although they match no object: as normal objects that are
    called anomalous and ranked above all anomalous ones.
    """

    protocol: Protocol
    truth: TruthTable
    submission: Submission
    counted: np.ndarray
    matched: np.ndarray
    score: np.ndarray
    predicted_label: np.ndarray
    iou: np.ndarray
    box_row: np.ndarray
    false_boxes: np.ndarray

    @property
    def rank_score(self) -> np.ndarray:
        """Scores (n,) for ranking. A missed anomaly ranks below all others, a missed normal object above: always wrong."""
        worst = np.where(self.truth.label == 1, -np.inf, np.inf)
        return np.where(self.matched, self.score, worst)

    @property
    def correct(self) -> np.ndarray:
        """Whether an object is matched and its label is right, (n,) bool."""
        return self.matched & (self.predicted_label == self.truth.label)

    @property
    def answer(self) -> np.ndarray:
        """Predicted labels (n,); a missed object gets the opposite of its true label."""
        return np.where(self.matched, self.predicted_label, 1 - self.truth.label)

    def missed_as_normal(self) -> Judged:
        """The same answers, except that every missed object scores below all others and is labelled normal."""
        score = np.where(self.matched, self.score, -np.inf)
        label = np.where(self.matched, self.predicted_label, 0)
        return replace(self, score=score, predicted_label=label, matched=np.ones_like(self.matched))


def judge(protocol: Protocol, truth: TruthTable, submission: Submission, legacy: bool = False) -> Judged:
    """Match boxes to objects and look up the score and label of each object. legacy: match against the published boxes."""
    found = match(protocol, truth, submission.boxes, legacy)
    matched = found.box_row >= 0
    row = np.where(matched, found.box_row, 0)
    any_box = np.zeros(truth.scenes, bool)
    any_box[submission.boxes.scene] = True
    counted = any_box[truth.scene] if protocol.empty_scenes == "left out" else np.ones(len(matched), bool)
    if not len(submission.boxes):
        score, label = np.full(len(matched), np.nan), np.full(len(matched), -1)
    else:
        score = np.where(matched, submission.boxes.score[row], np.nan)
        label = np.where(matched, submission.predicted_label[row], -1)
    false_boxes = np.zeros(truth.scenes, int)
    if protocol.false_boxes == "wrong":
        served = np.zeros(len(submission.boxes), bool)
        served[found.box_row[matched]] = True
        false_boxes = np.bincount(submission.boxes.scene[~served], minlength=truth.scenes)
    return Judged(protocol, truth, submission, counted, matched, score, label, found.iou, found.box_row, false_boxes)
