"""Objects as peaks of a map of centres seen from above; voxels vote for the peak that they belong to.

Neighbours stand closer than a voxel or two, so that their voxels touch. Where the middle of its object lies, a voxel can tell
better than whether its neighbour is of the same object (centre maps as in CenterNet, Zhou et al. 2019; votes as in
Panoptic-DeepLab, Cheng et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, smooth_l1_loss

from odd_bench.blocks.voxel_grid import VoxelGrid

RARE = -4.0  # start of the logits: few cells are centres
FAR, UNSURE = 4, 2  # exponents of the focal loss: of cells near a centre, and of what is already right
SLIGHT_M = 0.02  # errors of votes below this count by their square
FAINTEST = 1e-4


@dataclass(frozen=True)
class CentresConfig:
    """Objects as peaks of a map of centres."""

    find: bool = False
    """Whether objects are found so, and not as clusters of opaque voxels."""
    hidden: int = 32
    """Channels inside the head."""
    spread_m: float = 0.04
    """Deviation of the bump that marks a centre in training, metres."""
    peak_above: float = 0.3
    """Chance of a centre from which on a peak is an object."""
    apart_m: float = 0.1
    """Two peaks that are nearer than this are one, metres."""
    within_m: float = 0.1
    """A voxel whose vote lies further from every peak belongs to none, metres."""
    occupied_above: float = 0.4
    """Chance from which on a voxel is occupied."""


@dataclass(frozen=True)
class CentreMaps:
    """heat: (b, y, x) logits of the cells of the floor. votes: (b, 2, z, y, x) metres from a voxel to the middle of its object."""

    heat: Tensor
    votes: Tensor


class CentreHead(nn.Module):
    """From F_v of `width` channels to maps of centres."""

    def __init__(self, width: int, config: CentresConfig):
        super().__init__()
        self.heat = nn.Sequential(
            nn.Conv2d(2 * width, config.hidden, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(config.hidden, config.hidden, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(config.hidden, 1, 1),
        )
        self.votes = nn.Sequential(
            nn.Conv3d(width, config.hidden, 1), nn.ReLU(inplace=True), nn.Conv3d(config.hidden, 2, 1)
        )
        nn.init.constant_(self.heat[-1].bias, RARE)

    def forward(self, features: Tensor) -> CentreMaps:
        """features: F_v (b, d, z, y, x)."""
        above = torch.cat([features.mean(dim=2), features.amax(dim=2)], dim=1)
        return CentreMaps(self.heat(above)[:, 0].float(), self.votes(features).float())


def bumps(centres: Tensor, grid: VoxelGrid, spread_m: float) -> Tensor:
    """(y, x) in [0, 1]: 1 at the cells of the centres (n, 2), metres, less around them."""
    middles = grid.centres(centres.device)[0, ..., :2]  # (y, x, 2)
    cells = torch.round((centres - middles[0, 0]) / grid.voxel_m) * grid.voxel_m + middles[0, 0]
    apart = (middles[None] - cells[:, None, None]).square().sum(dim=-1)  # (n, y, x)
    return (-apart / (2 * spread_m**2)).exp().amax(dim=0)


def heat_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Focal loss of the map of centres, (y, x) both, a centre (CenterNet, eq. 1)."""
    chance = logits.sigmoid().clamp(FAINTEST, 1 - FAINTEST)
    at = wanted > 1 - FAINTEST
    here = (1 - chance) ** UNSURE * chance.log() * at
    elsewhere = (1 - wanted) ** FAR * chance**UNSURE * (1 - chance).log() * ~at
    return -(here + elsewhere).sum() / at.sum().clamp(min=1)


def vote_loss(votes: Tensor, owner: Tensor, centres: Tensor, grid: VoxelGrid) -> Tensor:
    """Mean error of the votes (2, z, y, x) of the occupied voxels, in tenths of a metre.

    owner: (z, y, x). centres: (n, 2) metres.
    """
    occupied = owner >= 0
    if not occupied.any():
        return votes.sum() * 0
    wanted = centres[owner[occupied]] - grid.centres(votes.device)[occupied][:, :2]  # (k, 2)
    return 10 * smooth_l1_loss(votes[:, occupied].T, wanted, beta=SLIGHT_M)


def centre_losses(maps: CentreMaps, scene: int, owner: Tensor, boxes: Tensor, grid: VoxelGrid, config: CentresConfig):
    """Losses of a scene by name. owner: (z, y, x), see `owners_of_voxels`. boxes: (n, 6) true ones."""
    centres = boxes[:, :2]
    return {
        "centre": heat_loss(maps.heat[scene], bumps(centres, grid, config.spread_m)),
        "vote": vote_loss(maps.votes[scene], owner, centres, grid),
    }


def peaks(heat: Tensor, grid: VoxelGrid, config: CentresConfig) -> np.ndarray:
    """(n, 2) metres of the peaks of a map of centres (y, x), logits, the surest first."""
    chance = heat.sigmoid()
    reach = max(1, round(config.apart_m / grid.voxel_m))
    highest = max_pool2d(chance[None, None], 2 * reach + 1, 1, reach)[0, 0]
    row, column = ((chance == highest) & (chance > config.peak_above)).nonzero(as_tuple=True)
    order = chance[row, column].argsort(descending=True, stable=True)
    found: list[np.ndarray] = []
    for spot in grid.centres(heat.device)[0, row[order], column[order], :2].cpu().numpy():
        if all(np.linalg.norm(spot - other) >= config.apart_m for other in found):
            found.append(spot)
    return np.array(found).reshape(-1, 2)


def shared_by_votes(voxels: np.ndarray, voted: np.ndarray, centres: np.ndarray, within_m: float) -> list[np.ndarray]:
    """The voxels (k, 3) of each of the centres (n, 2): each goes to the centre nearest to where it votes, (k, 2) metres."""
    if not len(centres):
        return []
    apart = np.linalg.norm(voted[:, None] - centres[None], axis=-1)  # (k, n)
    owner = np.where(apart.min(axis=1) <= within_m, apart.argmin(axis=1), -1)
    return [voxels[owner == number] for number in range(len(centres))]
