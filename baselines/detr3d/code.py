"""Boxes as the six numbers that are regressed: cx, cy, log w, log l, cz, log h."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

CENTRE, SIZE = [0, 1, 4], [2, 3, 5]  # places in a code, as in DETR3D, whose sine, cosine and velocity follow them
NUMBERS = 6


@dataclass(frozen=True)
class CodeConfig:
    """How boxes are coded."""

    low_m: tuple[float, ...] = (-0.8, -0.8, -0.05)
    """Corners of the space in which objects are sought; centres are coded as 0 to 1 between them."""
    high_m: tuple[float, ...] = (0.8, 0.8, 0.45)
    """Corners of the space in which objects are sought; centres are coded as 0 to 1 between them."""
    size_m: float = 0.3
    """Side of a typical object, metres; sizes are coded as the logarithm of their ratio to it."""

    def world(self, points: Tensor) -> Tensor:
        """(..., 3) in the unit cube to metres."""
        low, high = points.new_tensor(self.low_m), points.new_tensor(self.high_m)
        return low + points * (high - low)

    def unit(self, points: Tensor) -> Tensor:
        """(..., 3) metres to the unit cube; the inverse of `world`."""
        low, high = points.new_tensor(self.low_m), points.new_tensor(self.high_m)
        return (points - low) / (high - low)

    def weights(self) -> Tensor:
        """(6,) weights of a code's numbers: a centre off by a typical object counts as much as a size off by a factor e."""
        weights = torch.ones(NUMBERS)
        weights[CENTRE] = (torch.tensor(self.high_m) - torch.tensor(self.low_m)) / self.size_m
        return weights


def encode(boxes: Tensor, config: CodeConfig) -> Tensor:
    """(..., 6) boxes, centre and size, metres, world, to (..., 6) codes."""
    codes = torch.empty_like(boxes)
    codes[..., CENTRE] = config.unit(boxes[..., :3])
    codes[..., SIZE] = (boxes[..., 3:] / config.size_m).log()
    return codes


def decode(codes: Tensor, config: CodeConfig) -> Tensor:
    """(..., 6) codes to (..., 6) boxes, centre and size, metres, world; the inverse of `encode`."""
    return torch.cat([config.world(codes[..., CENTRE]), codes[..., SIZE].exp() * config.size_m], dim=-1)
