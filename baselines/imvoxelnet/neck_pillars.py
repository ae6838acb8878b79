"""The outdoor neck: the volume's height is folded into channels until a map seen from above is left (ImVoxelNet section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from odd_bench.blocks.unet3d import Residual, norm3d

LAST_HEIGHT = 4  # voxels, at most, that the last convolution takes at once


@dataclass(frozen=True)
class PillarNeckConfig:
    """The network of the pillar head."""

    out: int = 256
    """Channels of the map seen from above."""
    norm: str = "batch"
    """`batch` or `group`."""


class PillarNeck(nn.Module):
    """Volume (b, width, z, y, x) to a map (b, out, y, x).

    A residual block and a halving of the height that doubles the channels, by turns, until at most LAST_HEIGHT voxels are
    left, which one convolution joins. For a height of 12 these are the original's steps: 12, 6, 3, 1.
    """

    def __init__(self, width: int, height: int, config: PillarNeckConfig):
        super().__init__()
        steps: list[nn.Module] = [Residual(width, config.norm)]
        while height > LAST_HEIGHT:
            steps += [*folded(width, 2 * width, config.norm), Residual(2 * width, config.norm)]
            width, height = 2 * width, -(-height // 2)
        joined = nn.Conv3d(width, config.out, (height, 3, 3), padding=(0, 1, 1), bias=False)
        self.steps = nn.Sequential(*steps, joined, norm3d(config.norm, config.out), nn.ReLU(inplace=True))

    def forward(self, volume: Tensor) -> Tensor:
        return self.steps(volume).squeeze(2)


def folded(inside: int, outside: int, norm: str) -> list[nn.Module]:
    """Half the height, rounded up, and other channels."""
    halving = nn.Conv3d(inside, outside, 3, stride=(2, 1, 1), padding=1, bias=False)
    return [halving, norm3d(norm, outside), nn.ReLU(inplace=True)]
