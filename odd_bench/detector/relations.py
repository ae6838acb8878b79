"""Odd by its relations: how far an object's pixels, looks and shape are from those of the others.

Attention has to learn what "different" means from one label an object. Here the difference is computed: distances of the pixels'
descriptors to their nearest neighbours in every other object, in both directions, for what an object lacks only the others can
tell; distances of its mean looks; and its shape beside what the others agree on. Nothing but such distances reaches the decision,
so a few hundred scenes are enough to learn it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from odd_bench.blocks.precision import full_precision
from odd_bench.detector.consensus import QUANTILES, SHAPE_FIGURES, Disagreement
from odd_bench.detector.decision import Decision
from odd_bench.detector.summaries import FARTHEST, TOP_SHARES, over_others, relative, summary

STEEPNESS = 3.0  # relative distances lie around 1, closely: spread for a small network to tell them apart
LARGEST = 5.0  # standard deviations at which descriptors are cut
LOOKS = 3  # figures of how unlike the others' a description is
DARKEST = 1e-3  # linear light below this has no colour
DISPLAY_GAMMA = 2.2


@dataclass(frozen=True)
class RelationsConfig:
    """levels: of the image network, from the finest, that describe a pixel. enlarge: of pictures before they are described.

    pixels: of an object that its looks and shape are judged by. compared: of these, that are matched with other objects'.
    hidden: of the network that judges a pixel. ridge: penalty on the squared weights of the decision. memory: objects whose
    figures the decision learns from at every step, the last that were seen.
    """

    levels: int = 3
    enlarge: int = 1
    pixels: int = 1500
    compared: int = 400
    hidden: int = 32
    ridge: float = 0.3
    memory: int = 4096


@dataclass(frozen=True)
class Compared:
    """logits: (n,) of objects, pixel_logits: (n, t) of the compared pixels; above 0 = anomalous. figures: (n, f) of the objects."""

    logits: Tensor
    pixel_logits: Tensor
    figures: Tensor


class Relations(nn.Module):
    """levels: how many describe a pixel."""

    def __init__(self, levels: int, config: RelationsConfig):
        super().__init__()
        self.config, seen = config, 2 * levels + len(QUANTILES)
        tops = 1 + len(TOP_SHARES)
        figures = SHAPE_FIGURES + 2 * LOOKS * (levels + 2) + tops * (4 * levels + 1)
        self.pixel = nn.Sequential(nn.Linear(seen, config.hidden), nn.GELU(), nn.Linear(config.hidden, 1))
        self.decision = Decision(figures, config.ridge, config.memory)

    def forward(self, colors: Tensor, levels: list[Tensor], counted: Tensor, shapes: Disagreement | None) -> Compared:
        """colors: (n, r, 3) sRGB in [0, 1] and levels (n, r, c) of the pixels. counted: (n, r) bool. shapes: None of one object."""
        compared = counted[:, : self.config.compared]
        if shapes is None:  # an object alone differs from nothing
            nothing = colors.new_zeros(len(colors), self.decision.linear.in_features)
            return Compared(self.decision(nothing), colors.new_zeros(compared.shape), nothing)
        distances = matched([level[:, : self.config.compared] for level in levels], compared)
        own, theirs = over_others(distances), missed(distances)  # (n, t, 2 levels), (n, n, t, levels)
        seen = torch.cat([own, shapes.beyond[:, : self.config.compared]], dim=-1).clamp(max=LARGEST)
        pixel_logits = self.pixel(STEEPNESS * (seen - 1))[..., 0]
        figures = torch.cat(
            [
                shapes.figures,
                *(unlike(one) for values in (*colors_of(colors), *levels) for one in looks(values, counted)),
                summary(torch.cat([own, pixel_logits[..., None]], dim=-1), compared),
                over_others(summary(theirs, compared.expand(len(compared), -1, -1))),
            ],
            dim=1,
        )
        figures = figures - figures.mean(dim=0)
        self.decision.scale.learn(figures)
        return Compared(self.decision(figures), pixel_logits, figures)


# Pixels matched


def matched(levels: list[Tensor], counted: Tensor) -> Tensor:
    """(n, n, t, levels): of every pixel of an object to the nearest in each object, in units of their mean."""
    described = [standardised(level, counted) / level.shape[-1] ** 0.5 for level in levels]
    found = torch.stack([nearest(one, counted) for one in described], dim=-1)
    other = ~torch.eye(len(counted), dtype=torch.bool, device=counted.device)
    valid = other[:, :, None] & counted[:, None] & counted.any(dim=1)[None, :, None]
    usual = found[valid].mean(dim=0) if valid.any() else found.new_ones(len(levels))
    return found / usual.clamp(min=1e-6)


def standardised(values: Tensor, counted: Tensor) -> Tensor:
    """(n, t, c) with mean 0 and deviation 1 over the counted pixels (n, t) of the scene."""
    chosen = values[counted] if counted.sum() > 1 else values.flatten(0, 1)
    deviation = chosen.std(dim=0)
    return ((values - chosen.mean(dim=0)) / (deviation + 0.1 * deviation.mean() + 1e-6)).clamp(-LARGEST, LARGEST)


@full_precision
def nearest(descriptors: Tensor, counted: Tensor) -> Tensor:
    """(a, b, t) distance of each pixel of object a to the nearest counted one of object b. descriptors: (n, t, c)."""
    n, t = counted.shape
    flat = descriptors.flatten(0, 1)
    apart = torch.cdist(flat, flat).masked_fill(~counted.reshape(1, -1), FARTHEST)
    return apart.reshape(n, t, n, t).amin(dim=3).transpose(1, 2)


def missed(distances: Tensor) -> Tensor:
    """(a, b, t, kinds): how much farther the pixels of b are from a than from the others, by median; 1 where there are none."""
    n = len(distances)
    eye = torch.eye(n, dtype=torch.bool, device=distances.device)
    without = eye[:, None, :] | eye[None]  # (a, b, c): c is a or b
    others = distances[None].masked_fill(without[..., None, None], torch.nan)  # (a, b, c, t, kinds)
    usual = others.nanmedian(dim=2).values.nan_to_num(nan=1.0)
    return distances.transpose(0, 1) - usual


# Looks as a whole


def colors_of(colors: Tensor) -> tuple[Tensor, Tensor]:
    """(n, r, 3) linear light by its logarithm, and the shares of red, green and blue, which no shadow changes."""
    light = colors.clamp(min=0) ** DISPLAY_GAMMA + DARKEST
    return light.log(), light / light.sum(dim=-1, keepdim=True)


def looks(values: Tensor, counted: Tensor) -> tuple[Tensor, Tensor]:
    """(n, c) mean and deviation of values (n, r, c) over each object's counted pixels, in units of the usual deviation."""
    weight = counted[..., None] / counted.sum(dim=1).clamp(min=1)[:, None, None]
    mean = (weight * values).sum(dim=1)
    deviation = (weight * (values - mean[:, None]).square()).sum(dim=1).sqrt()
    usual = deviation.mean(dim=0).clamp(min=1e-6)
    return mean / usual, deviation / usual


def unlike(values: Tensor) -> Tensor:
    """(n, LOOKS): distance of values (n, c) to the scene's median, the median and the least of those to the other objects."""
    middle = (values - values.median(dim=0).values).norm(dim=1, keepdim=True)
    apart = over_others(torch.cdist(values[None], values[None])[0][..., None])
    return relative(torch.cat([middle, apart], dim=1), 1e-6)
