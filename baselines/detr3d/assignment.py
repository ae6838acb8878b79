"""Assigning queries to objects: the one-to-one assignment of lowest cost (DETR3D section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from odd_bench.baselines.detr3d.decoder import Detections

WORST = 1e6  # replaces costs that are not finite


@dataclass(frozen=True)
class Truths:
    """All t objects of a batch. codes: (t, 6). columns: (t,), class of each. counts: number of objects in each scene."""

    codes: Tensor
    columns: Tensor
    counts: list[int]


@dataclass(frozen=True)
class Assignment:
    """k = layers * t pairs of query and object. layer, scene, query: (k,), indices in Detections. truth: (k,), index in Truths."""

    layer: Tensor
    scene: Tensor
    query: Tensor
    truth: Tensor


@torch.no_grad()
def assign(
    found: Detections, truths: Truths, class_weight: float, box_weight: float, code_weights: Tensor
) -> Assignment:
    """Assign one query of its scene to every object in every layer, with the lowest total cost."""
    cost = class_weight * class_cost(found.logits)[..., truths.columns]  # (layers, b, q, t)
    cost = cost + box_weight * torch.cdist(found.codes * code_weights, truths.codes * code_weights, p=1)
    costs = torch.nan_to_num(cost, nan=WORST, posinf=WORST, neginf=WORST).cpu().numpy()
    ends = np.cumsum(truths.counts)
    pairs = [
        (layer, scene, query, end - count + truth)
        for layer in range(costs.shape[0])
        for scene, (count, end) in enumerate(zip(truths.counts, ends, strict=True))
        for query, truth in cheapest(costs[layer, scene, :, end - count : end])
    ]
    places = torch.tensor(pairs, dtype=torch.long, device=found.logits.device).reshape(-1, 4)
    return Assignment(*places.unbind(dim=1))


def class_cost(logits: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """The focal loss of a class minus that of no class, element by element."""
    chance = logits.sigmoid()
    named = -alpha * (1 - chance) ** gamma * torch.nn.functional.logsigmoid(logits)
    nothing = -(1 - alpha) * chance**gamma * torch.nn.functional.logsigmoid(-logits)
    return named - nothing


def cheapest(cost: np.ndarray) -> list[tuple[int, int]]:
    """Pairs (query, truth) of the assignment of lowest cost, by the Hungarian method. cost: (q, n), q >= n."""
    return list(zip(*map(np.ndarray.tolist, linear_sum_assignment(cost)), strict=True))
