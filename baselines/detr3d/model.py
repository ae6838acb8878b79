"""DETR3D for two classes, anomalous and normal. Objects are compared only by the self-attention of the queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple

import numpy as np
import torch
from torch import Tensor, nn

from odd_bench.baselines.detr3d.assignment import Truths
from odd_bench.baselines.detr3d.code import decode, encode
from odd_bench.baselines.detr3d.config import Detr3dConfig
from odd_bench.baselines.detr3d.decoder import Decoder, Detections
from odd_bench.baselines.detr3d.levels import Levels
from odd_bench.baselines.detr3d.losses import set_loss
from odd_bench.baselines.detr3d.sampling import Views
from odd_bench.baselines.detr3d.suppression import Suppression, best_suppression
from odd_bench.baselines.one_stage import OneStage
from odd_bench.baselines.two_class import ANOMALOUS, NORMAL, answer_for_true_boxes, scene_answer
from odd_bench.data.batch import SceneBatch, collate
from odd_bench.training.method import SceneAnswer


class Detr3d(OneStage):
    """The model, which implements odd_bench.training.method.Method."""

    def __init__(self, config: Detr3dConfig):
        super().__init__()
        self.config = config
        self.levels = Levels(config.backbone, config.decoder.levels)
        self.decoder = Decoder(config.backbone.width, config.decoder, config.code)
        chosen = torch.tensor(astuple(Suppression()), dtype=torch.float64)
        self.register_buffer("chosen", chosen)  # saved with the weights

    @property
    def image_network(self) -> nn.Module:
        """The part that has the lower learning rate."""
        return self.levels.pyramid

    def forward(self, batch: SceneBatch) -> Detections:
        """The detections of every layer in every scene, from all views of the batch."""
        return self.decoder(self.views(batch))

    def views(self, batch: SceneBatch) -> Views:
        """The features of all pictures (section 3.2), with their cameras."""
        b, v, _, height, width = batch.images.shape
        maps = self.levels(batch.images.flatten(0, 1).float() / 255)
        levels = [level.unflatten(0, (b, v)) for level in maps]
        return Views(levels, batch.K, batch.camera_from_world, (height, width))

    def loss(self, batch: SceneBatch) -> dict[str, Tensor]:
        """The losses. Each half of the 2M views is a scene of its own with M views, as many as in prediction."""
        half = batch.images.shape[1] // 2
        halves = collate([batch.with_views(range(half)), batch.with_views(range(half, 2 * half))])
        return set_loss(self(halves), self.truths(halves), self.config.loss, self.config.code)

    def truths(self, batch: SceneBatch) -> Truths:
        """The objects to be detected, as codes and classes."""
        labels = torch.cat(batch.labels)
        columns = torch.where(labels == 1, ANOMALOUS, NORMAL)
        return Truths(encode(torch.cat(batch.boxes), self.config.code), columns, [len(one) for one in batch.labels])

    @torch.no_grad()
    def predict(self, batch: SceneBatch) -> list[SceneAnswer]:
        """The detections of the last layer, reduced to one box per object as config.AnswerConfig says."""
        boxes, scores = self.detected(batch)
        if self.gt_boxes:
            truths = [one.cpu().numpy() for one in batch.boxes]
            return [answer_for_true_boxes(*scene) for scene in zip(truths, boxes, scores, strict=True)]
        return [self.answer(*scene, self.suppression) for scene in zip(boxes, scores, strict=True)]

    def detected(self, batch: SceneBatch) -> tuple[np.ndarray, np.ndarray]:
        """Boxes (b, q, 6) and class scores (b, q, 2) of the last layer."""
        found = self(batch)
        boxes = decode(found.codes[-1], self.config.code).float().cpu().numpy()
        return boxes, found.logits[-1].float().sigmoid().cpu().numpy()

    @property
    def suppression(self) -> Suppression:
        """The values of the configuration; where it has None, those chosen on the validation scenes."""
        stated = (self.config.answer.keep_above, self.config.answer.duplicate_iou)
        pairs = zip(stated, self.chosen.tolist(), strict=True)
        return Suppression(*(chosen if value is None else value for value, chosen in pairs))

    @torch.no_grad()
    def choose(self, scenes: Iterable[SceneBatch]) -> None:
        """Choose the suppression that comes closest to one box per object on the validation scenes."""
        found = [
            (*found, boxes.cpu().numpy())
            for batch in scenes
            for *found, boxes in zip(*self.detected(batch), batch.boxes, strict=True)
        ]
        best = best_suppression(
            lambda some: ((self.answer(boxes, scores, some).boxes, true) for boxes, scores, true in found)
        )
        self.chosen.copy_(torch.tensor(astuple(best), dtype=torch.float64))

    def answer(self, boxes: np.ndarray, scores: np.ndarray, some: Suppression) -> SceneAnswer:
        """The answer for one scene from boxes (q, 6) and class scores (q, 2)."""
        best = scores.max(axis=1).argsort(kind="stable")[::-1][: self.config.answer.most]
        return scene_answer(boxes[best], scores[best], some.duplicate_iou, some.keep_above)

    def pictures(self, batch: SceneBatch) -> dict[str, Tensor]:
        """No pictures: training shows only the losses."""
        return {}
