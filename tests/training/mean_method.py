"""A small method whose loss is a mean over scenes, so that the division of scenes among processes cannot matter."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from odd_bench.data.augment import AugmentConfig
from odd_bench.data.batch import SceneBatch
from odd_bench.data.reader import Dataset
from odd_bench.training.configuration import TrainConfig
from odd_bench.training.job import Job


class MeanMethod(nn.Module):
    """Predicts the share of odd objects from the mean colour of each quarter of the pictures."""

    stages = ("only",)
    threshold = 0.5
    gt_boxes = gt_count = False

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.guess = nn.Sequential(nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 1))

    def start_stage(self, name: str) -> None:
        """Freeze nothing."""

    def loss(self, batch: SceneBatch) -> dict[str, Tensor]:
        colour = nn.functional.adaptive_avg_pool2d(batch.images.float().mean(dim=1) / 255, 2).flatten(1)  # (scenes, 12)
        truth = torch.stack([labels.float().mean() for labels in batch.labels])
        return {"total": ((self.guess(colour)[:, 0] - truth) ** 2).mean()}

    def parameter_groups(self, learning_rate: float, backbone_rate: float) -> Iterable[dict[str, Any]]:
        return [{"params": list(self.parameters()), "lr": learning_rate}]

    def pictures(self, batch: SceneBatch) -> dict[str, Tensor]:
        return {}


def job(dataset: Dataset, out: Path) -> Job:
    """A training of twelve steps of four scenes."""
    train = TrainConfig(
        views=2,
        pixels=None,
        batch=4,
        steps=(12,),
        learning_rate=(1e-2,),
        report_every=1,
        save_every=5,
        picture_every=100,
    )
    return Job("mean", {}, train, AugmentConfig(), dataset, None, out)
