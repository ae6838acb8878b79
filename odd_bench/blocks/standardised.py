"""Features less their mean, over their deviation, where batches are too small to normalise."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAST_SPREAD = 0.01  # of a feature: what never differs is not blown up


class Standardised(nn.Module):
    """Features less their mean, over their deviation, both of all that was learnt from so far; one scene is too few for a batch."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("squares", torch.zeros(features))

    def forward(self, features: Tensor) -> Tensor:
        """(n, f)"""
        if self.training and torch.is_grad_enabled() and len(features):
            self.note(features.detach())
        deviation = (self.squares / self.count.clamp(min=1)).sqrt()
        return (features - self.mean) / (deviation + LEAST_SPREAD) if self.count else features

    def note(self, features: Tensor) -> None:
        """Take features (n, f) into mean and squared deviations (Chan et al. 1979, eq. 2.1)."""
        new, fresh = len(features), features.mean(dim=0)
        whole, apart = self.count + new, fresh - self.mean
        self.squares += (features - fresh).square().sum(dim=0) + apart.square() * self.count * new / whole
        self.mean += apart * new / whole
        self.count.copy_(whole)
