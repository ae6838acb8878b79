"""Aligned references: where what a pixel shows of one object lies on every other, and the view that shows it best."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, normalize

from odd_bench.blocks.backprojection import project_points
from odd_bench.detector.hulls import FARTHEST, Hulls, at_cells
from odd_bench.detector.registration import Placements

SAMPLES, REACH = 36, 1.5  # along a ray through a cube, and how far to both sides of its middle, half sides
TOWARDS = 0.12  # half sides: a step towards a camera after which a seen place is outside of its hull
NEAR_PX, FAR_PX = -4.0, 8.0  # signed distances from outlines are cut here


@dataclass(frozen=True)
class Seen:
    """k pixels. view, owner: (k,) numbers of the picture and of the object shown. position: (k, 3) of what they show, in the
    cube of the object's hull. direction: (k, 3) unit, of their rays. beyond: (k, q) how far the ray passes by each of q shapes.
    """

    view: Tensor
    owner: Tensor
    position: Tensor
    direction: Tensor
    beyond: Tensor


@dataclass(frozen=True)
class References:
    """e references of k pixels on n objects. pixel: (e,) which of the k; other: (e,) the object; view: (e,), where it is seen,
    and spot: (e, 2) at which pixel. cosine: (e,) of the two viewing directions. outside: (k, n) pixels by which the place lies
    outside of the silhouettes of the other, in the view where that is farthest, cut; NaN for the object itself.
    """

    pixel: Tensor
    other: Tensor
    view: Tensor
    spot: Tensor
    cosine: Tensor
    outside: Tensor

    def laid_out(self, values: Tensor, pixels: int, objects: int) -> Tensor:
        """(k, n, ...) of values (e, ...), NaN where there is none."""
        found = values.new_full((pixels * objects, *values.shape[1:]), torch.nan)
        found[self.pixel * objects + self.other] = values
        return found.unflatten(0, (pixels, objects))


def eyes_of(camera_from_world: Tensor) -> Tensor:
    """(v, 3) metres, world."""
    return -(camera_from_world[:, :3, :3].transpose(1, 2) @ camera_from_world[:, :3, 3:])[..., 0]


@dataclass(frozen=True)
class March:
    """k rays through the cubes of their objects. origin, direction: (k, 3). along: (k, s) where samples lie on them. values:
    (k, s, q) of q shapes in the nearest cells; beyond the cube those of places far outside.
    """

    origin: Tensor
    direction: Tensor
    along: Tensor
    values: Tensor

    def at(self, sample: Tensor) -> Tensor:
        """(k, 3) positions of samples (k,), one a ray."""
        return self.origin + self.along.gather(1, sample[:, None]) * self.direction


def march(
    view: Tensor, owner: Tensor, pixels: Tensor, hulls: Hulls, shapes: Tensor, K: Tensor, camera_from_world: Tensor
) -> March:
    """Along the rays of pixels (k, 2) of views (k,) through the cubes of objects (k,); shapes: (q, n, c^3) signed distances."""
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
    """(k, q) trilinear values of q shapes (q, n, c^3) at positions (k, 3) in the cubes of objects (k,)."""
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
    """What pixels (k, 2) of views (k,) show of their objects (k,): where their rays first meet the object.

    agreed: (q, n, c^3) signed distances of the shapes that the others agree on. The object is what its hull and the first of
    these have in common; a ray that misses it counts where it passes nearest.
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
    """(k, q) half sides: how deep the rays of pixels (k, 2) of views (k,) dip into shapes (q, n, c^3), 0 where they pass by."""
    rays = march(view, owner, pixels, hulls, agreed, K, camera_from_world)
    return (-lowest(rays, owner, agreed)).clamp(min=0)


def lowest(rays: March, owner: Tensor, shapes: Tensor) -> Tensor:
    """(k, q) least signed distance along the rays of each of shapes (q, n, c^3), the last of those marched through."""
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
    """Of what pixels show, on every other object. owners: (v, h, w) numbers of objects; outlines: (v, h, w) signed pixels."""
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
    """(k, c) bilinear values of maps (v, c, h', w'), of pictures of `size` rows and columns, at pixels (k, 2) of views (k,)."""
    v, _, height, width = maps.shape
    tall = maps.transpose(0, 1).reshape(1, maps.shape[1], v * height, width)  # one view below the other
    column = (pixels[:, 0] / size[1] * width).clamp(0.5, width - 0.5)
    row = (pixels[:, 1] / size[0] * height).clamp(0.5, height - 0.5) + view * height
    spots = torch.stack([column / width, row / (v * height)], dim=-1) * 2 - 1
    return grid_sample(tall, spots[None, None], align_corners=False)[0, :, 0].T
