"""The configuration of a run of DETR3D. Each block defines its defaults in its own file; configs/ holds named ones as YAML."""

# ruff: noqa: RUF009 - the defaults are frozen dataclasses

from __future__ import annotations

from dataclasses import dataclass

from odd_bench.baselines.detr3d.code import CodeConfig
from odd_bench.baselines.detr3d.decoder import DecoderConfig
from odd_bench.baselines.detr3d.losses import LossConfig
from odd_bench.baselines.two_class import SOURCES
from odd_bench.blocks.backbone import NETWORKS, BackboneConfig
from odd_bench.configuration import ConfigError, Configurations, check_choices
from odd_bench.data.augment import AugmentConfig
from odd_bench.training.configuration import TrainConfig

CHOICES = {"model.answer.source": SOURCES, "model.backbone.network": NETWORKS}


@dataclass(frozen=True)
class AnswerConfig:
    """The conversion of queries to boxes."""

    source: str = "predicted"
    """Boxes to be scored: `predicted`, or `oracle-box`, the true boxes."""
    most: int = 300
    """Number of queries with the highest scores that are kept."""
    keep_above: float | None = None
    """Boxes with a lower class score are not reported; None = chosen on the validation scenes, see suppression.py."""
    duplicate_iou: float | None = None
    """Boxes of two queries with a larger IoU belong to one object; 1 = never, as in DETR3D; None = chosen on the validation
    scenes, see suppression.py.
    """


@dataclass(frozen=True)
class Detr3dConfig:
    """The model."""

    backbone: BackboneConfig = BackboneConfig(width=256)
    """The image network; its `width` is also that of the decoder."""
    decoder: DecoderConfig = DecoderConfig()
    """The decoder."""
    code: CodeConfig = CodeConfig()
    """The encoding of boxes."""
    loss: LossConfig = LossConfig()
    """Weights of the losses."""
    answer: AnswerConfig = AnswerConfig()
    """The conversion of queries to boxes."""
    weight_decay: float = 0.01
    """Weight decay of AdamW."""


@dataclass(frozen=True)
class RunConfig:
    """A model and its training, which has one stage."""

    name: str = "paper"
    """Name of the configuration."""
    model: Detr3dConfig = Detr3dConfig()
    """The model."""
    train: TrainConfig = TrainConfig(epochs=(100,), learning_rate=(2e-4,))
    """The training."""
    augment: AugmentConfig = AugmentConfig()
    """The augmentation of scenes during training."""


def check(config: RunConfig, where: str) -> None:
    """Raise ConfigError for the first value from which no model can be built."""
    check_choices(config, CHOICES, where)
    model = config.model
    if model.backbone.width % model.decoder.heads:
        found = f"{model.backbone.width} for {model.decoder.heads} heads"
        raise ConfigError(f"{where}: model.backbone.width: found {found}; expected a multiple")
    if any(low >= high for low, high in zip(model.code.low_m, model.code.high_m, strict=True)):
        raise ConfigError(f"{where}: model.code: found {model.code.low_m} to {model.code.high_m}; expected low < high")


CONFIGURATIONS = Configurations(RunConfig, "odd_bench.baselines.detr3d", check)
