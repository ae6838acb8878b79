"""Finding objects in a volume, as clusters of opaque voxels (paper section 3.3, box estimator B) or as peaks of a centre map.

Neighbouring objects may be closer than one or two voxels, so that their voxels touch. It is easier to predict where the centre of
the object of a voxel lies than whether two adjacent voxels belong to the same object. Centre maps follow CenterNet (Zhou et al.
2019), votes follow Panoptic-DeepLab (Cheng et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, smooth_l1_loss

from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.data.batch import SceneBatch


def dbscan(points: np.ndarray, eps: float, min_samples: int) -> np.ndarray:
    """Cluster (n,) of each of the points (n, d) by DBSCAN, -1 for noise.

    A core point has at least min_samples points, including itself, within the distance eps. Core points within eps of each other
    belong to one cluster. Clusters are numbered in the order of their first core points. A border point joins the cluster with
    the lowest number among its neighbours.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    n = len(points)
    pairs = cKDTree(points).query_pairs(eps, output_type="ndarray")
    core = np.bincount(pairs.ravel(), minlength=n) + 1 >= min_samples
    linked = pairs[core[pairs].all(axis=1)]
    _, component = connected_components(
        coo_array((np.ones(len(linked), bool), tuple(linked.T)), (n, n)), directed=False
    )
    number = numbered(component[core])
    label = np.full(n, n)
    label[core] = number
    for inner, outer in (pairs.T, pairs.T[::-1]):
        border = core[inner] & ~core[outer]
        np.minimum.at(label, outer[border], label[inner[border]])
    return np.where(label < n, label, -1)


def numbered(values: np.ndarray) -> np.ndarray:
    """The groups (n,) of equal values, numbered in the order of their first appearance."""
    _, first, group = np.unique(values, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[group]


MOST_VOXELS = 20_000  # the densest ones suffice; early in training, all voxels may be opaque


@dataclass(frozen=True)
class BoxConfig:
    """The settings of boxes around clusters of opaque voxels."""

    alpha_above: float = 0.2
    """A voxel with an alpha above this value is opaque."""
    eps_voxels: float = 1.01
    """DBSCAN: radius of the neighbourhood of a point, in voxels."""
    min_samples: int = 4
    """DBSCAN: a point with at least this many points within `eps_voxels`, itself included, is a core point."""
    min_voxels: int = 8
    """Clusters with fewer voxels are dropped."""
    source: str = "predicted"
    """`predicted`; `oracle-count`, k-means with the true number of objects; `oracle-box`, the true boxes."""
    grow_above: float | None = None
    """A cluster grows by the voxels with an alpha above this lower value that lie within `grow_voxels` and are closer to it than
    to any other cluster; None = clusters do not grow. A high `alpha_above` separates neighbours but makes boxes small.
    """
    grow_voxels: float = 2.0
    """Largest distance by which a cluster grows, in voxels."""


def clusters(voxels: np.ndarray, config: BoxConfig) -> list[np.ndarray]:
    """Clusters of voxels by DBSCAN, as arrays of indices. voxels: (n, 3), indices x, y, z."""
    if len(voxels) < config.min_samples:
        return []
    label = dbscan(voxels, config.eps_voxels, config.min_samples)
    groups = [np.flatnonzero(label == k) for k in range(label.max() + 1)]
    return [group for group in groups if len(group) >= config.min_voxels]


def clusters_of_count(voxels: np.ndarray, count: int) -> list[np.ndarray]:
    """`count` groups of voxels by k-means seen from above, as arrays of indices; fewer if there are fewer columns."""
    from sklearn.cluster import KMeans

    distinct = len(np.unique(voxels[:, :2], axis=0))
    if not distinct or not count:
        return []
    label = KMeans(min(count, distinct), n_init=4, random_state=0).fit_predict(voxels[:, :2].astype(float))
    return [np.flatnonzero(label == k) for k in range(label.max() + 1)]


def opaque_voxels(alpha: np.ndarray, alpha_above: float) -> np.ndarray:
    """Indices x, y, z (n, 3) of the opaque voxels of alpha (z, y, x)."""
    found = np.flatnonzero(alpha > alpha_above)
    if len(found) > MOST_VOXELS:
        found = found[np.argsort(-alpha.ravel()[found], kind="stable")[:MOST_VOXELS]]
    return np.column_stack(np.unravel_index(found, alpha.shape))[:, ::-1]


def nearest_objects(objects: list[np.ndarray], voxels: np.ndarray, reach: float) -> np.ndarray:
    """Index (n,) of the object, an array (k, 3) of voxels, nearest to each of the voxels (n, 3); -1 beyond `reach`."""
    from scipy.spatial import cKDTree

    owner = np.repeat(np.arange(len(objects)), [len(one) for one in objects])
    distance, nearest = cKDTree(np.concatenate(objects)).query(voxels)
    return np.where(distance <= reach, owner[np.minimum(nearest, len(owner) - 1)], -1)


def grown(objects: list[np.ndarray], voxels: np.ndarray, reach: float) -> list[np.ndarray]:
    """The objects, arrays (k, 3) of voxels, enlarged by those of `voxels` (n, 3) that are nearest to them, within `reach`."""
    owner = nearest_objects(objects, voxels, reach)
    return [np.concatenate([one, voxels[owner == number]]) for number, one in enumerate(objects)]


def objects_from_alpha(alpha: np.ndarray, config: BoxConfig, count: int | None = None) -> list[np.ndarray]:
    """Indices x, y, z (k, 3) of the voxels of each object in alpha (z, y, x).

    count: the true number of objects, if the source is `oracle-count`.
    """
    voxels = opaque_voxels(alpha, config.alpha_above)
    groups = clusters(voxels, config) if count is None else clusters_of_count(voxels, count)
    objects = [voxels[group] for group in groups]
    if config.grow_above is not None and objects:
        objects = grown(objects, opaque_voxels(alpha, config.grow_above), config.grow_voxels)
    return objects


def boxes_around(objects: list[np.ndarray], grid: VoxelGrid) -> np.ndarray:
    """Boxes (n, 6), metres, world, that extend half a voxel beyond the outermost voxel centres of each object (k, 3)."""
    low = np.array([one.min(axis=0) for one in objects], float).reshape(-1, 3)
    high = np.array([one.max(axis=0) for one in objects], float).reshape(-1, 3)
    centre = np.array(grid.low_m) + ((low + high) / 2 + 0.5) * grid.voxel_m
    return np.column_stack([centre, (high - low + 1) * grid.voxel_m])


def boxes_from_alpha(alpha: np.ndarray, grid: VoxelGrid, config: BoxConfig, count: int | None = None) -> np.ndarray:
    """Boxes (n, 6), metres, world, around the n >= 0 objects in alpha (z, y, x)."""
    return boxes_around(objects_from_alpha(alpha, config, count), grid)


def ground_truth_boxes(config: BoxConfig, batch: SceneBatch, scene: int) -> np.ndarray | None:
    """The true boxes (n, 6) of a scene if the detector is given them, else None."""
    return batch.boxes[scene].cpu().numpy() if config.source == "oracle-box" else None


def ground_truth_count(config: BoxConfig, batch: SceneBatch, scene: int) -> int | None:
    """The true number of objects of a scene if the detector is given it, else None."""
    return len(batch.boxes[scene]) if config.source == "oracle-count" else None


# Maps of centres seen from above, and votes of voxels for the centre of their object

RARE = -4.0  # initial logit, because few cells are centres
HIDDEN = 32  # hidden channels of the head
SPREAD_M = 0.04  # standard deviation of the Gaussian that marks a centre in training
PEAK_ABOVE = 0.3  # a peak with a higher probability is an object
APART_M = 0.1  # peaks that are closer belong to one object
WITHIN_M = 0.1  # a voxel whose vote is farther from all peaks belongs to no object
FAR, UNSURE = 4, 2  # exponents of the focal loss, for cells near a centre and for easy cells
SLIGHT_M = 0.02  # below this error, the loss of votes is quadratic
FAINTEST = 1e-4


@dataclass(frozen=True)
class CentresConfig:
    """The settings of objects as peaks of a centre map."""

    find: bool = False
    """Whether objects are peaks of a centre map instead of clusters of opaque voxels."""
    occupied_above: float = 0.4
    """A voxel with a higher probability is occupied."""


@dataclass(frozen=True)
class CentreMaps:
    """heat: (b, y, x), logits of centres seen from above. votes: (b, 2, z, y, x), metres from a voxel to its object's centre."""

    heat: Tensor
    votes: Tensor


class CentreHead(nn.Module):
    """A head that predicts centre maps from F_v, which has `width` channels."""

    def __init__(self, width: int):
        super().__init__()
        self.heat = nn.Sequential(
            nn.Conv2d(2 * width, HIDDEN, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(HIDDEN, HIDDEN, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(HIDDEN, 1, 1),
        )
        self.votes = nn.Sequential(nn.Conv3d(width, HIDDEN, 1), nn.ReLU(inplace=True), nn.Conv3d(HIDDEN, 2, 1))
        nn.init.constant_(self.heat[-1].bias, RARE)

    def forward(self, features: Tensor) -> CentreMaps:
        """The centre maps. features: F_v (b, d, z, y, x)."""
        above = torch.cat([features.mean(dim=2), features.amax(dim=2)], dim=1)
        return CentreMaps(self.heat(above)[:, 0].float(), self.votes(features).float())


def bumps(centres: Tensor, grid: VoxelGrid, spread_m: float) -> Tensor:
    """The target of a centre map, (y, x) in [0, 1]: Gaussians with the value 1 at the cells of the centres (n, 2), metres."""
    middles = grid.centres(centres.device)[0, ..., :2]  # (y, x, 2)
    cells = torch.round((centres - middles[0, 0]) / grid.voxel_m) * grid.voxel_m + middles[0, 0]
    apart = (middles[None] - cells[:, None, None]).square().sum(dim=-1)  # (n, y, x)
    return (-apart / (2 * spread_m**2)).exp().amax(dim=0)


def heat_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Focal loss of a centre map per centre (CenterNet, eq. 1). logits, wanted: (y, x)."""
    chance = logits.sigmoid().clamp(FAINTEST, 1 - FAINTEST)
    at = wanted > 1 - FAINTEST
    here = (1 - chance) ** UNSURE * chance.log() * at
    elsewhere = (1 - wanted) ** FAR * chance**UNSURE * (1 - chance).log() * ~at
    return -(here + elsewhere).sum() / at.sum().clamp(min=1)


def vote_loss(votes: Tensor, owner: Tensor, centres: Tensor, grid: VoxelGrid) -> Tensor:
    """Mean error of the votes (2, z, y, x) of the occupied voxels, in tenths of a metre.

    owner: (z, y, x), object of each voxel, -1 = none. centres: (n, 2), metres.
    """
    occupied = owner >= 0
    if not occupied.any():
        return votes.sum() * 0
    wanted = centres[owner[occupied]] - grid.centres(votes.device)[occupied][:, :2]  # (k, 2)
    return 10 * smooth_l1_loss(votes[:, occupied].T, wanted, beta=SLIGHT_M)


def centre_losses(maps: CentreMaps, scene: int, owner: Tensor, boxes: Tensor, grid: VoxelGrid) -> dict[str, Tensor]:
    """Losses of a scene by name. owner: (z, y, x), see `owners_of_voxels`. boxes: (n, 6), true boxes."""
    centres = boxes[:, :2]
    return {
        "centre": heat_loss(maps.heat[scene], bumps(centres, grid, SPREAD_M)),
        "vote": vote_loss(maps.votes[scene], owner, centres, grid),
    }


def peaks(heat: Tensor, grid: VoxelGrid) -> np.ndarray:
    """Peaks (n, 2), metres, of a centre map (y, x) of logits, the most probable first."""
    chance = heat.sigmoid()
    reach = max(1, round(APART_M / grid.voxel_m))
    highest = max_pool2d(chance[None, None], 2 * reach + 1, 1, reach)[0, 0]
    row, column = ((chance == highest) & (chance > PEAK_ABOVE)).nonzero(as_tuple=True)
    order = chance[row, column].argsort(descending=True, stable=True)
    found: list[np.ndarray] = []
    for spot in grid.centres(heat.device)[0, row[order], column[order], :2].cpu().numpy():
        if all(np.linalg.norm(spot - other) >= APART_M for other in found):
            found.append(spot)
    return np.array(found).reshape(-1, 2)


def shared_by_votes(voted: np.ndarray, centres: np.ndarray, within_m: float) -> list[np.ndarray]:
    """Indices of the voxels of each of the centres (n, 2). A voxel joins the centre nearest to its vote, (k, 2), metres."""
    if not len(centres):
        return []
    apart = np.linalg.norm(voted[:, None] - centres[None], axis=-1)  # (k, n)
    owner = np.where(apart.min(axis=1) <= within_m, apart.argmin(axis=1), -1)
    return [np.flatnonzero(owner == number) for number in range(len(centres))]
