"""Odd by its relations: how well each cell of an object is matched in the others, and theirs in it.

Attention has to learn what "different" means from one label an object. Here the difference is computed: distances of a cell's
descriptors to their nearest neighbours in every other object, in both directions, for what an object lacks only the others can
tell. Nothing but such distances reaches the decision, so a few hundred scenes are enough to learn it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from odd_bench.detector.precision import full_precision

TOP_SHARES = (0.1, 0.03)  # of an object's cells: an anomaly is seldom larger
FARTHEST = 1e3  # distance to cells that do not count
STEEPNESS = 3.0  # relative distances lie around 1, closely: spread for a small network to tell them apart
LARGEST = 5.0  # standard deviations at which descriptors and figures are cut


@dataclass(frozen=True)
class RelationsConfig:
    """levels: of the image network, from the finest, that describe a cell. cells: of an object that are compared, spread over
    those that count. alpha_above: cells that count as object. learnt: width of a further descriptor, trained to be the same at
    the same place of all instances; 0 = none. hidden: of the cell network. ridge: penalty on the squared weights of the decision.
    """

    levels: int = 3
    cells: int = 200
    alpha_above: float = 0.2
    learnt: int = 24
    hidden: int = 32
    ridge: float = 8.0


@dataclass(frozen=True)
class Compared:
    """logits: (n,) of objects, cell_logits: (n, t) of cells, above 0 = anomalous. learnt: (n, t, c) unit descriptors or None."""

    logits: Tensor
    cell_logits: Tensor
    learnt: Tensor | None


class Relations(nn.Module):
    """widths: channels of the levels. surroundings: channels of what else is known of a cell."""

    def __init__(self, widths: tuple[int, ...], surroundings: int, config: RelationsConfig):
        super().__init__()
        self.ridge, hidden, inside = config.ridge, config.hidden, sum(widths) + surroundings
        self.learnt = (
            nn.Sequential(nn.Linear(inside, 64), nn.GELU(), nn.Linear(64, config.learnt)) if config.learnt else None
        )
        self.kinds = 2 * len(widths) + 1 + (config.learnt > 0)
        figures = (1 + len(TOP_SHARES)) * (4 * self.kinds + 1) + 1
        self.cell = nn.Sequential(nn.Linear(2 * self.kinds, hidden), nn.GELU(), nn.Linear(hidden, 1))
        self.scale = RunningScale(figures)
        self.linear = nn.Linear(figures, 1)
        nn.init.zeros_(self.linear.weight)

    def forward(self, levels: list[Tensor], surroundings: Tensor, counted: Tensor) -> Compared:
        """levels: (n, t, c) each. surroundings: (n, t, s). counted: (n, t) bool, cells that count as object."""
        with torch.autocast(counted.device.type, enabled=False):
            return self.compare([level.float() for level in levels], surroundings.float(), counted)

    def compare(self, levels: list[Tensor], surroundings: Tensor, counted: Tensor) -> Compared:
        n = len(counted)
        described = [standardised(one, counted) for one in (*levels, surroundings)]
        learnt = None if self.learnt is None else normalize(self.learnt(torch.cat(described, dim=-1)), dim=-1)
        if n == 1:  # an object alone differs from nothing
            nothing = surroundings.new_zeros(1, self.scale.square.numel())
            return Compared(self.decide(nothing), surroundings.new_zeros(counted.shape), learnt)
        distances = self.distances(described, learnt, counted)
        own, theirs = unmatched(distances), missed(distances)  # (n, t, 2 kinds), (n, n, t, kinds)
        cell_logits = self.cell(STEEPNESS * (own.clamp(max=LARGEST) - 1))[..., 0]
        figures = torch.cat(
            [
                summary(torch.cat([own, cell_logits[..., None]], dim=-1), counted),
                over_others(summary(theirs, counted.expand(n, -1, -1))),
                counted.sum(dim=1).clamp(min=1).log()[:, None],
            ],
            dim=1,
        )
        return Compared(self.decide(figures - figures.mean(dim=0)), cell_logits, learnt)

    def distances(self, described: list[Tensor], learnt: Tensor | None, counted: Tensor) -> Tensor:
        """(n, n, t, kinds): of every cell of an object to the nearest in each object, in units of their mean."""
        *looks, around = [one / one.shape[-1] ** 0.5 for one in described]
        kinds = [*looks, *(torch.cat([look, around], dim=-1) for look in looks), around]
        kinds += [] if learnt is None else [learnt]
        found = torch.stack([nearest(kind, counted) for kind in kinds], dim=-1)
        other = ~torch.eye(len(counted), dtype=torch.bool, device=counted.device)
        valid = other[:, :, None] & counted[:, None] & counted.any(dim=1)[None, :, None]
        usual = found[valid].mean(dim=0) if valid.any() else found.new_ones(1)
        return found / usual.clamp(min=1e-6)

    def penalty(self) -> Tensor:
        """Keeps the weights of the decision small: there are a hundred figures, much alike, for a few hundred scenes."""
        return self.ridge * self.linear.weight.square().sum()

    def decide(self, figures: Tensor) -> Tensor:
        """(n,) logits of the objects from the figures (n, f) of each, relative to the scene's mean."""
        scaled = self.scale(figures).clamp(-LARGEST, LARGEST)
        return self.linear(scaled)[:, 0]


class RunningScale(nn.Module):
    """Divides by the root mean square of what came by in training. A scene has too few objects to be its own measure."""

    def __init__(self, width: int):
        super().__init__()
        self.register_buffer("square", torch.ones(width))
        self.register_buffer("steps", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """(n, width)"""
        if self.training and len(x) > 1:
            with torch.no_grad():
                self.steps += 1
                self.square.lerp_(x.square().mean(dim=0), float((1 / self.steps).clamp(min=0.002)))
        return x / (self.square + 1e-8).sqrt()


def standardised(values: Tensor, counted: Tensor) -> Tensor:
    """(n, t, c) with mean 0 and deviation 1 over the counted cells (n, t) of the scene."""
    chosen = values[counted] if counted.sum() > 1 else values.flatten(0, 1)
    deviation = chosen.std(dim=0)
    return ((values - chosen.mean(dim=0)) / (deviation + 0.1 * deviation.mean() + 1e-6)).clamp(-LARGEST, LARGEST)


@full_precision
def nearest(descriptors: Tensor, counted: Tensor) -> Tensor:
    """(a, b, t) distance of each cell of object a to the nearest counted cell of object b. descriptors: (n, t, c)."""
    n, t = counted.shape
    flat = descriptors.flatten(0, 1)
    apart = torch.cdist(flat, flat).masked_fill(~counted.reshape(1, -1), FARTHEST)
    return apart.reshape(n, t, n, t).amin(dim=3).transpose(1, 2)


def unmatched(distances: Tensor) -> Tensor:
    """(n, t, 2 kinds): a cell's distances (n, n, t, kinds) to the other objects, their median and their least."""
    return over_others(distances)


def missed(distances: Tensor) -> Tensor:
    """(a, b, t, kinds): how much farther the cells of b are from a than from the others, by median; 1 where there are none."""
    n = len(distances)
    eye = torch.eye(n, dtype=torch.bool, device=distances.device)
    without = eye[:, None, :] | eye[None]  # (a, b, c): c is a or b
    others = distances[None].masked_fill(without[..., None, None], torch.nan)  # (a, b, c, t, kinds)
    usual = others.nanmedian(dim=2).values.nan_to_num(nan=1.0)
    return distances.transpose(0, 1) - usual


def summary(values: Tensor, counted: Tensor) -> Tensor:
    """(..., 3 f): mean and means of the largest shares of values (..., t, f) over the counted cells (..., t)."""
    number = counted.sum(dim=-1, keepdim=True).clamp(min=1)  # (..., 1)
    figures = [values.masked_fill(~counted[..., None], 0).sum(dim=-2) / number]
    ranked = values.masked_fill(~counted[..., None], -FARTHEST).sort(dim=-2, descending=True).values
    rank = torch.arange(values.shape[-2], device=values.device)
    for share in TOP_SHARES:
        top = (share * number).ceil()
        chosen = ((rank < top) & (rank < counted.sum(dim=-1, keepdim=True)))[..., None]
        figures.append(ranked.masked_fill(~chosen, 0).sum(dim=-2) / top)
    return torch.cat(figures, dim=-1)


def over_others(figures: Tensor) -> Tensor:
    """(n, ..., 2 f): median and least over the other objects of figures (n, n, ..., f)."""
    own = torch.eye(len(figures), dtype=torch.bool, device=figures.device)
    own = own.reshape(*own.shape, *[1] * (figures.ndim - 2))
    median = figures.masked_fill(own, torch.nan).nanmedian(dim=1).values
    return torch.cat([median, figures.masked_fill(own, FARTHEST).amin(dim=1)], dim=-1)
