"""ImVoxelNet: a voxel volume of the features of all views, a 3D neck, and a detection head (figure 2 of its paper)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from odd_bench.baselines.imvoxelnet.config import ImVoxelNetConfig
from odd_bench.baselines.imvoxelnet.head_indoor import IndoorHead, VoxelPredictions
from odd_bench.baselines.imvoxelnet.head_pillars import AnchorPredictions, PillarHead
from odd_bench.baselines.imvoxelnet.neck_indoor import IndoorNeck
from odd_bench.baselines.imvoxelnet.neck_pillars import PillarNeck
from odd_bench.baselines.one_stage import OneStage
from odd_bench.baselines.two_class import ANOMALOUS, NORMAL, answer_for_true_boxes, scene_answer
from odd_bench.blocks.backbone import Backbone
from odd_bench.blocks.backprojection import backproject
from odd_bench.data.batch import SceneBatch
from odd_bench.training.method import SceneAnswer


class ImVoxelNet(OneStage):
    """The model, which implements odd_bench.training.method.Method.

    anchor: (4,), mean length, width, height and centre height of the training objects; needed for the head `pillars`.
    """

    def __init__(self, config: ImVoxelNetConfig, anchor: Tensor | None = None):
        super().__init__()
        self.config, self.grid, width = config, config.grid, config.backbone.width
        self.backbone = Backbone(config.backbone)
        if config.head == "indoor":
            self.neck = IndoorNeck(width, config.indoor_neck)
            self.head = IndoorHead(config.indoor_neck.out, self.grid, config.indoor)
        else:
            self.neck = PillarNeck(width, self.grid.counts[2], config.pillar_neck)
            self.head = PillarHead(config.pillar_neck.out, self.grid, anchor, config.pillars)

    @property
    def image_network(self) -> nn.Module:
        """The part that has the lower learning rate."""
        return self.backbone.pyramid

    def forward(self, batch: SceneBatch) -> VoxelPredictions | AnchorPredictions:
        """The predictions of the head for every scene, from all views of the batch."""
        b, m, _, height, width = batch.images.shape
        maps = self.backbone(batch.images.flatten(0, 1).float() / 255).unflatten(0, (b, m))
        volume, seen = backproject(
            maps, batch.K, batch.camera_from_world, (height, width), self.grid, self.config.interpolation
        )
        return self.head(self.neck(volume), seen)

    def loss(self, batch: SceneBatch) -> dict[str, Tensor]:
        """`total` and its parts, from half of the views of the batch, as many as in prediction."""
        seen = batch.with_views(range((batch.images.shape[1] + 1) // 2))
        return self.head.loss(self(seen), seen)

    @torch.no_grad()
    def predict(self, batch: SceneBatch) -> list[SceneAnswer]:
        """Boxes (oriented ones for `pillars`) and scores of every scene. A scene without detections has none."""
        predictions = self(batch)
        return [self.answer(predictions, batch, scene) for scene in range(len(batch))]

    def answer(self, predictions: VoxelPredictions | AnchorPredictions, batch: SceneBatch, scene: int) -> SceneAnswer:
        """The boxes and scores of one scene."""
        found, config = self.head.detections(predictions, scene), self.config.answer
        if self.gt_boxes:
            return answer_for_true_boxes(batch.boxes[scene].cpu().numpy(), found.boxes, found.class_scores)
        return scene_answer(found.boxes, found.class_scores, config.duplicate_iou, config.keep_above)

    @torch.no_grad()
    def pictures(self, batch: SceneBatch) -> dict[str, Tensor]:
        """The first scene from above: root of the class scores, red = anomalous, green = normal; outlines of true boxes in blue."""
        seen = batch.with_views(range((batch.images.shape[1] + 1) // 2))
        scores = self.head.class_map(self(seen), 0, self.grid).sqrt()
        floor, boxes = self.grid.centres(scores.device)[0, :, :, None, :2], batch.boxes[0]
        outside_m = ((floor - boxes[:, :2]).abs() - boxes[:, 3:5] / 2).amax(dim=-1)  # (y, x, n)
        rim = ((outside_m <= 0) & (outside_m > -self.grid.voxel_m)).any(dim=-1)
        return {"from_above": torch.stack([scores[ANOMALOUS], scores[NORMAL], rim.float()]).flip(1).cpu()}
