"""Comparison by relations: distances of the pixels, the appearance and the shape of an object to those of the others.

Attention has to learn what "different" means from one label per object. Here, differences are computed: distances between the
descriptors of pixels and their nearest neighbours in every other object, in both directions, because only the others show what is
missing from an object; distances between mean appearances; and differences of the shape from the one that the others agree on. The
decision reads only these distances, so a few hundred scenes suffice to train it.
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

LARGEST = 5.0  # descriptors and features are clipped to this many standard deviations


class Decision(nn.Module):
    """A linear decision. features: number per object. ridge: see RelationsConfig. memory: number of objects per step."""

    def __init__(self, features: int, ridge: float, memory: int):
        super().__init__()
        self.ridge = ridge
        self.scale = RunningScale(features)
        self.linear = nn.Linear(features, 1)
        nn.init.zeros_(self.linear.weight)
        self.memory = Memory(memory, features)

    def forward(self, features: Tensor) -> Tensor:
        """Logits (n,) from features (n, f) of the objects of a scene. A loss on them trains only what computes the features."""
        return linear(self.scaled(features), self.linear.weight.detach(), self.linear.bias.detach())[:, 0]

    def recalled(self, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Add features (n, f) with labels (n,) to the memory, and return the logits and labels of all objects in it.

        A loss on them trains the decision. This is a convex problem with a hundred weights, so each step uses thousands of objects
        instead of a few.
        """
        self.memory.add(features.detach(), labels)
        features, labels = self.memory.kept()
        return self.linear(self.scaled(features))[:, 0], labels

    def scaled(self, features: Tensor) -> Tensor:
        """Features (n, f) in units of their running scale, clipped to LARGEST."""
        return (features / self.scale.unit()).clamp(-LARGEST, LARGEST)

    def penalty(self) -> Tensor:
        """Penalty on the weights: there are a hundred correlated features, and only a few hundred scenes."""
        return self.ridge * self.linear.weight.square().sum()


class Memory(nn.Module):
    """A ring buffer with the features and labels of the last objects. size: number of objects. width: number of features."""

    def __init__(self, size: int, width: int):
        super().__init__()
        self.register_buffer("features", torch.zeros(size, width))
        self.register_buffer("labels", torch.zeros(size, dtype=torch.long))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def add(self, features: Tensor, labels: Tensor) -> None:
        """Add objects. features: (n, width). labels: (n,)."""
        places = (self.seen + torch.arange(len(labels), device=labels.device)) % len(self.labels)
        self.features[places], self.labels[places] = features, labels
        self.seen += len(labels)

    def kept(self) -> tuple[Tensor, Tensor]:
        """Features (k, width) and labels (k,) of the objects in memory, k <= size."""
        count = min(int(self.seen), len(self.labels))
        return self.features[:count], self.labels[:count]


class RunningScale(nn.Module):
    """Running root mean square of features in training, because one scene has too few objects to define a scale."""

    def __init__(self, width: int):
        super().__init__()
        self.register_buffer("square", torch.ones(width))
        self.register_buffer("steps", torch.zeros(()))

    @torch.no_grad()
    def learn(self, x: Tensor) -> None:
        """Update the scale from x (n, width), in training mode only."""
        if self.training and len(x) > 1:
            self.steps += 1
            self.square.lerp_(x.square().mean(dim=0), float((1 / self.steps).clamp(min=0.002)))

    def unit(self) -> Tensor:
        """The scale (width,)."""
        return (self.square + 1e-8).sqrt()


PIXELS = 1500  # number of pixels of an object, for its appearance and shape
HIDDEN = 32  # hidden width of the network that judges a pixel
MEMORY = 4096  # number of last objects that the decision is trained on at every step
STEEPNESS = 3.0  # scales relative distances, which lie close to 1, to a range that a small network can distinguish
APPEARANCES = 3  # number of features per description, see `unlike`


@dataclass(frozen=True)
class RelationsConfig:
    """The settings of the comparison of registered objects."""

    levels: int = 3
    """Number of levels of the image network, from the finest, that describe a pixel."""
    describe: str = "shared"
    """Image network that describes pixels: `shared`, the one that builds the volume, or `pretrained`, a network of the same kind
    that is not trained further.
    """
    enlarge: int = 1
    """Factor by which pictures are enlarged before pixels are described."""
    compared: int = 400
    """Number of pixels of an object that are matched with those of others."""
    ridge: float = 0.3
    """Weight of the penalty on the squared weights of the decision."""


@dataclass(frozen=True)
class Compared:
    """logits: (n,), of objects. pixel_logits: (n, t), of the compared pixels. Above 0 = anomalous. features: (n, f), of objects."""

    logits: Tensor
    pixel_logits: Tensor
    features: Tensor


class Relations(nn.Module):
    """The comparison by relations. levels: number of levels that describe a pixel."""

    def __init__(self, levels: int, config: RelationsConfig):
        super().__init__()
        self.config, seen = config, 2 * levels + len(QUANTILES)
        means = 1 + len(TOP_SHARES)
        features = SHAPE_FEATURES + 2 * APPEARANCES * (levels + 2) + means * (4 * levels + 1)
        self.pixel = nn.Sequential(nn.Linear(seen, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, 1))
        self.decision = Decision(features, config.ridge, MEMORY)

    def forward(self, colors: Tensor, levels: list[Tensor], counted: Tensor, shapes: Disagreement | None) -> Compared:
        """Compare the objects of a scene. colors: (n, r, 3), sRGB in [0, 1]. levels: (n, r, c) each, features of the pixels.

        counted: (n, r) bool. shapes: None for a single object.
        """
        compared = counted[:, : self.config.compared]
        if shapes is None:  # a single object cannot be compared
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


# Matching of pixels


def matched(levels: list[Tensor], counted: Tensor) -> Tensor:
    """Distances (n, n, t, levels) of each pixel to the nearest pixel of each object, in units of their mean."""
    described = [standardised(level, counted) / level.shape[-1] ** 0.5 for level in levels]
    found = torch.stack([nearest(one, counted) for one in described], dim=-1)
    other = ~torch.eye(len(counted), dtype=torch.bool, device=counted.device)
    valid = other[:, :, None] & counted[:, None] & counted.any(dim=1)[None, :, None]
    usual = found[valid].mean(dim=0) if valid.any() else found.new_ones(len(levels))
    return found / usual.clamp(min=1e-6)


def standardised(values: Tensor, counted: Tensor) -> Tensor:
    """Values (n, t, c), standardised to mean 0 and standard deviation 1 over the counted pixels (n, t) of the scene."""
    chosen = values[counted] if counted.sum() > 1 else values.flatten(0, 1)
    deviation = chosen.std(dim=0)
    return ((values - chosen.mean(dim=0)) / (deviation + 0.1 * deviation.mean() + 1e-6)).clamp(-LARGEST, LARGEST)


@full_precision
def nearest(descriptors: Tensor, counted: Tensor) -> Tensor:
    """Distances (a, b, t) of each pixel of object a to the nearest counted pixel of object b. descriptors: (n, t, c)."""
    n, t = counted.shape
    flat = descriptors.flatten(0, 1)
    apart = torch.cdist(flat, flat).masked_fill(~counted.reshape(1, -1), FARTHEST)
    return apart.reshape(n, t, n, t).amin(dim=3).transpose(1, 2)


def missed(distances: Tensor) -> Tensor:
    """Distances (a, b, t, kinds) of the pixels of b to a, minus their median distance to the others, or minus 1 without others."""
    n = len(distances)
    eye = torch.eye(n, dtype=torch.bool, device=distances.device)
    without = eye[:, None, :] | eye[None]  # (a, b, c): c is a or b
    others = distances[None].masked_fill(without[..., None, None], torch.nan)  # (a, b, c, t, kinds)
    usual = others.nanmedian(dim=2).values.nan_to_num(nan=1.0)
    return distances.transpose(0, 1) - usual


# Mean appearance


def colors_of(colors: Tensor) -> tuple[Tensor, Tensor]:
    """Logarithm of linear light (n, r, 3), and shares of red, green and blue (n, r, 3), which do not depend on shadows."""
    light = linear_light(colors)
    return light.log(), light / light.sum(dim=-1, keepdim=True)


def appearance(values: Tensor, counted: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (n, c) of values (n, r, c) over the counted pixels of each object, in units of the mean
    standard deviation over the objects.
    """
    weight = counted[..., None] / counted.sum(dim=1).clamp(min=1)[:, None, None]
    mean = (weight * values).sum(dim=1)
    deviation = (weight * (values - mean[:, None]).square()).sum(dim=1).sqrt()
    usual = deviation.mean(dim=0).clamp(min=1e-6)
    return mean / usual, deviation / usual


def unlike(values: Tensor) -> Tensor:
    """Distances (n, APPEARANCES) of values (n, c): to the median of the scene, and the median and minimum to the other objects."""
    middle = (values - values.median(dim=0).values).norm(dim=1, keepdim=True)
    apart = over_others(torch.cdist(values[None], values[None])[0][..., None])
    return relative(torch.cat([middle, apart], dim=1), 1e-6)
