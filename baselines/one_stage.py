"""What detectors of two classes share that learn all at once, the image network more slowly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from torch import nn

from odd_bench.baselines.two_class import THRESHOLD
from odd_bench.blocks.backbone import parameter_groups


class OneStage(nn.Module, ABC):
    """See odd_bench.training.method.Method, of which this is the part that says how it is trained.

    config: has `answer.source`, one of two_class.SOURCES, and `weight_decay`.
    """

    stages = ("detect",)
    threshold = THRESHOLD
    gt_count = False
    config: Any

    @property
    @abstractmethod
    def image_network(self) -> nn.Module:
        """The part that learns more slowly."""

    @property
    def gt_boxes(self) -> bool:
        return self.config.answer.source == "oracle-box"

    def start_stage(self, name: str) -> None:
        """There is one stage, in which everything learns."""

    def parameter_groups(self, learning_rate: float, backbone_rate: float) -> Iterable[dict[str, Any]]:
        """The image network apart."""
        decay = self.config.weight_decay
        return parameter_groups(self, self.image_network, learning_rate, backbone_rate, weight_decay=decay)
