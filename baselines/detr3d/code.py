"""Box codes: the six numbers that are regressed for a box, cx, cy, log w, log l, cz, log h."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

CENTRE, SIZE = [0, 1, 4], [2, 3, 5]  # indices in a code; in DETR3D, sine, cosine and velocity follow
NUMBERS = 6


@dataclass(frozen=True)
class CodeConfig:
    """The encoding of boxes."""

    low_m: tuple[float, ...] = (-0.8, -0.8, -0.05)
    """Low corner of the region in which objects are detected, metres, world. Centres are coded as 0 to 1 in this region."""
    high_m: tuple[float, ...] = (0.8, 0.8, 0.45)
    """High corner of this region, metres, world."""
    size_m: float = 0.3
    """Side of a typical object, in metres. A size is coded as the logarithm of its ratio to it."""

    def world(self, points: Tensor) -> Tensor:
        """Points (..., 3) from the unit cube to the world, in metres."""
        low, high = points.new_tensor(self.low_m), points.new_tensor(self.high_m)
        return low + points * (high - low)

    def unit(self, points: Tensor) -> Tensor:
        """Points (..., 3) from the world, in metres, to the unit cube; the inverse of `world`."""
        low, high = points.new_tensor(self.low_m), points.new_tensor(self.high_m)
        return (points - low) / (high - low)

    def weights(self) -> Tensor:
        """Weights (6,) of the numbers of a code: an error of size_m in the centre weighs as much as a factor of e in the size."""
        weights = torch.ones(NUMBERS)
        weights[CENTRE] = (torch.tensor(self.high_m) - torch.tensor(self.low_m)) / self.size_m
        return weights


def encode(boxes: Tensor, config: CodeConfig) -> Tensor:
    """Boxes (..., 6), centre and size, metres, world, to codes (..., 6)."""
    codes = torch.empty_like(boxes)
    codes[..., CENTRE] = config.unit(boxes[..., :3])
    codes[..., SIZE] = (boxes[..., 3:] / config.size_m).log()
    return codes


def decode(codes: Tensor, config: CodeConfig) -> Tensor:
    """Codes (..., 6) to boxes (..., 6), centre and size, metres, world; the inverse of `encode`."""
    return torch.cat([config.world(codes[..., CENTRE]), codes[..., SIZE].exp() * config.size_m], dim=-1)
