"""DETR3D for two classes, anomalous and normal: the self-attention of the queries is the only comparison of objects."""

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
    """See odd_bench.training.method.Method for what it offers to training and prediction."""

    def __init__(self, config: Detr3dConfig):
        super().__init__()
        self.config = config
        self.levels = Levels(config.backbone, config.decoder.levels)
        self.decoder = Decoder(config.backbone.width, config.decoder, config.code)
        self.register_buffer(
            "chosen", torch.tensor(astuple(Suppression()), dtype=torch.float64)
        )  # kept with the weights

    @property
    def image_network(self) -> nn.Module:
        return self.levels.pyramid

    def forward(self, batch: SceneBatch) -> Detections:
        """What every layer detects in every scene, from all views of the batch."""
        return self.decoder(self.views(batch))

    def views(self, batch: SceneBatch) -> Views:
        """The features of all pictures (section 3.2) with their cameras."""
        b, v, _, height, width = batch.images.shape
        maps = self.levels(batch.images.flatten(0, 1).float() / 255)
        levels = [level.unflatten(0, (b, v)) for level in maps]
        return Views(levels, batch.K, batch.camera_from_world, (height, width))

    def loss(self, batch: SceneBatch) -> dict[str, Tensor]:
        """Both halves of the 2M views as scenes of M views, the number that is given at test."""
        half = batch.images.shape[1] // 2
        halves = collate([batch.with_views(range(half)), batch.with_views(range(half, 2 * half))])
        return set_loss(self(halves), self.truths(halves), self.config.loss, self.config.code)

    def truths(self, batch: SceneBatch) -> Truths:
        """The objects to be found, as codes and classes."""
        labels = torch.cat(batch.labels)
        columns = torch.where(labels == 1, ANOMALOUS, NORMAL)
        return Truths(encode(torch.cat(batch.boxes), self.config.code), columns, [len(one) for one in batch.labels])

    @torch.no_grad()
    def predict(self, batch: SceneBatch) -> list[SceneAnswer]:
        """What the last layer detects, one box an object: see config.AnswerConfig."""
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
        """As the configuration says, or as it was chosen."""
        stated = (self.config.answer.keep_above, self.config.answer.duplicate_iou)
        pairs = zip(stated, self.chosen.tolist(), strict=True)
        return Suppression(*(chosen if value is None else value for value, chosen in pairs))

    @torch.no_grad()
    def choose(self, scenes: Iterable[SceneBatch]) -> None:
        """Choose what is reported and what is one object so that the validation scenes have one box an object."""
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
        """From boxes (q, 6) and class scores (q, 2)."""
        best = scores.max(axis=1).argsort(kind="stable")[::-1][: self.config.answer.most]
        return scene_answer(boxes[best], scores[best], some.duplicate_iou, some.keep_above)

    def pictures(self, batch: SceneBatch) -> dict[str, Tensor]:
        """None: only the losses are shown while it trains."""
        return {}
