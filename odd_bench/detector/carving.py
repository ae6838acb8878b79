"""Boxes carved by silhouettes: clusters of small voxels that every view shows on an object.

A voxel of the learnt volume is as large as a thin handle. These voxels tell where the objects are and which voxel belongs to which
neighbour. Smaller voxels, kept if every view shows them on an object, tell how far the object extends. The opacity that separates
neighbours without breaking an object in two differs from scene to scene. Since a scene holds instances of one shape, the
threshold is chosen that makes the boxes most alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter

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

FINER = 2  # carved voxels are smaller than those of the volume by this factor
PREFER = 0.1  # how much more alike boxes must be, to prefer a threshold e times the usual one or 1 / e of it
REACH_M = 0.1  # voxels within this distance of a cluster of the volume belong to it
LEAST_VOXELS = 8  # a peak with votes of fewer small voxels is no object
DOUBLE = 1.9  # an object with so many times the median number of voxels of the others may be two that touch
LEAST_HALF = 40  # each of two objects that touch has at least so many small voxels
DIRECTIONS = 12  # directions in which an object is cut for a trial
APART_WEIGHT = 4.0  # weight of a metre between the votes of both halves, against logarithms of size
FAINT_SPREAD = 0.1  # variance in voxels, added so that a line has a finite size
HALF_ABOVE = 0.25  # least probability of a centre in the middle of both halves


@dataclass(frozen=True)
class CarvingConfig:
    """Boxes carved by silhouettes."""

    alpha_above: float = 0.1
    """Voxels of the learnt volume below this alpha are empty."""
    opaque_above: tuple[float, ...] = (0.07, 0.13, 0.2, 0.3, 0.42)
    """Thresholds of alpha, of which one is chosen for each scene. They replace `boxes.alpha_above`."""
    min_voxels: int = 300
    """A cluster of so many small voxels that belong to no other cluster is an object."""
    stragglers: float = 0.0
    """Share of the voxels of an object, at each of its four sides, that may lie outside its box. Without it, a few voxels of a
    ghost or a neighbour would widen the box.
    """
    least_volume: float = 0.0
    """A box with less than this share of the median volume of the scene's boxes is no object, since instances of one shape have
    similar sizes.
    """


@dataclass(frozen=True)
class Carved:
    """n objects. objects: for each object, the indices x, y, z of its voxels in `grid`, (k, 3). alphas: their alpha, (k,)."""

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
    """The objects at the peaks of a centre map. alpha: (z, y, x) of `grid`, the probability that a voxel is occupied."""
    fine = grid.finer(FINER)
    raised = interpolated(alpha, fine)
    voxels = carved_voxels(raised, outlines, K, camera_from_world, fine, centres.occupied_above)
    place = torch.from_numpy(voxels).to(alpha.device)
    x, y, z = (place // FINER).unbind(dim=1)
    voted = fine.world(place.float())[:, :2] + maps.votes[scene].detach()[:, z, y, x].T
    spots = peaks(maps.heat[scene].detach(), grid)
    voted = voted.cpu().numpy()
    shared = [Voters(voxels[own], voted[own]) for own in shared_by_votes(voted, spots, WITHIN_M)]
    shared = parted([one for one in shared if len(one) >= LEAST_VOXELS], maps.heat[scene].detach().sigmoid())
    objects = [without_stragglers(one.voxels, config.stragglers) for one in shared]
    objects = of_like_size(objects, config.least_volume)
    return with_alphas(objects, raised, fine)


@dataclass(frozen=True)
class Voters:
    """The k voxels of an object. voxels: (k, 3) indices. voted: (k, 2), the middle of the object that each votes for, metres."""

    voxels: np.ndarray
    voted: np.ndarray

    def __len__(self) -> int:
        return len(self.voxels)

    def of(self, chosen: np.ndarray) -> Voters:
        """The chosen voxels. chosen: (k,) bool."""
        return Voters(self.voxels[chosen], self.voted[chosen])

    @property
    def size(self) -> np.ndarray:
        """(3,) logarithms of the number of voxels, and of their larger and smaller standard deviation as seen from above."""
        spread = np.linalg.eigvalsh(np.cov(self.voxels[:, :2].T.astype(float)) + FAINT_SPREAD * np.eye(2))
        return np.log([len(self), np.sqrt(spread[1]), np.sqrt(spread[0])])


def parted(objects: list[Voters], chance: Tensor) -> list[Voters]:
    """Cut each object that consists of two neighbours into these.

    Instances of one shape have similar numbers of voxels. An object with twice as many is cut along the vertical plane whose halves
    are most like the other objects, if the middle of either half has a peak, which may be weak. chance: (y, x), the probability
    of a centre.
    """
    found = []
    for number, one in enumerate(objects):
        others = objects[:number] + objects[number + 1 :]
        halves = []
        if others and len(one) >= DOUBLE * np.median([len(other) for other in others]):
            halves = halves_like(one, np.median([other.size for other in others], axis=0))
        two = bool(halves) and all(chance_near(half.voxels, chance) >= HALF_ABOVE for half in halves)
        found += halves if two else [one]
    return found


def halves_like(one: Voters, usual: np.ndarray) -> list[Voters]:
    """The two halves of an object whose `size` is nearest to the usual one, (3,), and whose votes are furthest apart.

    Returns an empty list if no cut leaves enough voxels in both.
    """
    cuts = []
    for angle in np.pi * np.arange(DIRECTIONS) / DIRECTIONS:
        beyond = beyond_cut(one.voxels[:, :2] @ [np.cos(angle), np.sin(angle)])
        halves = [one.of(beyond), one.of(~beyond)]
        if min(map(len, halves)) >= LEAST_HALF:
            unlike = np.mean([np.abs(half.size - usual).mean() for half in halves])
            apart_m = np.linalg.norm(halves[0].voted.mean(axis=0) - halves[1].voted.mean(axis=0))
            cuts.append((unlike - APART_WEIGHT * apart_m, halves))
    return min(cuts, key=itemgetter(0), default=(0.0, []))[1]


def beyond_cut(places: np.ndarray) -> np.ndarray:
    """Cluster the places (k,) along a line by 2-means. Returns which belong to the further cluster, (k,) bool."""
    from sklearn.cluster import KMeans

    start = np.quantile(places, (0.25, 0.75))[:, None]
    means = KMeans(2, init=start, n_init=1).fit(places[:, None])
    return means.labels_ == means.cluster_centers_[:, 0].argmax()


def chance_near(voxels: np.ndarray, chance: Tensor) -> float:
    """The largest probability (y, x) in the cell of the middle of the small voxels (k, 3) and the cells around it."""
    x, y = (voxels[:, :2].mean(axis=0) / FINER).astype(int)
    return float(chance[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].max())


def without_stragglers(voxels: np.ndarray, share: float) -> np.ndarray:
    """The voxels (k, 3) without those beyond the quantiles `share` and 1 - `share` of their x or y."""
    low, high = np.quantile(voxels[:, :2], (share, 1 - share), axis=0)
    kept = (voxels[:, :2] >= np.floor(low)) & (voxels[:, :2] <= np.ceil(high))
    return voxels[kept.all(axis=1)]


def interpolated(alpha: Tensor, grid: VoxelGrid) -> Tensor:
    """alpha (z, y, x), resampled to the voxels of `grid`, which fills the same space."""
    return interpolate(alpha[None, None].float(), size=grid.shape_zyx, mode="trilinear", align_corners=False)[0, 0]


def with_alphas(objects: list[np.ndarray], alpha: Tensor, grid: VoxelGrid) -> Carved:
    """The objects, each (k, 3) indices x, y, z of voxels of `grid`, with their values in alpha (z, y, x)."""
    values = alpha.cpu().numpy()
    return Carved(objects, [values[tuple(one.astype(int).T[::-1])] for one in objects], grid)


def most_alike(candidates: list[tuple[float, list[np.ndarray]]], usual: float, prefer: float) -> list[np.ndarray]:
    """The candidate, one for each threshold, whose boxes have the most similar volumes. A single object is never preferred."""

    def unlike(candidate: tuple[float, list[np.ndarray]]) -> tuple[bool, float]:
        threshold, objects = candidate
        volumes = [np.log(np.ptp(one, axis=0) + 1).sum() for one in objects]
        spread = np.abs(volumes - np.median(volumes)).mean() if len(volumes) > 1 else 0.0
        return len(volumes) < 2, spread + prefer * abs(np.log(threshold / usual))

    return min(candidates, key=unlike)[1]


def of_like_size(objects: list[np.ndarray], least_volume: float) -> list[np.ndarray]:
    """The objects, each (k, 3) voxel indices, whose boxes have at least this share of the median volume."""
    volumes = np.array([(np.ptp(one, axis=0) + 1).prod() for one in objects])
    return [one for one, volume in zip(objects, volumes, strict=True) if volume >= least_volume * np.median(volumes)]


def carved_voxels(
    alpha: Tensor, outlines: Tensor, K: Tensor, camera_from_world: Tensor, grid: VoxelGrid, alpha_above: float
) -> np.ndarray:
    """(k, 3) indices x, y, z of the voxels of alpha (z, y, x) that are not empty and that every view shows on an object."""
    voxels = torch.nonzero(alpha > alpha_above).flip(1)
    inside = outline_distance(outlines, K, camera_from_world, grid.world(voxels.float())) <= 0
    return voxels[inside].cpu().numpy()


def shared_out(objects: list[np.ndarray], voxels: np.ndarray, reach: float) -> tuple[list[np.ndarray], np.ndarray]:
    """Assign each of the voxels (k, 3) to the nearest object, (m, 3) each, within `reach`. Returns these, and the unassigned
    voxels.

    An object that gets no voxel keeps its own.
    """
    if not objects:
        return [], voxels
    owner = nearest_objects(objects, voxels, reach)
    taken = [voxels[owner == number] for number in range(len(objects))]
    return [got if len(got) else one for got, one in zip(taken, objects, strict=True)], voxels[owner < 0]
