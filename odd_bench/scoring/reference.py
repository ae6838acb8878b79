"""Reference rows: what trivial answers would score on the same split, so that a number can be read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.scoring.evaluate import plain_values
from odd_bench.scoring.judged import Judged, Submission, judge
from odd_bench.scoring.matching import canonical_rows
from odd_bench.scoring.predictions import Boxes
from odd_bench.scoring.truth_table import TruthTable

SEED = 20241


def reference_rows(judged: Judged) -> dict[str, dict[str, float | None]]:
    """The main numbers of five trivial answers. Random scores are drawn per object, from a fixed seed."""
    told = judge(judged.protocol, judged.truth, truth_submission(judged.truth))
    random_score = np.random.default_rng(SEED).random(len(judged.truth.label))
    random_label = (random_score > 0.5).astype(int)
    answers = {
        "oracle": told,
        "random scores on these boxes": answered(judged, random_score, random_label),
        "all called anomalous, one score": answered(judged, np.zeros(len(random_score)), np.ones_like(random_label)),
        "all called normal": answered(judged, np.zeros(len(random_score)), np.zeros_like(random_label)),
        "true boxes, random scores": answered(told, random_score, random_label),
    }
    return {name: plain_values(answer) for name, answer in answers.items()}


def answered(judged: Judged, score: np.ndarray, label: np.ndarray) -> Judged:
    """The same boxes with other answers; what was missed stays missed."""
    kept = judged.matched
    return replace(judged, score=np.where(kept, score, np.nan), predicted_label=np.where(kept, label, -1))


def truth_submission(truth: TruthTable, inverted: bool = False) -> Submission:
    """The ground truth handed in as a prediction, or its exact opposite."""
    label = 1 - truth.label if inverted else truth.label
    first = np.searchsorted(truth.scene, truth.scene)
    number = np.arange(len(label)) - first
    boxes = Boxes(truth.scene, number, truth.obb[:, :6], truth.obb[:, 6], label.astype(float), label, truth.object_id)
    rows = canonical_rows(boxes)
    return Submission(boxes.rows(rows), label[rows])
