"""Anomaly maps from the suspicion of single pixels: between them it is interpolated, away from objects there is none."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from odd_bench.detector.object_pixels import ObjectPixels

SPREAD_PX = 3.0  # standard deviation of the weights of the pixels around
REACH_PX = 6  # further from any judged pixel a map is 0
MIDDLE, STEPS = 128, 16  # level of logit 0, and levels for each unit of the logits: the same in every scene


@torch.no_grad()
def suspicion_maps(pixels: ObjectPixels, logits: Tensor, views: int) -> Tensor:
    """(views, h, w) uint8 from the logits (n, r) of pixels: 0 where no object is, else 1 to 255, and 128 for logit 0."""
    height, width = pixels.size
    flat = ((pixels.view * height + pixels.row) * width + pixels.column)[pixels.counted]
    values = logits.float()[pixels.counted]
    sums = values.new_zeros(2, views * height * width)
    sums[0].index_add_(0, flat, torch.ones_like(values))
    sums[1].index_add_(0, flat, values)
    weight, total = blurred(sums.view(2 * views, 1, height, width)).view(2, views, height, width)
    levels = (MIDDLE + STEPS * total / weight.clamp(min=1e-9)).round().clamp(1, 255)
    least = torch.exp(torch.tensor(-0.5 * (REACH_PX / SPREAD_PX) ** 2)).item()
    return torch.where(weight >= least, levels, torch.zeros_like(levels)).to(torch.uint8)


def blurred(pictures: Tensor) -> Tensor:
    """(k, 1, h, w) each value spread over its neighbours by a Gaussian that is 1 in the middle, along either side."""
    steps = torch.arange(-REACH_PX, REACH_PX + 1, device=pictures.device, dtype=pictures.dtype)
    kernel = torch.exp(-0.5 * (steps / SPREAD_PX) ** 2)
    along = conv2d(pictures, kernel[None, None, :, None], padding=(REACH_PX, 0))
    return conv2d(along, kernel[None, None, None], padding=(0, REACH_PX))
