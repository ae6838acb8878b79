"""A prediction file in memory: its header and one row per predicted box, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

FORMAT, VERSION = "odd-bench/predictions", 1
LABELS = ("normal", "anomalous")  # position = label


@dataclass(frozen=True)
class DatasetRef:
    """The scenes that a file is about. digest: `sha256:...` of the ground truth it was made against."""

    name: str
    version: str
    split: str
    digest: str


@dataclass(frozen=True)
class Method:
    """Who predicted. views: how many it is given, as a remark; the views that each scene states count. gt_boxes, gt_count: it
    was given the true boxes, or their number. extra: further keys of the file, kept as they are.
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
    """Rows of predicted objects, n of them.

    scene: (n,) index into Predictions.scene_names. number: (n,) place in the scene's list. box: (n, 6) centre and size,
    metres, world, NaN where a method given the boxes leaves them out. yaw_rad: (n,) NaN where not stated. score: (n,) higher
    is more anomalous. label: (n,) 1 anomalous, 0 normal, -1 not stated. object_id: (n,) -1 where not stated.
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
        """The chosen rows."""
        return Boxes(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Predictions:
    """One prediction file.

    views, seconds, truth_digests: one entry per scene, None where the file does not say. sha256: of the file's bytes.
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
        """(n,) 1 where the file says anomalous: by its label or, without one, by score > threshold."""
        by_score = self.boxes.score > (np.inf if self.threshold is None else self.threshold)
        return np.where(self.boxes.label >= 0, self.boxes.label, by_score).astype(int)
