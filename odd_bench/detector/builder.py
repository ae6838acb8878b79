"""Building a detector from a configuration, or from the weights of a checkpoint."""

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
    """A new detector, with weights from torch's generator. pca: PCA of the teacher's features, if these are distilled."""
    backbone = Backbone(config.backbone)
    volume = Unet3d(config.volume)
    heads = Heads(config.backbone.width, config.heads)
    centres = CentreHead(config.backbone.width) if config.centres.find else None
    return Detector(config, backbone, volume, heads, build_comparison(config, backbone), centres, pca)


def build_comparison(config: DetectorConfig, backbone: Backbone) -> Comparison:
    """The comparison of objects that `attention.kind` names. backbone: the image network of the detector."""
    if config.attention.kind in ("relations", "aligned"):
        own = FrozenLevels(config.backbone) if config.relations.describe == "pretrained" else None
        return RegisteredComparison(config, backbone.pyramid.widths, own)
    return TokenComparison(config)


def prepare(
    config: RunConfig, dataset: Dataset, device: torch.device | str, track
) -> tuple[Detector, FeatureFolder | None]:
    """A new detector, with weights from the configured seed, and the features of the teacher that it is trained on, if any.

    track: a function that wraps an iterable of scene names to show progress. Its second argument names the work.
    """
    features, pca = None, None
    if config.model.teacher.distils:
        features, pca = stored_features(dataset, config.model.teacher, config.model.heads.d_f, device, track)
        pca = Pca(pca.mean.cpu(), pca.components.cpu())
    torch.manual_seed(config.train.seed)
    return build(config.model, pca), features


def restore(config: RunConfig, weights: dict[str, Tensor]) -> Detector:
    """The detector with weights from a checkpoint."""
    backbone = replace(config.model.backbone, weights="none")
    pca = Pca(weights["pca_mean"], weights["pca_components"]) if "pca_mean" in weights else None
    detector = build(replace(config.model, backbone=backbone), pca)
    detector.load_state_dict(weights)
    return detector


def describe(config: RunConfig) -> dict[str, Any]:
    """Facts about the method for the prediction file."""
    model = config.model
    return {"config": config.name, "teacher": model.teacher.kind, "attention": model.attention.kind}


SPEC = MethodSpec("reference", CONFIGURATIONS, prepare, restore, describe, ("model.boxes.source=oracle-box",))
