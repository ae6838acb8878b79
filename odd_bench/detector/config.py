"""The configuration of a run. Defaults are in the file of each block; configs/ has named configurations as YAML."""

# ruff: noqa: RUF009 - the defaults are frozen dataclasses

from __future__ import annotations

from dataclasses import dataclass

from odd_bench.blocks.backbone import BackboneConfig
from odd_bench.blocks.unet3d import Unet3dConfig
from odd_bench.blocks.volume_rendering import RenderConfig
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.configuration import ConfigError, Configurations, check_choices
from odd_bench.data.augment import AugmentConfig
from odd_bench.detector.boxes import BoxConfig, CentresConfig
from odd_bench.detector.carving import CarvingConfig
from odd_bench.detector.comparison.aligned import AlignedConfig
from odd_bench.detector.comparison.attention import AttentionConfig, ClassifierConfig
from odd_bench.detector.comparison.relations import RelationsConfig
from odd_bench.detector.correspondences import CanonicalConfig, MatchingConfig, RoiConfig
from odd_bench.detector.heights import HeightsConfig
from odd_bench.detector.hulls import HullConfig
from odd_bench.detector.losses import LossConfig
from odd_bench.detector.sides import SidesConfig
from odd_bench.detector.silhouettes import SilhouettesConfig
from odd_bench.detector.teacher import TeacherConfig
from odd_bench.detector.volumes import HeadsConfig
from odd_bench.training.configuration import TrainConfig

SMALLEST_WINDOW = 32  # pixels: a cell of the coarsest level of ResNet-50
CHOICES = {
    "model.attention.kind": ("none", "dense", "sparse", "relations", "aligned"),
    "model.loss.mask_kind": ("squared", "cross-entropy"),
    "model.teacher.kind": ("none", "dinov2", "efficientnet-lite0", "canonical"),
    "model.boxes.source": ("predicted", "oracle-count", "oracle-box"),
    "model.volume.norm": ("batch", "group"),
    "model.interpolation": ("bilinear", "nearest"),
    "model.registration": ("auto", "yaw", "all"),
    "model.relations.describe": ("shared", "pretrained"),
}


@dataclass(frozen=True)
class DetectorConfig:
    """One detector, block by block."""

    grid: VoxelGrid = VoxelGrid()
    """The voxels."""
    interpolation: str = "bilinear"
    """How feature maps are sampled in backprojection: `bilinear` or `nearest`."""
    registration: str = "auto"
    """Rotations that registration tries: `yaw` (and shifts along the floor), `all`, or `auto`, which tries all rotations if no yaw
    fits.
    """
    threshold: float = 0.5
    """Probability above which an object is called odd, in (0, 1)."""
    held_share: float = 0.0
    """Share of the training shapes that only the second stage learns from. Their silhouettes and boxes are then as good as those of
    unseen scenes. 0: both stages learn from all shapes.
    """
    backbone: BackboneConfig = BackboneConfig()
    """The image network."""
    volume: Unet3dConfig = Unet3dConfig()
    """The 3D network."""
    heads: HeadsConfig = HeadsConfig()
    """What is read off each voxel."""
    soft_hull: bool = False
    """Whether the 3D network also reads how far the silhouettes of the views agree on each voxel."""
    variance: bool = False
    """Whether the 3D network also reads the variance over the views of the features of each voxel: views agree on surfaces."""
    centres: CentresConfig = CentresConfig()
    """Objects as peaks of a map of centres."""
    render: RenderConfig = RenderConfig()
    """How views are rendered from the volume."""
    heights: HeightsConfig = HeightsConfig()
    """Heights of boxes; only for registered objects."""
    sides: SidesConfig = SidesConfig()
    """Sides of boxes, estimated from the visual hulls of all instances; only for registered objects."""
    teacher: TeacherConfig = TeacherConfig()
    """The network whose features are distilled."""
    canonical: CanonicalConfig = CanonicalConfig()
    """Supervision by canonical coordinates."""
    boxes: BoxConfig = BoxConfig()
    """Boxes around clusters of voxels."""
    roi: RoiConfig = RoiConfig()
    """Cells of an object, for attention."""
    matching: MatchingConfig = MatchingConfig()
    """Correspondences, for attention."""
    attention: AttentionConfig = AttentionConfig()
    """How objects are compared."""
    classifier: ClassifierConfig = ClassifierConfig()
    """From attended cells to a logit."""
    carving: CarvingConfig = CarvingConfig()
    """Boxes carved by silhouettes."""
    hulls: HullConfig = HullConfig()
    """Visual hulls."""
    relations: RelationsConfig = RelationsConfig()
    """Comparison of registered objects."""
    aligned: AlignedConfig = AlignedConfig()
    """Comparison on aligned references."""
    silhouettes: SilhouettesConfig = SilhouettesConfig()
    """How silhouettes are found."""
    loss: LossConfig = LossConfig()
    """Weights of the losses."""


@dataclass(frozen=True)
class RunConfig:
    """A detector and how it is trained."""

    name: str = "paper"
    """Name of the configuration."""
    model: DetectorConfig = DetectorConfig()
    """The method, block by block."""
    train: TrainConfig = TrainConfig()
    """How it is trained."""
    augment: AugmentConfig = AugmentConfig()
    """How scenes are moved while it is trained."""


def check(config: RunConfig, where: str) -> None:
    """Raise ConfigError at the first value that no detector can be built from."""
    check_choices(config, CHOICES, where)
    model = config.model
    divisor = 2 ** (len(model.volume.channels) - 1)
    if any(count % divisor for count in model.grid.counts):
        raise ConfigError(f"{where}: model.grid.counts: found {model.grid.counts}; expected multiples of {divisor}")
    if model.volume.channels[0] != model.backbone.width:
        found = f"{model.volume.channels[0]} and {model.backbone.width}"
        raise ConfigError(
            f"{where}: model.volume.channels[0], model.backbone.width: found {found}; expected equal widths"
        )
    if model.loss.silhouette_window is not None and model.loss.silhouette_window < SMALLEST_WINDOW:
        found = model.loss.silhouette_window
        raise ConfigError(
            f"{where}: model.loss.silhouette_window: found {found}; expected {SMALLEST_WINDOW} pixels or more"
        )
    registered = model.attention.kind in ("relations", "aligned")
    for key, asked in (("soft_hull", model.soft_hull), ("centres.find", model.centres.find)):
        if asked and not registered:
            raise ConfigError(
                f"{where}: model.{key}: found true with model.attention.kind={model.attention.kind}, which has no silhouettes; "
                "expected relations or aligned"
            )
    if model.soft_hull and model.loss.silhouette_window is not None:
        raise ConfigError(
            f"{where}: model.soft_hull: found true with model.loss.silhouette_window={model.loss.silhouette_window}; "
            "expected whole pictures, since the volume reads silhouettes everywhere. Hint: model.loss.silhouette_window=null"
        )
    if not 0 < model.threshold < 1:
        raise ConfigError(f"{where}: model.threshold: found {model.threshold}; expected a chance between 0 and 1")
    if not 0 <= model.held_share < 1:
        raise ConfigError(f"{where}: model.held_share: found {model.held_share}; expected 0 or more, and less than 1")
    if model.attention.width % model.attention.heads:
        found = f"{model.attention.width} for {model.attention.heads} heads"
        raise ConfigError(f"{where}: model.attention.width: found {found}; expected a multiple")


CONFIGURATIONS = Configurations(RunConfig, "odd_bench.detector", check)
