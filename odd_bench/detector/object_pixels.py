"""Pixels of objects: choosing them, sampling features at them, rays through them, and anomaly maps from their logits."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import conv2d, grid_sample

from odd_bench.blocks.backprojection import eyes_of, project_points
from odd_bench.data.batch import SceneBatch
from odd_bench.data.record import CHANGED
from odd_bench.detector.hulls import Hulls, spread_order

STRIDE = 2  # every other pixel of every other row
DARKEST, DISPLAY_GAMMA = 1e-3, 2.2  # added to linear light, which has no reliable colour below it; gamma of the display


def linear_light(colors: Tensor, darkest: float = DARKEST) -> Tensor:
    """Linear light of sRGB colours, approximately in [0, 1], plus `darkest`, so that it has a logarithm. The shape stays."""
    return colors.clamp(min=0) ** DISPLAY_GAMMA + darkest


@dataclass(frozen=True)
class ObjectPixels:
    """r pixels of each of n objects, in an order such that any number of first pixels is spread over the object.

    view, row, column: (n, r). counted: (n, r) bool, False for padding. size: height and width of the pictures.
    """

    view: Tensor
    row: Tensor
    column: Tensor
    counted: Tensor
    size: tuple[int, int]

    def first(self, count: int) -> ObjectPixels:
        """The first `count` pixels of each object."""
        kept = (one[:, :count] for one in (self.view, self.row, self.column, self.counted))
        return ObjectPixels(*kept, self.size)

    def taken(self, pictures: Tensor) -> Tensor:
        """Values (n, r) of pictures (v, h, w) at the pixels."""
        return pictures[self.view, self.row, self.column]

    def sampled(self, maps: Tensor) -> Tensor:
        """Values (n, r, c) of maps (v, c, h', w') of any resolution at the pixels, interpolated bilinearly."""
        centres = torch.stack([(self.column + 0.5) / self.size[1], (self.row + 0.5) / self.size[0]], dim=-1) * 2 - 1
        found = maps.new_zeros(*self.view.shape, maps.shape[1])
        for view in range(len(maps)):
            mine = self.view == view
            spots = centres[mine][None, None].to(maps.dtype)
            values = grid_sample(maps[view : view + 1], spots, padding_mode="border", align_corners=False)
            found[mine] = values[0, :, 0].T
        return found


@dataclass(frozen=True)
class ObjectRays:
    """Rays through pixels of objects, in the cubes of their hulls: origins and unit directions (n, r, 3), counted (n, r)."""

    origins: Tensor
    directions: Tensor
    counted: Tensor


@torch.no_grad()
def object_pixels(shown: Tensor, objects: int, silhouettes: Tensor, most: int) -> ObjectPixels:
    """Choose up to `most` pixels of each object, spread over the views. shown: see `shown_objects`. silhouettes: (v, h, w) bool."""
    size = (silhouettes.shape[1], silhouettes.shape[2])
    shown = torch.where(silhouettes[:, ::STRIDE, ::STRIDE], shown, -1)
    mine = shown.flatten() == torch.arange(objects, device=shown.device)[:, None]  # (n, v h w)
    chosen = (mine + spread_order(mine.shape[1], shown.device)).topk(min(most, mine.shape[1]), dim=1).indices  # (n, r)
    view, row, column = torch.unravel_index(chosen, shown.shape)
    return ObjectPixels(view, STRIDE * row, STRIDE * column, mine.gather(1, chosen), size)


@torch.no_grad()
def shown_objects(hulls: Hulls, size: tuple[int, int], K: Tensor, camera_from_world: Tensor) -> Tensor:
    """Index (v, h', w') of the nearest hull at every STRIDE-th row and column of the pictures, -1 = none."""
    height, width = (-(-side // STRIDE) for side in size)
    inside = hulls.signed.flatten(1) <= 0
    number = torch.arange(len(hulls), device=inside.device)[:, None].expand(inside.shape)[inside]
    pixels, depth = project_points(K, camera_from_world, hulls.world(hulls.grid)[inside])  # (v, k, 2), (v, k)
    spot = (pixels / STRIDE).floor().long()
    within = (depth > 0) & (spot >= 0).all(dim=-1) & (spot[..., 0] < width) & (spot[..., 1] < height)
    index = (spot[..., 1] * width + spot[..., 0]).where(within, height * width)  # points outside go to an extra pixel
    nearest = depth.new_full((len(depth), height * width + 1), torch.inf).scatter_reduce(1, index, depth, "amin")
    front = within & (depth <= nearest.gather(1, index))
    shown = torch.full(nearest.shape, -1, dtype=torch.long, device=depth.device)
    shown = shown.scatter_reduce(1, index.where(front, height * width), number.expand_as(index), "amax")
    return shown[:, :-1].unflatten(1, (height, width))


@torch.no_grad()
def rays_of(pixels: ObjectPixels, hulls: Hulls, K: Tensor, camera_from_world: Tensor) -> ObjectRays:
    """The rays through pixels, in the cubes of the hulls."""
    world_from_camera = camera_from_world[:, :3, :3].transpose(1, 2)
    positions = torch.stack([pixels.column + 0.5, pixels.row + 0.5, torch.ones_like(pixels.row)], dim=-1).to(K.dtype)
    directions = ((world_from_camera @ torch.linalg.inv(K))[pixels.view] @ positions[..., None])[..., 0]
    directions = directions / directions.norm(dim=-1, keepdim=True)
    return ObjectRays(hulls.local(eyes_of(camera_from_world)[pixels.view]), directions, pixels.counted)


@torch.no_grad()
def changed_pixels(pixels: ObjectPixels, owner: Tensor, batch: SceneBatch, scene: int) -> tuple[Tensor, Tensor]:
    """Whether the generator changed what a pixel shows, (n, r) bool, and whether that is known, (n, r) bool.

    owner: (n,), index of the true object, -1 = none. It is unknown for pixels that show another object, and for odd objects whose
    change no view of the batch shows.
    """
    instance, change = batch.instance[scene], batch.change[scene] == CHANGED
    known = pixels.counted & (owner >= 0)[:, None] & (pixels.taken(instance) == (owner + 1)[:, None])
    odd = (owner >= 0) & (batch.labels[scene].to(owner.device)[owner.clamp(min=0)] == 1)
    present = torch.stack([(change & (instance == number + 1)).any() for number in owner.tolist()])
    return known & pixels.taken(change), known & (~odd | present)[:, None]


# Anomaly maps: 0 away from objects

SPREAD_PX = 3.0  # standard deviation of the Gaussian weights of neighbouring pixels
REACH_PX = 6  # a map is 0 farther than this from any judged pixel
MIDDLE, STEPS = 128, 16  # level of logit 0, and levels per unit of the logits, the same in every scene


@torch.no_grad()
def suspicion_maps(pixels: ObjectPixels, logits: Tensor, views: int) -> Tensor:
    """Anomaly maps (views, h, w) uint8 from logits (n, r) of pixels: 0 away from objects, else 1 to 255; logit 0 is 128."""
    height, width = pixels.size
    flat = ((pixels.view * height + pixels.row) * width + pixels.column)[pixels.counted]
    values = logits.float()[pixels.counted]
    sums = values.new_zeros(2, views * height * width)
    sums[0].index_add_(0, flat, torch.ones_like(values))
    sums[1].index_add_(0, flat, values)
    weight, total = blurred(sums.view(2 * views, 1, height, width)).view(2, views, height, width)
    least = torch.exp(torch.tensor(-0.5 * (REACH_PX / SPREAD_PX) ** 2)).item()
    return as_levels(total / weight.clamp(min=1e-9), weight >= least)


def as_levels(logits: Tensor, judged: Tensor) -> Tensor:
    """Levels uint8 of logits: 1 to 255 for judged pixels, 0 elsewhere."""
    levels = (MIDDLE + STEPS * logits).round().clamp(1, 255)
    return torch.where(judged, levels, torch.zeros_like(levels)).to(torch.uint8)


def blurred(pictures: Tensor) -> Tensor:
    """Convolve pictures (k, 1, h, w) with a Gaussian whose value at the centre is 1."""
    steps = torch.arange(-REACH_PX, REACH_PX + 1, device=pictures.device, dtype=pictures.dtype)
    kernel = torch.exp(-0.5 * (steps / SPREAD_PX) ** 2)
    along = conv2d(pictures, kernel[None, None, :, None], padding=(REACH_PX, 0))
    return conv2d(along, kernel[None, None, None], padding=(0, REACH_PX))
