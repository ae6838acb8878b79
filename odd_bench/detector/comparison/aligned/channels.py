"""Pictures of differences: each object as it is seen, beside what the other objects show at the same place."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from odd_bench.detector.comparison.aligned.crops import Crops, crops_around, owners, silhouettes_of
from odd_bench.detector.comparison.aligned.warp import FAR_PX, Seen, dips, references, seen_places, values_at
from odd_bench.detector.consensus import QUANTILES
from odd_bench.detector.hulls import Hulls
from odd_bench.detector.registration import Placements

COMPONENTS = 16  # of each level of the image network, those that differ most among the objects of a scene
DESCRIBED_STRIDE = 2  # pixels between the places that are described
DEEP = 10.0  # of half sides: how deep and how far beyond rays pass, in units about as large as the others
DARKEST, DISPLAY_GAMMA = 1e-3, 2.2  # of linear light
LEAST = 1e-6


@dataclass(frozen=True)
class AlignedChannels:
    """channels: (n, v, c, s, s) of the windows of n objects in v views. mask: (n, v, s, s) bool, cells that show the object.

    lacks: (n, v, s, s) bool, cells where the object would be seen if it were as the others are. crops: where the windows lie.
    """

    channels: Tensor
    mask: Tensor
    lacks: Tensor
    crops: Crops

    @property
    def counted(self) -> Tensor:
        """(n, v, s, s) bool: the cells that tell something."""
        return self.mask | self.lacks


def channel_count(levels: int) -> int:
    """Of the channels, where so many levels describe a pixel."""
    return 9 + 2 * (2 + levels) + 2 + len(QUANTILES) + 3 + 3


@torch.no_grad()
def aligned_channels(
    pictures: Tensor, levels: list[Tensor], masks: Tensor, outlines: Tensor, shown: Tensor, boxes: Tensor, hulls: Hulls,
    placements: Placements, agreed: Tensor, K: Tensor, camera_from_world: Tensor, cells: int = 64,
) -> AlignedChannels:  # fmt: skip
    """Of the objects in boxes (n, 6), n at least 2.

    pictures: (v, 3, h, w) sRGB in [0, 1]. levels: (v, c, h', w') each. masks: (v, h, w) bool and outlines: (v, h, w) signed pixels
    of all objects. shown: see `shown_objects`. agreed: (q, n, c^3), see `agreed_shapes`.
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
    """(k, c) of the k pixels (k, 2) that are seen, the last channel 1."""
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
    """(..., 3) logarithm of the linear light of sRGB colours."""
    return (colors.clamp(min=0) ** DISPLAY_GAMMA + DARKEST).log()


def of_objects(values: Tensor) -> Tensor:
    """(k, c) of values (k, c + 1) of which the last says how much of them objects show: the floor beside a rim does not count."""
    return values[:, :-1] / values[:, -1:].clamp(min=0.05)


def described_maps(levels: list[Tensor], shown: Tensor) -> Tensor:
    """(v, levels COMPONENTS, h / 2, w / 2): the main directions of each level (v, c, h', w') over the pixels shown (v, h, w).

    In units of their joint deviation.
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
