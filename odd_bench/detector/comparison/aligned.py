"""Comparison with aligned references: each picture of an object is compared with what the other objects show at the same points.

A small network reads pictures of the differences and predicts where an object shows a change and whether it is odd.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from odd_bench.data.record import CHANGED, LOST
from odd_bench.detector.comparison.aligned_references import (
    FAR_PX,
    Crops,
    Seen,
    crops_around,
    dips,
    owners,
    references,
    seen_places,
    silhouettes_of,
    values_at,
)
from odd_bench.detector.comparison.consensus import QUANTILES
from odd_bench.detector.hulls import Hulls
from odd_bench.detector.object_pixels import linear_light
from odd_bench.detector.registration import Placements

COMPONENTS = 16  # principal components of each level of the image network over the objects of a scene
DESCRIBED_STRIDE = 2  # stride in pixels of the descriptions
DEEP = 10.0  # scale of distances of rays, from half sides to units similar to those of the other channels
LEAST = 1e-6


@dataclass(frozen=True)
class AlignedChannels:
    """Input of the network for the windows of n objects in v views.

    channels: (n, v, c, s, s). mask: (n, v, s, s) bool, cells that show the object. lacks: (n, v, s, s) bool, cells that would show
    the object if it were like the others. crops: positions of the windows.
    """

    channels: Tensor
    mask: Tensor
    lacks: Tensor
    crops: Crops

    @property
    def counted(self) -> Tensor:
        """Cells that count, (n, v, s, s) bool: those that show the object or should show it."""
        return self.mask | self.lacks


def channel_count(levels: int) -> int:
    """Number of channels if this many levels describe a pixel."""
    return 9 + 2 * (2 + levels) + 2 + len(QUANTILES) + 3 + 3


@torch.no_grad()
def aligned_channels(
    pictures: Tensor, levels: list[Tensor], masks: Tensor, outlines: Tensor, shown: Tensor, boxes: Tensor, hulls: Hulls,
    placements: Placements, agreed: Tensor, K: Tensor, camera_from_world: Tensor, cells: int = 64,
) -> AlignedChannels:  # fmt: skip
    """Compute the channels of the n >= 2 objects in boxes (n, 6).

    pictures: (v, 3, h, w), sRGB in [0, 1]. levels: (v, c, h', w') each. masks: (v, h, w) bool, of all objects. outlines: (v, h, w),
    signed distance to their outlines in pixels. shown: see `shown_objects`. agreed: (q, n, c^3), see `agreed_shapes`. cells: along
    each side of a window.
    """
    n, v = len(boxes), len(K)
    crops = crops_around(boxes, K, camera_from_world, cells)
    owned = owners(shown, masks)
    cut = crops.cut(owned[:, None].float() + 1, "nearest")[:, :, 0]  # (v, n, s, s), 0 = nothing
    number = torch.arange(n, device=cut.device)[:, None, None]
    mask, floor = cut == number + 1, cut == 0
    view, owner, row, column = mask.nonzero(as_tuple=True)
    pixels = crops.pixels[view, owner, row, column]
    seen = seen_places(view, owner, pixels, hulls, agreed, K, camera_from_world)
    rows = compared(seen, pixels, pictures, levels, hulls, placements, owned, outlines, K, camera_from_world)
    dense = rows.new_zeros(v, n, cells, cells, rows.shape[1])
    dense[view, owner, row, column] = rows
    near = (silhouettes_of(agreed[0], hulls, crops, K, camera_from_world) > 0) & floor
    view, owner, row, column = near.nonzero(as_tuple=True)
    shapes = agreed[[0, -1]]
    dipped = dips(view, owner, crops.pixels[view, owner, row, column], hulls, shapes, K, camera_from_world)
    lacking = dipped.new_zeros(2, v, n, cells, cells)
    lacking[:, view, owner, row, column] = dipped.T
    beside = [*(DEEP * lacking), (~mask & ~floor).float()]
    channels = torch.cat([dense.movedim(-1, 2), *(one[:, :, None] for one in beside)], dim=2)
    return AlignedChannels(channels.transpose(0, 1), mask.transpose(0, 1), (lacking[0] > 0).transpose(0, 1), crops)


def compared(
    seen: Seen, pixels: Tensor, pictures: Tensor, levels: list[Tensor], hulls: Hulls, placements: Placements,
    owned: Tensor, outlines: Tensor, K: Tensor, camera_from_world: Tensor,
) -> Tensor:  # fmt: skip
    """Channels (k, c) of the pixels (k, 2) that show objects. The last channel is 1."""
    size, n, k = tuple(owned.shape[1:]), len(hulls), len(seen.view)
    found = references(seen, hulls, placements, owned, outlines, K, camera_from_world)
    lights = torch.cat([light(pictures), torch.ones_like(pictures[:, :1])], dim=1) * (owned >= 0)[:, None]
    own_light = of_objects(values_at(lights, seen.view, pixels, size))
    their_light = of_objects(values_at(lights, found.view, found.spot, size))
    apart = their_light - own_light[found.pixel]  # (e, 3)
    differences = [apart.norm(dim=1), (apart - apart.mean(dim=1, keepdim=True)).norm(dim=1)]
    described = described_maps(levels, owned >= 0)
    own, theirs = values_at(described, seen.view, pixels, size), values_at(described, found.view, found.spot, size)
    unlike = (theirs - own[found.pixel]).square()  # (e, levels COMPONENTS)
    differences += [one.sum(dim=1).sqrt() for one in unlike.split(COMPONENTS, dim=1)]
    laid = found.laid_out(torch.stack(differences, dim=-1), k, n)  # (k, n, d)
    usual = laid.nanmedian(dim=1).values.nanmean(dim=0)[2:].nan_to_num(nan=1.0).clamp(min=LEAST)
    scale = torch.cat([usual.new_ones(2), usual])
    expected = found.laid_out(their_light, k, n).nanmedian(dim=1).values.nan_to_num(nan=0.0)
    known = (~laid[..., 0].isnan()).float()
    expected = torch.where(known.any(dim=1, keepdim=True), expected, own_light)
    cosine = found.laid_out(found.cosine, k, n).nan_to_num(nan=-1.0).amax(dim=1)
    middle = own_light.mean(dim=0)
    parts = [
        own_light - middle, expected - middle, own_light - expected,
        laid.nanmedian(dim=1).values.nan_to_num(nan=0.0) / scale,
        laid.nan_to_num(nan=torch.inf).amin(dim=1).nan_to_num(posinf=0.0) / scale,
        found.outside.nanmedian(dim=1, keepdim=True).values / FAR_PX,
        found.outside.nan_to_num(nan=torch.inf).amin(dim=1, keepdim=True) / FAR_PX,
        DEEP * seen.beyond,
        known.sum(dim=1, keepdim=True) / (n - 1), cosine[:, None], torch.ones_like(cosine)[:, None],
    ]  # fmt: skip
    return torch.cat(parts, dim=1)


def light(colors: Tensor) -> Tensor:
    """Logarithm (..., 3) of the linear light of sRGB colours."""
    return linear_light(colors).log()


def of_objects(values: Tensor) -> Tensor:
    """Values (k, c) without the floor next to a rim: the first c of values (k, c + 1), over the last, the share of objects."""
    return values[:, :-1] / values[:, -1:].clamp(min=0.05)


def described_maps(levels: list[Tensor], shown: Tensor) -> Tensor:
    """Principal components of each level (v, c, h', w') over the pixels that show objects, as maps (v, levels * COMPONENTS, h / 2,
    w / 2).

    The channels of a level are first divided by their standard deviations. shown: (v, h, w) bool.
    """
    size = tuple(side // DESCRIBED_STRIDE for side in shown.shape[1:])
    found = []
    for level in levels:
        there = interpolate(shown[:, None].float(), level.shape[2:], mode="area")[:, 0] > 0.5
        values = level.movedim(1, -1)  # (v, h', w', c)
        chosen = values[there] if there.sum() > 1 else values.flatten(0, 2)
        deviation = chosen.std(dim=0)
        unit = deviation + 0.1 * deviation.mean() + LEAST
        centred = (chosen - chosen.mean(dim=0)) / unit
        directions = torch.linalg.eigh(centred.T @ centred / len(centred))[1][:, -COMPONENTS:]  # (c, d)
        reduced = ((values - chosen.mean(dim=0)) / unit @ directions).movedim(-1, 1) / level.shape[1] ** 0.5
        if reduced.shape[1] < COMPONENTS:
            reduced = torch.cat(
                [reduced, reduced.new_zeros(len(reduced), COMPONENTS - reduced.shape[1], *reduced.shape[2:])], 1
            )
        found.append(interpolate(reduced, size, mode="bilinear", align_corners=False))
    return torch.cat(found, dim=1)


# The network

SHARES = (0.01, 0.1)  # of the cells of an object with the highest logits
LEAST_LOGIT = -12.0  # logit of cells that do not count
GROUPS = 8
WIDTHS = (16, 32, 48)  # channels of the network at full, half and quarter resolution


@dataclass(frozen=True)
class AlignedConfig:
    """The settings of the comparison with aligned references."""

    cells: int = 64
    """Number of cells along each side of the window of an object."""
    dropout: float = 0.2
    """Probability of dropout of the pooled features."""
    networks: int = 1
    """Number of networks whose outputs are averaged."""


@dataclass(frozen=True)
class Judged:
    """Outputs of k networks. logits_each: (k, n), of objects, above 0 = odd. map_logits_each: (k, n, v, s, s), of cells, above
    0 = changed.
    """

    logits_each: Tensor
    map_logits_each: Tensor

    @property
    def logits(self) -> Tensor:
        """Logits (n,) of objects, averaged over the networks."""
        return self.logits_each.mean(dim=0)

    @property
    def map_logits(self) -> Tensor:
        """Logits (n, v, s, s) of cells, averaged over the networks."""
        return self.map_logits_each.mean(dim=0)


class ChangeNetwork(nn.Module):
    """A 2D U-Net. inside: number of input channels. widths: channels at each resolution, fine to coarse."""

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
    """Two convolutions, each with a norm and a ReLU."""
    return nn.Sequential(*convolved(inside, outside), *convolved(outside, outside))


def convolved(inside: int, outside: int) -> list[nn.Module]:
    """A convolution, a norm and a ReLU."""
    return [
        nn.Conv2d(inside, outside, 3, padding=1, bias=False), nn.GroupNorm(GROUPS, outside), nn.ReLU(inplace=True)
    ]  # fmt: skip


class ChangeJudge(nn.Module):
    """A network from channels to logits, equivariant to permutations of objects and of views, for any number of both."""

    def __init__(self, inside: int, dropout: float, widths: tuple[int, ...]):
        super().__init__()
        self.network = ChangeNetwork(inside, widths)
        self.dropout = nn.Dropout(dropout)
        self.line = nn.Linear(2 * (1 + len(SHARES)) + 2 * widths[-1], 1)
        nn.init.zeros_(self.line.weight)
        nn.init.constant_(self.line.bias, -1.0)

    def forward(self, aligned: AlignedChannels) -> tuple[Tensor, Tensor]:
        """Logits (n,) of objects and (n, v, s, s) of cells."""
        n, v = aligned.channels.shape[:2]
        map_logits, coarse = self.network(aligned.channels.flatten(0, 1))
        map_logits = map_logits.float().unflatten(0, (n, v))
        peaks = highest(map_logits, aligned.counted)
        features = torch.cat([pooled(coarse.float().unflatten(0, (n, v)), aligned.counted), peaks], dim=1)
        features = torch.cat([features - features.mean(dim=0), peaks], dim=1)
        return self.line(self.dropout(features))[:, 0], map_logits


class AlignedComparison(nn.Module):
    """Several networks from channels to logits, each with its own initial weights. cells: along each side of a window."""

    def __init__(self, inside: int, config: AlignedConfig, widths: tuple[int, ...] = WIDTHS):
        super().__init__()
        self.cells = config.cells
        self.networks = nn.ModuleList(ChangeJudge(inside, config.dropout, widths) for _ in range(config.networks))

    def forward(self, aligned: AlignedChannels) -> Judged:
        """The outputs of all networks."""
        said = [one(aligned) for one in self.networks]
        return Judged(*(torch.stack(values) for values in zip(*said, strict=True)))


def highest(logits: Tensor, counted: Tensor) -> Tensor:
    """Means (n, 1 + SHARES) over the counted cells of each object: of all logits (n, v, s, s), and of the highest SHARES."""
    flat, counts = logits.flatten(1), counted.flatten(1)
    number = counts.sum(dim=1, keepdim=True)
    most = max(1, int(number.max() * max(SHARES)) + 1)
    means = [torch.where(counts, flat, 0).sum(dim=1, keepdim=True) / number.clamp(min=1)]
    ranked = flat.masked_fill(~counts, LEAST_LOGIT).topk(min(most, flat.shape[1]), dim=1).values
    rank = torch.arange(ranked.shape[1], device=logits.device)
    for share in SHARES:
        chosen = rank < (share * number).ceil().clamp(min=1)
        means.append((ranked * chosen).sum(dim=1, keepdim=True) / chosen.sum(dim=1, keepdim=True))
    return torch.cat(means, dim=1)


def pooled(coarse: Tensor, counted: Tensor) -> Tensor:
    """Mean and maximum (n, 2 c) of features (n, v, c, s', s') over the coarse cells that contain a counted cell."""
    held = interpolate(counted.float(), coarse.shape[3:], mode="area").flatten(1)[:, None] > 0  # (n, 1, v s' s')
    values = coarse.transpose(1, 2).flatten(2)  # (n, c, v s' s')
    mean = (values * held).sum(dim=2) / held.sum(dim=2).clamp(min=1)
    return torch.cat([mean, (values * held).amax(dim=2)], dim=1)  # features are not negative


# Targets


@torch.no_grad()
def changed_cells(
    aligned: AlignedChannels, instance: Tensor, change: Tensor, owner: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """Whether a cell shows a change of its object, (n, v, s, s) bool, and whether that is known, (n, v, s, s) bool.

    instance, change: (v, h, w), see SceneBatch. owner: (n,), index of the true object, -1 = none. labels: of the true objects. A
    change is surface that is new, moved or recoloured, or a place where surface was lost. It is unknown for cells that show
    another object, and for odd objects whose change no view shows. Cells that show the floor are unchanged, even inside a
    silhouette.
    """
    shows = aligned.crops.cut(instance[:, None].float(), "nearest")[:, :, 0].transpose(0, 1)  # (n, v, s, s)
    kind = aligned.crops.cut(change[:, None].float(), "nearest")[:, :, 0].transpose(0, 1)
    true = owner.clamp(min=0)
    own, odd = shows == true[:, None, None, None] + 1, (owner >= 0) & (labels[true] == 1)
    changed = (own & (kind == CHANGED)) | ((kind == LOST) & odd[:, None, None, None])
    present = changed.flatten(1).any(dim=1)
    judged = (owner >= 0) & (~odd | present)
    return changed, judged[:, None, None, None] & (aligned.counted | changed) & (own | (shows == 0) | changed)
