"""The indoor neck: refines the volume at three scales (ImVoxelNet section 3.2, in the light form of its later versions)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from odd_bench.blocks.unet3d import Residual, conv3, norm3d

SCALES = 3


@dataclass(frozen=True)
class IndoorNeckConfig:
    """The settings of the indoor neck."""

    out: int = 128
    """Output channels of every scale."""
    blocks: tuple[int, ...] = (1, 1, 1)
    """Number of residual blocks of each scale, fine to coarse."""
    norm: str = "batch"
    """Normalisation: `batch` or `group`."""


class HalvingResidual(nn.Module):
    """A residual block that halves the resolution. Its shortcut is a strided 1^3 convolution."""

    def __init__(self, inside: int, outside: int, norm: str):
        super().__init__()
        self.body = nn.Sequential(
            conv3(inside, outside, 2), norm3d(norm, outside), nn.ReLU(inplace=True),
            conv3(outside, outside), norm3d(norm, outside),
        )  # fmt: skip
        self.shortcut = nn.Sequential(nn.Conv3d(inside, outside, 1, stride=2, bias=False), norm3d(norm, outside))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.shortcut(x) + self.body(x))


def convolved(inside: int, outside: int, norm: str) -> list[nn.Module]:
    """A convolution, a norm and a ReLU."""
    return [conv3(inside, outside), norm3d(norm, outside), nn.ReLU(inplace=True)]


def doubling(inside: int, outside: int, norm: str) -> nn.Sequential:
    """Layers that double the resolution: a transposed convolution, then an ordinary one."""
    raised = nn.ConvTranspose3d(inside, outside, 2, stride=2, bias=False)
    return nn.Sequential(
        raised, norm3d(norm, outside), nn.ReLU(inplace=True), *convolved(outside, outside, norm)
    )  # fmt: skip


class IndoorNeck(nn.Module):
    """Volume (b, width, z, y, x) to maps (b, out, z / 2^s, y / 2^s, x / 2^s), fine to coarse.

    Channels double whenever the resolution halves. On the way back, skip connections are added. The number of voxels along each
    axis must be divisible by 2^(SCALES - 1).
    """

    def __init__(self, width: int, config: IndoorNeckConfig):
        super().__init__()
        widths, norm = [width * 2**scale for scale in range(SCALES)], config.norm

        def first(scale: int) -> nn.Module:
            return HalvingResidual(widths[scale - 1], widths[scale], norm) if scale else Residual(width, norm)

        def stage(scale: int) -> nn.Sequential:
            return nn.Sequential(
                first(scale), *[Residual(widths[scale], norm) for _ in range(config.blocks[scale] - 1)]
            )

        self.down = nn.ModuleList(stage(scale) for scale in range(SCALES))
        self.up = nn.ModuleList(doubling(widths[scale + 1], widths[scale], norm) for scale in range(SCALES - 1))
        self.out = nn.ModuleList(nn.Sequential(*convolved(inside, config.out, norm)) for inside in widths)

    def forward(self, volume: Tensor) -> list[Tensor]:
        skips = []
        for stage in self.down:
            volume = stage(volume)
            skips.append(volume)
        maps = [self.out[-1](volume)]
        for scale in reversed(range(SCALES - 1)):
            volume = skips[scale] + self.up[scale](volume)
            maps.insert(0, self.out[scale](volume))
        return maps
