"""Check whether a prediction file can be scored: read it, find its ground truth and compare the two, without scoring."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from odd_bench.scoring.bootstrap import RESAMPLES
from odd_bench.scoring.diagnose import diagnose
from odd_bench.scoring.ground_truth import GroundTruth, read_ground_truth
from odd_bench.scoring.locate import find_ground_truth
from odd_bench.scoring.prediction_file import load_predictions
from odd_bench.scoring.predictions import Boxes, Predictions
from odd_bench.scoring.problems import Problem, ScoringError
from odd_bench.scoring.quick import no_garbage_collection
from odd_bench.scoring.truth_table import TruthTable, truth_table
from odd_bench.scoring.validate import scene_in_truth, validate

FAR_M = 1e6  # a box beyond it is wrong in any unit, and its volume overflows


@dataclass(frozen=True)
class Options:
    """Options of scoring.

    data: ground-truth file, or a folder to search for it; None = search the default folders. accept_missing: count scenes that
    are missing from the file as undetected. legacy_boxes: match against the boxes as published, for imported data. resamples:
    number of bootstrap resamples.
    """

    data: Path | None = None
    accept_missing: bool = False
    legacy_boxes: bool = False
    resamples: int = RESAMPLES


@dataclass(frozen=True)
class Checked:
    """A file and its ground truth. problems: all problems found. Other fields are None if a problem prevented reading them."""

    path: Path
    predictions: Predictions | None
    truth_path: Path | None
    truth: GroundTruth | None
    table: TruthTable | None
    problems: list[Problem]


def check_file(path: Path, options: Options) -> Checked:
    """Read a prediction file and collect all its problems."""
    with no_garbage_collection():
        return read_and_check(path, options)


def read_and_check(path: Path, options: Options) -> Checked:
    """The same as `check_file`, without its pause of the garbage collector."""
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
    """Those boxes that belong to a scene of the split and whose numbers are usable; boxes.scene indexes the table's scenes."""
    boxes, scene = predictions.boxes, scene_in_truth(predictions, table)
    box_read = (np.abs(boxes.box) < FAR_M).all(axis=1) | predictions.method.gt_boxes
    return replace(boxes, scene=scene).rows(np.flatnonzero(box_read & np.isfinite(boxes.score) & (scene >= 0)))
