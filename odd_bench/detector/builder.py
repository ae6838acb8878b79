"""Making a detector: new from a configuration, or again from a checkpoint's weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from odd_bench.data.dataset import FeatureFolder
from odd_bench.data.reader import Dataset
from odd_bench.detector.config import RunConfig, from_mapping, load_config, to_mapping, with_overrides
from odd_bench.detector.features import Pca, stored_features
from odd_bench.detector.model import Detector

__all__ = [
    "TOLD_BOXES",
    "describe",
    "from_mapping",
    "load_config",
    "prepare",
    "restore",
    "to_mapping",
    "with_overrides",
]

TOLD_BOXES = ("model.boxes.source=oracle-box",)


def prepare(
    config: RunConfig, dataset: Dataset, device: torch.device | str, track
) -> tuple[Detector, FeatureFolder | None]:
    """A new detector with weights from the configured seed, and the teacher's features that it is trained on.

    track: wraps an iterable of scene names to show progress, given what is done.
    """
    features, pca = None, None
    if config.model.teacher.distils:
        features, pca = stored_features(dataset, config.model.teacher, config.model.heads.d_f, device, track)
        pca = Pca(pca.mean.cpu(), pca.components.cpu())
    torch.manual_seed(config.train.seed)
    return Detector(config.model, pca), features


def restore(config: RunConfig, weights: dict[str, Tensor]) -> Detector:
    """The detector whose weights these are."""
    backbone = replace(config.model.backbone, weights="none")
    pca = Pca(weights["pca_mean"], weights["pca_components"]) if "pca_mean" in weights else None
    detector = Detector(replace(config.model, backbone=backbone), pca)
    detector.load_state_dict(weights)
    return detector


def describe(config: RunConfig) -> dict[str, Any]:
    """What a prediction file should say about the method."""
    model = config.model
    return {"config": config.name, "teacher": model.teacher.kind, "attention": model.attention.kind}
