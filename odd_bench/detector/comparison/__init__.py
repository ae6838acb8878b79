"""The interface between the detector and the comparison of objects, which several modules implement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from odd_bench.data.batch import SceneBatch
from odd_bench.detector.volumes import Volumes

Pyramid = Callable[[Tensor], list[Tensor]]


class Comparison(Protocol):
    """A torch module that finds the objects of a scene in its volumes and predicts how odd each of them is.

    learnt_later: names of its submodules that the first stage of training does not train.
    """

    learnt_later: tuple[str, ...]

    def look(
        self, batch: SceneBatch, images: Tensor, levels: list[Tensor], pyramid: Pyramid, first_stage: bool
    ) -> dict[str, Any]:
        """What the comparison reads from n pictures in addition to the volume, (n, ...) each, by field of Volumes; may be empty.

        images: (n, 3, h, w), sRGB in [0, 1], the b * m views of the batch. levels: of the image network for these pictures.
        pyramid: computes the levels of any pictures. first_stage: whether only the volume is being trained.
        """

    def boxes(self, volumes: Volumes, scene: int) -> np.ndarray:
        """Boxes (n, 6), metres, world, of the detected objects, or the true boxes if they are given."""

    def logits(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> Tensor:
        """Logits (n,) of the n >= 1 objects in boxes (n, 6); above 0 = anomalous."""

    def picture_losses(self, volumes: Volumes) -> dict[str, Tensor]:
        """Losses of what `look` reads from the pictures, while the volume is trained."""

    def object_losses(self, volumes: Volumes, scene: int) -> dict[str, Tensor]:
        """Losses of the objects of one scene; empty if no object is found."""

    def accuracy(self, volumes: Volumes, scene: int) -> float:
        """PCK of the correspondences between true objects, in [0, 1]; NaN if there are none."""

    def pictures(self, volumes: Volumes, held: SceneBatch, found: np.ndarray) -> dict[str, Tensor]:
        """Pictures (3, h, w) of the first scene by name, in [0, 1]. held: other views of it. found: (n, 6), predicted boxes."""


@runtime_checkable
class Locates(Protocol):
    """A comparison that judges single pixels."""

    def located(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> tuple[Tensor, Tensor]:
        """Logits (n,) as `Comparison.logits` returns them, and anomaly maps (views, h, w) uint8."""
