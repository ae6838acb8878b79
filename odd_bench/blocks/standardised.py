"""Standardisation of features by running statistics, for batches too small for batch normalisation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAST_SPREAD = 0.01  # added to every standard deviation, so that a constant feature is not amplified


class Standardised(nn.Module):
    """Subtracts the mean of every feature and divides by its standard deviation, both over all training data so far.

    Batch statistics would be too noisy, because a batch may hold a single scene.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("squares", torch.zeros(features))

    def forward(self, features: Tensor) -> Tensor:
        """Standardise features (n, f). In training, the features first enter the statistics."""
        if self.training and torch.is_grad_enabled() and len(features):
            self.note(features.detach())
        deviation = (self.squares / self.count.clamp(min=1)).sqrt()
        return (features - self.mean) / (deviation + LEAST_SPREAD) if self.count else features

    def note(self, features: Tensor) -> None:
        """Update the mean and the sum of squared deviations with features (n, f) (Chan et al. 1979, eq. 2.1)."""
        new, fresh = len(features), features.mean(dim=0)
        whole, apart = self.count + new, fresh - self.mean
        self.squares += (features - fresh).square().sum(dim=0) + apart.square() * self.count * new / whole
        self.mean += apart * new / whole
        self.count.copy_(whole)
