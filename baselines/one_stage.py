"""The common base of two-class detectors that train in one stage, with a lower learning rate for the image network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from torch import nn

from odd_bench.baselines.two_class import THRESHOLD
from odd_bench.blocks.backbone import parameter_groups


class OneStage(nn.Module, ABC):
    """The part of odd_bench.training.method.Method that defines the training.

    config: must have `answer.source`, one of two_class.SOURCES, and `weight_decay`.
    """

    stages = ("detect",)
    threshold = THRESHOLD
    gt_count = False
    config: Any

    @property
    @abstractmethod
    def image_network(self) -> nn.Module:
        """The part that has the lower learning rate."""

    @property
    def gt_boxes(self) -> bool:
        """Whether the method is given the true boxes."""
        return self.config.answer.source == "oracle-box"

    def start_stage(self, name: str) -> None:
        """Do nothing: there is one stage, which trains all parameters."""

    def parameter_groups(self, learning_rate: float, backbone_rate: float) -> Iterable[dict[str, Any]]:
        """Parameter groups for the optimizer: the image network with backbone_rate, everything else with learning_rate."""
        decay = self.config.weight_decay
        return parameter_groups(self, self.image_network, learning_rate, backbone_rate, weight_decay=decay)
