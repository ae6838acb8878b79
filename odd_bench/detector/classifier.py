"""From an object's attended cells to one logit: 3D convolutions to 1/8, then a two-layer MLP (paper section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from odd_bench.blocks.unet3d import conv3


@dataclass(frozen=True)
class ClassifierConfig:
    """channels: after each halving. hidden: of the MLP. mean: average the cells instead of convolving, as released."""

    channels: tuple[int, ...] = (128, 128, 128)
    hidden: int = 256
    mean: bool = False


class Classifier(nn.Module):
    """(n, cells^3, width) to (n,) logits, above 0 = anomalous."""

    def __init__(self, width: int, cells: int, config: ClassifierConfig):
        super().__init__()
        self.cells, self.mean = cells, config.mean
        steps: list[nn.Module] = []
        inside = width
        for outside in () if config.mean else config.channels:
            groups = min(8, outside // 4)
            steps += [conv3(inside, outside, 2), nn.GroupNorm(groups, outside), nn.ReLU(inplace=True)]
            inside = outside
        left = 1 if config.mean else -(-cells // 2 ** len(config.channels))
        self.reduce = nn.Sequential(*steps)
        self.decide = nn.Sequential(
            nn.Linear(inside * left**3, config.hidden), nn.ReLU(inplace=True), nn.Linear(config.hidden, 1)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        if self.mean:
            return self.decide(tokens.mean(dim=1))[:, 0]
        volume = tokens.transpose(1, 2).unflatten(2, (self.cells,) * 3)  # (n, width, z, y, x)
        return self.decide(self.reduce(volume).flatten(1))[:, 0]
