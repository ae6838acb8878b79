"""Reference rows: the metrics of trivial answers on the same split, for comparison with those of a method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.scoring.evaluate import plain_values
from odd_bench.scoring.judged import Judged, Submission, judge
from odd_bench.scoring.matching import canonical_rows
from odd_bench.scoring.predictions import Boxes
from odd_bench.scoring.truth_table import TruthTable


def reference_rows(judged: Judged) -> dict[str, dict[str, float | None]]:
    """The main metrics of trivial answers, on the true boxes and on those of the file.

    Random scores are not drawn: their row holds the expected metrics. For ranking, these equal the metrics of one score for all.
    """
    perfect = judge(judged.protocol, judged.truth, truth_submission(judged.truth))
    rows = {"oracle": plain_values(perfect), **trivial_rows("true boxes", perfect)}
    if judged.protocol.boxes == "predicted":
        rows |= trivial_rows("these boxes", judged)
    return rows


def trivial_rows(boxes: str, judged: Judged) -> dict[str, dict[str, float | None]]:
    """The metrics of the given boxes with answers that ignore the pictures. boxes: name of the boxes in the rows."""
    normal, odd = (plain_values(answered(judged, label)) for label in (0, 1))
    return {
        f"{boxes}, random scores (expected)": {name: middle(normal[name], odd[name]) for name in normal},
        f"{boxes}, all called normal": normal,
        f"{boxes}, all called anomalous": odd,
    }


def middle(a: float | None, b: float | None) -> float | None:
    """The mean of both, which a fair coin reaches; None if either is undefined."""
    return None if a is None or b is None else (a + b) / 2


def answered(judged: Judged, label: int) -> Judged:
    """The same boxes with one score and one label for all. Missed objects stay missed, and false boxes stay false."""
    kept = judged.matched
    return replace(judged, score=np.where(kept, 0.0, np.nan), predicted_label=np.where(kept, label, -1))


def truth_submission(truth: TruthTable, inverted: bool = False) -> Submission:
    """The ground truth as a submission. inverted: with the opposite labels."""
    label = 1 - truth.label if inverted else truth.label
    first = np.searchsorted(truth.scene, truth.scene)
    number = np.arange(len(label)) - first
    boxes = Boxes(truth.scene, number, truth.obb[:, :6], truth.obb[:, 6], label.astype(float), label, truth.object_id)
    rows = canonical_rows(boxes)
    return Submission(boxes.rows(rows), label[rows])
