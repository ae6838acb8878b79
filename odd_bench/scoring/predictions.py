"""The content of a prediction file: its header, and one row per predicted box as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

FORMAT, VERSION = "odd-bench/predictions", 1
LABELS = ("normal", "anomalous")  # position = label


@dataclass(frozen=True)
class DatasetRef:
    """The data set and split of a prediction file. digest: `sha256:...` of the ground truth that it was made for."""

    name: str
    version: str
    split: str
    digest: str


@dataclass(frozen=True)
class Method:
    """The method that made the predictions.

    views: number of views it is given, for information only; scoring uses the views that each scene states. gt_boxes, gt_count:
    whether it was given the true boxes, or their number. extra: further keys of the file, kept unchanged.
    """

    name: str
    views: int | None = None
    gt_boxes: bool = False
    gt_count: bool = False
    seed: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        stated = {"name": self.name, "gt_boxes": self.gt_boxes, "gt_count": self.gt_count, **self.extra}
        optional = {"views": self.views, "seed": self.seed}
        return stated | {key: value for key, value in optional.items() if value is not None}


@dataclass(frozen=True)
class Boxes:
    """n predicted objects, one per row.

    scene: (n,), index into Predictions.scene_names. number: (n,), position in the list of the scene. box: (n, 6), centre and size,
    metres, world; NaN if a method that is given the boxes leaves them out. yaw_rad: (n,), NaN if not stated. score: (n,), higher =
    more anomalous. label: (n,), 1 = anomalous, 0 = normal, -1 = not stated. object_id: (n,), -1 if not stated.
    """

    scene: np.ndarray
    number: np.ndarray
    box: np.ndarray
    yaw_rad: np.ndarray
    score: np.ndarray
    label: np.ndarray
    object_id: np.ndarray

    def __len__(self) -> int:
        return len(self.score)

    def rows(self, index: np.ndarray) -> Boxes:
        """The rows with these indices."""
        return Boxes(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Predictions:
    """The content of one prediction file.

    views, seconds, truth_digests: one entry per scene, None if the file does not state it. sha256: hash of the file's bytes.
    """

    dataset: DatasetRef
    method: Method
    threshold: float | None
    scene_names: tuple[str, ...]
    views: tuple[tuple[int, ...] | None, ...]
    seconds: tuple[float | None, ...]
    truth_digests: tuple[str | None, ...]
    boxes: Boxes
    sha256: str = ""

    def predicted_label(self) -> np.ndarray:
        """Labels (n,), 1 = anomalous: the stated label or, if none is stated, whether the score is above the threshold."""
        by_score = self.boxes.score > (np.inf if self.threshold is None else self.threshold)
        return np.where(self.boxes.label >= 0, self.boxes.label, by_score).astype(int)
