"""The triplet loss over the objects of one scene (Hermans et al., In Defense of the Triplet Loss, 2017: all triplets)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu

from odd_bench.baselines.colmap_dgcnn.voting import distances


@dataclass(frozen=True)
class TripletConfig:
    """The settings of the triplet loss."""

    margin: float = 0.5
    """An anomaly must be farther from a normal object than other normal objects are, by this margin. Distances reach 2."""


def triplet_violations(embeddings: Tensor, labels: Tensor, margin: float) -> Tensor:
    """The triplet loss of each triplet, (triplets,), 0 if it satisfies the margin. Without triplets, the result is empty.

    embeddings: (n, d), of length 1. labels: (n,), 1 = anomalous, 0 = normal. Anchor and positive are two normal objects; the
    negative is an anomaly of the same scene.
    """
    distance = distances(embeddings)  # (n, n)
    normal, odd = torch.nonzero(labels == 0)[:, 0], torch.nonzero(labels == 1)[:, 0]
    positive = distance[normal][:, normal]  # (p, p)
    negative = distance[normal][:, odd]  # (p, q)
    short = relu(positive[:, :, None] - negative[:, None, :] + margin)  # (p, p, q): anchor, positive, negative
    others = ~torch.eye(len(normal), dtype=torch.bool, device=short.device)
    return short[others].flatten()


def has_triplets(labels: Tensor) -> bool:
    """Whether the labels contain two normal objects and an anomaly."""
    return bool((labels == 0).sum() >= 2 and (labels == 1).any())
