"""The most confident mistakes of a submission: false alarms and misses, each in the view that shows it best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odd_bench.scoring.judged import Judged

SHOWN = 8


@dataclass(frozen=True)
class PredictedBox:
    """box: (6,) centre and size, metres, world, or (7,) with the yaw. matched: whether it matches an object."""

    box: np.ndarray
    score: float
    label: int
    matched: bool


@dataclass(frozen=True)
class Mistake:
    """box: (6,) or (7,) around the misjudged object. style: a class of the style sheet. changed: (views,) visible changed pixels,
    empty if unknown.
    """

    scene: int
    text: str
    box: np.ndarray
    style: str
    changed: np.ndarray


def predicted_boxes(judged: Judged, scene: int) -> list[PredictedBox]:
    """The predicted boxes of a scene, the highest scores first; none for a method that is given the boxes."""
    boxes = judged.submission.boxes
    rows = np.flatnonzero(boxes.scene == scene)
    rows = rows[np.isfinite(boxes.box[rows]).all(axis=1)]
    found = [
        PredictedBox(
            predicted_box(judged, row),
            float(boxes.score[row]),
            int(judged.submission.predicted_label[row]),
            bool((judged.box_row == row).any()),
        )
        for row in rows[np.argsort(-boxes.score[rows], kind="stable")].tolist()
    ]
    return [] if judged.protocol.boxes == "given" else found


def predicted_box(judged: Judged, row: int) -> np.ndarray:
    """(6,), or (7,) if the file states a yaw."""
    boxes = judged.submission.boxes
    yaw = boxes.yaw_rad[row]
    return np.append(boxes.box[row], yaw) if np.isfinite(yaw) else boxes.box[row]


def true_box(judged: Judged, row: int, turned: bool) -> np.ndarray:
    """The box of an object: (7,) if predicted boxes have a yaw, else (6,)."""
    return judged.truth.obb[row] if turned else judged.truth.aabb[row]


def false_alarms(judged: Judged) -> list[Mistake]:
    """Normal objects that are called anomalous, and boxes that match no object, the highest scores first."""
    truth, boxes = judged.truth, judged.submission.boxes
    called = judged.counted & judged.matched & (truth.label == 0) & (judged.predicted_label == 1)
    found = [
        (judged.score[row], f"object {truth.object_id[row]} is normal", truth.scene[row], truth.aabb[row], "usual")
        for row in np.flatnonzero(called)
    ]
    if judged.protocol.false_boxes == "wrong":
        stray = np.setdiff1d(np.arange(len(boxes)), judged.box_row)
        found += [
            (boxes.score[row], "box that matches no object", boxes.scene[row], predicted_box(judged, row), "stray")
            for row in stray
        ]
    found.sort(key=lambda one: -one[0])
    return [
        Mistake(int(scene), f"{text}, score {score:.4g}", box, style, np.zeros(0))
        for score, text, scene, box, style in found[:SHOWN]
    ]


def misses(judged: Judged) -> list[Mistake]:
    """Anomalous objects that are not found, then those that are called normal, the lowest scores first."""
    truth = judged.truth
    wrong = judged.counted & (truth.label == 1) & ~(judged.matched & (judged.predicted_label == 1))
    rank = np.where(judged.matched, judged.score, -np.inf)
    rows = np.flatnonzero(wrong)
    rows = rows[np.argsort(rank[rows], kind="stable")][:SHOWN]
    return [
        Mistake(int(truth.scene[row]), miss_text(judged, row), truth.aabb[row], "odd", truth.changed_pixels[row])
        for row in rows.tolist()
    ]


def miss_text(judged: Judged, row: int) -> str:
    said = f"called normal, score {judged.score[row]:.4g}" if judged.matched[row] else "not found"
    return f"object {judged.truth.object_id[row]} ({judged.truth.type[row]}) {said}"


def best_view(mistake: Mistake, views: Sequence[int], areas: Sequence[float]) -> int:
    """The view that shows most of the change, or else most of the box. areas: of the box in each view, 0 if it is not visible."""
    changed = [mistake.changed[view] if view < len(mistake.changed) else 0 for view in views]
    shown = [count if area > 0 and np.isfinite(count) else 0 for count, area in zip(changed, areas, strict=True)]
    return int(views[int(np.argmax(shown if max(shown) > 0 else areas))])
