"""Which objects of a scene are odd, by their distances from each other: every object votes on every other."""

from __future__ import annotations

import torch
from torch import Tensor, nn

BINS, FARTHEST = 400, 2.0  # embeddings have length 1
MEMORY = 0.99  # of the histograms, a batch
UNKNOWN = 0.0  # threshold before anything was learnt


def distances(embeddings: Tensor) -> Tensor:
    """(n, d) to (n, n) Euclidean distances, with a finite gradient at 0."""
    squares = (embeddings[:, None] - embeddings[None]).square().sum(dim=-1)
    return squares.clamp(min=1e-12).sqrt()


def beyond_usual(distance: Tensor) -> Tensor:
    """(n, n) distances less what is usual in the scene: the median over the objects of their median distance to the others.

    How far apart equal objects end up differs from shape to shape, and says nothing about who is odd.
    """
    return distance - odd_scores(distance).median() if len(distance) else distance


def odd_scores(distance: Tensor) -> Tensor:
    """(n, n) distances to (n,) scores: the median distance to the others, of two middle ones the lower; 0 for one alone.

    m votes against n where D[n, m] > threshold, and n is odd with more than half of the votes: just where this median is
    above the threshold.
    """
    n = len(distance)
    if n < 2:
        return distance.new_zeros(n)
    others = distance[~torch.eye(n, dtype=torch.bool, device=distance.device)].view(n, n - 1)
    return others.median(dim=1).values


class PairDistances(nn.Module):
    """How far apart two normal objects of a training scene have lately been, and a normal and an odd one.

    Beyond what is usual in the scene. The threshold of the votes is the one that separates the two best. Kept with the weights.
    """

    def __init__(self):
        super().__init__()
        self.register_buffer("normal_pairs", torch.zeros(BINS))
        self.register_buffer("mixed_pairs", torch.zeros(BINS))

    @torch.no_grad()
    def add(self, scenes: list[tuple[Tensor, Tensor]]) -> None:
        """Count the pairs of a batch: (n, n) distances and (n,) labels of every scene."""
        self.normal_pairs *= MEMORY
        self.mixed_pairs *= MEMORY
        for whole, labels in scenes:
            distance, normal, odd = beyond_usual(whole), labels == 0, labels == 1
            pair = torch.triu(torch.ones_like(distance, dtype=torch.bool), diagonal=1)
            self.normal_pairs += histogram(distance[pair & normal[:, None] & normal])
            self.mixed_pairs += histogram(distance[normal][:, odd])

    @property
    def threshold(self) -> float:
        """The distance with the highest mean of normal pairs below and mixed pairs above; the middle of equally good ones."""
        if not self.normal_pairs.sum() > 0 or not self.mixed_pairs.sum() > 0:
            return UNKNOWN
        below = torch.cumsum(self.normal_pairs / self.normal_pairs.sum(), 0)  # up to the upper edge of each bin
        above = 1 - torch.cumsum(self.mixed_pairs / self.mixed_pairs.sum(), 0)
        quality = below + above
        best = torch.nonzero(quality >= quality.max() - 1e-6)[:, 0]
        return float((best[0] + best[-1] + 2) / BINS - 1) * FARTHEST


def histogram(values: Tensor) -> Tensor:
    """(BINS,) counts of distances, from -FARTHEST to FARTHEST."""
    number = ((values.detach().flatten() / FARTHEST + 1) / 2 * BINS).long().clamp(0, BINS - 1)
    return torch.bincount(number, minlength=BINS).to(torch.float32)
