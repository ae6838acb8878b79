"""The set-to-set loss on all layers (DETR3D section 3.4): focal loss of the classes and L1 distance of the codes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from odd_bench.baselines.detr3d.assignment import Assignment, Truths, assign
from odd_bench.baselines.detr3d.code import CodeConfig
from odd_bench.baselines.detr3d.decoder import Detections


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms, both in the loss and in the cost of the assignment."""

    label: float = 2.0
    """Weight of the class term."""
    box: float = 1.0
    """Weight of the box term."""


def set_loss(found: Detections, truths: Truths, config: LossConfig, code: CodeConfig) -> dict[str, Tensor]:
    """`total`, the weighted sum over all layers, and `label` and `box` of the last layer, all divided by the number of objects."""
    weights = code.weights().to(found.codes)
    pairs = assign(found, truths, config.label, config.box, weights)
    objects = max(len(truths.columns), 1)
    label = label_loss(found.logits, pairs, truths) / objects  # (layers,)
    box = box_loss(found.codes, pairs, truths, weights) / objects
    return {"total": (config.label * label + config.box * box).sum(), "label": label[-1], "box": box[-1]}


def label_loss(logits: Tensor, pairs: Assignment, truths: Truths) -> Tensor:
    """Focal loss (layers,), summed over all queries. A query without an object has no class."""
    target = torch.zeros_like(logits)
    target[pairs.layer, pairs.scene, pairs.query, truths.columns[pairs.truth]] = 1.0
    return focal_loss(logits, target).flatten(1).sum(dim=1)


def box_loss(codes: Tensor, pairs: Assignment, truths: Truths, weights: Tensor) -> Tensor:
    """Weighted L1 distance (layers,) of the assigned codes, summed over the objects."""
    distance = ((codes[pairs.layer, pairs.scene, pairs.query] - truths.codes[pairs.truth]).abs() * weights).sum(dim=1)
    return codes.new_zeros(len(codes)).index_add(0, pairs.layer, distance)


def focal_loss(logits: Tensor, target: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Focal loss (Lin et al. 2017, equation 5), element by element: cross-entropy with a low weight for easy examples."""
    missing = torch.where(target > 0, 1 - logits.sigmoid(), logits.sigmoid())  # 1 - p_t
    balance = torch.where(target > 0, alpha, 1 - alpha)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return balance * missing**gamma * entropy
