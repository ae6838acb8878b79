"""The configuration of a run of ImVoxelNet: defaults in the file of each block, named set-ups as YAML in configs/."""

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
from odd_bench.configuration import ConfigError, Configurations, check_choices, to_mapping
from odd_bench.data.augment import AugmentConfig
from odd_bench.training.configuration import TrainConfig

__all__ = ["RunConfig", "from_mapping", "load_config", "to_mapping", "with_overrides"]

CHOICES = {
    "model.answer.source": SOURCES,
    "model.head": ("indoor", "pillars"),
    "model.interpolation": ("bilinear", "nearest"),
    "model.indoor_neck.norm": ("batch", "group"),
    "model.pillar_neck.norm": ("batch", "group"),
}


@dataclass(frozen=True)
class AnswerConfig:
    """How detections become one answer an object, see baselines.two_class. source: `predicted`, or `oracle-box`, the true boxes."""

    source: str = "predicted"
    duplicate_iou: float = 0.25
    keep_above: float = 0.1


@dataclass(frozen=True)
class ImVoxelNetConfig:
    """head: `indoor`, three scales without anchors, or `pillars`, anchors on a floor map; each has its neck.

    interpolation: of backprojection, `nearest` as in the original, or `bilinear`. weight_decay: of all weights.
    """

    head: str = "indoor"
    grid: VoxelGrid = VoxelGrid()
    interpolation: str = "nearest"
    backbone: BackboneConfig = BackboneConfig(width=256)
    indoor_neck: IndoorNeckConfig = IndoorNeckConfig()
    indoor: IndoorHeadConfig = IndoorHeadConfig()
    pillar_neck: PillarNeckConfig = PillarNeckConfig()
    pillars: PillarHeadConfig = PillarHeadConfig()
    answer: AnswerConfig = AnswerConfig()
    weight_decay: float = 1e-4


@dataclass(frozen=True)
class RunConfig:
    """A model and how it is trained, in one stage."""

    name: str = "paper"
    model: ImVoxelNetConfig = ImVoxelNetConfig()
    train: TrainConfig = TrainConfig(epochs=(100,), learning_rate=(1e-4,))
    augment: AugmentConfig = AugmentConfig()


def check(config: RunConfig, where: str) -> None:
    """Raise ConfigError at the first value that no model can be built from."""
    check_choices(config, CHOICES, where)
    counts, divisor = config.model.grid.counts, 2 ** (SCALES - 1)
    if config.model.head == "indoor" and any(count % divisor for count in counts):
        raise ConfigError(f"{where}: model.grid.counts: found {counts}; expected multiples of {divisor}")


CONFIGURATIONS = Configurations(RunConfig, "odd_bench.baselines.imvoxelnet", check)
load_config, from_mapping, with_overrides = (
    CONFIGURATIONS.load,
    CONFIGURATIONS.from_mapping,
    CONFIGURATIONS.with_overrides,
)
