"""The boxes of a scene and their states: from the truth alone, from predictions alone, or from both as the scorer matches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

import numpy as np

from odd_bench.scene import Scene
from odd_bench.scoring.document import wrong_by_scene
from odd_bench.scoring.ground_truth import TruthScene
from odd_bench.scoring.judged import Judged
from odd_bench.scoring.predictions import Boxes, Predictions
from odd_bench.view.browser.shown_box import COLORS, ShownBox


class Answers(Protocol):
    """Boxes of scenes by name.

    scores: (m,) of all predicted boxes, empty where there are none. threshold: the file's own, None where it states none.
    states: those that the boxes can have.
    """

    scores: np.ndarray
    threshold: float | None
    states: tuple[str, ...]

    def boxes(self, scene: str, threshold: float | None) -> list[ShownBox]:
        """The boxes of a scene. threshold: scores above it are called odd; None uses the labels of the file."""
        ...

    def wrong(self, threshold: float | None) -> Mapping[str, tuple[int, float]]:
        """Wrong answers and their share by scene, as the scorer counts them; empty without truth or predictions."""
        ...


@dataclass(frozen=True)
class TruthAlone:
    """The labels of a data set. scenes: returns a labelled scene by its name."""

    scenes: object
    threshold: float | None = None
    states: ClassVar = ("normal", "odd")

    @property
    def scores(self) -> np.ndarray:
        return np.zeros(0)

    def boxes(self, scene: str, threshold: float | None) -> list[ShownBox]:
        labelled: Scene | TruthScene = self.scenes.scene(scene)
        return [
            true_box(np.asarray(one.obb), one.label, one.type, one.id, "odd" if one.label else "normal")
            for one in labelled.objects
        ]

    def wrong(self, threshold: float | None) -> Mapping[str, tuple[int, float]]:
        return {}


@dataclass(frozen=True)
class NothingKnown:
    """Scenes without boxes, such as photographs."""

    threshold: float | None = None
    states: ClassVar = ()

    @property
    def scores(self) -> np.ndarray:
        return np.zeros(0)

    def boxes(self, scene: str, threshold: float | None) -> list[ShownBox]:
        return []

    def wrong(self, threshold: float | None) -> Mapping[str, tuple[int, float]]:
        return {}


@dataclass(frozen=True)
class PredictionsAlone:
    """A prediction file without its ground truth."""

    predictions: Predictions
    states: ClassVar = ("flagged", "passed")

    @property
    def scores(self) -> np.ndarray:
        return self.predictions.boxes.score

    @property
    def threshold(self) -> float | None:
        return self.predictions.threshold

    def boxes(self, scene: str, threshold: float | None) -> list[ShownBox]:
        boxes = self.predictions.boxes
        flagged = called_odd(boxes, self.predictions.predicted_label(), threshold)
        rows = np.flatnonzero(boxes.scene == self.predictions.scene_names.index(scene))
        return [
            ShownBox(
                box_of(boxes, row), "flagged" if flagged[row] else "passed", f"{boxes.score[row]:.3g}",
                float(boxes.score[row]), int(boxes.number[row]),
            )
            for row in rows
            if np.isfinite(boxes.box[row]).all()
        ]  # fmt: skip

    def wrong(self, threshold: float | None) -> Mapping[str, tuple[int, float]]:
        return {}


@dataclass(frozen=True)
class Judgement:
    """Predictions matched with the truth by the scorer; a change of the threshold needs no new matching.

    judged: at the threshold of the file, under the headline protocol.
    """

    judged: Judged
    threshold: float | None
    states: ClassVar = tuple(state for state in COLORS if state != "flagged")

    @property
    def scores(self) -> np.ndarray:
        return self.judged.submission.boxes.score

    def at(self, threshold: float | None) -> Judged:
        """The result as if the file stated this threshold and no labels; None uses the file as it is."""
        if threshold is None:
            return self.judged
        submission = self.judged.submission
        label = called_odd(submission.boxes, submission.predicted_label, threshold).astype(int)
        row = np.where(self.judged.matched, self.judged.box_row, 0)
        of_objects = np.where(self.judged.matched, label[row] if len(label) else 0, -1)
        return replace(self.judged, submission=replace(submission, predicted_label=label), predicted_label=of_objects)

    def boxes(self, scene: str, threshold: float | None) -> list[ShownBox]:
        judged = self.at(threshold)
        number = judged.truth.scene_names.index(scene)
        rows = np.flatnonzero(judged.truth.scene == number)
        return [
            *(_true(judged, int(row)) for row in rows),
            *(_answer(judged, int(row)) for row in rows if judged.matched[row]),
            *(_false(judged, int(row)) for row in _unmatched(judged, number)),
        ]

    def wrong(self, threshold: float | None) -> Mapping[str, tuple[int, float]]:
        judged = self.at(threshold)
        wrong, share = wrong_by_scene(judged)
        counts = zip(wrong.tolist(), share.tolist(), strict=True)
        return dict(zip(judged.truth.scene_names, counts, strict=True))


def called_odd(boxes: Boxes, own_label: np.ndarray, threshold: float | None) -> np.ndarray:
    """(m,) bool: whether the score is above the threshold; without a threshold, the labels of the file."""
    return own_label == 1 if threshold is None else boxes.score > threshold


def box_of(boxes: Boxes, row: int) -> np.ndarray:
    """(6,), or (7,) if the box has a yaw."""
    yaw = boxes.yaw_rad[row]
    return np.append(boxes.box[row], yaw) if np.isfinite(yaw) else boxes.box[row]


def true_box(box: np.ndarray, label: int, kind: str | None, number: int, state: str) -> ShownBox:
    """A box of the truth; its label names the anomaly."""
    what = (kind or "odd").replace("_", " ") if label else ""
    text = {"missed": f"missed: {what or 'normal'}", "odd": what}.get(state, "")
    return ShownBox(box, state, text, object_id=number, label=label)


def _true(judged: Judged, row: int) -> ShownBox:
    truth, label = judged.truth, int(judged.truth.label[row])
    missed = not judged.matched[row] or (label and not judged.correct[row])
    state = "missed" if missed else "odd" if label else "normal"
    return true_box(truth.obb[row], label, truth.type[row] or None, int(truth.object_id[row]), state)


def _answer(judged: Judged, row: int) -> ShownBox:
    """The predicted box that matches an object; for a method that is given the boxes, it is the box of the object."""
    label, said = judged.truth.label[row], judged.predicted_label[row]
    state = ("found" if label else "false") if said else "passed"
    box = box_of(judged.submission.boxes, judged.box_row[row])
    box = box if np.isfinite(box).all() else judged.truth.obb[row]
    score = float(judged.score[row])
    return ShownBox(box, state, f"{state} {score:.3g}", score, int(judged.truth.object_id[row]), int(label))


def _unmatched(judged: Judged, scene: int) -> np.ndarray:
    """Rows of the scene's boxes that match no object; none under a protocol that does not count them."""
    if judged.protocol.false_boxes != "wrong":
        return np.zeros(0, int)
    served = np.zeros(len(judged.submission.boxes), bool)
    served[judged.box_row[judged.matched]] = True
    return np.flatnonzero((judged.submission.boxes.scene == scene) & ~served)


def _false(judged: Judged, row: int) -> ShownBox:
    boxes = judged.submission.boxes
    return ShownBox(box_of(boxes, row), "false", f"false, no object {boxes.score[row]:.3g}", float(boxes.score[row]))
