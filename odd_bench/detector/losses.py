"""The losses of the detector: pictures, masks and features of held-out views, voxels, and labels of objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import (
    adaptive_avg_pool2d,
    binary_cross_entropy_with_logits,
    cosine_similarity,
    interpolate,
    max_pool2d,
)

from odd_bench.blocks.precision import full_precision
from odd_bench.blocks.volume_rendering import (
    RenderConfig,
    draw_cells,
    drawn_rays,
    feature_weights,
    near_objects,
    pixel_rays,
    render,
    targets_at,
)
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.data.batch import SceneBatch
from odd_bench.detector.hulls import values_shown
from odd_bench.detector.volumes import Volumes
from odd_bench.geometry.boxes import iou_matrix

FAINTEST = 1e-4  # masks are clipped to this distance from 0 and 1 in the cross-entropy
CHANGE_WEIGHT = 3.0  # weight of changed pixels, which are rare
# a predicted box with at least this IoU has the label of the true box that it overlaps most; others are ignored
MATCH_IOU = 0.25
COVERED = 0.5  # a feature cell is a target if objects cover more than this share of it


@dataclass(frozen=True)
class LossConfig:
    """Weights of the losses."""

    mask: float = 1.0
    """Weight of the mask loss, lambda_sigma."""
    mask_kind: str = "squared"
    """Mask loss: `squared` or `cross-entropy`."""
    feature: float = 1.0
    """Weight of the loss of the teacher's features, lambda_f."""
    rendering: float = 1.0
    """Weight of the losses of rendered pictures, masks and features; 0 = nothing is rendered."""
    occupancy: float = 0.0
    """Weight of the occupancy loss, whose targets come from the masks of all views, and, with `model.centres.find`, of the losses
    of centres; 0 = these are not trained.
    """
    silhouette_window: int | None = None
    """Side in pixels of the window near objects on which silhouettes are trained in the first stage, rounded to cells of the
    coarsest level of the image network; None, or a side larger than the picture = the whole picture.
    """
    photometric: float = 0.0
    """Strength of random changes of light and colour in the first stage; 0 = none."""
    change: float = 1.0
    """Weight of the losses of changed pixels."""
    reconstruction: float = 1.0
    """Weight of the reconstruction in the second stage, lambda_p; 0 = the second stage does not train the volume."""
    anomaly: float = 1.0
    """Weight of anomalous objects."""
    normal: float = 1.0
    """Weight of normal objects."""
    both_ways: bool = True
    """Whether each half of the views renders the other; otherwise only the first half renders the second."""
    add_missed: bool = True
    """Whether training includes true boxes that no prediction matches."""


def picture_targets(images: Tensor, instance: Tensor, pixels: int) -> tuple[Tensor, Tensor]:
    """Pictures (v, r, 3) over black and masks (v, r), averaged to pixels x pixels = r cells.

    images: (v, 3, h, w), in [0, 1]. instance: (v, h, w). The floor is not part of the volume, so it is black.
    """
    mask = (instance > 0).to(images.dtype)[:, None]
    small = adaptive_avg_pool2d(torch.cat([images * mask, mask], dim=1), pixels).flatten(2).transpose(1, 2)
    return small[..., :3], small[..., 3]


def mask_loss(mask: Tensor, target: Tensor, kind: str) -> Tensor:
    """Mean error of rendered masks. mask, target: (v, r). kind: `squared` (eq. 3) or `cross-entropy`."""
    if kind == "squared":
        return (mask - target).square().mean()
    # torch's own function accepts neither NaN nor autocast
    mask = mask.float().clamp(FAINTEST, 1 - FAINTEST)
    return -(target * mask.log() + (1 - target) * (1 - mask).log()).mean()


def silhouette_loss(logits: Tensor, instance: Tensor) -> Tensor:
    """Mean binary cross-entropy of all pixels. logits, instance: (b, v, h, w)."""
    return binary_cross_entropy_with_logits(logits, (instance > 0).to(logits.dtype))


def covered_cells(instance: Tensor, pixels: int) -> Tensor:
    """Whether objects cover most of a cell, (v, pixels^2) bool. instance: (v, h, w)."""
    return adaptive_avg_pool2d((instance > 0).float()[:, None], pixels).flatten(1) > COVERED


def teacher_targets(features: Tensor, covered: Tensor, pixels: int) -> Tensor:
    """Features (q, c) of the teacher at the covered cells. features: (v, c, h, w), resized to pixels x pixels."""
    resized = interpolate(features.float(), size=(pixels, pixels), mode="bilinear", align_corners=False)
    return resized.flatten(2).transpose(1, 2)[covered]


def feature_loss(rendered: Tensor, target: Tensor) -> Tensor:
    """Mean of 1 - cosine similarity over rays; 0 without rays. rendered, target: (q, c)."""
    if not len(target):
        return rendered.sum() * 0
    return (1 - cosine_similarity(rendered, target, dim=-1)).mean()


def owned_boxes(predicted: np.ndarray, true_boxes: np.ndarray, config: LossConfig) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (n, 6) for training, predicted ones first, and the index (n,) of the true object of each, -1 = none."""
    overlap = iou_matrix(predicted, true_boxes)  # (p, t)
    nearest = overlap.argmax(axis=1) if len(predicted) else np.zeros(0, int)
    owner = np.where(overlap.max(axis=1, initial=0) >= MATCH_IOU, nearest, -1)
    if not config.add_missed:
        return predicted, owner
    missed = np.setdiff1d(np.arange(len(true_boxes)), owner)
    return np.concatenate([predicted, true_boxes[missed]]), np.concatenate([owner, missed])


def owned_labels(owner: Tensor, labels: Tensor) -> Tensor:
    """Labels (n,) of the true objects of boxes, -1 if a box has none and is ignored. labels: (t,), of the true objects."""
    return torch.where(owner >= 0, labels[owner.clamp(min=0)], -1)


def label_loss(logits: Tensor, labels: Tensor, config: LossConfig) -> Tensor:
    """Sum of the binary cross-entropies of the objects of a scene that have a label (eq. 8). logits, labels: (n,)."""
    judged = labels >= 0
    weight = torch.where(labels == 1, config.anomaly, config.normal)[judged]
    return binary_cross_entropy_with_logits(logits[judged], labels[judged].float(), weight, reduction="sum")


def change_loss(logits: Tensor, changed: Tensor, judged: Tensor) -> Tensor:
    """Mean binary cross-entropy of changed pixels, over the pixels that are judged. logits, changed, judged: (n, t)."""
    if not judged.any():
        return logits.sum() * 0
    weight = logits.new_tensor(CHANGE_WEIGHT)
    return binary_cross_entropy_with_logits(logits[judged], changed[judged], pos_weight=weight)


def weighted(parts: dict[str, Tensor], weights: LossConfig) -> Tensor:
    """The weighted sum of losses (eq. 4). A loss without a configured weight has weight 1."""
    factors = {
        "color": weights.rendering,
        "mask": weights.rendering * weights.mask,
        "feature": weights.rendering * weights.feature,
        "occupancy": weights.occupancy,
        "centre": weights.occupancy,
        "vote": weights.occupancy,
        "change": weights.change,
        "aligned_change": weights.change,
    }
    return sum(factors.get(name, 1.0) * part for name, part in parts.items())


def rendering_losses(
    volumes: Volumes, held: SceneBatch, rendering: RenderConfig, weights: LossConfig
) -> dict[str, Tensor]:
    """Losses of colour, mask and features of held-out views, averaged over scenes and views (section 3.2)."""
    size = tuple(held.images.shape[-2:])
    sums: dict[str, list[Tensor]] = {"color": [], "mask": [], "feature": []}
    for scene in range(len(held)):
        rays = pixel_rays(held.K[scene], held.camera_from_world[scene], size, rendering.pixels)
        truth = picture_targets(held.images[scene].float() / 255, held.instance[scene], rendering.pixels)
        if rendering.rays is not None:
            cells = draw_cells(near_objects(truth[1], rendering.pixels), rendering.rays)
            rays, truth = drawn_rays(rays, cells), targets_at(truth, cells)
        color, mask = render(volumes.color_alpha[scene], rays, volumes.grid, rendering)
        sums["color"].append((color - truth[0]).square().sum(dim=-1).mean())  # eq. 3
        sums["mask"].append(mask_loss(mask, truth[1], weights.mask_kind))
        if held.teacher is not None:
            sums["feature"].append(scene_feature_loss(volumes, held, scene, rendering))
    return {name: torch.stack(values).mean() for name, values in sums.items() if values}


def scene_feature_loss(volumes: Volumes, held: SceneBatch, scene: int, rendering: RenderConfig) -> Tensor:
    """Loss of rendered features where objects are. It has no gradient with respect to the density."""
    size = tuple(held.images.shape[-2:])
    covered = covered_cells(held.instance[scene], rendering.feature_pixels)
    rays = pixel_rays(held.K[scene], held.camera_from_world[scene], size, rendering.feature_pixels)
    weights = feature_weights(volumes.alpha[scene], rays, covered, volumes.grid, rendering)
    voxels = volumes.features[scene].flatten(1).T[weights.voxels]  # (k, d)
    target = teacher_targets(held.teacher[scene], covered, rendering.feature_pixels)
    return feature_loss(weights.render(volumes.project(voxels)), target)


def owned(boxes: np.ndarray, batch: SceneBatch, scene: int, config: LossConfig) -> tuple[np.ndarray, Tensor]:
    """Boxes (n, 6) for training, with the given ones (m, 6) first, and the index (n,) of the true object of each, -1 = none."""
    boxes, owner = owned_boxes(boxes, batch.boxes[scene].cpu().numpy(), config)
    return boxes, torch.from_numpy(owner).to(batch.boxes[scene].device)


# Occupancy of voxels, from the masks that are known in training
#
# A rendered view states only that something lies on a ray. The masks of all views together state whether a voxel is inside the
# visual hull, and the true boxes state to which object it belongs. This is a target for every voxel, without rendering.

AROUND = 3  # pixels: side of the square around the centre of a voxel in which an object may be visible


@torch.no_grad()
@full_precision
def owners_of_voxels(instance: Tensor, K: Tensor, camera_from_world: Tensor, boxes: Tensor, grid: VoxelGrid) -> Tensor:
    """Index (z, y, x) of the object that occupies each voxel of a scene, -1 = none.

    A voxel is occupied if every view that sees it shows an object there, and if it lies in a true box enlarged by half a voxel on
    every side. A voxel in several boxes belongs to the object whose centre is nearest, in units of the size of the box.

    instance: (v, h, w), masks of all views, 0 = background. boxes: (n, 6), true boxes.
    """
    points = grid.centres(K.device).reshape(-1, 3)  # (p, 3)
    shown = max_pool2d((instance > 0).float()[:, None], AROUND, 1, AROUND // 2)[:, 0]  # (v, h, w)
    inside = shown_in_all(shown, K, camera_from_world, points)
    half = boxes[:, 3:] / 2 + grid.voxel_m / 2
    apart = ((points[None] - boxes[:, None, :3]).abs() / half[:, None]).amax(dim=-1)  # (n, p)
    nearest, owner = apart.min(dim=0)
    return torch.where(inside & (nearest <= 1), owner, -1).reshape(grid.shape_zyx)


def shown_in_all(shown: Tensor, K: Tensor, camera_from_world: Tensor, points: Tensor) -> Tensor:
    """Whether all views that see a point (n, 3), and at least one, show an object there, (n,) bool. shown: (v, h, w)."""
    found, seen = values_shown(shown, K, camera_from_world, points)
    return ((found > 0) | ~seen).all(dim=0) & seen.any(dim=0)


def occupancy_loss(chances: Tensor, occupied: Tensor) -> Tensor:
    """Cross-entropy plus 1 - Dice coefficient. chances: (z, y, x), probabilities of occupancy. occupied: (z, y, x) bool."""
    wanted, chances = occupied.float(), chances.float().clamp(FAINTEST, 1 - FAINTEST)
    dice = 2 * (wanted * chances).sum() / (wanted.sum() + chances.sum()).clamp(min=1)
    return mask_loss(chances, wanted, "cross-entropy") + 1 - dice
