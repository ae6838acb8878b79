"""Boxes carved by silhouettes: clusters of voxels, exact to what the outlines of the objects leave of them.

A voxel is as large as a thin handle. The voxels of the learnt volume say where objects are and which neighbour is which; among
smaller voxels, those that every view shows on an object say how far it reaches. How opaque a voxel must be to part neighbours
and not to break an object in two differs from scene to scene; since a scene holds instances of one shape, the right answer is
the one whose boxes are most alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.detector.boxes import (
    WITHIN_M,
    BoxConfig,
    CentreMaps,
    CentresConfig,
    boxes_around,
    clusters,
    nearest_objects,
    objects_from_alpha,
    peaks,
    shared_by_votes,
)
from odd_bench.detector.hulls import outline_distance

FINER = 2  # by how much the voxels that are carved are smaller
PREFER = 0.1  # how much more alike boxes must be for a threshold e times that of the boxes, or 1 / e
REACH_M = 0.1  # distance from a cluster of the volume within which voxels are its own
LEAST_VOXELS = 8  # a peak to which fewer of the smaller voxels vote is no object


@dataclass(frozen=True)
class CarvingConfig:
    """Boxes carved by silhouettes."""

    alpha_above: float = 0.1
    """Alpha of the learnt volume below which there is nothing."""
    opaque_above: tuple[float, ...] = (0.07, 0.13, 0.2, 0.3, 0.42)
    """Thresholds of alpha to choose from, for each scene, in place of the boxes' own one."""
    min_voxels: int = 300
    """Smaller voxels that no cluster reaches are an object of their own if there are so many together."""
    stragglers: float = 0.0
    """Share of the voxels of an object, at each of its four sides, that may lie outside of its box: of what a ghost or a
    neighbour adds, a few voxels would make the box wide.
    """
    least_volume: float = 0.0
    """A box of a smaller share of the median volume of the scene's boxes is no object, for instances of one shape are
    of like size.
    """


@dataclass(frozen=True)
class Carved:
    """n objects. objects: the numbers x, y, z of each one's voxels (k, 3) of `grid`. alphas: their alpha, (k,)."""

    objects: list[np.ndarray]
    alphas: list[np.ndarray]
    grid: VoxelGrid

    @cached_property
    def boxes(self) -> np.ndarray:
        """(n, 6) metres."""
        return boxes_around(self.objects, self.grid)


def carved(
    alpha: Tensor, outlines: Tensor, K: Tensor, camera_from_world: Tensor, grid: VoxelGrid, boxes: BoxConfig,
    config: CarvingConfig, count: int | None = None,
) -> Carved:  # fmt: skip
    """alpha: (z, y, x) of `grid`. outlines: (v, h, w) signed pixels of all objects' silhouettes. count: see BoxConfig."""
    fine = grid.finer(FINER)
    raised = interpolated(alpha, fine)
    kept = carved_voxels(raised, outlines, K, camera_from_world, fine, config.alpha_above)
    coarse = alpha.cpu().numpy()

    def objects_at(threshold: float) -> list[np.ndarray]:
        opaque = replace(boxes, alpha_above=threshold, grow_above=None)  # carving grows them
        seeds = [FINER * seed + (FINER - 1) / 2 for seed in objects_from_alpha(coarse, opaque, count)]
        owned, left = shared_out(seeds, kept, REACH_M / fine.voxel_m)
        if count is None:
            owned += [left[group] for group in clusters(left, boxes) if len(group) >= config.min_voxels]
        return owned

    thresholds = config.opaque_above if count is None else (boxes.alpha_above,)
    objects = most_alike([(t, objects_at(t)) for t in thresholds], boxes.alpha_above, PREFER)
    if count is None:
        objects = of_like_size(objects, config.least_volume)
    return with_alphas(objects, raised, fine)


def carved_by_votes(
    alpha: Tensor, maps: CentreMaps, scene: int, outlines: Tensor, K: Tensor, camera_from_world: Tensor, grid: VoxelGrid,
    centres: CentresConfig, config: CarvingConfig,
) -> Carved:  # fmt: skip
    """The objects at the peaks of a map of centres. alpha: (z, y, x) of `grid`, the chance that a voxel is occupied."""
    fine = grid.finer(FINER)
    raised = interpolated(alpha, fine)
    voxels = carved_voxels(raised, outlines, K, camera_from_world, fine, centres.occupied_above)
    place = torch.from_numpy(voxels).to(alpha.device)
    x, y, z = (place // FINER).unbind(dim=1)
    voted = fine.world(place.float())[:, :2] + maps.votes[scene].detach()[:, z, y, x].T
    spots = peaks(maps.heat[scene].detach(), grid)
    shared = shared_by_votes(voxels, voted.cpu().numpy(), spots, WITHIN_M)
    objects = [without_stragglers(one, config.stragglers) for one in shared if len(one) >= LEAST_VOXELS]
    objects = of_like_size(objects, config.least_volume)
    return with_alphas(objects, raised, fine)


def without_stragglers(voxels: np.ndarray, share: float) -> np.ndarray:
    """The voxels (k, 3) but for those beyond the quantiles `share` and 1 - `share` of their x or of their y."""
    low, high = np.quantile(voxels[:, :2], (share, 1 - share), axis=0)
    kept = (voxels[:, :2] >= np.floor(low)) & (voxels[:, :2] <= np.ceil(high))
    return voxels[kept.all(axis=1)]


def interpolated(alpha: Tensor, grid: VoxelGrid) -> Tensor:
    """alpha (z, y, x) of the same space in the voxels of `grid`."""
    return interpolate(alpha[None, None].float(), size=grid.shape_zyx, mode="trilinear", align_corners=False)[0, 0]


def with_alphas(objects: list[np.ndarray], alpha: Tensor, grid: VoxelGrid) -> Carved:
    """The objects, each (k, 3) numbers x, y, z of voxels of `grid`, with their values in alpha (z, y, x)."""
    values = alpha.cpu().numpy()
    return Carved(objects, [values[tuple(one.astype(int).T[::-1])] for one in objects], grid)


def most_alike(candidates: list[tuple[float, list[np.ndarray]]], usual: float, prefer: float) -> list[np.ndarray]:
    """The objects, by threshold, whose boxes' volumes lie closest to each other; an object alone is like nothing."""

    def unlike(candidate: tuple[float, list[np.ndarray]]) -> tuple[bool, float]:
        threshold, objects = candidate
        volumes = [np.log(np.ptp(one, axis=0) + 1).sum() for one in objects]
        spread = np.abs(volumes - np.median(volumes)).mean() if len(volumes) > 1 else 0.0
        return len(volumes) < 2, spread + prefer * abs(np.log(threshold / usual))

    return min(candidates, key=unlike)[1]


def of_like_size(objects: list[np.ndarray], least_volume: float) -> list[np.ndarray]:
    """The objects, each (k, 3) voxel numbers, whose boxes have at least this share of their median volume."""
    volumes = np.array([(np.ptp(one, axis=0) + 1).prod() for one in objects])
    return [one for one, volume in zip(objects, volumes, strict=True) if volume >= least_volume * np.median(volumes)]


def carved_voxels(
    alpha: Tensor, outlines: Tensor, K: Tensor, camera_from_world: Tensor, grid: VoxelGrid, alpha_above: float
) -> np.ndarray:
    """(k, 3) numbers x, y, z of the voxels of alpha (z, y, x) that are not empty and that every view shows on an object."""
    voxels = torch.nonzero(alpha > alpha_above).flip(1)
    inside = outline_distance(outlines, K, camera_from_world, grid.world(voxels.float())) <= 0
    return voxels[inside].cpu().numpy()


def shared_out(objects: list[np.ndarray], voxels: np.ndarray, reach: float) -> tuple[list[np.ndarray], np.ndarray]:
    """The voxels (k, 3) near each object, (m, 3) each, to the nearest of them; and those that none reaches.

    An object that gets none keeps its own.
    """
    if not objects:
        return [], voxels
    owner = nearest_objects(objects, voxels, reach)
    taken = [voxels[owner == number] for number in range(len(objects))]
    return [got if len(got) else one for got, one in zip(taken, objects, strict=True)], voxels[owner < 0]
