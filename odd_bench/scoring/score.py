"""Scoring a prediction file: read it, check it, match its boxes, compute the metrics, and make the score document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from odd_bench.scoring.bootstrap import Estimate, draw_resamples
from odd_bench.scoring.breakdown import all_groups, breakdown_rows
from odd_bench.scoring.check import FAR_M, Checked, Options, check_file
from odd_bench.scoring.document import protocol_part, score_document
from odd_bench.scoring.evaluate import evaluate
from odd_bench.scoring.judged import Judged, Submission, judge
from odd_bench.scoring.matching import canonical_rows
from odd_bench.scoring.overlap import overlapping
from odd_bench.scoring.predictions import Predictions
from odd_bench.scoring.problems import ScoringError, errors_in, warning_lines
from odd_bench.scoring.protocol import protocols_for
from odd_bench.scoring.truth_table import TruthTable
from odd_bench.scoring.validate import scene_in_truth


@dataclass(frozen=True)
class Scored:
    """The result of scoring one file.

    judged, metrics: by name of the protocol. document: the content of score.json. maps_path: the file of anomaly maps that was
    scored with it, None if there was none.
    """

    checked: Checked
    judged: dict[str, Judged]
    metrics: dict[str, dict[str, Estimate]]
    document: dict[str, Any]
    maps_path: Path | None = None


def submission(predictions: Predictions, table: TruthTable) -> Submission:
    """The boxes of known scenes in canonical order.

    Their scenes are numbered as in the table, and their numbers are clipped to [-FAR_M, FAR_M]. A label that the file does not
    state follows from its threshold.
    """
    boxes, scene = predictions.boxes, scene_in_truth(predictions, table)
    boxes = replace(boxes, scene=scene, box=np.clip(boxes.box, -FAR_M, FAR_M), label=predictions.predicted_label())
    kept = boxes.rows(np.flatnonzero(scene >= 0))
    kept = kept.rows(canonical_rows(kept))
    return Submission(kept, kept.label)


def score_file(path: Path, options: Options) -> Scored:
    """Score a file under every protocol that applies. Raises ScoringError with all problems if it cannot be scored."""
    checked = check_file(path, options)
    if errors_in(checked.problems):
        raise ScoringError(checked.problems)
    return score(checked, options)


def score(checked: Checked, options: Options) -> Scored:
    """Score a file that has passed its checks."""
    predictions, table = checked.predictions, checked.table
    answers = submission(predictions, table)
    views, seconds = by_truth_scene(predictions, table)
    counts = draw_resamples(table.clusters, options.resamples)
    groups = all_groups(table, views)
    judged, metrics, parts = {}, {}, {}
    for protocol in protocols_for(predictions.method.gt_boxes):
        found = judge(protocol, table, answers, options.legacy_boxes)
        numbers = evaluate(found, seconds, predictions.method.gt_count, counts)
        judged[protocol.name], metrics[protocol.name] = found, numbers
        parts[protocol.name] = protocol_part(found, numbers, breakdown_rows(found, groups, counts), groups)
    header = document_header(checked, options, answers)
    return Scored(checked, judged, metrics, score_document(header, parts))


def by_truth_scene(
    predictions: Predictions, table: TruthTable
) -> tuple[tuple[tuple[int, ...] | None, ...], np.ndarray]:
    """The views (None if not stated) and the seconds (NaN if not stated) of every scene of the split."""
    place = {name: number for number, name in enumerate(predictions.scene_names)}
    rows = [place.get(name) for name in table.scene_names]
    views = tuple(None if row is None else predictions.views[row] for row in rows)
    seconds = [None if row is None else predictions.seconds[row] for row in rows]
    return views, np.array([np.nan if value is None else value for value in seconds], float)


def document_header(checked: Checked, options: Options, answers: Submission) -> dict[str, Any]:
    """The part of the score document that describes the prediction file and its ground truth."""
    predictions, table = checked.predictions, checked.table
    boxes = predictions.boxes
    turned = int(np.isfinite(boxes.yaw_rad).sum())
    gate = "legacy boxes" if options.legacy_boxes else f"{len(boxes) - turned:,} boxes as aabb, {turned:,} as obb"
    return {
        "dataset": {
            "name": checked.truth.name,
            "version": checked.truth.version,
            "split": predictions.dataset.split,
            "digest": checked.truth.digest,
            "scenes": table.scenes,
            "objects": len(table.label),
            "anomalous": int(table.label.sum()),
            "shapes": table.clusters,
        },
        "method": predictions.method.as_json(),
        "predictions": {
            "sha256": predictions.sha256,
            "scenes": len(predictions.scene_names),
            "missing_scenes": table.scenes - len(set(table.scene_names) & set(predictions.scene_names)),
            "boxes": len(boxes),
            "threshold": predictions.threshold,
            "overlapping": overlapping(answers.boxes, table.scene_names),
        },
        "gate": "given boxes" if predictions.method.gt_boxes else gate,
        "resamples": options.resamples,
        "warnings": warning_lines(checked.problems),
    }
