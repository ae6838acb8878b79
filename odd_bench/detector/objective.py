"""What the detector learns from (paper sections 3.2 and 3.4): renderings of held-out views, and what is known of found objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from odd_bench.data.batch import SceneBatch
from odd_bench.detector.canonical import (
    canonical_coordinates,
    contrastive_loss,
    shape_scale,
    symmetries,
)
from odd_bench.detector.comparison.aligned.targets import changed_cells
from odd_bench.detector.losses import (
    LossConfig,
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
from odd_bench.detector.object_pixels import changed_pixels
from odd_bench.detector.photometric import photometric
from odd_bench.detector.ray_draw import at_cells, draw_cells, drawn_rays, near_objects
from odd_bench.detector.related import Related
from odd_bench.detector.render import feature_weights, pixel_rays, render
from odd_bench.detector.roi import cell_centres
from odd_bench.detector.silhouettes import fold_of, level_strides
from odd_bench.detector.volumes import Volumes
from odd_bench.detector.windows import cut_windows, draw_windows

if TYPE_CHECKING:
    from odd_bench.detector.model import Detector


def losses(detector: Detector, batch: SceneBatch) -> dict[str, Tensor]:
    """`total` and its parts. Half of the views build the volumes, the other half are rendered, and the reverse."""
    if detector.stage == detector.stages[0]:
        batch = photometric(batch, detector.config.loss.photometric)
    half = batch.images.shape[1] // 2
    first, second = range(half), range(half, 2 * half)
    ways = [(first, second), (second, first)] if detector.config.loss.both_ways else [(first, second)]
    parts = [losses_one_way(detector, batch.with_views(seen), batch.with_views(held)) for seen, held in ways]
    return {name: sum(part[name] for part in parts) / len(parts) for name in parts[0]}


def losses_one_way(detector: Detector, seen: SceneBatch, held: SceneBatch) -> dict[str, Tensor]:
    """Volumes from `seen`, pictures and features of `held`."""
    volumes = detector.reconstruct(seen)
    if detector.keeps_volume:
        parts = object_losses(detector, volumes, seen)
        return {"total": weighted(parts, detector.config.loss), **parts}
    parts = rendering_losses(detector, volumes, held)
    if detector.relates:
        parts["silhouette"] = silhouettes_loss(detector, volumes, seen)
    if detector.config.teacher.kind == "canonical":
        canonical = [scene_canonical_loss(detector, volumes, seen, scene) for scene in range(len(seen))]
        parts["canonical"] = torch.stack(canonical).mean()
    total = weighted(parts, detector.config.loss)
    if detector.stage == detector.stages[-1]:
        objects = object_losses(detector, volumes, seen)
        total = weighted(objects, detector.config.loss) + detector.config.loss.reconstruction * total
        parts = {**parts, **objects}
    return {"total": total, **parts}


def weighted(parts: dict[str, Tensor], weights: LossConfig) -> Tensor:
    """The sum of losses, each by its weight; colours and labels count once."""
    factors = {name: getattr(weights, name) for name in ("mask", "feature", "canonical", "silhouette", "change")}
    factors["aligned_change"] = weights.change
    return sum(factors.get(name, 1.0) * part for name, part in parts.items())  # eq. 4


def object_losses(detector: Detector, volumes: Volumes, batch: SceneBatch) -> dict[str, Tensor]:
    """Means over scenes of what is learnt of found objects; 0 where nothing is found."""
    scene_losses = relation_losses if detector.relates else token_losses
    found = [scene_losses(detector, volumes, batch, scene) for scene in range(len(batch))]
    found = [one for one in found if one]
    if not found:
        return {"label": sum(p.sum() for p in detector.compare.parameters()) * 0}
    return {name: torch.stack([one[name] for one in found]).sum() / len(batch) for name in found[0]}


def rendering_losses(detector: Detector, volumes: Volumes, held: SceneBatch) -> dict[str, Tensor]:
    """Means over scenes and views of the errors of colour, mask and features."""
    config, size = detector.config.render, tuple(held.images.shape[-2:])
    sums: dict[str, list[Tensor]] = {"color": [], "mask": [], "feature": []}
    for scene in range(len(held)):
        rays = pixel_rays(held.K[scene], held.camera_from_world[scene], size, config.pixels)
        truth = picture_targets(held.images[scene].float() / 255, held.instance[scene], config.pixels)
        if config.rays is not None:
            cells = draw_cells(near_objects(truth[1], config.pixels), config.rays)
            rays, truth = drawn_rays(rays, cells), at_cells(truth, cells)
        color, mask = render(volumes.color_alpha[scene], rays, detector.grid, config)
        sums["color"].append((color - truth[0]).square().sum(dim=-1).mean())  # eq. 3
        sums["mask"].append(mask_loss(mask, truth[1], detector.config.loss.mask_kind))
        if held.teacher is not None:
            sums["feature"].append(scene_feature_loss(detector, volumes, held, scene))
    return {name: torch.stack(values).mean() for name, values in sums.items() if values}


def silhouettes_loss(detector: Detector, volumes: Volumes, seen: SceneBatch) -> Tensor:
    """Of all pixels of the views, or of those in a window of each."""
    if volumes.silhouettes is not None:
        return silhouette_loss(volumes.silhouettes, seen.instance)
    images, instance = seen.images.flatten(0, 1), seen.instance.flatten(0, 1)
    further = None if volumes.floor is None else volumes.floor.flatten(0, 1)
    strides = level_strides(len(volumes.levels))
    side = min(detector.config.loss.silhouette_window, *images.shape[-2:]) // strides[-1] * strides[-1]
    first = draw_windows(instance > 0, side, strides[-1])
    within = [
        cut_windows(level.flatten(0, 1), first, side, stride)
        for level, stride in zip(volumes.levels, strides, strict=True)
    ]
    images, instance = cut_windows(images, first, side).float() / 255, cut_windows(instance, first, side)
    further = None if further is None else cut_windows(further, first, side)
    loss = silhouette_loss(detector.silhouettes(images, within, further)[None], instance[None])
    return loss + folds_loss(detector, seen, images, within, further, instance) if len(detector.folds) else loss


def folds_loss(
    detector: Detector, seen: SceneBatch, images: Tensor, levels: list[Tensor], further: Tensor | None, instance: Tensor
) -> Tensor:
    """Mean over the decoders that learn from a part of the scenes alone: each from all but those of its own number.

    images: (b m, 3, h, w), levels and further as the decoders take them, instance: (b m, h, w); windows or whole pictures.
    """
    views, folds = len(images) // len(seen), len(detector.folds)
    fold = torch.tensor([fold_of(name, folds) for name in seen.names], device=images.device).repeat_interleave(views)
    found = []
    for number, decoder in enumerate(detector.folds):
        mine = fold != number
        if mine.any():
            logits = decoder(images[mine], [one[mine] for one in levels], None if further is None else further[mine])
            found.append(silhouette_loss(logits[None], instance[mine][None]))
    return torch.stack(found).sum() / folds


def scene_feature_loss(detector: Detector, volumes: Volumes, held: SceneBatch, scene: int) -> Tensor:
    """Rendered features against the teacher's where objects are; no gradient to the density."""
    config, size = detector.config.render, tuple(held.images.shape[-2:])
    covered = covered_cells(held.instance[scene], config.feature_pixels)
    rays = pixel_rays(held.K[scene], held.camera_from_world[scene], size, config.feature_pixels)
    weights = feature_weights(volumes.alpha[scene], rays, covered, detector.grid, config)
    voxels = volumes.features[scene].flatten(1).T[weights.voxels]  # (k, d)
    target = teacher_targets(held.teacher[scene], covered, config.feature_pixels)
    return feature_loss(weights.render(detector.heads.beta(voxels)), target)


def scene_canonical_loss(detector: Detector, volumes: Volumes, batch: SceneBatch, scene: int) -> Tensor:
    """Projected features of true instances against their canonical coordinates."""
    config = detector.config.canonical
    poses = batch.world_from_object[scene]
    cells = cell_centres(batch.boxes[scene], detector.grid, detector.config.roi)
    features, alpha = detector.pooled(volumes, scene, cells)
    on_object = alpha.detach() > config.alpha_above  # (n, t)
    if not on_object.any():
        return features.sum() * 0
    canonical = canonical_coordinates(cells, poses)
    turns = symmetries(volumes.color_alpha[scene].detach(), canonical, on_object, poses, detector.grid, config)
    spread = config.spread_cells * (cells[0, 1] - cells[0, 0]).norm() / shape_scale(poses[0])
    return contrastive_loss(
        detector.heads.beta(features), canonical, on_object, turns, float(spread), config.temperature
    )


def token_losses(detector: Detector, volumes: Volumes, batch: SceneBatch, scene: int) -> dict[str, Tensor]:
    """Binary cross-entropy of the found objects; empty where nothing is found."""
    boxes, owner = owned(detector, detector.boxes(volumes, batch, scene)[0], batch, scene)
    if not len(boxes):
        return {}
    logits = detector.logits(volumes, scene, boxes)
    return {"label": label_loss(logits, owned_labels(owner, batch.labels[scene]), detector.config.loss)}


def relation_losses(detector: Detector, volumes: Volumes, batch: SceneBatch, scene: int) -> dict[str, Tensor]:
    """The same, and the changes of pixels and the heights of boxes."""
    carved, true = detector.carved(volumes, batch, scene), batch.boxes[scene].cpu().numpy()
    boxes, owner = owned(detector, true if detector.gt_boxes else detector.tops.lowered(carved), batch, scene)
    if not len(boxes):
        return {}
    _, carved_owner = owned_boxes(carved.boxes, true, detector.config.loss)
    related = detector.related(volumes, scene, boxes)
    changed, judged = changed_pixels(related.pixels, owner, batch, scene)
    labels = owned_labels(owner, batch.labels[scene])
    recalled = label_loss(*detector.compare.decision.recalled(related.compared.figures, labels), detector.config.loss)
    return {
        **(aligned_losses(detector, related, owner, labels, batch, scene) if detector.aligns else {}),
        "label": label_loss(related.compared.logits, labels, detector.config.loss),
        "recalled": recalled * len(labels) / len(detector.compare.decision.memory.kept()[1]),
        "change": change_loss(related.compared.pixel_logits, changed.float(), judged),
        "ridge": detector.compare.decision.penalty(),
        "height": detector.tops.loss(carved, true, carved_owner[: len(carved.objects)]),
    }


def aligned_losses(
    detector: Detector, related: Related, owner: Tensor, labels: Tensor, batch: SceneBatch, scene: int
) -> dict[str, Tensor]:
    """Of what aligned references say of objects and of their cells; 0 of an object alone."""
    if related.judged is None:
        nothing = sum(parameter.sum() for parameter in detector.aligned.parameters()) * 0
        return {"aligned_label": nothing, "aligned_change": nothing}
    changed, judged = changed_cells(
        related.aligned, batch.instance[scene], batch.change[scene], owner, batch.labels[scene]
    )
    return {
        "aligned_label": label_loss(related.judged.logits, labels, detector.config.loss),
        "aligned_change": change_loss(related.judged.map_logits, changed.float(), judged),
    }


def owned(detector: Detector, found: np.ndarray, batch: SceneBatch, scene: int) -> tuple[np.ndarray, Tensor]:
    """Boxes (n, 6) to train on, those found (m, 6) first, and the number of the true object of each, -1 for none."""
    boxes, owner = owned_boxes(found, batch.boxes[scene].cpu().numpy(), detector.config.loss)
    return boxes, torch.from_numpy(owner).to(batch.boxes[scene].device)
