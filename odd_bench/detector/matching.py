"""Which cells of other objects a cell is compared with: top-k by projected features (paper eq. 5)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from odd_bench.blocks.precision import full_precision


@dataclass(frozen=True)
class MatchingConfig:
    """k: correspondences for each other object. normalise: cosine instead of the inner product.

    joint: the k best of the whole scene, own object included, as in the released code; otherwise k from each other object.
    """

    k: int = 20
    normalise: bool = True
    joint: bool = False


@torch.no_grad()
@full_precision
def correspondences(features: Tensor, config: MatchingConfig) -> Tensor:
    """Numbers of the cells each cell attends to. features: (n, t, c), beta(z). Returns (n, t, keys) into n * t cells.

    keys: (n - 1) * k, or k where joint. One object alone has no keys.
    """
    n, t = features.shape[:2]
    features = torch.nn.functional.normalize(features.float(), dim=-1) if config.normalise else features.float()
    if n == 1 and not config.joint:
        return torch.zeros(1, t, 0, dtype=torch.long, device=features.device)
    return torch.stack([row_keys(features, number, config) for number in range(n)])


def row_keys(features: Tensor, number: int, config: MatchingConfig) -> Tensor:
    """(t, keys) for the cells of one object: one object a time keeps the similarities small."""
    n, t = features.shape[:2]
    similarity = features[number] @ features.reshape(n * t, -1).T  # (t, n * t)
    if config.joint:
        return similarity.topk(min(config.k, n * t), dim=-1).indices
    best = similarity.reshape(t, n, t).topk(min(config.k, t), dim=-1).indices  # (t, n, k), in object m
    best = best + torch.arange(n, device=best.device)[:, None] * t
    others = [other for other in range(n) if other != number]
    return best[:, others].flatten(1)


def mask_from_keys(keys: Tensor) -> Tensor:
    """Boolean attention mask (n * t, n * t) that allows exactly `keys` (n, t, keys)."""
    n, t = keys.shape[:2]
    allowed = torch.zeros(n * t, n * t, dtype=torch.bool, device=keys.device)
    return allowed.scatter_(1, keys.reshape(n * t, -1), True)


def correspondence_accuracy(features: Tensor, canonical: Tensor, on_object: Tensor, diagonal: float) -> float:
    """Percentage of correct key points, in [0, 1]: best matches within a tenth of the diagonal of the true place.

    features: (n, t, c). canonical: (n, t, 3) canonical coordinates of the cells. on_object: (n, t) bool, cells that count.
    diagonal: of the object, in canonical units. NaN without a second object.
    """
    features = torch.nn.functional.normalize(features.float(), dim=-1)
    hits, tried = 0, 0
    for a in range(len(features)):
        for b in range(len(features)):
            if a == b or not on_object[a].any() or not on_object[b].any():
                continue
            similarity = features[a][on_object[a]] @ features[b][on_object[b]].T
            matched = canonical[b][on_object[b]][similarity.argmax(dim=-1)]
            distance = (matched - canonical[a][on_object[a]]).norm(dim=-1)
            hits, tried = hits + int((distance <= 0.1 * diagonal).sum()), tried + len(distance)
    return hits / tried if tried else float("nan")
