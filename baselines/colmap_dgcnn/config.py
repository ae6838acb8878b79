"""The configuration of a run of COLMAP + DGCNN. Each block defines its defaults in its own file; configs/ holds named ones."""

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
    """The model, block by block."""

    reconstruction: ReconstructionConfig = ReconstructionConfig()
    """The reconstruction of a point cloud from pictures."""
    cut: CutConfig = CutConfig()
    """The segmentation of the cloud into objects."""
    points: int = 1024
    """Number of points of each object that the network reads."""
    match_iou: float = 0.25
    """IoU with a true box from which on a cluster takes the label of its object in training."""
    turn: bool = True
    """Whether training rotates every cloud at random."""
    dgcnn: DgcnnConfig = DgcnnConfig()
    """The network over points."""
    triplet: TripletConfig = TripletConfig()
    """The triplet loss."""


@dataclass(frozen=True)
class RunConfig:
    """A model and its training, which has two stages. The model itself rotates the clouds: there is no augmentation of
    scenes.
    """

    name: str = "paper"
    """Name of the configuration."""
    model: ColmapDgcnnConfig = ColmapDgcnnConfig()
    """The model."""
    train: TrainConfig = TrainConfig(views=20, batch=8, epochs=(50, 50), learning_rate=(1e-3, 1e-3), augment=False)
    """The training."""
    augment: AugmentConfig = AugmentConfig()
    """The augmentation of scenes, which this method does not use."""


def check(config: RunConfig, where: str) -> None:
    """Raise ConfigError for the first value that cannot be used."""
    check_choices(config, CHOICES, where)
    if config.train.augment:
        hint = "Clouds lie in the world of the stored scene; model.turn rotates them"
        raise ConfigError(f"{where}: train.augment: found true; expected false. {hint}")


CONFIGURATIONS = Configurations(RunConfig, "odd_bench.baselines.colmap_dgcnn", check)
