"""What is read off each voxel of F_v: colour and density (paper section 3.2) and projected features (beta)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class HeadsConfig:
    """Layers of 1x1x1 convolutions. hidden: their inner width. d_f: channels of the projected features.

    empty_bias: start of the density logit, so that space starts empty.
    """

    color_layers: int = 2
    projector_layers: int = 4
    hidden: int = 128
    d_f: int = 128
    empty_bias: float = -3.0


def pointwise(inside: int, hidden: int, outside: int, layers: int) -> nn.Sequential:
    """Linear layers over the last axis, LeakyReLU between: what a 1x1x1 convolution does to a list of voxels."""
    widths = [inside, *[hidden] * (layers - 1), outside]
    steps: list[nn.Module] = []
    for before, after in pairwise(widths):
        linear = nn.Linear(before, after)
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)
        steps += [linear, nn.LeakyReLU(0.1)]
    return nn.Sequential(*steps[:-1])


class Heads(nn.Module):
    """Colour and alpha of every voxel; features only where they are asked for, because beta is the dearest of the three."""

    def __init__(self, width: int, config: HeadsConfig):
        super().__init__()
        self.color = pointwise(width, config.hidden, 3, config.color_layers)  # alpha_c
        self.density = pointwise(width, config.hidden, 1, config.color_layers)  # alpha_sigma
        self.beta = pointwise(width, config.hidden, config.d_f, config.projector_layers)
        nn.init.constant_(self.density[-1].bias, config.empty_bias)

    def color_alpha(self, volume: Tensor) -> Tensor:
        """F_v (b, d, z, y, x) to colour and alpha (b, 4, z, y, x) in [0, 1]."""
        voxels = volume.movedim(1, -1)
        logits = torch.cat([self.color(voxels), self.density(voxels)], dim=-1)
        return logits.float().sigmoid().movedim(-1, 1)
