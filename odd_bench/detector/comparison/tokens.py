"""Objects compared as the paper does: attention between their cells, then a classifier (sections 3.3 and 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from odd_bench.data.batch import SceneBatch
from odd_bench.detector.boxes import boxes_from_alpha, ground_truth_boxes, ground_truth_count
from odd_bench.detector.canonical import canonical_coordinates, canonical_diagonal
from odd_bench.detector.comparison import Pyramid
from odd_bench.detector.comparison.attention import (
    Classifier,
    CrossInstance,
    cell_centres,
    correspondence_accuracy,
    correspondences,
    mask_from_keys,
    most_opaque,
    pool,
)
from odd_bench.detector.losses import label_loss, owned, owned_labels
from odd_bench.detector.pictures import feature_picture, match_picture
from odd_bench.detector.volumes import Volumes

if TYPE_CHECKING:
    from odd_bench.detector.config import DetectorConfig


class TokenComparison(nn.Module):
    """See odd_bench.detector.comparison.Comparison. From the cells of all objects of a scene to one logit an object."""

    learnt_later = ("widen", "cross_instance", "classifier")

    def __init__(self, config: DetectorConfig):
        super().__init__()
        self.config = config
        width = config.attention.width
        self.widen = nn.Linear(config.backbone.width + 1, width)
        self.cross_instance = CrossInstance(config.attention)
        self.classifier = Classifier(width, config.roi.cells, config.classifier)

    def forward(self, volumes: Volumes, scene: int, cells: Tensor) -> Tensor:
        """(n,) logits of objects by their cells (n, t, 3), metres, world."""
        features, alpha = pooled(volumes, scene, cells)
        tokens = self.widen(torch.cat([features, alpha[..., None]], dim=-1))  # (n, t, width)
        compared = most_opaque(alpha, self.config.roi.compared)[..., None]  # (n, k, 1)
        allowed = None
        if self.config.attention.kind == "sparse" and len(features) > 1:
            projected = volumes.project(torch.take_along_dim(features, compared, dim=1))
            allowed = mask_from_keys(correspondences(projected, self.config.matching))  # eq. 5
        attended = self.cross_instance(torch.take_along_dim(tokens, compared, dim=1), allowed)  # eqs. 6 and 7
        tokens = tokens.scatter(1, compared.expand_as(attended), attended.to(tokens.dtype))
        return self.classifier(tokens).float()

    def look(
        self, batch: SceneBatch, images: Tensor, levels: list[Tensor], pyramid: Pyramid, first_stage: bool
    ) -> dict[str, Any]:
        """Nothing: tokens are read off the volumes alone."""
        return {}

    def boxes(self, volumes: Volumes, scene: int) -> np.ndarray:
        """(n, 6) around the clusters of opaque voxels, or the true ones where they are given."""
        given = ground_truth_boxes(self.config.boxes, volumes.batch, scene)
        if given is not None:
            return given
        alpha = volumes.alpha[scene].detach().float().cpu().numpy()
        count = ground_truth_count(self.config.boxes, volumes.batch, scene)
        return boxes_from_alpha(alpha, volumes.grid, self.config.boxes, count)

    def logits(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> Tensor:
        """(n,) of the boxes (n, 6), n at least 1."""
        boxes = torch.from_numpy(boxes).float().to(volumes.features.device)
        return self(volumes, scene, cell_centres(boxes, volumes.grid, self.config.roi))

    def picture_losses(self, volumes: Volumes) -> dict[str, Tensor]:
        """None: nothing is read from the pictures."""
        return {}

    def object_losses(self, volumes: Volumes, scene: int) -> dict[str, Tensor]:
        """Binary cross-entropy of the found objects; empty where nothing is found."""
        batch, config = volumes.batch, self.config.loss
        boxes, owner = owned(self.boxes(volumes, scene), batch, scene, config)
        if not len(boxes):
            return {}
        return {
            "label": label_loss(self.logits(volumes, scene, boxes), owned_labels(owner, batch.labels[scene]), config)
        }

    def accuracy(self, volumes: Volumes, scene: int) -> float:
        """PCK of the best matches of opaque cells; NaN where no two objects have any."""
        batch = volumes.batch
        features, cells, opaque = self.projected(volumes, scene, batch.boxes[scene])
        canonical = canonical_coordinates(cells, batch.world_from_object[scene])
        diagonal = canonical_diagonal(batch.obbs[scene], batch.world_from_object[scene])
        return correspondence_accuracy(features, canonical, opaque, diagonal)

    def projected(self, volumes: Volumes, scene: int, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Projected features (n, t, c) of the cells (n, t, 3) in boxes (n, 6), and which of them are opaque (n, t)."""
        cells = cell_centres(boxes, volumes.grid, self.config.roi)
        features, alpha = pooled(volumes, scene, cells)
        return volumes.project(features), cells, alpha > self.config.canonical.alpha_above

    def pictures(self, volumes: Volumes, held: SceneBatch, found: np.ndarray) -> dict[str, Tensor]:
        """Rendered features, and the best matches of cells of the first object."""
        matched = match_picture(held, *self.projected(volumes, 0, held.boxes[0]))
        return {"features": feature_picture(volumes, held, self.config.render), "correspondences": matched}


def pooled(volumes: Volumes, scene: int, cells: Tensor) -> tuple[Tensor, Tensor]:
    """z_n: features (n, t, d) and alpha (n, t) at the cells (n, t, 3)."""
    features = pool(volumes.features[scene], cells, volumes.grid)
    return features, pool(volumes.alpha[scene][None], cells, volumes.grid)[..., 0]
