"""Comparison by relations: how far the pixels, the appearance and the shape of an object are from those of the others.

Attention has to learn what "different" means from one label an object. Here the difference is computed: distances of the pixels'
descriptors to their nearest neighbours in every other object, in both directions, because only the others show what an object
lacks; distances of its mean appearance; and its shape against the one that the others agree on. The decision reads these distances
alone, so a few hundred scenes are enough to learn it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from odd_bench.blocks.precision import full_precision
from odd_bench.detector.comparison.consensus import (
    FARTHEST,
    QUANTILES,
    SHAPE_FEATURES,
    TOP_SHARES,
    Disagreement,
    over_others,
    relative,
    summary,
)
from odd_bench.detector.object_pixels import linear_light

LARGEST = 5.0  # standard deviations at which descriptors and features are cut


class Decision(nn.Module):
    """features: how many an object has. ridge: see RelationsConfig. memory: how many objects it learns from at every step."""

    def __init__(self, features: int, ridge: float, memory: int):
        super().__init__()
        self.ridge = ridge
        self.scale = RunningScale(features)
        self.linear = nn.Linear(features, 1)
        nn.init.zeros_(self.linear.weight)
        self.memory = Memory(memory, features)

    def forward(self, features: Tensor) -> Tensor:
        """(n,) logits from the features (n, f) of a scene's objects. A loss on them teaches what the features come from."""
        return linear(self.scaled(features), self.linear.weight.detach(), self.linear.bias.detach())[:, 0]

    def recalled(self, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and labels of all objects in memory, to which those with features (n, f) and labels (n,) are added.

        A loss on them teaches the decision, a convex problem of a hundred weights: thousands of objects a step, not a handful.
        """
        self.memory.add(features.detach(), labels)
        features, labels = self.memory.kept()
        return self.linear(self.scaled(features))[:, 0], labels

    def scaled(self, features: Tensor) -> Tensor:
        return (features / self.scale.unit()).clamp(-LARGEST, LARGEST)

    def penalty(self) -> Tensor:
        """Keeps the weights small: there are a hundred features, much alike, for a few hundred scenes."""
        return self.ridge * self.linear.weight.square().sum()


class Memory(nn.Module):
    """The features and labels of the last objects seen."""

    def __init__(self, size: int, width: int):
        super().__init__()
        self.register_buffer("features", torch.zeros(size, width))
        self.register_buffer("labels", torch.zeros(size, dtype=torch.long))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def add(self, features: Tensor, labels: Tensor) -> None:
        """features: (n, width), labels: (n,)."""
        places = (self.seen + torch.arange(len(labels), device=labels.device)) % len(self.labels)
        self.features[places], self.labels[places] = features, labels
        self.seen += len(labels)

    def kept(self) -> tuple[Tensor, Tensor]:
        """(k, width) and (k,), k at most the size."""
        count = min(int(self.seen), len(self.labels))
        return self.features[:count], self.labels[:count]


class RunningScale(nn.Module):
    """The root mean square of what came by in training. A scene has too few objects to be its own measure."""

    def __init__(self, width: int):
        super().__init__()
        self.register_buffer("square", torch.ones(width))
        self.register_buffer("steps", torch.zeros(()))

    @torch.no_grad()
    def learn(self, x: Tensor) -> None:
        """From x (n, width), while training."""
        if self.training and len(x) > 1:
            self.steps += 1
            self.square.lerp_(x.square().mean(dim=0), float((1 / self.steps).clamp(min=0.002)))

    def unit(self) -> Tensor:
        """(width,)"""
        return (self.square + 1e-8).sqrt()


PIXELS = 1500  # of an object that its appearance and shape are judged by
HIDDEN = 32  # inner width of the network that judges a pixel
MEMORY = 4096  # objects that the decision learns from at every step, the last that were seen
STEEPNESS = 3.0  # relative distances lie around 1, closely: spread for a small network to tell them apart
APPEARANCES = 3  # features of how unlike the others' a description is


@dataclass(frozen=True)
class RelationsConfig:
    """Comparison of registered objects."""

    levels: int = 3
    """Levels of the image network, from the finest, that describe a pixel."""
    describe: str = "shared"
    """By which image network pixels are described: `shared`, the one that builds the volume, or `pretrained`, one of the same
    kind that stays as it was before training.
    """
    enlarge: int = 1
    """Factor by which pictures are enlarged before they are described."""
    compared: int = 400
    """Pixels of an object that are matched with those of others."""
    ridge: float = 0.3
    """Penalty on the squared weights of the decision."""


@dataclass(frozen=True)
class Compared:
    """logits: (n,) of objects and pixel_logits: (n, t) of the compared pixels, above 0 = anomalous. features: (n, f) of objects."""

    logits: Tensor
    pixel_logits: Tensor
    features: Tensor


class Relations(nn.Module):
    """levels: how many describe a pixel."""

    def __init__(self, levels: int, config: RelationsConfig):
        super().__init__()
        self.config, seen = config, 2 * levels + len(QUANTILES)
        means = 1 + len(TOP_SHARES)
        features = SHAPE_FEATURES + 2 * APPEARANCES * (levels + 2) + means * (4 * levels + 1)
        self.pixel = nn.Sequential(nn.Linear(seen, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, 1))
        self.decision = Decision(features, config.ridge, MEMORY)

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
        features = torch.cat(
            [
                shapes.features,
                *(unlike(one) for values in (*colors_of(colors), *levels) for one in appearance(values, counted)),
                summary(torch.cat([own, pixel_logits[..., None]], dim=-1), compared),
                over_others(summary(theirs, compared.expand(len(compared), -1, -1))),
            ],
            dim=1,
        )
        features = features - features.mean(dim=0)
        self.decision.scale.learn(features)
        return Compared(self.decision(features), pixel_logits, features)


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


# Appearance as a whole


def colors_of(colors: Tensor) -> tuple[Tensor, Tensor]:
    """(n, r, 3) linear light by its logarithm, and the shares of red, green and blue, which no shadow changes."""
    light = linear_light(colors)
    return light.log(), light / light.sum(dim=-1, keepdim=True)


def appearance(values: Tensor, counted: Tensor) -> tuple[Tensor, Tensor]:
    """(n, c) mean and deviation of values (n, r, c) over each object's counted pixels, in units of the usual deviation."""
    weight = counted[..., None] / counted.sum(dim=1).clamp(min=1)[:, None, None]
    mean = (weight * values).sum(dim=1)
    deviation = (weight * (values - mean[:, None]).square()).sum(dim=1).sqrt()
    usual = deviation.mean(dim=0).clamp(min=1e-6)
    return mean / usual, deviation / usual


def unlike(values: Tensor) -> Tensor:
    """(n, APPEARANCES): distance of values (n, c) to the scene's median, the median and the least of those to the other objects."""
    middle = (values - values.median(dim=0).values).norm(dim=1, keepdim=True)
    apart = over_others(torch.cdist(values[None], values[None])[0][..., None])
    return relative(torch.cat([middle, apart], dim=1), 1e-6)
