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
    contrastive_loss,
    shape_scale,
    symmetries,
)
from odd_bench.detector.carving import Carved, carved
from odd_bench.detector.config import DetectorConfig
from odd_bench.detector.features import Pca
from odd_bench.detector.heads import Heads
from odd_bench.detector.losses import (
    change_loss,
    covered_cells,
    feature_loss,
    label_loss,
    mask_loss,
    owned_boxes,
    owned_labels,
    picture_targets,
    silhouette_loss,
    teacher_targets,
)
from odd_bench.detector.matching import correspondence_accuracy
from odd_bench.detector.object_pixels import changed_pixels
from odd_bench.detector.ray_draw import at_cells, draw_cells, drawn_rays, near_objects
from odd_bench.detector.registration import placement_accuracy
from odd_bench.detector.related import Related, related
from odd_bench.detector.relations import Relations
from odd_bench.detector.render import feature_weights, pixel_rays, render
from odd_bench.detector.roi import cell_centres, pool
from odd_bench.detector.silhouettes import Silhouettes
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
            self.silhouettes = Silhouettes(self.backbone.pyramid.widths)
            self.compare = Relations(min(config.relations.levels, len(self.backbone.pyramid.widths)), config.relations)
            self.tops = Tops()
        else:
            self.compare = TokenComparison(config)
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
        return self.config.attention.kind == "relations"

    @property
    def learnt_later(self) -> tuple[str, ...]:
        """What the first stage leaves alone."""
        return ("compare", "tops") if self.relates else ("compare",)

    @property
    def reconstructs(self) -> list[nn.Module]:
        """The parts that learn what a scene is like, before objects are compared."""
        parts = [self.backbone, self.volume, self.heads]
        return [*parts, self.silhouettes] if self.relates else parts

    @property
    def keeps_volume(self) -> bool:
        """Whether this stage leaves the volume as the first made it."""
        return self.stage == END_TO_END and self.config.loss.reconstruction == 0

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
            silhouettes = self.silhouettes(images, levels).float()
        described = tuple(level.unflatten(0, (b, m)) for level in self.described(images, levels))
        silhouettes = silhouettes.unflatten(0, (b, m))
        return Volumes(features, color_alpha, batch, silhouettes, described, self.config.hulls.object_above)

    @torch.no_grad()
    def described(self, images: Tensor, levels: list[Tensor]) -> list[Tensor]:
        """The levels that describe pixels of the pictures (n, 3, h, w), enlarged if so configured; `levels` are as they are."""
        config = self.config.relations
        if config.enlarge != 1 and self.stage == END_TO_END:
            large = interpolate(images, scale_factor=config.enlarge, mode="bicubic", align_corners=False).clamp(0, 1)
            levels = self.backbone.pyramid.levels(large)
        return [level.detach() for level in levels[: config.levels]]

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
        volumes = self.reconstruct(seen)
        if self.keeps_volume:
            parts = self.object_losses(volumes, seen)
            return {"total": self.weighted(parts), **parts}
        parts = self.rendering_losses(volumes, held)
        if self.relates:
            parts["silhouette"] = silhouette_loss(volumes.silhouettes, seen.instance)
        if self.config.teacher.kind == "canonical":
            parts["canonical"] = self.mean_over_scenes(self.canonical_loss, volumes, seen)
        total = self.weighted(parts)
        if self.stage == END_TO_END:
            objects = self.object_losses(volumes, seen)
            total = self.weighted(objects) + self.config.loss.reconstruction * total
            parts = {**parts, **objects}
        return {"total": total, **parts}

    def weighted(self, parts: dict[str, Tensor]) -> Tensor:
        """The sum of losses, each by its weight; colours and labels count once."""
        weights = self.config.loss
        factors = {"mask": weights.mask, "feature": weights.feature, "canonical": weights.canonical,
                   "change": weights.change,
                   "silhouette": weights.silhouette}  # fmt: skip
        return sum(factors.get(name, 1.0) * part for name, part in parts.items())  # eq. 4

    def mean_over_scenes(self, scene_loss, volumes: Volumes, batch: SceneBatch) -> Tensor:
        return torch.stack([scene_loss(volumes, batch, scene) for scene in range(len(batch))]).mean()

    def object_losses(self, volumes: Volumes, batch: SceneBatch) -> dict[str, Tensor]:
        """Means over scenes of what is learnt of found objects; 0 where nothing is found."""
        scene_losses = self.relation_losses if self.relates else self.token_losses
        found = [scene_losses(volumes, batch, scene) for scene in range(len(batch))]
        found = [one for one in found if one]
        if not found:
            return {"label": sum(p.sum() for p in self.compare.parameters()) * 0}
        return {name: torch.stack([one[name] for one in found]).sum() / len(batch) for name in found[0]}

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

    def token_losses(self, volumes: Volumes, batch: SceneBatch, scene: int) -> dict[str, Tensor]:
        """Binary cross-entropy of the found objects; empty where nothing is found."""
        boxes, owner = self.owned(self.boxes(volumes, batch, scene)[0], batch, scene)
        if not len(boxes):
            return {}
        logits = self.logits(volumes, scene, boxes)
        return {"label": label_loss(logits, owned_labels(owner, batch.labels[scene]), self.config.loss)}

    def relation_losses(self, volumes: Volumes, batch: SceneBatch, scene: int) -> dict[str, Tensor]:
        """The same, and the changes of pixels and the heights of boxes."""
        carved, true = self.carved(volumes, batch, scene), batch.boxes[scene].cpu().numpy()
        boxes, owner = self.owned(true if self.gt_boxes else self.tops.lowered(carved), batch, scene)
        if not len(boxes):
            return {}
        _, carved_owner = owned_boxes(carved.boxes, true, self.config.loss)
        related = self.related(volumes, scene, boxes)
        changed, judged = changed_pixels(related.pixels, owner, batch, scene)
        labels = owned_labels(owner, batch.labels[scene])
        recalled = label_loss(*self.compare.decision.recalled(related.compared.figures, labels), self.config.loss)
        return {
            "label": label_loss(related.compared.logits, labels, self.config.loss),
            "recalled": recalled * len(labels) / len(self.compare.decision.memory.kept()[1]),
            "change": change_loss(related.compared.pixel_logits, changed.float(), judged),
            "ridge": self.compare.decision.penalty(),
            "height": self.tops.loss(carved, true, carved_owner[: len(carved.objects)]),
        }

    def owned(self, found: np.ndarray, batch: SceneBatch, scene: int) -> tuple[np.ndarray, Tensor]:
        """Boxes (n, 6) to train on, those found (m, 6) first, and the number of the true object of each, -1 for none."""
        boxes, owner = owned_boxes(found, batch.boxes[scene].cpu().numpy(), self.config.loss)
        return boxes, torch.from_numpy(owner).to(batch.boxes[scene].device)

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
            return self.related(volumes, scene, boxes).compared.logits
        return self.compare(*self.pooled(volumes, scene, self.cells_of(volumes, boxes)), self.heads.beta)

    def cells_of(self, volumes: Volumes, boxes: np.ndarray) -> Tensor:
        """(n, t, 3) metres, world, of the boxes (n, 6)."""
        return cell_centres(torch.from_numpy(boxes).float().to(volumes.features.device), self.grid, self.config.roi)

    def related(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> Related:
        """The objects in the boxes (n, 6) compared by relations."""
        return related(self.compare, volumes, scene, torch.from_numpy(boxes).to(volumes.batch.K), self.config.hulls)

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
