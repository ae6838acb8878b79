"""Many distances in a few figures: over the points of an object, and over the other objects of a scene."""

from __future__ import annotations

import torch
from torch import Tensor

TOP_SHARES = (0.1, 0.03)  # of an object's points: an anomaly is seldom larger
FARTHEST = 1e3  # distance to what does not count


def summary(values: Tensor, counted: Tensor) -> Tensor:
    """(..., 3 f): mean and means of the largest shares of values (..., t, f) over the counted points (..., t)."""
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
    """(n, ..., 2 f): median and least over the other objects of figures (n, n, ..., f); n at least 2."""
    own = torch.eye(len(figures), dtype=torch.bool, device=figures.device)
    own = own.reshape(*own.shape, *[1] * (figures.ndim - 2))
    median = figures.masked_fill(own, torch.nan).nanmedian(dim=1).values
    return torch.cat([median, figures.masked_fill(own, torch.inf).amin(dim=1)], dim=-1)


def relative(figures: Tensor, least: float) -> Tensor:
    """Figures (n, f) in units of their mean over the scene, which counts as no less than `least`."""
    return figures / figures.mean(dim=0).abs().clamp(min=least)
