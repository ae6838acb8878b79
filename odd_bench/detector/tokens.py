"""Objects compared as the paper does: attention between their cells, then a classifier (sections 3.3 and 3.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from odd_bench.detector.attention import CrossInstance
from odd_bench.detector.classifier import Classifier
from odd_bench.detector.matching import correspondences, mask_from_keys
from odd_bench.detector.roi import most_opaque

if TYPE_CHECKING:
    from odd_bench.detector.config import DetectorConfig


class TokenComparison(nn.Module):
    """From the cells of all objects of a scene to one logit an object."""

    def __init__(self, config: DetectorConfig):
        super().__init__()
        self.config = config
        width = config.attention.width
        self.widen = nn.Linear(config.backbone.width + 1, width)
        self.cross_instance = CrossInstance(config.attention)
        self.classifier = Classifier(width, config.roi.cells, config.classifier)

    def forward(self, features: Tensor, alpha: Tensor, beta: Callable[[Tensor], Tensor]) -> Tensor:
        """(n,) logits. features: (n, t, d) and alpha (n, t) of the cells. beta: the projector, for the correspondences."""
        tokens = self.widen(torch.cat([features, alpha[..., None]], dim=-1))  # (n, t, width)
        compared = most_opaque(alpha, self.config.roi.compared)[..., None]  # (n, k, 1)
        allowed = None
        if self.config.attention.kind == "sparse" and len(features) > 1:
            projected = beta(torch.take_along_dim(features, compared, dim=1))
            allowed = mask_from_keys(correspondences(projected, self.config.matching))  # eq. 5
        attended = self.cross_instance(torch.take_along_dim(tokens, compared, dim=1), allowed)  # eqs. 6 and 7
        tokens = tokens.scatter(1, compared.expand_as(attended), attended.to(tokens.dtype))
        return self.classifier(tokens).float()
