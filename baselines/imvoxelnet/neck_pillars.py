"""The outdoor neck: folds the height of the volume into channels, which leaves a map seen from above (ImVoxelNet section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from odd_bench.blocks.unet3d import Residual, norm3d

LAST_HEIGHT = 4  # largest height, in voxels, that the last convolution joins


@dataclass(frozen=True)
class PillarNeckConfig:
    """The settings of the outdoor neck."""

    out: int = 256
    """Output channels of the map seen from above."""
    norm: str = "batch"
    """Normalisation: `batch` or `group`."""


class PillarNeck(nn.Module):
    """Volume (b, width, z, y, x) to a map (b, out, y, x).

    Residual blocks alternate with convolutions that halve the height and double the channels, until the height is at most
    LAST_HEIGHT voxels. One more convolution joins these. For a height of 12, the heights are those of the original: 12, 6, 3, 1.
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
    """A convolution, a norm and a ReLU that halve the height, rounded up, and change the number of channels."""
    halving = nn.Conv3d(inside, outside, 3, stride=(2, 1, 1), padding=1, bias=False)
    return [halving, norm3d(norm, outside), nn.ReLU(inplace=True)]
