"""The losses of both heads: class, centerness, box and direction."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot, smooth_l1_loss
from torchvision.ops import sigmoid_focal_loss

from odd_bench.baselines.two_class import ANOMALOUS, NORMAL

CLASSES = 2
ALPHA, GAMMA = 0.25, 2.0  # of the focal loss


def class_columns(owner: Tensor, labels: Tensor) -> Tensor:
    """Class column (p,) of the object of each point, -1 = none. owner: (p,), object, -1 = none. labels: (n,), 1 = anomalous."""
    column = torch.where(labels == 1, ANOMALOUS, NORMAL)[owner.clamp(min=0)]
    return torch.where(owner >= 0, column, -1)


def class_loss(logits: Tensor, target: Tensor, positives: int) -> Tensor:
    """Focal loss over all points, divided by the number of positives. logits: (p, 2). target: (p,), column, -1 = none."""
    wanted = one_hot(target + 1, CLASSES + 1)[:, 1:].to(logits.dtype)
    return sigmoid_focal_loss(logits, wanted, ALPHA, GAMMA, reduction="sum") / max(positives, 1)


def centerness_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy over the k positives; 0 if k is 0. logits, target: (k,)."""
    return binary_cross_entropy_with_logits(logits, target, reduction="sum") / max(len(target), 1)


def box_loss(boxes: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean of 1 - IoU; 0 if k is 0. boxes, target: (k, 6), axis-aligned. weight: (k,), centerness."""
    return ((1 - aligned_iou(boxes, target)) * weight).sum() / weight.sum().clamp(min=1e-6)


def aligned_iou(boxes_a: Tensor, boxes_b: Tensor) -> Tensor:
    """IoU (k,) of k pairs of axis-aligned boxes (k, 6), with gradients."""
    low = torch.maximum(boxes_a[:, :3] - boxes_a[:, 3:] / 2, boxes_b[:, :3] - boxes_b[:, 3:] / 2)
    high = torch.minimum(boxes_a[:, :3] + boxes_a[:, 3:] / 2, boxes_b[:, :3] + boxes_b[:, 3:] / 2)
    shared = (high - low).clamp(min=0).prod(dim=1)
    union = boxes_a[:, 3:].prod(dim=1) + boxes_b[:, 3:].prod(dim=1) - shared
    return shared / union.clamp(min=1e-12)


def residual_loss(residuals: Tensor, target: Tensor) -> Tensor:
    """Smooth L1 loss (beta 1/9), summed over the seven residuals, mean over the positives. residuals, target: (k, 7).

    The error of the yaw is its sine, so a box rotated by half a turn has no error. The direction classifier distinguishes the two
    (SECOND, Yan et al. 2018).
    """
    error = residuals - target
    error = torch.cat([error[:, :6], error[:, 6:].sin()], dim=1)
    return smooth_l1_loss(error, torch.zeros_like(error), beta=1 / 9, reduction="sum") / max(len(error), 1)


def direction_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of the two directions over the positives. logits: (k, 2). target: (k,), 0 or 1."""
    return cross_entropy(logits, target, reduction="sum") / max(len(target), 1)
