"""Every object of a split with its answer under one protocol."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from odd_bench.scoring.matching import match
from odd_bench.scoring.predictions import Boxes
from odd_bench.scoring.protocol import Protocol
from odd_bench.scoring.truth_table import TruthTable


@dataclass(frozen=True)
class Submission:
    """Predicted boxes of the scenes of one split, in canonical order. boxes.scene indexes the truth's scenes.

    predicted_label: (m,) 1 anomalous.
    """

    boxes: Boxes
    predicted_label: np.ndarray


@dataclass(frozen=True)
class Judged:
    """n objects and their answers.

    counted: (n,) whether the protocol counts the object. matched: (n,) whether a box answers for it. score: (n,) of that
    box, NaN without. predicted_label: (n,), -1 without. iou: (n,). box_row: (n,) row in the submission, -1 without.
    false_boxes: (s,) boxes of each scene that count although they match no object: normal objects, called anomalous and ranked
    above all anomalous ones.
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
        """(n,) scores, a missed anomaly below and a missed normal above all others: always wrong."""
        worst = np.where(self.truth.label == 1, -np.inf, np.inf)
        return np.where(self.matched, self.score, worst)

    @property
    def correct(self) -> np.ndarray:
        """(n,) matched, and its label right."""
        return self.matched & (self.predicted_label == self.truth.label)

    @property
    def answer(self) -> np.ndarray:
        """(n,) predicted label; a missed object gets the opposite of its true label."""
        return np.where(self.matched, self.predicted_label, 1 - self.truth.label)

    def missed_as_normal(self) -> Judged:
        """The same with every missed object scored below all others and labelled normal; false boxes stay false."""
        score = np.where(self.matched, self.score, -np.inf)
        label = np.where(self.matched, self.predicted_label, 0)
        return replace(self, score=score, predicted_label=label, matched=np.ones_like(self.matched))


def judge(protocol: Protocol, truth: TruthTable, submission: Submission, legacy: bool = False) -> Judged:
    """Match and look up each object's answer."""
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
