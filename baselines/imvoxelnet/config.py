"""The configuration of a run of ImVoxelNet. Each block defines its defaults in its own file; configs/ holds named ones as YAML."""

# ruff: noqa: RUF009 - the defaults are frozen dataclasses

from __future__ import annotations

from dataclasses import dataclass

from odd_bench.baselines.imvoxelnet.head_indoor import IndoorHeadConfig
from odd_bench.baselines.imvoxelnet.head_pillars import PillarHeadConfig
from odd_bench.baselines.imvoxelnet.neck_indoor import SCALES, IndoorNeckConfig
from odd_bench.baselines.imvoxelnet.neck_pillars import PillarNeckConfig
from odd_bench.baselines.two_class import SOURCES
from odd_bench.blocks.backbone import BackboneConfig
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.configuration import ConfigError, Configurations, check_choices
from odd_bench.data.augment import AugmentConfig
from odd_bench.training.configuration import TrainConfig

CHOICES = {
    "model.answer.source": SOURCES,
    "model.head": ("indoor", "pillars"),
    "model.interpolation": ("bilinear", "nearest"),
    "model.indoor_neck.norm": ("batch", "group"),
    "model.pillar_neck.norm": ("batch", "group"),
}


@dataclass(frozen=True)
class AnswerConfig:
    """The conversion of detections to one box per object, see baselines.two_class."""

    source: str = "predicted"
    """Boxes to be scored: `predicted`, or `oracle-box`, the true boxes."""
    duplicate_iou: float = 0.25
    """Detections with a larger IoU belong to one object."""
    keep_above: float = 0.1
    """Only detections with a confidence above this value, in [0, 1], are kept."""


@dataclass(frozen=True)
class ImVoxelNetConfig:
    """The model, block by block."""

    head: str = "indoor"
    """`indoor` (three scales, without anchors) or `pillars` (anchors on a map of the floor). Each has a neck of its own."""
    grid: VoxelGrid = VoxelGrid()
    """The voxel grid."""
    interpolation: str = "nearest"
    """Interpolation of backprojection: `nearest` as in the original, or `bilinear`."""
    backbone: BackboneConfig = BackboneConfig(width=256)
    """The image network."""
    indoor_neck: IndoorNeckConfig = IndoorNeckConfig()
    """The 3D network of the indoor head."""
    indoor: IndoorHeadConfig = IndoorHeadConfig()
    """The indoor head."""
    pillar_neck: PillarNeckConfig = PillarNeckConfig()
    """The network of the pillar head."""
    pillars: PillarHeadConfig = PillarHeadConfig()
    """The pillar head."""
    answer: AnswerConfig = AnswerConfig()
    """The conversion of detections to boxes."""
    weight_decay: float = 1e-4
    """Weight decay of all weights."""


@dataclass(frozen=True)
class RunConfig:
    """A model and its training, which has one stage."""

    name: str = "paper"
    """Name of the configuration."""
    model: ImVoxelNetConfig = ImVoxelNetConfig()
    """The model."""
    train: TrainConfig = TrainConfig(epochs=(100,), learning_rate=(1e-4,))
    """The training."""
    augment: AugmentConfig = AugmentConfig()
    """The augmentation of scenes during training."""


def check(config: RunConfig, where: str) -> None:
    """Raise ConfigError for the first value from which no model can be built."""
    check_choices(config, CHOICES, where)
    counts, divisor = config.model.grid.counts, 2 ** (SCALES - 1)
    if config.model.head == "indoor" and any(count % divisor for count in counts):
        raise ConfigError(f"{where}: model.grid.counts: found {counts}; expected multiples of {divisor}")


CONFIGURATIONS = Configurations(RunConfig, "odd_bench.baselines.imvoxelnet", check)
