"""The score document, score.json: all numbers of a report in a versioned format. The same input gives the same bytes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

import odd_bench
from odd_bench.atomic import write_atomically
from odd_bench.counted import counted
from odd_bench.scoring.bootstrap import SEED, Estimate
from odd_bench.scoring.breakdown import BreakdownRow, Group, type_by_visibility
from odd_bench.scoring.evaluate import factors, plain_values
from odd_bench.scoring.interval import FEWEST, LEVEL
from odd_bench.scoring.judged import Judged
from odd_bench.scoring.metrics import roc_curve
from odd_bench.scoring.protocol import METRICS_VERSION
from odd_bench.scoring.reference import reference_rows
from odd_bench.scoring.strict_json import canonical, digest_of

FORMAT, VERSION = "odd-bench/score", 2
DECIMALS = 9
PAIRED_METRICS = ("auc", "balanced_accuracy", "auc_within_scene", "accuracy")
HISTOGRAM_BINS = 30
LARGEST_SHOWN = 1e300  # the range of a histogram must be finite
ROC_POINTS = 200
WORST_SCENES = 12


def score_document(header: dict[str, Any], protocols: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The score document. Its `digest` covers `result`, which contains no date, host or library version."""
    result = {"metrics_version": METRICS_VERSION, **header, "interval": interval_note(header), "protocols": protocols}
    return signed_document(rounded(result))


def signed_document(result: dict[str, Any]) -> dict[str, Any]:
    """The document around a result, with its digest."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "digest": digest_of(canonical(result)),
        "result": result,
        "made_with": {"odd_bench": odd_bench.__version__},
    }


def interval_note(header: dict[str, Any]) -> str:
    shapes = header["dataset"]["shapes"]
    if shapes < FEWEST:
        return f"no intervals: {counted(shapes, 'base shape')}, an interval needs {FEWEST}"
    return (
        f"{LEVEL:.0%} interval, cluster bootstrap over {counted(shapes, 'base shape')} with Student's t, "
        f"{header['resamples']} resamples, seed {SEED}"
    )


def write_score(path: Path, document: dict[str, Any]) -> None:
    """Write the complete document, or none."""
    write_atomically(path, (json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n").encode())


def protocol_part(
    judged: Judged, metrics: dict[str, Estimate], rows: list[BreakdownRow], groups: list[Group]
) -> dict[str, Any]:
    """The part of the document about one protocol."""
    label, counted, matched = judged.truth.label, judged.counted, judged.matched
    part = {
        "rule": judged.protocol.rule,
        "use": judged.protocol.use,
        "objects": int(counted.sum()),
        "scenes": int(np.count_nonzero(judged.truth.count_by_scene(counted))),
        "missed_anomalous": int((counted & ~matched & (label == 1)).sum()),
        "missed_normal": int((counted & ~matched & (label == 0)).sum()),
        "false_boxes": int(judged.false_boxes.sum()),
        "metrics": {name: estimate_json(value) for name, value in metrics.items()},
        "breakdowns": [row_json(row) for row in rows],
        "type_by_visibility": type_by_visibility(judged, groups),
        "reference": reference_rows(judged),
        "roc": roc_points(judged),
        "histogram": score_histogram(judged),
        "worst_scenes": worst_scenes(judged),
        "replicates": {name: packed(metrics[name].replicates) for name in PAIRED_METRICS},
    }
    if judged.protocol.missed == "wrong":
        part["factors"] = factors(judged)
        part["missed_as_normal"] = plain_values(judged.missed_as_normal())
    return part


def estimate_json(estimate: Estimate) -> dict[str, Any]:
    entry = {"value": estimate.value, "low": estimate.low, "high": estimate.high, "shapes": estimate.shapes}
    extra = {"reason": estimate.reason, "basis": estimate.basis}
    return entry | {key: text for key, text in extra.items() if text}


def row_json(row: BreakdownRow) -> dict[str, Any]:
    return {
        "breakdown": row.breakdown,
        "name": row.name,
        "objects": row.objects,
        "scenes": row.scenes,
        "auc": estimate_json(row.auc),
        row.rate_name: estimate_json(row.rate),
        "grey": row.grey,
        "false_boxes": row.false_boxes,
        "whole": row.whole,
    }


def roc_points(judged: Judged) -> list[list[float]]:
    """At most ROC_POINTS pairs (false, true positive rate), evenly spaced along the curve, with both ends of each long step."""
    rows, false = judged.counted, int(judged.false_boxes.sum())
    label = np.append(judged.truth.label[rows], np.zeros(false, int))
    rates = np.column_stack(roc_curve(label, np.append(judged.rank_score[rows], np.full(false, np.inf))))
    if len(rates) <= ROC_POINTS:
        return rates.tolist()
    length = np.append(0.0, np.abs(np.diff(rates, axis=0)).sum(axis=1).cumsum())
    reached = np.searchsorted(length, np.linspace(0, length[-1], ROC_POINTS // 2))
    return rates[np.union1d(reached, np.maximum(reached - 1, 0))].tolist()


def score_histogram(judged: Judged) -> dict[str, Any]:
    """Histogram of the matched scores of each class, in equal bins between the 1 % and 99 % quantiles. The outer bins include the
    scores beyond them.
    """
    rows = judged.counted & judged.matched
    score, label = np.clip(judged.score[rows], -LARGEST_SHOWN, LARGEST_SHOWN), judged.truth.label[rows]
    if not len(score):
        return {"edges": [], "normal": [], "anomalous": []}
    low, high = np.quantile(score, [0.01, 0.99])
    if not low < high:
        low, high = score.min() - 0.5, score.min() + 0.5
    edges = np.linspace(low, high, HISTOGRAM_BINS + 1)
    bins = np.clip(np.searchsorted(edges, score, side="right") - 1, 0, HISTOGRAM_BINS - 1)
    counts = [np.bincount(bins[label == side], minlength=HISTOGRAM_BINS).tolist() for side in (0, 1)]
    return {"edges": edges.tolist(), "normal": counts[0], "anomalous": counts[1]}


def worst_scenes(judged: Judged) -> list[dict[str, Any]]:
    """The scenes with the most wrong objects and false boxes; among equals, those with the larger share come first."""
    wrong, share = wrong_by_scene(judged)
    order = np.lexsort((np.arange(len(wrong)), -share, -wrong))[:WORST_SCENES]
    return [scene_answers(judged, int(scene)) for scene in order if wrong[scene]]


def wrong_by_scene(judged: Judged) -> tuple[np.ndarray, np.ndarray]:
    """The number (s,) of wrong objects and false boxes of each scene, and their share (s,) of its objects and false boxes."""
    wrong = judged.truth.count_by_scene(judged.counted & ~judged.correct) + judged.false_boxes
    return wrong, wrong / np.maximum(judged.truth.count_by_scene(judged.counted) + judged.false_boxes, 1)


def scene_answers(judged: Judged, scene: int) -> dict[str, Any]:
    truth = judged.truth
    rows = np.flatnonzero(truth.scene == scene)
    objects = [object_answer(judged, int(row)) for row in rows]
    return {
        "name": truth.scene_names[scene],
        "wrong": int((~judged.correct[rows]).sum()),
        "false_boxes": int(judged.false_boxes[scene]),
        "objects": objects,
    }


def object_answer(judged: Judged, row: int) -> dict[str, Any]:
    truth, matched = judged.truth, bool(judged.matched[row])
    return {
        "id": int(truth.object_id[row]),
        "label": int(truth.label[row]),
        "type": truth.type[row] or None,
        "score": float(judged.score[row]) if matched else None,
        "answer": int(judged.predicted_label[row]) if matched else None,
        "iou": float(judged.iou[row]) if matched else None,
        "aabb": truth.aabb[row].tolist(),
    }


def packed(values: np.ndarray | None) -> str | None:
    """Numbers as little-endian float64 in base64, rounded to DECIMALS."""
    if values is None:
        return None
    return base64.b64encode(np.round(values, DECIMALS).astype("<f8").tobytes()).decode()


def unpacked(text: str) -> np.ndarray:
    """The numbers of `packed`."""
    return np.frombuffer(base64.b64decode(text), "<f8")


def rounded(value: Any) -> Any:
    """The value with all floats rounded to DECIMALS, so that rounding errors of sums do not reach the file."""
    if isinstance(value, float):
        return round(value, DECIMALS) + 0.0
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return value
