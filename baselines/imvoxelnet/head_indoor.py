"""The indoor head: dense and anchor-free (ImVoxelNet section 3.3, after FCOS), in its version for axis-aligned boxes."""

# ruff: noqa: RUF009 - the defaults are frozen dataclasses

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import conv3d, interpolate, pad

from odd_bench.baselines.imvoxelnet.losses import CLASSES, box_loss, centerness_loss, class_columns, class_loss
from odd_bench.baselines.imvoxelnet.neck_indoor import SCALES
from odd_bench.baselines.imvoxelnet.nms import Detections, class_aware
from odd_bench.baselines.imvoxelnet.priors import CLASS_PRIOR_BIAS, START_STD
from odd_bench.baselines.imvoxelnet.voxel_targets import AssignConfig, assign, box_from_distances
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.data.batch import SceneBatch
from odd_bench.geometry.boxes import iou


@dataclass(frozen=True)
class IndoorHeadConfig:
    """The settings of the indoor head."""

    unit_m: float = 0.15
    """Distance to a face that a prediction of 0 stands for, in metres: half the size of a typical object."""
    assign: AssignConfig = AssignConfig()
    """The assignment of voxels to objects."""
    class_weight: float = 1.0
    """Weight of the class loss."""
    centerness_weight: float = 1.0
    """Weight of the centerness loss."""
    box_weight: float = 1.0
    """Weight of the box loss."""
    most: int = 1000
    """Number of points with the highest scores of each scale that enter non-maximum suppression."""
    nms_iou: float = 0.25
    """Suppression drops the weaker of two boxes with a larger IoU."""
    score_above: float = 0.01
    """Only boxes with a score above this value enter suppression."""


@dataclass(frozen=True)
class VoxelPredictions:
    """Predictions at the p points of all scales, fine to coarse.

    centerness: (b, p), logits. boxes: (b, p, 6), metres, world. classes: (b, p, 2), logits. valid: (b, p) bool, whether any view
    sees the point.
    """

    centerness: Tensor
    boxes: Tensor
    classes: Tensor
    valid: Tensor


class IndoorHead(nn.Module):
    """Predictions from the maps of the indoor neck. Scales share the convolutions, but each has its own factor for distances."""

    def __init__(self, inside: int, grid: VoxelGrid, config: IndoorHeadConfig):
        super().__init__()
        self.config, self.voxel_m = config, grid.voxel_m
        self.centerness = nn.Conv3d(inside, 1, 3, padding=1, bias=False)
        self.distances = nn.Conv3d(inside, 6, 3, padding=1, bias=False)
        self.classes = nn.Conv3d(inside, CLASSES, 3, padding=1)
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=START_STD)
        nn.init.constant_(self.classes.bias, CLASS_PRIOR_BIAS)
        self.factors = nn.Parameter(torch.ones(SCALES))
        points, scale = scale_points(grid)
        self.register_buffer("points", points, persistent=False)
        self.register_buffer("scale", scale, persistent=False)

    @property
    def layers(self) -> tuple[nn.Conv3d, ...]:
        """The three convolutions."""
        return self.centerness, self.distances, self.classes

    def forward(self, maps: list[Tensor], seen: Tensor) -> VoxelPredictions:
        """Predictions in full precision. maps: (b, inside, z, y, x), fine to coarse. seen: (b, 1, z, y, x), of the finest scale."""
        with torch.autocast(seen.device.type, enabled=False):
            return self.predictions([one.float() for one in maps], seen)

    def predictions(self, maps: list[Tensor], seen: Tensor) -> VoxelPredictions:
        centerness, distances, classes = zip(*(self.convolved(x) for x in maps), strict=True)
        exponents = [one * factor for one, factor in zip(distances, self.factors, strict=True)]
        return VoxelPredictions(
            joined(centerness)[..., 0],
            box_from_distances(self.points, joined(exponents).exp() * self.config.unit_m),
            joined(classes),
            joined([seen_at(seen, x) for x in maps])[..., 0] > 0.5,
        )

    def convolved(self, x: Tensor) -> tuple[Tensor, ...]:
        """The outputs of all layers for a map (b, inside, z, y, x), computed by one joint convolution, which is faster."""
        weights = [layer.weight for layer in self.layers]
        widths = [len(weight) for weight in weights]
        bias = pad(self.classes.bias, (sum(widths) - CLASSES, 0))  # the others have no bias
        return conv3d(x, torch.cat(weights), bias, padding=1).split(widths, dim=1)

    def loss(self, predictions: VoxelPredictions, batch: SceneBatch) -> dict[str, Tensor]:
        """Means over the scenes of the class, centerness and box losses, and their weighted sum."""
        scenes = [self.scene_loss(predictions, batch, scene) for scene in range(len(batch))]
        parts = dict(zip(("class", "centerness", "box"), torch.stack(scenes).mean(dim=0), strict=True))
        config = self.config
        weights = {"class": config.class_weight, "centerness": config.centerness_weight, "box": config.box_weight}
        return {"total": sum(weights[name] * part for name, part in parts.items()), **parts}

    def scene_loss(self, predictions: VoxelPredictions, batch: SceneBatch, scene: int) -> Tensor:
        """Class, centerness and box loss (3,) over the valid points of a scene."""
        boxes, valid = batch.boxes[scene], predictions.valid[scene]
        targets = assign(self.points, self.scale, boxes, self.voxel_m, self.config.assign)
        positive = torch.nonzero(valid & (targets.owner >= 0))[:, 0]
        owner, central = targets.owner[positive], targets.centerness[positive]
        column = class_columns(targets.owner, batch.labels[scene])
        return torch.stack([
            class_loss(predictions.classes[scene][valid], column[valid], len(positive)),
            centerness_loss(predictions.centerness[scene][positive], central),
            box_loss(predictions.boxes[scene][positive], boxes[owner], central),
        ])  # fmt: skip

    def scores(self, predictions: VoxelPredictions, scene: int) -> Tensor:
        """Scores (p, 2): class probability x centerness, 0 if no view sees the point."""
        scores = predictions.classes[scene].sigmoid() * predictions.centerness[scene].sigmoid()[:, None]
        return scores * predictions.valid[scene][:, None]

    def detections(self, predictions: VoxelPredictions, scene: int) -> Detections:
        """Boxes and class scores of a scene after non-maximum suppression in 3D."""
        scores = self.scores(predictions, scene)
        best = self.best_of_scales(scores.amax(dim=1))
        found = Detections(predictions.boxes[scene][best].cpu().double().numpy(), scores[best].cpu().double().numpy())
        return class_aware(found, iou, self.config.nms_iou, self.config.score_above)

    def best_of_scales(self, score: Tensor) -> Tensor:
        """Indices of the `most` best points of every scale. score: (p,)."""
        chosen = []
        for scale in range(SCALES):
            here = torch.nonzero(self.scale == scale)[:, 0]
            chosen.append(here[score[here].topk(min(self.config.most, len(here))).indices])
        return torch.cat(chosen)

    def class_map(self, predictions: VoxelPredictions, scene: int, grid: VoxelGrid) -> Tensor:
        """The highest class scores (2, y, x) of each column, over all scales."""
        scores, maps = self.scores(predictions, scene), []
        for scale in range(SCALES):
            shape = [count // 2**scale for count in grid.shape_zyx]
            above = scores[self.scale == scale].T.unflatten(1, shape).amax(dim=1)  # (2, y / 2^s, x / 2^s)
            maps.append(interpolate(above[None], size=grid.shape_zyx[1:])[0])
        return torch.stack(maps).amax(dim=0)


def scale_points(grid: VoxelGrid) -> tuple[Tensor, Tensor]:
    """Voxel centres (p, 3) of all scales, metres, world, and the scale (p,) of each."""
    grids = [
        VoxelGrid(tuple(count // 2**scale for count in grid.counts), grid.voxel_m * 2**scale, grid.low_m)
        for scale in range(SCALES)
    ]
    points = [one.centres().reshape(-1, 3) for one in grids]
    scale = [torch.full((len(one),), number) for number, one in enumerate(points)]
    return torch.cat(points), torch.cat(scale)


def joined(maps: Sequence[Tensor]) -> Tensor:
    """Join maps (b, c, z, y, x) of all scales to (b, p, c)."""
    return torch.cat([one.flatten(2) for one in maps], dim=2).transpose(1, 2)


def seen_at(seen: Tensor, like: Tensor) -> Tensor:
    """The fraction of seen voxels in each voxel of a coarser scale, (b, 1, z, y, x). like: a map of this scale."""
    return interpolate(seen.float(), size=like.shape[2:], mode="trilinear", align_corners=False)
