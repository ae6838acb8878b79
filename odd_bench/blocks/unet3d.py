"""The four-scale 3D encoder-decoder that refines the backprojected volume (Atlas, Murez et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Unet3dConfig:
    """The 3D network."""

    channels: tuple[int, ...] = (32, 64, 128, 256)
    """Number of channels at each scale, from fine to coarse."""
    down: tuple[int, ...] = (1, 2, 3, 4)
    """Number of residual blocks at each scale of the encoder, from fine to coarse."""
    up: tuple[int, ...] = (3, 2, 1)
    """Number of residual blocks at each scale of the decoder, from coarse to fine."""
    norm: str = "batch"
    """Normalisation: `batch`, or `group` with groups of four channels or more."""
    conditional_skips: bool = False
    """Whether the decoder's own feature replaces the skip connection in voxels that no view saw."""


def norm3d(kind: str, channels: int) -> nn.Module:
    """Batch norm, or group norm over groups of at least four channels."""
    return nn.BatchNorm3d(channels) if kind == "batch" else nn.GroupNorm(min(8, channels // 4), channels)


class Conv3(nn.Conv3d):
    """A 3^3 convolution with padding and without bias, which works around two faults of torch 2.14 on a CPU.

    Volumes at most two voxels deep are computed in float32, because torch returns uninitialised memory for the gradient of
    bfloat16 weights. A single scene without gradient is passed to oneDNN explicitly, because on one thread torch would choose a
    routine that takes nine times as long when channels are few.
    """

    def __init__(self, inside: int, outside: int, stride: int):
        super().__init__(inside, outside, 3, stride=stride, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or (torch.is_autocast_enabled("cpu") and min(x.shape[2:]) > 2):
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            x = x.float()
            if len(x) == 1 and not torch.is_grad_enabled() and torch.backends.mkldnn.is_available():
                return torch.mkldnn_convolution(x, self.weight, None, self.padding, self.stride, self.dilation, 1)
            return super().forward(x)


def conv3(inside: int, outside: int, stride: int = 1) -> nn.Conv3d:
    return Conv3(inside, outside, stride)


class Residual(nn.Module):
    """A residual block of two 3^3 convolutions. Its last norm has zero scale at first, so the block starts as a ReLU alone."""

    def __init__(self, channels: int, norm: str):
        super().__init__()
        last = norm3d(norm, channels)
        nn.init.zeros_(last.weight)
        self.body = nn.Sequential(
            conv3(channels, channels), norm3d(norm, channels), nn.ReLU(inplace=True), conv3(channels, channels), last
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.body(x))


class Up(nn.Module):
    """One step of the decoder: change the width, upsample by two, average with the projected skip, apply residual blocks."""

    def __init__(self, coarse: int, fine: int, blocks: int, config: Unet3dConfig):
        super().__init__()
        self.conditional = config.conditional_skips
        self.narrow = nn.Conv3d(coarse, fine, 1, bias=False)
        self.skip = nn.Conv3d(fine, fine, 1, bias=False)
        self.norm = nn.Sequential(norm3d(config.norm, fine), nn.ReLU(inplace=True))
        self.blocks = nn.Sequential(*[Residual(fine, config.norm) for _ in range(blocks)])

    def forward(self, coarse: Tensor, skip: Tensor, seen: Tensor) -> Tensor:
        size = skip.shape[2:]
        narrow = self.narrow(coarse)  # commutes with the interpolation; done first, it has an eighth of the voxels
        x = nn.functional.interpolate(narrow, size=size, mode="trilinear", align_corners=False)
        y = self.skip(skip)
        if self.conditional:
            y = torch.where(nn.functional.adaptive_max_pool3d(seen.to(y.dtype), size) > 0, y, x)
        return self.blocks((x + self.norm(y)) / 2)


class Unet3d(nn.Module):
    """Refines a volume (b, channels[0], z, y, x) to F_v of the same shape. z, y and x must be divisible by 2^(scales - 1)."""

    def __init__(self, config: Unet3dConfig):
        super().__init__()
        widths, scales = config.channels, len(config.channels)

        def blocks(scale: int) -> list[nn.Module]:
            return [Residual(widths[scale], config.norm) for _ in range(config.down[scale])]

        def down(scale: int) -> list[nn.Module]:
            return [
                conv3(widths[scale - 1], widths[scale], 2),
                norm3d(config.norm, widths[scale]),
                nn.ReLU(inplace=True),
            ]

        self.down = nn.ModuleList(
            nn.Sequential(*(down(scale) if scale else []), *blocks(scale)) for scale in range(scales)
        )
        self.up = nn.ModuleList(
            Up(widths[scale + 1], widths[scale], config.up[scales - 2 - scale], config)
            for scale in reversed(range(scales - 1))
        )

    def forward(self, volume: Tensor, seen: Tensor) -> Tensor:
        """Refine a volume (b, channels[0], z, y, x). seen: (b, 1, z, y, x), whether any view saw the voxel."""
        maps = []
        for stage in self.down:
            volume = stage(volume)
            maps.append(volume)
        x = maps.pop()
        for stage in self.up:
            x = stage(x, maps.pop(), seen)
        return x
