"""Voting: every object of a scene votes on whether every other is odd, according to the distance between them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

BINS, FARTHEST = 400, 2.0  # embeddings have length 1
MEMORY = 0.99  # factor by which the histograms decay per batch
UNKNOWN = 0.0  # threshold before any pair was counted


def distances(embeddings: Tensor) -> Tensor:
    """Euclidean distances (n, n) between embeddings (n, d), with a finite gradient at 0."""
    squares = (embeddings[:, None] - embeddings[None]).square().sum(dim=-1)
    return squares.clamp(min=1e-12).sqrt()


def beyond_usual(distance: Tensor) -> Tensor:
    """Distances (n, n) minus the usual distance in the scene, which is the median over its objects of their median distance to the
    others.

    The distance between equal objects differs from shape to shape, and does not indicate which object is odd.
    """
    return distance - odd_scores(distance).median() if len(distance) else distance


def odd_scores(distance: Tensor) -> Tensor:
    """Scores (n,) of n objects from their distances (n, n): the lower median of the distances to the others; 0 for a single object.

    Object m votes against object n if D[n, m] > threshold. Object n is odd if more than half of the others vote against it, which
    is equivalent to this median being above the threshold.
    """
    n = len(distance)
    if n < 2:
        return distance.new_zeros(n)
    others = distance[~torch.eye(n, dtype=torch.bool, device=distance.device)].view(n, n - 1)
    return others.median(dim=1).values


class PairDistances(nn.Module):
    """Histograms of recent distances in training scenes, of pairs of normal objects, and of pairs of a normal and an odd object.

    The usual distance in the scene is subtracted; see `beyond_usual`. The threshold of the votes is the value that best separates
    the two histograms, which are saved with the weights.
    """

    def __init__(self):
        super().__init__()
        self.register_buffer("normal_pairs", torch.zeros(BINS))
        self.register_buffer("mixed_pairs", torch.zeros(BINS))

    @torch.no_grad()
    def add(self, scenes: list[tuple[Tensor, Tensor]]) -> None:
        """Count the pairs of a batch. scenes: distances (n, n) and labels (n,) of every scene."""
        self.normal_pairs *= MEMORY
        self.mixed_pairs *= MEMORY
        for whole, labels in scenes:
            distance, normal, odd = beyond_usual(whole), labels == 0, labels == 1
            pair = torch.triu(torch.ones_like(distance, dtype=torch.bool), diagonal=1)
            self.normal_pairs += histogram(distance[pair & normal[:, None] & normal])
            self.mixed_pairs += histogram(distance[normal][:, odd])

    @property
    def threshold(self) -> float:
        """The distance with the highest mean of two fractions: normal pairs below it and mixed pairs above it. Of equally good
        distances, the middle is taken.
        """
        if not self.normal_pairs.sum() > 0 or not self.mixed_pairs.sum() > 0:
            return UNKNOWN
        below = torch.cumsum(self.normal_pairs / self.normal_pairs.sum(), 0)  # up to the upper edge of each bin
        above = 1 - torch.cumsum(self.mixed_pairs / self.mixed_pairs.sum(), 0)
        quality = below + above
        best = torch.nonzero(quality >= quality.max() - 1e-6)[:, 0]
        return float((best[0] + best[-1] + 2) / BINS - 1) * FARTHEST


def histogram(values: Tensor) -> Tensor:
    """Histogram (BINS,) of distances from -FARTHEST to FARTHEST."""
    number = ((values.detach().flatten() / FARTHEST + 1) / 2 * BINS).long().clamp(0, BINS - 1)
    return torch.bincount(number, minlength=BINS).to(torch.float32)
