"""Anomaly maps from what is said of single pixels or of the cells of windows; away from objects they are 0."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, grid_sample

from odd_bench.detector.comparison.aligned.crops import Crops
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
    least = torch.exp(torch.tensor(-0.5 * (REACH_PX / SPREAD_PX) ** 2)).item()
    return as_levels(total / weight.clamp(min=1e-9), weight >= least)


@torch.no_grad()
def pasted_maps(crops: Crops, logits: Tensor, counted: Tensor, size: tuple[int, int]) -> Tensor:
    """(views, h, w) uint8 from the logits (n, v, s, s) of the cells of windows: where windows overlap, the highest.

    counted: (n, v, s, s) bool. size: (h, w) of the pictures.
    """
    rows, columns = torch.meshgrid(*(torch.arange(side, device=logits.device) + 0.5 for side in size), indexing="ij")
    pixels = torch.stack([columns, rows], dim=-1).flatten(0, 1)  # (h w, 2)
    highest = logits.new_full((logits.shape[1], *size), -torch.inf, dtype=torch.float32)
    known = torch.where(counted, logits.float(), torch.zeros_like(logits, dtype=torch.float32))
    for number in range(len(logits)):  # one object a time keeps memory small
        low, side = crops.low[:, number, None], crops.side[:, number, None, None]  # (v, 1, 2), (v, 1, 1)
        spots = ((pixels - low) / side * 2 - 1)[:, None].to(known.dtype)  # (v, 1, h w, 2), -1 and 1 at the borders
        layers = torch.stack([known[number], counted[number].float()], dim=1)  # (v, 2, s, s)
        value, weight = grid_sample(layers, spots, align_corners=False)[:, :, 0].unflatten(2, size).unbind(dim=1)
        here = torch.where(weight > 0.5, value / weight.clamp(min=0.5), torch.full_like(value, -torch.inf))
        highest = torch.maximum(highest, here)
    return as_levels(highest, highest > -torch.inf)


def as_levels(logits: Tensor, judged: Tensor) -> Tensor:
    """uint8: 1 to 255 by the logit where pixels are judged, 0 elsewhere."""
    levels = (MIDDLE + STEPS * logits).round().clamp(1, 255)
    return torch.where(judged, levels, torch.zeros_like(levels)).to(torch.uint8)


def blurred(pictures: Tensor) -> Tensor:
    """(k, 1, h, w) each value spread over its neighbours by a Gaussian that is 1 in the middle, along either side."""
    steps = torch.arange(-REACH_PX, REACH_PX + 1, device=pictures.device, dtype=pictures.dtype)
    kernel = torch.exp(-0.5 * (steps / SPREAD_PX) ** 2)
    along = conv2d(pictures, kernel[None, None, :, None], padding=(REACH_PX, 0))
    return conv2d(along, kernel[None, None, None], padding=(0, REACH_PX))
