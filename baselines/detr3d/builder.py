"""Building DETR3D from a configuration, or from the weights of a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from odd_bench.baselines.detr3d.config import CONFIGURATIONS, RunConfig
from odd_bench.baselines.detr3d.model import Detr3d
from odd_bench.data.reader import Dataset
from odd_bench.training.method import MethodSpec


def prepare(config: RunConfig, dataset: Dataset, device: torch.device | str, track) -> tuple[Detr3d, None]:
    """A new model, with weights from the configured seed. Nothing is computed from the data."""
    torch.manual_seed(config.train.seed)
    return Detr3d(config.model), None


def restore(config: RunConfig, weights: dict[str, Tensor]) -> Detr3d:
    """The model with weights from a checkpoint."""
    model = Detr3d(replace(config.model, backbone=replace(config.model.backbone, weights="none")))
    # older checkpoints have no `chosen`: their configurations state the thresholds
    model.load_state_dict({"chosen": model.chosen, **weights})
    return model


def describe(config: RunConfig) -> dict[str, Any]:
    """Facts about the method for the prediction file."""
    model = config.model
    return {"config": config.name, "queries": model.decoder.queries, "camera_aware": model.decoder.camera_aware}


SPEC = MethodSpec("detr3d", CONFIGURATIONS, prepare, restore, describe, ("model.answer.source=oracle-box",))
