"""A small network that looks at differences: where an object shows a change, and whether it is odd."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from odd_bench.detector.comparison.aligned.channels import AlignedChannels

SHARES = (0.01, 0.1)  # of an object's cells: the most changed ones
LEAST_LOGIT = -12.0  # of cells that do not count
GROUPS = 8


@dataclass(frozen=True)
class AlignedConfig:
    """Comparison on aligned references."""

    cells: int = 64
    """Cells along the side of an object's window."""
    widths: tuple[int, ...] = (16, 32, 48)
    """Channels of the network at full, half and quarter size."""
    dropout: float = 0.2
    """Share of the pooled features that are left out in training."""


@dataclass(frozen=True)
class Judged:
    """logits: (n,) of objects; map_logits: (n, v, s, s) of cells. Above 0 = odd, changed."""

    logits: Tensor
    map_logits: Tensor


class ChangeNetwork(nn.Module):
    """A 2D U-Net. inside: channels of its input."""

    def __init__(self, inside: int, widths: tuple[int, ...]):
        super().__init__()
        before = (inside, *widths)
        self.down = nn.ModuleList(twice(a, b) for a, b in zip(before, widths, strict=False))
        self.up = nn.ModuleList(twice(a + b, b) for a, b in zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.out = nn.Conv2d(widths[0], 1, 1)
        nn.init.constant_(self.out.bias, -3.0)  # few cells are changed

    def forward(self, channels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (b, s, s) and the coarsest features (b, c, s', s') of windows (b, inside, s, s)."""
        x, kept = channels, []
        for number, step in enumerate(self.down):
            x = step(x if number == 0 else max_pool2d(x, 2))
            kept.append(x)
        coarse = kept.pop()
        for step, beside in zip(self.up, kept[::-1], strict=True):
            x = step(torch.cat([interpolate(x, beside.shape[2:], mode="bilinear", align_corners=False), beside], dim=1))
        return self.out(x)[:, 0], coarse


def twice(inside: int, outside: int) -> nn.Sequential:
    return nn.Sequential(*convolved(inside, outside), *convolved(outside, outside))


def convolved(inside: int, outside: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inside, outside, 3, padding=1, bias=False), nn.GroupNorm(GROUPS, outside), nn.ReLU(inplace=True)
    ]  # fmt: skip


class AlignedComparison(nn.Module):
    """From channels to logits. Permuting objects or views permutes what it says of them; any number of both will do."""

    def __init__(self, inside: int, config: AlignedConfig):
        super().__init__()
        self.cells = config.cells
        self.network = ChangeNetwork(inside, config.widths)
        self.dropout = nn.Dropout(config.dropout)
        self.line = nn.Linear(2 * (1 + len(SHARES)) + 2 * config.widths[-1], 1)
        nn.init.zeros_(self.line.weight)
        nn.init.constant_(self.line.bias, -1.0)

    def forward(self, aligned: AlignedChannels) -> Judged:
        n, v = aligned.channels.shape[:2]
        map_logits, coarse = self.network(aligned.channels.flatten(0, 1))
        map_logits = map_logits.float().unflatten(0, (n, v))
        tops = highest(map_logits, aligned.counted)
        features = torch.cat([pooled(coarse.float().unflatten(0, (n, v)), aligned.counted), tops], dim=1)
        features = torch.cat([features - features.mean(dim=0), tops], dim=1)
        return Judged(self.line(self.dropout(features))[:, 0], map_logits)


def highest(logits: Tensor, counted: Tensor) -> Tensor:
    """(n, 1 + SHARES): means of all and of the highest shares of logits (n, v, s, s) over the counted cells of each object."""
    flat, counts = logits.flatten(1), counted.flatten(1)
    number = counts.sum(dim=1, keepdim=True)
    most = max(1, int(number.max() * max(SHARES)) + 1)
    figures = [torch.where(counts, flat, 0).sum(dim=1, keepdim=True) / number.clamp(min=1)]
    ranked = flat.masked_fill(~counts, LEAST_LOGIT).topk(min(most, flat.shape[1]), dim=1).values
    rank = torch.arange(ranked.shape[1], device=logits.device)
    for share in SHARES:
        chosen = rank < (share * number).ceil().clamp(min=1)
        figures.append((ranked * chosen).sum(dim=1, keepdim=True) / chosen.sum(dim=1, keepdim=True))
    return torch.cat(figures, dim=1)


def pooled(coarse: Tensor, counted: Tensor) -> Tensor:
    """(n, 2 c): mean and maximum of features (n, v, c, s', s') over the cells that hold a counted one."""
    held = interpolate(counted.float(), coarse.shape[3:], mode="area").flatten(1)[:, None] > 0  # (n, 1, v s' s')
    values = coarse.transpose(1, 2).flatten(2)  # (n, c, v s' s')
    mean = (values * held).sum(dim=2) / held.sum(dim=2).clamp(min=1)
    return torch.cat([mean, (values * held).amax(dim=2)], dim=1)  # features are not negative
