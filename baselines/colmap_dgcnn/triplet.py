"""The triplet loss over the objects of one scene (Hermans et al., In Defense of the Triplet Loss, 2017: all triplets)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu

from odd_bench.baselines.colmap_dgcnn.voting import distances


@dataclass(frozen=True)
class TripletConfig:
    """The triplet loss."""

    margin: float = 0.5
    """By how much an anomaly must be farther from a normal object than the other normal ones are; distances reach 2."""


def triplet_violations(embeddings: Tensor, labels: Tensor, margin: float) -> Tensor:
    """(triplets,) how much each falls short of the margin, 0 where it does not. None where there is no triplet.

    embeddings: (n, d) of length 1. labels: (n,) 1 anomalous, 0 normal. Anchor and positive are two normal objects, the
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
    """Whether two normal objects and an anomaly are among them."""
    return bool((labels == 0).sum() >= 2 and (labels == 1).any())
