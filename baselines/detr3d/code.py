"""Boxes as the eight numbers that are regressed: cx, cy, log w, log l, cz, log h, sin, cos.

A box turned by half a turn, or by a quarter with its sides exchanged, is the same box. The code is that of the one whose
longer side lies along its yaw, and holds sine and cosine of twice the yaw, so that equal boxes have equal codes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

CENTRE, SIZE, YAW = [0, 1, 4], [2, 3, 5], [6, 7]  # places in a code, as in DETR3D
NUMBERS = 8


@dataclass(frozen=True)
class CodeConfig:
    """low_m, high_m: corners of the space in which objects are sought; centres are coded as 0 to 1 between them.

    size_m: of a typical object; sizes are coded as the logarithm of their ratio to it. yaw_weight: of sine and cosine in the
    distance of two codes.
    """

    low_m: tuple[float, ...] = (-0.8, -0.8, -0.05)
    high_m: tuple[float, ...] = (0.8, 0.8, 0.45)
    size_m: float = 0.3
    yaw_weight: float = 0.2

    def world(self, points: Tensor) -> Tensor:
        """(..., 3) in the unit cube to metres."""
        low, high = points.new_tensor(self.low_m), points.new_tensor(self.high_m)
        return low + points * (high - low)

    def unit(self, points: Tensor) -> Tensor:
        """(..., 3) metres to the unit cube; the inverse of `world`."""
        low, high = points.new_tensor(self.low_m), points.new_tensor(self.high_m)
        return (points - low) / (high - low)

    def weights(self) -> Tensor:
        """(8,) weights of a code's numbers: a centre off by a typical object counts as much as a size off by a factor e."""
        weights = torch.ones(NUMBERS)
        weights[CENTRE] = (torch.tensor(self.high_m) - torch.tensor(self.low_m)) / self.size_m
        weights[YAW] = self.yaw_weight
        return weights


def encode(boxes: Tensor, config: CodeConfig) -> Tensor:
    """(..., 7) boxes, centre, size and yaw, metres, world, to (..., 8) codes."""
    size, yaw = boxes[..., 3:6], boxes[..., 6]
    across = size[..., 1] > size[..., 0]
    size = torch.where(across[..., None], size[..., [1, 0, 2]], size)
    twice = 2 * torch.where(across, yaw + torch.pi / 2, yaw)
    codes = boxes.new_empty(*boxes.shape[:-1], NUMBERS)
    codes[..., CENTRE] = config.unit(boxes[..., :3])
    codes[..., SIZE] = (size / config.size_m).log()
    codes[..., YAW] = torch.stack([twice.sin(), twice.cos()], dim=-1)
    return codes


def decode(codes: Tensor, config: CodeConfig) -> Tensor:
    """(..., 8) codes to (..., 7) boxes, metres, world, yaw in [-pi / 2, pi / 2]. The inverse of `encode` for such boxes."""
    centre = config.world(codes[..., CENTRE])
    size = codes[..., SIZE].exp() * config.size_m
    yaw = torch.atan2(codes[..., 6], codes[..., 7]) / 2
    return torch.cat([centre, size, yaw[..., None]], dim=-1)
