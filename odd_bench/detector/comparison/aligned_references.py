"""Aligned references: for a point on one object, the corresponding point on every other object, and the view that shows it best.

Objects are cropped to square windows, which have the same number of cells whatever their size in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool2d, normalize

from odd_bench.blocks.backprojection import eyes_of, picture_positions, project_points
from odd_bench.detector.hulls import FARTHEST, REACH, TOWARDS, Hulls, at_cells
from odd_bench.detector.object_pixels import STRIDE, as_levels
from odd_bench.detector.registration import Placements

# Crops

MARGIN = 0.08  # margin of a window around the box, as a fraction of the larger side of the box
GAPS = 2  # pixels: largest distance of a pixel of an object from the projected cells of its hull


@dataclass(frozen=True)
class Crops:
    """Windows of n objects in v views. low: (v, n, 2), upper left corners, pixels. side: (v, n), pixels. cells: per side."""

    low: Tensor
    side: Tensor
    cells: int

    @property
    def pixels(self) -> Tensor:
        """Pixels (v, n, s, s, 2) of the centres of the cells; pixel centres are at half-integers."""
        steps = (torch.arange(self.cells, device=self.low.device) + 0.5) / self.cells
        rows, columns = torch.meshgrid(steps, steps, indexing="ij")
        return self.low[:, :, None, None] + self.side[..., None, None, None] * torch.stack([columns, rows], dim=-1)

    def cut(self, pictures: Tensor, mode: str = "bilinear") -> Tensor:
        """Crops (v, n, c, s, s) of pictures (v, c, h, w), 0 outside them. mode: of the interpolation."""
        n = self.low.shape[1]
        spots = picture_positions(self.pixels, tuple(pictures.shape[-2:])).flatten(1, 2)  # (v, n s, s, 2)
        taken = grid_sample(pictures, spots, mode=mode, padding_mode="zeros", align_corners=False)
        return taken.unflatten(2, (n, self.cells)).transpose(1, 2)


def crops_around(boxes: Tensor, K: Tensor, camera_from_world: Tensor, cells: int) -> Crops:
    """Windows around boxes (n, 6) in all views. K: (v, 3, 3). camera_from_world: (v, 4, 4)."""
    signs = torch.cartesian_prod(*[boxes.new_tensor([-0.5, 0.5])] * 3)  # (8, 3)
    corners = boxes[:, None, :3] + signs * boxes[:, None, 3:]  # (n, 8, 3)
    pixels, _ = project_points(K, camera_from_world, corners.reshape(-1, 3))
    pixels = pixels.unflatten(1, (len(boxes), 8))  # (v, n, 8, 2)
    low, high = pixels.amin(dim=2), pixels.amax(dim=2)
    side = (high - low).amax(dim=-1).clamp(min=1) * (1 + 2 * MARGIN)
    return Crops((low + high) / 2 - side[..., None] / 2, side, cells)


def owners(shown: Tensor, masks: Tensor) -> Tensor:
    """Index (v, h, w) of the object that each pixel of the masks (v, h, w) shows, -1 = none.

    shown: (v, h', w'), at every STRIDE-th row and column, see `shown_objects`. Gaps between the projected cells are filled.
    """
    height, width = masks.shape[1:]
    whole = shown.repeat_interleave(STRIDE, dim=1).repeat_interleave(STRIDE, dim=2)[:, :height, :width]
    spread = max_pool2d(whole[:, None].float(), 2 * GAPS + 1, 1, GAPS)[:, 0].long()
    return torch.where(whole >= 0, whole, spread).masked_fill(~masks, -1)


def silhouettes_of(solid: Tensor, hulls: Hulls, crops: Crops, K: Tensor, camera_from_world: Tensor) -> Tensor:
    """Depth (v, n, s, s), half sides, that the ray of each cell of a window reaches inside shapes (n, c^3); 0 if it misses.

    solid: signed distances in the cubes of the hulls, negative inside.
    """
    v, n, s = len(K), len(hulls), crops.cells
    owner, cell = (solid < 0).nonzero(as_tuple=True)
    world = hulls.centres[owner] + hulls.half_m * hulls.grid[cell]
    pixels, _ = project_points(K, camera_from_world, world)  # (v, k, 2)
    low, side = crops.low[:, owner], crops.side[:, owner]  # (v, k, 2), (v, k)
    spot = ((pixels - low) / side[..., None] * s).floor().long()
    within = ((spot >= 0) & (spot < s)).all(dim=-1)
    index = (owner * s * s + spot[..., 1] * s + spot[..., 0]).where(within, n * s * s)
    depth = -solid[owner, cell].expand(v, -1)
    dipped = depth.new_zeros(v, n * s * s + 1).scatter_reduce(1, index, depth, "amax")
    # fill gaps, because the cells of the cubes are about as large as those of the windows
    return max_pool2d(dipped[:, :-1].unflatten(1, (n, s, s)), 3, 1, 1)


@torch.no_grad()
def pasted_maps(crops: Crops, logits: Tensor, counted: Tensor, size: tuple[int, int]) -> Tensor:
    """Anomaly maps (views, h, w) uint8 from the logits (n, v, s, s) of windows. Where windows overlap, the highest logit counts.

    counted: (n, v, s, s) bool. size: height and width of the pictures.
    """
    rows, columns = torch.meshgrid(*(torch.arange(side, device=logits.device) + 0.5 for side in size), indexing="ij")
    pixels = torch.stack([columns, rows], dim=-1).flatten(0, 1)  # (h w, 2)
    highest = logits.new_full((logits.shape[1], *size), -torch.inf, dtype=torch.float32)
    known = torch.where(counted, logits.float(), torch.zeros_like(logits, dtype=torch.float32))
    for number in range(len(logits)):  # one object at a time saves memory
        low, side = crops.low[:, number, None], crops.side[:, number, None, None]  # (v, 1, 2), (v, 1, 1)
        spots = ((pixels - low) / side * 2 - 1)[:, None].to(known.dtype)  # (v, 1, h w, 2), -1 and 1 at the borders
        layers = torch.stack([known[number], counted[number].float()], dim=1)  # (v, 2, s, s)
        value, weight = grid_sample(layers, spots, align_corners=False)[:, :, 0].unflatten(2, size).unbind(dim=1)
        here = torch.where(weight > 0.5, value / weight.clamp(min=0.5), torch.full_like(value, -torch.inf))
        highest = torch.maximum(highest, here)
    return as_levels(highest, highest > -torch.inf)


# References

SAMPLES = 36  # number of samples along a ray through a cube
NEAR_PX, FAR_PX = -4.0, 8.0  # signed distances from outlines are clipped to this range


@dataclass(frozen=True)
class Seen:
    """Points on objects that k pixels show.

    view, owner: (k,), indices of the view and of the object. position: (k, 3), of the point, in the cube of the hull. direction:
    (k, 3), unit direction of the ray. beyond: (k, q), distance by which the ray misses each of q shapes.
    """

    view: Tensor
    owner: Tensor
    position: Tensor
    direction: Tensor
    beyond: Tensor


@dataclass(frozen=True)
class References:
    """e references of k pixels on n objects.

    pixel: (e,), index of the pixel. other: (e,), index of the other object. view: (e,), view that shows the reference, and spot:
    (e, 2), pixel in this view. cosine: (e,), of the angle between the two viewing directions. outside: (k, n), largest distance in
    pixels over the views of the corresponding point from the silhouettes of the other object, clipped; NaN for the object itself.
    """

    pixel: Tensor
    other: Tensor
    view: Tensor
    spot: Tensor
    cosine: Tensor
    outside: Tensor

    def laid_out(self, values: Tensor, pixels: int, objects: int) -> Tensor:
        """Arrange values (e, ...) of the references as (k, n, ...), NaN where there is no reference."""
        found = values.new_full((pixels * objects, *values.shape[1:]), torch.nan)
        found[self.pixel * objects + self.other] = values
        return found.unflatten(0, (pixels, objects))


@dataclass(frozen=True)
class March:
    """Samples along k rays through the cubes of their objects.

    origin, direction: (k, 3). along: (k, s), parameters of the samples. values: (k, s, q), signed distances of q shapes in the
    nearest cells, FARTHEST outside the cube.
    """

    origin: Tensor
    direction: Tensor
    along: Tensor
    values: Tensor

    def at(self, sample: Tensor) -> Tensor:
        """Positions (k, 3) of samples (k,), one per ray."""
        return self.origin + self.along.gather(1, sample[:, None]) * self.direction


def march(
    view: Tensor, owner: Tensor, pixels: Tensor, hulls: Hulls, shapes: Tensor, K: Tensor, camera_from_world: Tensor
) -> March:
    """Sample the rays of pixels (k, 2) of views (k,) in the cubes of objects (k,). shapes: (q, n, c^3), signed distances."""
    to_world = camera_from_world[:, :3, :3].transpose(1, 2) @ torch.linalg.inv(K)  # (v, 3, 3)
    homogeneous = torch.cat([pixels, torch.ones_like(pixels[:, :1])], dim=1)
    direction = normalize((to_world[view] @ homogeneous[..., None])[..., 0], dim=-1)
    origin = (eyes_of(camera_from_world)[view] - hulls.centres[owner]) / hulls.half_m
    cells = hulls.signed.shape[1]
    middle = -(origin * direction).sum(dim=-1, keepdim=True)
    along = middle + torch.linspace(-REACH, REACH, SAMPLES, device=pixels.device)  # (k, SAMPLES)
    positions = origin[:, None] + along[..., None] * direction[:, None]  # (k, SAMPLES, 3)
    cell = ((positions + 1) * (cells / 2)).clamp_(0, cells - 1).floor_()
    number = (cell @ cell.new_tensor([1, cells, cells**2])).long() + owner[:, None] * cells**3
    values = shapes.flatten(1).T.contiguous()[number.flatten()].unflatten(0, number.shape)  # (k, SAMPLES, q)
    beyond = (positions.abs() > 1).any(dim=-1, keepdim=True)
    return March(origin, direction, along, values.masked_fill(beyond, FARTHEST))


def in_cubes(shapes: Tensor, owner: Tensor, positions: Tensor) -> Tensor:
    """Values (k, q) of q shapes (q, n, c^3) at positions (k, 3) in the cubes of objects (k,), interpolated trilinearly."""
    q, n = shapes.shape[:2]
    cells = round(shapes.shape[2] ** (1 / 3))
    tall = shapes.reshape(1, q, n * cells, cells, cells)  # one cube above the other
    inner = positions.clamp(-1 + 1 / cells, 1 - 1 / cells)
    height = ((inner[:, 2] + 1) / 2 + owner) / n * 2 - 1
    spots = torch.stack([inner[:, 0], inner[:, 1], height], dim=-1)[None, None, None]
    return grid_sample(tall, spots, align_corners=False)[0, :, 0, 0].T


@torch.no_grad()
def seen_places(
    view: Tensor, owner: Tensor, pixels: Tensor, hulls: Hulls, agreed: Tensor, K: Tensor, camera_from_world: Tensor
) -> Seen:
    """The points on objects (k,) that pixels (k, 2) of views (k,) show: where their rays first hit the object.

    agreed: (q, n, c^3), signed distances of the shapes that the others agree on. The object is the intersection of its hull and
    the first of these. For a ray that misses it, the nearest point of the ray counts.
    """
    shape = torch.maximum(hulls.signed.flatten(1), agreed[0])[None]
    rays = march(view, owner, pixels, hulls, torch.cat([shape, agreed]), K, camera_from_world)
    values = rays.values[..., 0]
    hit = values <= 0
    meets = hit.any(dim=1)
    first = torch.where(meets, hit.float().argmax(dim=1), values.argmin(dim=1))  # (k,)
    before = (first - meets.long()).clamp(min=0)
    ends = [rays.at(one) for one in (before, first)]
    outside, inside = (in_cubes(shape, owner, end)[:, 0] for end in ends)
    share = torch.where(meets, outside / (outside - inside).clamp(min=1e-6), 1.0).clamp(0, 1)
    position = ends[0].lerp(ends[1], share[:, None])
    return Seen(view, owner, position, rays.direction, lowest(rays, owner, agreed).clamp(min=0))


@torch.no_grad()
def dips(
    view: Tensor, owner: Tensor, pixels: Tensor, hulls: Hulls, agreed: Tensor, K: Tensor, camera_from_world: Tensor
) -> Tensor:
    """Depth (k, q), half sides, that the rays of pixels (k, 2) of views (k,) reach inside shapes (q, n, c^3); 0 if they miss."""
    rays = march(view, owner, pixels, hulls, agreed, K, camera_from_world)
    return (-lowest(rays, owner, agreed)).clamp(min=0)


def lowest(rays: March, owner: Tensor, shapes: Tensor) -> Tensor:
    """Minimum signed distance (k, q) along the rays of each of shapes (q, n, c^3), which must be the last shapes of `rays`."""
    last = rays.values[..., -len(shapes) :]
    found = [
        in_cubes(shape[None], owner, rays.at(sample))[:, 0]
        for shape, sample in zip(shapes, last.argmin(dim=1).unbind(dim=1), strict=True)
    ]
    return torch.stack(found, dim=1)


@torch.no_grad()
def references(
    seen: Seen,
    hulls: Hulls,
    placements: Placements,
    owners: Tensor,
    outlines: Tensor,
    K: Tensor,
    camera_from_world: Tensor,
) -> References:
    """Find the references on every other object. owners: (v, h, w), see `owners`. outlines: (v, h, w), signed distance, pixels."""
    n, k = len(hulls), len(seen.view)
    rotation, shift = placements.rotation[seen.owner], placements.shift[seen.owner]  # (k, n, 3, 3), (k, n, 3)
    there = (rotation @ seen.position[:, None, :, None])[..., 0] + shift  # (k, n, 3) in the others' cubes
    world = hulls.centres + hulls.half_m * there
    pixels, depth = project_points(K, camera_from_world, world.reshape(-1, 3))
    pixels, depth = pixels.unflatten(1, (k, n)), depth.unflatten(1, (k, n))  # (v, k, n, 2), (v, k, n)
    height, width = owners.shape[1:]
    spot = pixels.floor().long()
    within = (spot >= 0).all(dim=-1) & (spot[..., 0] < width) & (spot[..., 1] < height) & (depth > 0)
    index = spot[..., 1].clamp(0, height - 1) * width + spot[..., 0].clamp(0, width - 1)  # (v, k, n)
    shown = owners.flatten(1).gather(1, index.flatten(1)).unflatten(1, (k, n))
    number = torch.arange(n, device=shown.device)
    other = number != seen.owner[:, None]  # (k, n)
    towards = normalize(eyes_of(camera_from_world)[:, None] - hulls.centres, dim=-1)  # (v, n, 3)
    stepped = there.transpose(0, 1)[:, None] + TOWARDS * towards.transpose(0, 1)[:, :, None]  # (n, v, k, 3)
    free = at_cells(hulls.signed, stepped).permute(1, 2, 0) > 0  # (v, k, n)
    usable = within & (shown == number) & free & other
    directed = (rotation @ seen.direction[:, None, :, None])[..., 0]  # (k, n, 3)
    cosine = -torch.einsum("knc,vnc->vkn", directed, towards)
    cosine, view = cosine.masked_fill(~usable, -2.0).max(dim=0)  # (k, n)
    away = outlines.flatten(1).gather(1, index.flatten(1)).unflatten(1, (k, n)).clamp(NEAR_PX, FAR_PX)
    outside = away.masked_fill(~within, NEAR_PX).amax(dim=0).masked_fill(~other, torch.nan)
    pixel, of = (cosine > -2).nonzero(as_tuple=True)
    chosen = view[pixel, of]
    return References(pixel, of, chosen, pixels[chosen, pixel, of], cosine[pixel, of], outside)


def values_at(maps: Tensor, view: Tensor, pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Values (k, c) of maps (v, c, h', w') of pictures with size (h, w) at pixels (k, 2) of views (k,), interpolated bilinearly."""
    v, _, height, width = maps.shape
    tall = maps.transpose(0, 1).reshape(1, maps.shape[1], v * height, width)  # one view below the other
    column = (pixels[:, 0] / size[1] * width).clamp(0.5, width - 0.5)
    row = (pixels[:, 1] / size[0] * height).clamp(0.5, height - 0.5) + view * height
    spots = torch.stack([column / width, row / (v * height)], dim=-1) * 2 - 1
    return grid_sample(tall, spots[None, None], align_corners=False)[0, :, 0].T
