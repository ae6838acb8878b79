"""Building ImVoxelNet from a configuration, or from the weights of a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from odd_bench.baselines.imvoxelnet.anchors import mean_anchor
from odd_bench.baselines.imvoxelnet.config import CONFIGURATIONS, RunConfig
from odd_bench.baselines.imvoxelnet.model import ImVoxelNet
from odd_bench.data.reader import Dataset
from odd_bench.training.method import MethodSpec


def prepare(config: RunConfig, dataset: Dataset, device: torch.device | str, track) -> tuple[ImVoxelNet, None]:
    """A new model, with weights from the configured seed. It needs no features of a teacher.

    track: a function that wraps an iterable of scene names to show progress. Its second argument names the work.
    """
    anchor = None
    if config.model.head == "pillars":
        names = track(dataset.scene_names("train"), "measuring the training objects")
        obbs = np.stack([one.obb for name in names for one in dataset.scene(name).objects])
        anchor = torch.from_numpy(mean_anchor(obbs)).float()
    torch.manual_seed(config.train.seed)
    return ImVoxelNet(config.model, anchor), None


def restore(config: RunConfig, weights: dict[str, Tensor]) -> ImVoxelNet:
    """The model with weights from a checkpoint."""
    backbone = replace(config.model.backbone, weights="none")
    model = ImVoxelNet(replace(config.model, backbone=backbone), weights.get("head.anchor"))
    model.load_state_dict(weights)
    return model


def describe(config: RunConfig) -> dict[str, Any]:
    """Facts about the method for the prediction file."""
    return {"config": config.name, "head": config.model.head}


SPEC = MethodSpec("imvoxelnet", CONFIGURATIONS, prepare, restore, describe, ("model.answer.source=oracle-box",))
