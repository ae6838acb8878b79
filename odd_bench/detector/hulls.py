"""Visual hulls of objects as signed distances, at a higher resolution than the voxels.

Pixels define an outline to millimetres, while a voxel is centimetres wide. A hull contains its object: what is missing from the
hull is missing from the object, and what the hull has in excess would be removed by another view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from odd_bench.blocks.backprojection import picture_positions, project_points
from odd_bench.blocks.precision import full_precision
from odd_bench.blocks.voxel_grid import VoxelGrid

GOLDEN = 0.6180339887498949


def spread_order(count: int, device: torch.device | None = None) -> Tensor:
    """Distinct ranks (count,) in [0, 1), far apart for neighbours: the fractional parts of multiples of the golden ratio."""
    return (torch.arange(count, device=device, dtype=torch.float64) * GOLDEN) % 1


FARTHEST = 0.4  # signed distances are clipped to this, in half sides
UNSEEN_M = 10.0  # a point that no view shows counts as this far inside
Read = Callable[[Tensor, Tensor], Tensor]  # `at` or `at_cells`
SAMPLES, REACH = 40, 1.5  # samples along a ray through a cube, and their range on either side of its centre, half sides
TOWARDS = 0.12  # half sides: a visible point leaves its hull by a step of this length towards the camera


@dataclass(frozen=True)
class HullConfig:
    """The settings of visual hulls."""

    cells: int = 24
    """Number of cells along each side of the cube that contains an object."""
    points: int = 256
    """Number of points on the surface of each hull."""
    object_above: float = 0.27
    """A pixel with a higher probability shows an object. Below 0.5, because a missing pixel cuts the hull for all views."""
    margin_m: float = 0.02
    """Distance by which an object may exceed its box, in metres. The side of the cube exceeds the largest box by twice this."""


@dataclass(frozen=True)
class Hulls:
    """Hulls of n objects, each in a cube of its own: positions (x, y, z) in [-1, 1], distances in half sides of the cube.

    centres: (n, 3), of the cubes, metres, world. half_m: half their side. signed: (n, c, c, c), signed distance to the surface,
    negative inside, z slowest. points: (n, p, 3), on the surfaces.
    """

    centres: Tensor
    half_m: float
    signed: Tensor
    points: Tensor

    def __len__(self) -> int:
        return len(self.centres)

    @property
    def grid(self) -> Tensor:
        """Positions (c^3, 3) of the cells of a cube."""
        return cube_positions(self.signed.shape[1], self.signed.device)

    def world(self, positions: Tensor) -> Tensor:
        """Points (n, t, 3), metres, world, at positions (n, t, 3) or (t, 3) in the cubes."""
        return self.centres[:, None] + self.half_m * positions

    def local(self, points: Tensor) -> Tensor:
        """Positions (n, t, 3) in the cubes of points (n, t, 3), metres, world; the inverse of `world`."""
        return (points - self.centres[:, None]) / self.half_m


def cube_positions(cells: int, device: torch.device | None = None) -> Tensor:
    """Centres x, y, z (cells^3, 3) of the cells of the cube from -1 to 1, z slowest."""
    axis = (torch.arange(cells, device=device) + 0.5) / cells * 2 - 1
    z, y, x = torch.meshgrid(axis, axis, axis, indexing="ij")
    return torch.stack([x, y, z], dim=-1).reshape(-1, 3)


def at(signed: Tensor, positions: Tensor) -> Tensor:
    """Values (b, ...) of volumes (b, c, c, c) at positions (b, ..., 3) in [-1, 1], trilinear, constant beyond the border."""
    spots = positions.reshape(len(positions), -1, 1, 1, 3)
    taken = grid_sample(signed[:, None], spots, padding_mode="border", align_corners=False)
    return taken.reshape(positions.shape[:-1])


def at_cells(signed: Tensor, positions: Tensor) -> Tensor:
    """Values as `at` returns them, but of the nearest cells, which is much faster."""
    cells = signed.shape[1]
    cell = (positions + 1).mul_(cells / 2).clamp_(0, cells - 1).floor_()
    number = (cell @ cell.new_tensor([1, cells, cells**2])).long()  # exact, because it is below 2^24
    return signed.flatten(1).gather(1, number.flatten(1)).reshape(number.shape)


def passing(signed: Tensor, origins: Tensor, directions: Tensor, samples: int = SAMPLES, read: Read = at) -> Tensor:
    """Smallest distance (b, ...) of rays (b, ..., 3), with unit directions, from shapes (b, c, c, c); 0 if they hit them."""
    # parameter of the point on the ray nearest to the centre of the cube
    middle = -(origins * directions).sum(dim=-1, keepdim=True)
    steps = torch.linspace(-REACH, REACH, samples, device=signed.device)
    positions = origins[..., None, :] + (middle + steps)[..., None] * directions[..., None, :]  # (b, ..., samples, 3)
    passed = read(signed, positions).masked_fill((positions.abs() > 1).any(dim=-1), FARTHEST)
    return passed.amin(dim=-1).clamp(min=0)


@torch.no_grad()
@full_precision
def carve(outlines: Tensor, K: Tensor, camera_from_world: Tensor, boxes: Tensor, config: HullConfig) -> Hulls:
    """Carve the hulls of the objects in boxes (n, 6). outlines: (v, h, w), `signed_pixels` of all objects in the views."""
    half_m = float(boxes[:, 3:].max()) / 2 + config.margin_m
    positions = cube_positions(config.cells, boxes.device)
    world = boxes[:, None, :3] + half_m * positions  # (n, c^3, 3)
    outline = outline_distance(outlines, K, camera_from_world, world.reshape(-1, 3))
    signed = torch.maximum(outline.reshape(world.shape[:2]), region_distance(world, boxes, config.margin_m))
    signed = (signed / half_m).clamp(-FARTHEST, FARTHEST)
    return Hulls(boxes[:, :3], half_m, signed.unflatten(1, (config.cells,) * 3), surface(signed, positions, config))


def signed_pixels(masks: Tensor) -> Tensor:
    """Signed distance (v, h, w) to the outlines of masks (v, h, w), in pixels, negative inside."""
    from scipy.ndimage import distance_transform_edt

    found = []
    for mask in masks.cpu().numpy():
        if mask.all() or not mask.any():
            found.append(np.full(mask.shape, -float(sum(mask.shape)) if mask.all() else float(sum(mask.shape))))
        else:
            found.append(distance_transform_edt(~mask) - distance_transform_edt(mask) + np.where(mask, 0.5, -0.5))
    return torch.from_numpy(np.stack(found)).float().to(masks.device)


def outline_distance(signed: Tensor, K: Tensor, camera_from_world: Tensor, points: Tensor) -> Tensor:
    """Distance (n,) in metres of points (n, 3) from the outlines (v, h, w): the largest over the views, negative inside all."""
    pixels, depth = project_points(K, camera_from_world, points)  # (v, n, 2), (v, n)
    position = picture_positions(pixels, (signed.shape[1], signed.shape[2]))
    taken = grid_sample(signed[:, None], position[:, None], padding_mode="border", align_corners=False)[:, 0, 0]
    metres = taken * depth / K[:, 0, 0, None]
    seen = (position.abs() <= 1).all(dim=-1) & (depth > 0)
    return metres.masked_fill(~seen, -UNSEEN_M).amax(dim=0)


def region_distance(points: Tensor, boxes: Tensor, margin_m: float) -> Tensor:
    """Signed distance (n, t) in metres of points (n, t, 3) from the region of each object.

    This region is its box with a margin, up to halfway to the nearest other box.
    """
    n = len(boxes)
    beyond = ((points[:, None] - boxes[None, :, None, :3]).abs() - boxes[None, :, None, 3:] / 2).amax(
        dim=-1
    )  # (n, n, t)
    own = torch.eye(n, dtype=torch.bool, device=boxes.device)[:, :, None]
    mine = beyond[range(n), range(n)]
    if n == 1:
        return mine - margin_m
    return torch.maximum(mine - margin_m, (mine - beyond.masked_fill(own, torch.inf).amin(dim=1)) / 2)


def surface(signed: Tensor, positions: Tensor, config: HullConfig) -> Tensor:
    """Positions (n, p, 3) just inside the surface, spread over it; the innermost cell if nothing is inside."""
    thick = 2.0 / config.cells
    near = (signed <= 0) & (signed > -thick)
    near |= (signed == signed.amin(dim=1, keepdim=True)) & ~near.any(dim=1, keepdim=True)
    order = spread_order(signed.shape[1], signed.device)
    ranked = (near + order).argsort(dim=1, descending=True)  # (n, c^3), cells near the surface first
    again = near.sum(dim=1, keepdim=True)  # cells repeat if there are fewer than requested
    taken = torch.arange(config.points, device=signed.device) % again
    return positions[ranked.gather(1, taken)]


HULL_CHANNELS = 2  # channels of `soft_hull`


def values_shown(maps: Tensor, K: Tensor, camera_from_world: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Values (v, n) of maps (v, h, w) at the pixels of points (n, 3), and whether a view shows the point, (v, n) bool."""
    height, width = maps.shape[1:]
    pixels, depth = project_points(K, camera_from_world, points)  # (v, n, 2), (v, n)
    seen = (picture_positions(pixels, (height, width)).abs() <= 1).all(dim=-1) & (depth > 0)
    column, row = pixels[..., 0].long().clamp(0, width - 1), pixels[..., 1].long().clamp(0, height - 1)
    return maps.flatten(1).gather(1, row * width + column), seen


@full_precision
def soft_hull(chances: Tensor, K: Tensor, camera_from_world: Tensor, grid: VoxelGrid) -> Tensor:
    """Soft visual hull (b, HULL_CHANNELS, z, y, x): mean and minimum of the object probability over the views that see a voxel.

    chances: (b, v, h, w), probability that a pixel shows an object. The hull is 0 if no view sees the voxel.
    """
    points = grid.centres(K.device).reshape(-1, 3)
    found = []
    for scene in range(len(chances)):
        values, seen = values_shown(chances[scene].float(), K[scene], camera_from_world[scene], points)
        mean = (values * seen).sum(dim=0) / seen.sum(dim=0).clamp(min=1)
        least = values.masked_fill(~seen, torch.inf).amin(dim=0).nan_to_num(posinf=0.0)
        found.append(torch.stack([mean, least]).unflatten(1, grid.shape_zyx))
    return torch.stack(found)
