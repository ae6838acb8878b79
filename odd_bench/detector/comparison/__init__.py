"""How the objects of a scene are compared: the one interface that the detector knows, and who implements it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from odd_bench.data.batch import SceneBatch
from odd_bench.detector.volumes import Volumes

Pyramid = Callable[[Tensor], list[Tensor]]


class Comparison(Protocol):
    """A torch module that finds the objects of a scene in its volumes and says how odd each of them is.

    learnt_later: names of its submodules that the first stage of training leaves alone.
    """

    learnt_later: tuple[str, ...]

    def look(
        self, batch: SceneBatch, images: Tensor, levels: list[Tensor], pyramid: Pyramid, first_stage: bool
    ) -> dict[str, Any]:
        """What the comparison reads from n pictures beside the volume, by field of Volumes, (n, ...) each; nothing for most.

        images: (n, 3, h, w) sRGB in [0, 1], the b times m views of the batch one after the other. levels: of the image network,
        which `pyramid` makes of any pictures. first_stage: whether the volume alone is being learnt.
        """

    def boxes(self, volumes: Volumes, scene: int) -> np.ndarray:
        """Boxes (n, 6), metres, world, of the objects found, or of the true ones where they are given."""

    def logits(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> Tensor:
        """(n,) logits of the objects in boxes (n, 6), n at least 1; above 0 = anomalous."""

    def picture_losses(self, volumes: Volumes) -> dict[str, Tensor]:
        """Losses of what is read from the pictures that built the volumes, while the volume is learnt."""

    def object_losses(self, volumes: Volumes, scene: int) -> dict[str, Tensor]:
        """Losses of the objects of one scene; empty where nothing is found."""

    def accuracy(self, volumes: Volumes, scene: int) -> float:
        """PCK of the correspondences between true objects, in [0, 1]; NaN where there are none."""

    def pictures(self, volumes: Volumes, held: SceneBatch, found: np.ndarray) -> dict[str, Tensor]:
        """Pictures (3, h, w) in [0, 1] by name of the first scene. held: another view of it. found: (n, 6) boxes answered."""


@runtime_checkable
class Locates(Protocol):
    """A comparison that judges single pixels."""

    def located(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> tuple[Tensor, Tensor]:
        """(n,) logits as those of `Comparison.logits`, and (views, h, w) uint8 maps of how suspicious the pixels are."""
