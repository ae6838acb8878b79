"""The reference detector: odd one out from a few views (paper section 3, figure 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from odd_bench.data.batch import SceneBatch
from odd_bench.detector.backbone import Backbone, parameter_groups
from odd_bench.detector.backproject import backproject
from odd_bench.detector.boxes import boxes_from_alpha
from odd_bench.detector.canonical import (
    canonical_coordinates,
    canonical_diagonal,
)
from odd_bench.detector.carving import Carved, carved
from odd_bench.detector.comparison.aligned.channels import channel_count
from odd_bench.detector.comparison.aligned.network import AlignedComparison
from odd_bench.detector.config import DetectorConfig
from odd_bench.detector.features import Pca
from odd_bench.detector.floor import FLOOR_CHANNELS, floor_differences
from odd_bench.detector.heads import Heads
from odd_bench.detector.matching import correspondence_accuracy
from odd_bench.detector.objective import losses
from odd_bench.detector.recorded import Recorded
from odd_bench.detector.registration import placement_accuracy
from odd_bench.detector.related import Related, related
from odd_bench.detector.relations import Relations
from odd_bench.detector.roi import cell_centres, pool
from odd_bench.detector.silhouettes import Silhouettes, fold_of
from odd_bench.detector.tokens import TokenComparison
from odd_bench.detector.tops import Tops
from odd_bench.detector.unet3d import Unet3d
from odd_bench.detector.volumes import Volumes
from odd_bench.method import SceneAnswer

RECONSTRUCTION, END_TO_END = "reconstruction", "end-to-end"


class Detector(nn.Module):
    """See odd_bench.method.Method for what it offers to training and prediction.

    pca_mean, pca_components: of the teacher's features, kept because the projected features mean nothing without them.
    """

    stages = (RECONSTRUCTION, END_TO_END)
    threshold = 0.5

    def __init__(self, config: DetectorConfig, pca: Pca | None = None):
        super().__init__()
        self.config, self.grid, self.stage = config, config.grid, END_TO_END
        width = config.backbone.width
        self.backbone = Backbone(config.backbone)
        self.volume = Unet3d(config.volume)
        self.heads = Heads(width, config.heads)
        if self.relates:
            widths, beside = self.backbone.pyramid.widths, FLOOR_CHANNELS if config.silhouettes.floor else 0
            levels = min(config.relations.levels, len(widths))
            self.silhouettes = Silhouettes(widths, beside)
            self.folds = nn.ModuleList(Silhouettes(widths, beside) for _ in range(config.silhouettes.folds))
            self.compare = Relations(levels, config.relations)
            self.tops = Tops()
            self.aligned = AlignedComparison(channel_count(levels), config.aligned) if self.aligns else None
        else:
            self.compare = TokenComparison(config)
        self.recorded: Recorded | None = None
        self.register_buffer("pca_mean", None if pca is None else pca.mean)
        self.register_buffer("pca_components", None if pca is None else pca.components)

    @property
    def gt_boxes(self) -> bool:
        return self.config.boxes.source == "oracle-box"

    @property
    def gt_count(self) -> bool:
        return self.config.boxes.source == "oracle-count"

    @property
    def relates(self) -> bool:
        return self.config.attention.kind == "relations" or self.aligns

    @property
    def aligns(self) -> bool:
        """Whether relations are compared and aligned references beside them."""
        return self.config.attention.kind == "aligned"

    @property
    def learnt_later(self) -> tuple[str, ...]:
        """What the first stage leaves alone."""
        return ("compare", "tops", *(["aligned"] if self.aligns else [])) if self.relates else ("compare",)

    @property
    def reconstructs(self) -> list[nn.Module]:
        """The parts that learn what a scene is like, before objects are compared."""
        parts = [self.backbone, self.volume, self.heads]
        return [*parts, self.silhouettes, self.folds] if self.relates else parts

    @property
    def keeps_volume(self) -> bool:
        """Whether this stage leaves the volume as the first made it."""
        return self.stage == END_TO_END and self.config.loss.reconstruction == 0

    @property
    def looks_through_windows(self) -> bool:
        """Whether silhouettes are being learnt on windows: nothing else needs them in the first stage."""
        return self.training and self.stage == RECONSTRUCTION and self.config.loss.silhouette_window is not None

    def start_stage(self, name: str) -> None:
        """First the volume alone, then everything, or the comparison alone."""
        self.stage = name
        for part in self.learnt_later:
            getattr(self, part).requires_grad_(name == END_TO_END)
        if self.keeps_volume:
            for part in self.reconstructs:
                part.requires_grad_(False)

    def train(self, mode: bool = True) -> Detector:
        """A volume that stays as it is keeps the statistics of its norms."""
        super().train(mode)
        if self.keeps_volume:
            for part in self.reconstructs:
                part.eval()
        return self

    def parameter_groups(self, learning_rate: float, backbone_rate: float) -> Iterable[dict[str, Any]]:
        """The image network apart, so that it may learn more slowly."""
        return parameter_groups(self, self.backbone.pyramid, learning_rate, backbone_rate)

    # Scene representation, section 3.1

    def reconstruct(self, batch: SceneBatch) -> Volumes:
        """The volumes of every scene from all views of the batch."""
        b, m, _, height, width = batch.images.shape
        images = batch.images.flatten(0, 1).float() / 255
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.keeps_volume):
            levels = self.backbone.pyramid.levels(images)
            maps = self.backbone.from_levels(images, levels).unflatten(0, (b, m))
            volume, seen = backproject(
                maps, batch.K, batch.camera_from_world, (height, width), self.grid, self.config.interpolation
            )
            features = self.volume(volume, seen)
            color_alpha = self.heads.color_alpha(features)
            if not self.relates:
                return Volumes(features, color_alpha, batch)
            floor = None
            if self.config.silhouettes.floor:
                floor = floor_differences(images.unflatten(0, (b, m)), batch.K, batch.camera_from_world)
            if self.looks_through_windows:
                apart = tuple(one.unflatten(0, (b, m)) for one in levels)
                return Volumes(features, color_alpha, batch, levels=apart, floor=floor)
            silhouettes = self.silhouettes_of(images, levels, floor, batch)
        described = tuple(level.unflatten(0, (b, m)) for level in self.described(images, levels))
        return Volumes(features, color_alpha, batch, silhouettes, described, self.config.hulls.object_above, floor)

    def silhouettes_of(self, images: Tensor, levels: list[Tensor], floor: Tensor | None, batch: SceneBatch) -> Tensor:
        """(b, m, h, w) logits, where the comparison learns from them by a decoder that did not learn from the scene."""
        b, m = batch.images.shape[:2]
        further = None if floor is None else floor.flatten(0, 1)
        if not (self.training and self.stage == END_TO_END and len(self.folds)):
            return self.silhouettes(images, levels, further).float().unflatten(0, (b, m))
        found = []
        for scene, name in enumerate(batch.names):
            mine = slice(scene * m, (scene + 1) * m)
            decoder = self.folds[fold_of(name, len(self.folds))]
            found.append(
                decoder(images[mine], [one[mine] for one in levels], None if further is None else further[mine])
            )
        return torch.stack(found).float()

    @torch.no_grad()
    def described(self, images: Tensor, levels: list[Tensor]) -> list[Tensor]:
        """The levels that describe pixels of the pictures (n, 3, h, w), enlarged if so configured; `levels` are as they are."""
        config = self.config.relations
        if config.enlarge != 1 and self.stage == END_TO_END:
            large = interpolate(images, scale_factor=config.enlarge, mode="bicubic", align_corners=False).clamp(0, 1)
            levels = self.backbone.pyramid.levels(large)
        return [level.detach() for level in levels[: config.levels]]

    def loss(self, batch: SceneBatch) -> dict[str, Tensor]:
        """`total` and its parts: see odd_bench.detector.objective."""
        return losses(self, batch)

    # Objects and their comparison, sections 3.3 and 3.4

    def boxes(self, volumes: Volumes, batch: SceneBatch, scene: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Boxes (n, 6) by the configured source, and object ids (n,) where they are the true ones."""
        if self.gt_boxes:
            boxes = batch.boxes[scene].cpu().numpy()
            return boxes, np.arange(len(boxes))
        if self.relates:
            return self.tops.lowered(self.carved(volumes, batch, scene)), None
        alpha = volumes.alpha[scene].detach().float().cpu().numpy()
        return boxes_from_alpha(alpha, self.grid, self.config.boxes, self.count(batch, scene)), None

    def carved(self, volumes: Volumes, batch: SceneBatch, scene: int) -> Carved:
        """The objects that silhouettes leave of the volume."""
        alpha, outlines = volumes.alpha[scene].detach().float(), volumes.outlines[scene]
        views, config = (batch.K[scene], batch.camera_from_world[scene]), self.config
        return carved(alpha, outlines, *views, self.grid, config.boxes, config.carving, self.count(batch, scene))

    def count(self, batch: SceneBatch, scene: int) -> int | None:
        """The number of objects, where that is told."""
        return len(batch.boxes[scene]) if self.gt_count else None

    def pooled(self, volumes: Volumes, scene: int, cells: Tensor) -> tuple[Tensor, Tensor]:
        """z_n: features (n, t, d) and alpha (n, t) at the cells (n, t, 3)."""
        features = pool(volumes.features[scene], cells, self.grid)
        return features, pool(volumes.alpha[scene][None], cells, self.grid)[..., 0]

    def logits(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> Tensor:
        """(n,) one logit for each of the boxes (n, 6), n at least 1."""
        if self.relates:
            return self.related(volumes, scene, boxes).logits
        return self.compare(*self.pooled(volumes, scene, self.cells_of(volumes, boxes)), self.heads.beta)

    def cells_of(self, volumes: Volumes, boxes: np.ndarray) -> Tensor:
        """(n, t, 3) metres, world, of the boxes (n, 6)."""
        return cell_centres(torch.from_numpy(boxes).float().to(volumes.features.device), self.grid, self.config.roi)

    def related(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> Related:
        """The objects in the boxes (n, 6) compared by relations."""
        boxes_there, config = torch.from_numpy(boxes).to(volumes.batch.K), self.config
        return related(self.compare, volumes, scene, boxes_there, config.hulls, config.registration, self.aligned)

    def record(self) -> None:
        """From now on predict by replaying what the GPU does: three times as fast, for as long as weights stay where they are."""
        self.recorded = Recorded(self.reconstruct)

    @torch.no_grad()
    def predict(self, batch: SceneBatch) -> list[SceneAnswer]:
        """Boxes and chances of being anomalous; a scene in which nothing is found has none."""
        volumes = (self.recorded or self.reconstruct)(batch)
        return [self.answer(volumes, batch, scene) for scene in range(len(batch))]

    def answer(self, volumes: Volumes, batch: SceneBatch, scene: int) -> SceneAnswer:
        boxes, objects = self.boxes(volumes, batch, scene)
        if not len(boxes):
            return SceneAnswer(boxes, np.zeros(0), objects)
        return SceneAnswer(boxes, self.logits(volumes, scene, boxes).double().sigmoid().cpu().numpy(), objects)

    @torch.no_grad()
    def measures(self, batch: SceneBatch) -> dict[str, float]:
        """PCK: correspondences between true instances that are right to a tenth of the diagonal; symmetry counts as wrong."""
        volumes = self.reconstruct(batch)
        accuracy = self.placement_accuracy if self.relates else self.correspondence_accuracy
        found = [accuracy(volumes, batch, scene) for scene in range(len(batch))]
        return {"PCK": float(np.nanmean(found)) if not np.isnan(found).all() else float("nan")}

    def correspondence_accuracy(self, volumes: Volumes, batch: SceneBatch, scene: int) -> float:
        """Of the best matches of opaque cells; NaN where no two objects have any."""
        features, cells, opaque = self.projected(volumes, scene, batch.boxes[scene])
        canonical = canonical_coordinates(cells, batch.world_from_object[scene])
        diagonal = canonical_diagonal(batch.obbs[scene], batch.world_from_object[scene])
        return correspondence_accuracy(features, canonical, opaque, diagonal)

    def placement_accuracy(self, volumes: Volumes, batch: SceneBatch, scene: int) -> float:
        """Of the points of hulls laid upon each other; NaN of one object."""
        related = self.related(volumes, scene, batch.boxes[scene].cpu().numpy())
        poses = batch.world_from_object[scene]
        return placement_accuracy(
            related.hulls, related.placements, poses, canonical_diagonal(batch.obbs[scene], poses)
        )

    def projected(self, volumes: Volumes, scene: int, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Projected features (n, t, c) of the cells (n, t, 3) in boxes (n, 6), and which of them are opaque (n, t)."""
        cells = cell_centres(boxes, self.grid, self.config.roi)
        features, alpha = self.pooled(volumes, scene, cells)
        return self.heads.beta(features), cells, alpha > self.config.canonical.alpha_above

    @torch.no_grad()
    def pictures(self, batch: SceneBatch) -> dict[str, Tensor]:
        """What training shows: see odd_bench.detector.pictures."""
        from odd_bench.detector.pictures import training_pictures

        return training_pictures(self, batch)
