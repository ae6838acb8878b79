"""The reference detector: odd one out from a few views (paper section 3, figure 2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from odd_bench.data.batch import SceneBatch
from odd_bench.detector.attention import CrossInstance
from odd_bench.detector.backbone import Backbone, parameter_groups
from odd_bench.detector.backproject import backproject
from odd_bench.detector.boxes import boxes_from_alpha
from odd_bench.detector.canonical import canonical_coordinates, contrastive_loss, shape_scale, symmetries
from odd_bench.detector.classifier import Classifier
from odd_bench.detector.config import DetectorConfig
from odd_bench.detector.features import Pca
from odd_bench.detector.heads import Heads
from odd_bench.detector.losses import (
    covered_cells,
    feature_loss,
    label_loss,
    labelled_boxes,
    mask_loss,
    picture_targets,
    teacher_targets,
)
from odd_bench.detector.matching import correspondence_accuracy, correspondences, mask_from_keys
from odd_bench.detector.ray_draw import at_cells, draw_cells, drawn_rays, near_objects
from odd_bench.detector.render import feature_weights, pixel_rays, render
from odd_bench.detector.roi import cell_centres, most_opaque, pool
from odd_bench.detector.unet3d import Unet3d
from odd_bench.method import SceneAnswer

RECONSTRUCTION, END_TO_END = "reconstruction", "end-to-end"


@dataclass(frozen=True)
class Volumes:
    """features: F_v (b, d, z, y, x). color_alpha: V_c and the opacity of V_sigma, (b, 4, z, y, x) in [0, 1]."""

    features: Tensor
    color_alpha: Tensor

    @property
    def alpha(self) -> Tensor:
        """(b, z, y, x)"""
        return self.color_alpha[:, 3]


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
        self.widen = nn.Linear(width + 1, config.attention.width)
        self.cross_instance = CrossInstance(config.attention)
        self.classifier = Classifier(config.attention.width, config.roi.cells, config.classifier)
        self.register_buffer("pca_mean", None if pca is None else pca.mean)
        self.register_buffer("pca_components", None if pca is None else pca.components)

    @property
    def gt_boxes(self) -> bool:
        return self.config.boxes.source == "oracle-box"

    @property
    def gt_count(self) -> bool:
        return self.config.boxes.source == "oracle-count"

    def start_stage(self, name: str) -> None:
        """First the volume alone, then everything."""
        self.stage = name
        for part in (self.widen, self.cross_instance, self.classifier):
            part.requires_grad_(name == END_TO_END)

    def parameter_groups(self, learning_rate: float, backbone_rate: float) -> Iterable[dict[str, Any]]:
        """The image network apart, so that it may learn more slowly."""
        return parameter_groups(self, self.backbone.pyramid, learning_rate, backbone_rate)

    # Scene representation, section 3.1

    def reconstruct(self, batch: SceneBatch) -> Volumes:
        """The volumes of every scene from all views of the batch."""
        b, m, _, height, width = batch.images.shape
        maps = self.backbone(batch.images.flatten(0, 1).float() / 255).unflatten(0, (b, m))
        volume, seen = backproject(
            maps, batch.K, batch.camera_from_world, (height, width), self.grid, self.config.interpolation
        )
        features = self.volume(volume, seen)
        return Volumes(features, self.heads.color_alpha(features))

    # Losses, sections 3.2 and 3.4

    def loss(self, batch: SceneBatch) -> dict[str, Tensor]:
        """`total` and its parts. Half of the views build the volumes, the other half are rendered, and the reverse."""
        half = batch.images.shape[1] // 2
        first, second = range(half), range(half, 2 * half)
        ways = [(first, second), (second, first)] if self.config.loss.both_ways else [(first, second)]
        parts = [self.loss_one_way(batch.with_views(seen), batch.with_views(held)) for seen, held in ways]
        return {name: sum(part[name] for part in parts) / len(parts) for name in parts[0]}

    def loss_one_way(self, seen: SceneBatch, held: SceneBatch) -> dict[str, Tensor]:
        """Volumes from `seen`, pictures and features of `held`."""
        weights = self.config.loss
        volumes = self.reconstruct(seen)
        parts = self.rendering_losses(volumes, held)
        total = parts["color"] + weights.mask * parts["mask"]
        if "feature" in parts:
            total = total + weights.feature * parts["feature"]  # eq. 4
        if self.config.teacher.kind == "canonical":
            parts["canonical"] = self.mean_over_scenes(self.canonical_loss, volumes, seen)
            total = total + weights.canonical * parts["canonical"]
        if self.stage == END_TO_END:
            parts["label"] = self.mean_over_scenes(self.scene_label_loss, volumes, seen)
            total = parts["label"] + weights.reconstruction * total
        return {"total": total, **parts}

    def mean_over_scenes(self, scene_loss, volumes: Volumes, batch: SceneBatch) -> Tensor:
        return torch.stack([scene_loss(volumes, batch, scene) for scene in range(len(batch))]).mean()

    def rendering_losses(self, volumes: Volumes, held: SceneBatch) -> dict[str, Tensor]:
        """Means over scenes and views of the errors of colour, mask and features."""
        config, size = self.config.render, tuple(held.images.shape[-2:])
        sums: dict[str, list[Tensor]] = {"color": [], "mask": [], "feature": []}
        for scene in range(len(held)):
            rays = pixel_rays(held.K[scene], held.camera_from_world[scene], size, config.pixels)
            truth = picture_targets(held.images[scene].float() / 255, held.instance[scene], config.pixels)
            if config.rays is not None:
                cells = draw_cells(near_objects(truth[1], config.pixels), config.rays)
                rays, truth = drawn_rays(rays, cells), at_cells(truth, cells)
            color, mask = render(volumes.color_alpha[scene], rays, self.grid, config)
            sums["color"].append((color - truth[0]).square().sum(dim=-1).mean())  # eq. 3
            sums["mask"].append(mask_loss(mask, truth[1], self.config.loss.mask_kind))
            if held.teacher is not None:
                sums["feature"].append(self.scene_feature_loss(volumes, held, scene))
        return {name: torch.stack(values).mean() for name, values in sums.items() if values}

    def scene_feature_loss(self, volumes: Volumes, held: SceneBatch, scene: int) -> Tensor:
        """Rendered features against the teacher's where objects are; no gradient to the density."""
        config, size = self.config.render, tuple(held.images.shape[-2:])
        covered = covered_cells(held.instance[scene], config.feature_pixels)
        rays = pixel_rays(held.K[scene], held.camera_from_world[scene], size, config.feature_pixels)
        weights = feature_weights(volumes.alpha[scene], rays, covered, self.grid, config)
        voxels = volumes.features[scene].flatten(1).T[weights.voxels]  # (k, d)
        target = teacher_targets(held.teacher[scene], covered, config.feature_pixels)
        return feature_loss(weights.render(self.heads.beta(voxels)), target)

    def canonical_loss(self, volumes: Volumes, batch: SceneBatch, scene: int) -> Tensor:
        """Projected features of true instances against their canonical coordinates."""
        config = self.config.canonical
        poses = batch.world_from_object[scene]
        cells = cell_centres(batch.boxes[scene], self.grid, self.config.roi)
        features, alpha = self.pooled(volumes, scene, cells)
        on_object = alpha.detach() > config.alpha_above  # (n, t)
        if not on_object.any():
            return features.sum() * 0
        canonical = canonical_coordinates(cells, poses)
        turns = symmetries(volumes.color_alpha[scene].detach(), canonical, on_object, poses, self.grid, config)
        spread = config.spread_cells * (cells[0, 1] - cells[0, 0]).norm() / shape_scale(poses[0])
        return contrastive_loss(
            self.heads.beta(features), canonical, on_object, turns, float(spread), config.temperature
        )

    def scene_label_loss(self, volumes: Volumes, batch: SceneBatch, scene: int) -> Tensor:
        """Binary cross-entropy of the found objects; 0 where nothing is found."""
        found, _ = self.boxes(volumes, batch, scene)
        true_boxes, labels = batch.boxes[scene].cpu().numpy(), batch.labels[scene].cpu().numpy()
        boxes, labels = labelled_boxes(found, true_boxes, labels, self.config.loss)
        if not len(boxes):
            return volumes.features.sum() * 0
        logits = self.logits(volumes, scene, boxes)
        return label_loss(logits, torch.from_numpy(labels).to(logits.device), self.config.loss)

    # Objects and their comparison, sections 3.3 and 3.4

    def boxes(self, volumes: Volumes, batch: SceneBatch, scene: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Boxes (n, 6) by the configured source, and object ids (n,) where they are the true ones."""
        if self.gt_boxes:
            boxes = batch.boxes[scene].cpu().numpy()
            return boxes, np.arange(len(boxes))
        count = len(batch.boxes[scene]) if self.gt_count else None
        alpha = volumes.alpha[scene].detach().float().cpu().numpy()
        return boxes_from_alpha(alpha, self.grid, self.config.boxes, count), None

    def pooled(self, volumes: Volumes, scene: int, cells: Tensor) -> tuple[Tensor, Tensor]:
        """z_n: features (n, t, d) and alpha (n, t) at the cells (n, t, 3)."""
        features = pool(volumes.features[scene], cells, self.grid)
        return features, pool(volumes.alpha[scene][None], cells, self.grid)[..., 0]

    def logits(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> Tensor:
        """(n,) one logit for each of the boxes (n, 6), n at least 1."""
        cells = cell_centres(torch.from_numpy(boxes).float().to(volumes.features.device), self.grid, self.config.roi)
        features, alpha = self.pooled(volumes, scene, cells)
        tokens = self.widen(torch.cat([features, alpha[..., None]], dim=-1))  # (n, t, width)
        compared = most_opaque(alpha, self.config.roi.compared)[..., None]  # (n, k, 1)
        allowed = None
        if self.config.attention.kind == "sparse" and len(boxes) > 1:
            projected = self.heads.beta(torch.take_along_dim(features, compared, dim=1))
            allowed = mask_from_keys(correspondences(projected, self.config.matching))  # eq. 5
        attended = self.cross_instance(torch.take_along_dim(tokens, compared, dim=1), allowed)  # eqs. 6 and 7
        tokens = tokens.scatter(1, compared.expand_as(attended), attended.to(tokens.dtype))
        return self.classifier(tokens).float()

    @torch.no_grad()
    def predict(self, batch: SceneBatch) -> list[SceneAnswer]:
        """Boxes and chances of being anomalous; a scene in which nothing is found has none."""
        volumes = self.reconstruct(batch)
        return [self.answer(volumes, batch, scene) for scene in range(len(batch))]

    def answer(self, volumes: Volumes, batch: SceneBatch, scene: int) -> SceneAnswer:
        boxes, objects = self.boxes(volumes, batch, scene)
        if not len(boxes):
            return SceneAnswer(boxes, np.zeros(0), objects)
        return SceneAnswer(boxes, self.logits(volumes, scene, boxes).sigmoid().cpu().numpy().astype(float), objects)

    @torch.no_grad()
    def measures(self, batch: SceneBatch) -> dict[str, float]:
        """PCK: correspondences between true instances that are right to a tenth of the diagonal; symmetry counts as wrong."""
        volumes = self.reconstruct(batch)
        found = [self.correspondence_accuracy(volumes, batch, scene) for scene in range(len(batch))]
        return {"PCK": float(np.nanmean(found)) if not np.isnan(found).all() else float("nan")}

    def correspondence_accuracy(self, volumes: Volumes, batch: SceneBatch, scene: int) -> float:
        """Of the cells that are opaque; NaN where no two objects have any."""
        poses = batch.world_from_object[scene]
        cells = cell_centres(batch.boxes[scene], self.grid, self.config.roi)
        features, alpha = self.pooled(volumes, scene, cells)
        diagonal = float(batch.obbs[scene][0, 3:6].norm() / shape_scale(poses[0]))
        canonical, opaque = canonical_coordinates(cells, poses), alpha > self.config.canonical.alpha_above
        return correspondence_accuracy(self.heads.beta(features), canonical, opaque, diagonal)

    @torch.no_grad()
    def pictures(self, batch: SceneBatch) -> dict[str, Tensor]:
        """What training shows: see odd_bench.detector.pictures."""
        from odd_bench.detector.pictures import training_pictures

        return training_pictures(self, batch)
