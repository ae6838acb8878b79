"""Making a detector: new from a configuration, or again from a checkpoint's weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from odd_bench.blocks.backbone import Backbone, FrozenLevels
from odd_bench.blocks.unet3d import Unet3d
from odd_bench.data.dataset import FeatureFolder
from odd_bench.data.reader import Dataset
from odd_bench.detector.boxes import CentreHead
from odd_bench.detector.comparison import Comparison
from odd_bench.detector.comparison.attention import TokenComparison
from odd_bench.detector.comparison.registered import RegisteredComparison
from odd_bench.detector.config import CONFIGURATIONS, DetectorConfig, RunConfig
from odd_bench.detector.model import Detector
from odd_bench.detector.teacher import Pca, stored_features
from odd_bench.detector.volumes import Heads
from odd_bench.training.method import MethodSpec


def build(config: DetectorConfig, pca: Pca | None = None) -> Detector:
    """A new detector, its weights from torch's generator. pca: of the teacher's features, where they are distilled."""
    backbone = Backbone(config.backbone)
    volume = Unet3d(config.volume)
    heads = Heads(config.backbone.width, config.heads)
    centres = CentreHead(config.backbone.width) if config.centres.find else None
    return Detector(config, backbone, volume, heads, build_comparison(config, backbone), centres, pca)


def build_comparison(config: DetectorConfig, backbone: Backbone) -> Comparison:
    """The way of comparing objects that `attention.kind` names."""
    if config.attention.kind in ("relations", "aligned"):
        own = FrozenLevels(config.backbone) if config.relations.describe == "pretrained" else None
        return RegisteredComparison(config, backbone.pyramid.widths, own)
    return TokenComparison(config)


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
    return build(config.model, pca), features


def restore(config: RunConfig, weights: dict[str, Tensor]) -> Detector:
    """The detector whose weights these are."""
    backbone = replace(config.model.backbone, weights="none")
    pca = Pca(weights["pca_mean"], weights["pca_components"]) if "pca_mean" in weights else None
    detector = build(replace(config.model, backbone=backbone), pca)
    detector.load_state_dict(weights)
    return detector


def describe(config: RunConfig) -> dict[str, Any]:
    """What a prediction file should say about the method."""
    model = config.model
    return {"config": config.name, "teacher": model.teacher.kind, "attention": model.attention.kind}


SPEC = MethodSpec("reference", CONFIGURATIONS, prepare, restore, describe, ("model.boxes.source=oracle-box",))
