"""The configuration of a run of COLMAP + DGCNN: defaults in the file of each block, named set-ups as YAML in configs/."""

# ruff: noqa: RUF009 - the defaults are frozen dataclasses

from __future__ import annotations

from dataclasses import dataclass

from odd_bench.baselines.colmap_dgcnn.cutting import SOURCES, CutConfig
from odd_bench.baselines.colmap_dgcnn.dgcnn import DgcnnConfig
from odd_bench.baselines.colmap_dgcnn.reconstruct import STEREOS, ReconstructionConfig
from odd_bench.baselines.colmap_dgcnn.triplet import TripletConfig
from odd_bench.configuration import ConfigError, Configurations, check_choices
from odd_bench.data.augment import AugmentConfig
from odd_bench.training.configuration import TrainConfig

CHOICES = {"model.reconstruction.stereo": STEREOS, "model.cut.source": SOURCES}


@dataclass(frozen=True)
class ColmapDgcnnConfig:
    """One model, block by block."""

    reconstruction: ReconstructionConfig = ReconstructionConfig()
    """From pictures to a point cloud."""
    cut: CutConfig = CutConfig()
    """From a cloud to objects."""
    points: int = 1024
    """Points of each object that the network reads."""
    match_iou: float = 0.25
    """Overlap with a true box from which a cluster takes its label in training."""
    turn: bool = True
    """Whether training turns every cloud at random."""
    dgcnn: DgcnnConfig = DgcnnConfig()
    """The network over points."""
    triplet: TripletConfig = TripletConfig()
    """The triplet loss."""


@dataclass(frozen=True)
class RunConfig:
    """A model and how it is trained, in two stages. Clouds are turned by the model: scenes are not moved by the
    loader.
    """

    name: str = "paper"
    """Name of the configuration."""
    model: ColmapDgcnnConfig = ColmapDgcnnConfig()
    """The method, block by block."""
    train: TrainConfig = TrainConfig(views=20, batch=8, epochs=(50, 50), learning_rate=(1e-3, 1e-3), augment=False)
    """How it is trained."""
    augment: AugmentConfig = AugmentConfig()
    """How scenes are moved while it is trained."""


def check(config: RunConfig, where: str) -> None:
    """Raise ConfigError at the first value that cannot be used."""
    check_choices(config, CHOICES, where)
    if config.train.augment:
        hint = "Clouds lie in the world of the stored scene; model.turn turns them"
        raise ConfigError(f"{where}: train.augment: found true; expected false. {hint}")


CONFIGURATIONS = Configurations(RunConfig, "odd_bench.baselines.colmap_dgcnn", check)
