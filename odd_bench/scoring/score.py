"""From a prediction file to a score document: read, check, match, measure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from odd_bench.scoring.bootstrap import RESAMPLES, Estimate, draw_resamples
from odd_bench.scoring.breakdown import all_groups, breakdown_rows
from odd_bench.scoring.diagnose import diagnose
from odd_bench.scoring.document import protocol_part, score_document
from odd_bench.scoring.evaluate import evaluate
from odd_bench.scoring.ground_truth import GroundTruth, read_ground_truth
from odd_bench.scoring.judged import Judged, Submission, judge
from odd_bench.scoring.locate import find_ground_truth
from odd_bench.scoring.matching import canonical_rows
from odd_bench.scoring.overlap import overlapping
from odd_bench.scoring.prediction_file import load_predictions
from odd_bench.scoring.predictions import Boxes, Predictions
from odd_bench.scoring.problems import Problem, ScoringError, errors_in, warning_lines
from odd_bench.scoring.protocol import protocols_for
from odd_bench.scoring.quick import no_garbage_collection
from odd_bench.scoring.truth_table import TruthTable, truth_table
from odd_bench.scoring.validate import scene_in_truth, validate

FAR_M = 1e6  # boxes beyond it are wrong in any unit, and their volume overflows


@dataclass(frozen=True)
class Options:
    """How to score. data: ground-truth file or folder, None to search. accept_missing: count scenes that the file leaves out
    as undetected. legacy_boxes: compare with the boxes as published, for imported data. resamples: of the bootstrap.
    """

    data: Path | None = None
    accept_missing: bool = False
    legacy_boxes: bool = False
    resamples: int = RESAMPLES


@dataclass(frozen=True)
class Checked:
    """A file and its ground truth. problems: all of them; the rest is None where they made reading impossible."""

    path: Path
    predictions: Predictions | None
    truth_path: Path | None
    truth: GroundTruth | None
    table: TruthTable | None
    problems: list[Problem]


@dataclass(frozen=True)
class Scored:
    """The answers and numbers of one file. judged, metrics: by protocol. document: the content of score.json. maps_path: the
    anomaly maps that were scored with it, None without.
    """

    checked: Checked
    judged: dict[str, Judged]
    metrics: dict[str, dict[str, Estimate]]
    document: dict[str, Any]
    maps_path: Path | None = None


def check_file(path: Path, options: Options) -> Checked:
    """Read a file and find everything that is wrong with it."""
    with no_garbage_collection():
        return read_and_check(path, options)


def read_and_check(path: Path, options: Options) -> Checked:
    predictions, problems = load_predictions(path)
    if predictions is None:
        return Checked(path, None, None, None, None, problems)
    try:
        truth_path = find_ground_truth(predictions.dataset, options.data)
        truth = read_ground_truth(truth_path)
    except ScoringError as error:
        return Checked(path, predictions, None, None, None, [*problems, *error.problems])
    table = truth_table(truth, predictions.dataset.split)
    problems = [*problems, *validate(predictions, truth, table, options.accept_missing)]
    if options.legacy_boxes and not np.isfinite(table.legacy_box).all():
        hint = "Leave --legacy-boxes out"
        problems.append(Problem("format", "--legacy-boxes", "no legacy boxes", "imported published data", hint))
    if table.scenes:
        problems += diagnose(table, readable_boxes(predictions, table), predictions.method.gt_boxes)
    return Checked(path, predictions, truth_path, truth, table, problems)


def readable_boxes(predictions: Predictions, table: TruthTable) -> Boxes:
    """Rows of known scenes whose numbers could be read, in a file that may hold others."""
    boxes, scene = predictions.boxes, scene_in_truth(predictions, table)
    box_read = (np.abs(boxes.box) < FAR_M).all(axis=1) | predictions.method.gt_boxes
    return replace(boxes, scene=scene).rows(np.flatnonzero(box_read & np.isfinite(boxes.score) & (scene >= 0)))


def submission(predictions: Predictions, table: TruthTable) -> Submission:
    """The boxes of known scenes in canonical order, scenes numbered as in the truth, numbers beyond FAR_M brought to it."""
    boxes, scene = predictions.boxes, scene_in_truth(predictions, table)
    boxes = replace(boxes, box=np.clip(boxes.box, -FAR_M, FAR_M))
    rows = np.flatnonzero(scene >= 0)
    kept = replace(boxes, scene=scene).rows(rows)
    order = canonical_rows(kept)
    return Submission(kept.rows(order), predictions.predicted_label()[rows][order])


def score_file(path: Path, options: Options) -> Scored:
    """Score a file under every protocol that applies. Raises ScoringError with all problems where it cannot be scored."""
    checked = check_file(path, options)
    if errors_in(checked.problems):
        raise ScoringError(checked.problems)
    return score(checked, options)


def score(checked: Checked, options: Options) -> Scored:
    """Numbers of a file that has passed its checks."""
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
    """Views (None where not stated) and seconds (NaN where not stated) of every scene of the split."""
    place = {name: number for number, name in enumerate(predictions.scene_names)}
    rows = [place.get(name) for name in table.scene_names]
    views = tuple(None if row is None else predictions.views[row] for row in rows)
    seconds = [None if row is None else predictions.seconds[row] for row in rows]
    return views, np.array([np.nan if value is None else value for value in seconds], float)


def document_header(checked: Checked, options: Options, answers: Submission) -> dict[str, Any]:
    """What was scored against what."""
    predictions, table = checked.predictions, checked.table
    boxes = predictions.boxes
    turned = int(np.isfinite(boxes.yaw_rad).sum())
    gate = "legacy boxes" if options.legacy_boxes else f"{len(boxes) - turned} boxes as aabb, {turned} as obb"
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
