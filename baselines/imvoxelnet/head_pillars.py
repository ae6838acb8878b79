"""The outdoor head: anchors on a map of the floor, as in PointPillars (Lang et al. 2019; ImVoxelNet section 3.3)."""

# ruff: noqa: RUF009 - the defaults are frozen dataclasses

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from odd_bench.baselines.imvoxelnet.anchor_targets import BACKGROUND, IGNORED, OverlapConfig, assign
from odd_bench.baselines.imvoxelnet.anchors import YAWS, anchor_boxes, decode, direction_of, encode, headed_boxes
from odd_bench.baselines.imvoxelnet.losses import CLASSES, class_columns, class_loss, direction_loss, residual_loss
from odd_bench.baselines.imvoxelnet.nms import Detections, class_aware, floor_iou
from odd_bench.baselines.imvoxelnet.priors import CLASS_PRIOR_BIAS, START_STD
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.data.batch import SceneBatch


@dataclass(frozen=True)
class PillarHeadConfig:
    """The settings of the pillar head."""

    assign: OverlapConfig = OverlapConfig()
    """The assignment of anchors to objects."""
    class_weight: float = 1.0
    """Weight of the class loss."""
    box_weight: float = 2.0
    """Weight of the box loss."""
    direction_weight: float = 0.2
    """Weight of the direction loss."""
    most: int = 100
    """Number of anchors with the highest scores that enter non-maximum suppression."""
    kept: int = 50
    """Number of detections that are kept after suppression."""
    nms_iou: float = 0.01
    """Suppression drops the weaker of two boxes with a larger IoU seen from above."""
    score_above: float = 0.1
    """Only anchors with a score above this value enter suppression."""


@dataclass(frozen=True)
class AnchorPredictions:
    """Predictions for all anchors, a in number. classes: (b, a, 2), logits. residuals: (b, a, 7). directions: (b, a, 2), logits."""

    classes: Tensor
    residuals: Tensor
    directions: Tensor


class PillarHead(nn.Module):
    """Predictions from a map seen from above, by 1 x 1 convolutions. anchor: (4,), see `mean_anchor`; saved with the weights."""

    def __init__(self, inside: int, grid: VoxelGrid, anchor: Tensor, config: PillarHeadConfig):
        super().__init__()
        self.config, self.grid = config, grid
        self.classes = nn.Conv2d(inside, len(YAWS) * CLASSES, 1)
        self.residuals = nn.Conv2d(inside, len(YAWS) * 7, 1)
        self.directions = nn.Conv2d(inside, len(YAWS) * 2, 1)
        for layer in (self.classes, self.residuals, self.directions):
            nn.init.normal_(layer.weight, std=START_STD)
            nn.init.zeros_(layer.bias)
        nn.init.constant_(self.classes.bias, CLASS_PRIOR_BIAS)
        self.register_buffer("anchor", anchor.clone())

    def forward(self, floor_map: Tensor, seen: Tensor) -> AnchorPredictions:
        """Predictions for all anchors. floor_map: (b, inside, y, x). seen: ignored, because anchors count everywhere."""
        return AnchorPredictions(
            by_anchor(self.classes(floor_map), CLASSES),
            by_anchor(self.residuals(floor_map), 7),
            by_anchor(self.directions(floor_map), 2),
        )

    def loss(self, predictions: AnchorPredictions, batch: SceneBatch) -> dict[str, Tensor]:
        """Means over the scenes of the class, box and direction losses, and their weighted sum."""
        anchors = anchor_boxes(self.grid, self.anchor)
        scenes = [self.scene_loss(predictions, anchors, batch, scene) for scene in range(len(batch))]
        parts = dict(zip(("class", "box", "direction"), torch.stack(scenes).mean(dim=0), strict=True))
        config = self.config
        weights = {"class": config.class_weight, "box": config.box_weight, "direction": config.direction_weight}
        return {"total": sum(weights[name] * part for name, part in parts.items()), **parts}

    def scene_loss(self, predictions: AnchorPredictions, anchors: Tensor, batch: SceneBatch, scene: int) -> Tensor:
        """Class, box and direction loss (3,) over the anchors that are not ignored."""
        boxes = headed_boxes(batch.obbs[scene], batch.world_from_object[scene])
        owner = assign(anchors, boxes, self.config.assign)
        judged, positive = owner != IGNORED, torch.nonzero(owner > BACKGROUND)[:, 0]
        column, own = class_columns(owner, batch.labels[scene]), boxes[owner[positive]]
        return torch.stack([
            class_loss(predictions.classes[scene][judged], column[judged], len(positive)),
            residual_loss(predictions.residuals[scene][positive], encode(own, anchors[positive])),
            direction_loss(predictions.directions[scene][positive], direction_of(own[:, 6])),
        ])  # fmt: skip

    def detections(self, predictions: AnchorPredictions, scene: int) -> Detections:
        """Oriented boxes and class scores of a scene after non-maximum suppression seen from above."""
        config, scores = self.config, predictions.classes[scene].sigmoid()
        best = scores.amax(dim=1).topk(min(config.most, len(scores))).indices
        direction = predictions.directions[scene][best].argmax(dim=1)
        anchors = anchor_boxes(self.grid, self.anchor)[best]
        boxes = decode(predictions.residuals[scene][best], direction, anchors)
        found = Detections(boxes.cpu().double().numpy(), scores[best].cpu().double().numpy())
        found = class_aware(found, floor_iou, config.nms_iou, config.score_above)
        return found.rows(slice(config.kept))

    def class_map(self, predictions: AnchorPredictions, scene: int, grid: VoxelGrid) -> Tensor:
        """The highest class scores (2, y, x) of each column."""
        scores = predictions.classes[scene].sigmoid().unflatten(0, (grid.counts[1], grid.counts[0], len(YAWS)))
        return scores.amax(dim=2).permute(2, 0, 1)


def by_anchor(maps: Tensor, values: int) -> Tensor:
    """Maps (b, 2 * values, y, x) to float32 values (b, y * x * 2, values), in the order of the anchors."""
    return maps.unflatten(1, (len(YAWS), values)).permute(0, 3, 4, 1, 2).flatten(1, 3).float()
