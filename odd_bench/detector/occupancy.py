"""What the volume is taught where training knows the masks: which voxels objects occupy, and whose they are.

A rendered view says of a whole ray that something lies on it. The masks of all views together say of each voxel whether it is
inside of the visual hull, and the true boxes say whose it is: a target for every voxel, without rendering.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from odd_bench.blocks.backprojection import picture_positions, project_points
from odd_bench.blocks.precision import full_precision
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.detector.losses import FAINTEST, mask_loss

HULL_CHANNELS = 2  # of `soft_hull`
AROUND = 3  # pixels: side of the square around the middle of a voxel in which an object may show


@torch.no_grad()
@full_precision
def owners_of_voxels(instance: Tensor, K: Tensor, camera_from_world: Tensor, boxes: Tensor, grid: VoxelGrid) -> Tensor:
    """(z, y, x) number of the object that occupies each voxel of a scene, -1 for none.

    A voxel is occupied where every view that sees it shows an object there, and it lies in the true box of one, half a voxel
    more on every side. In several boxes it belongs to the object whose middle is nearest, in units of the box.

    instance: (v, h, w) masks of all views, 0 = nothing. boxes: (n, 6) true ones.
    """
    points = grid.centres(K.device).reshape(-1, 3)  # (p, 3)
    shown = max_pool2d((instance > 0).float()[:, None], AROUND, 1, AROUND // 2)[:, 0]  # (v, h, w)
    inside = shown_in_all(shown, K, camera_from_world, points)
    half = boxes[:, 3:] / 2 + grid.voxel_m / 2
    apart = ((points[None] - boxes[:, None, :3]).abs() / half[:, None]).amax(dim=-1)  # (n, p)
    nearest, owner = apart.min(dim=0)
    return torch.where(inside & (nearest <= 1), owner, -1).reshape(grid.shape_zyx)


def shown_in_all(shown: Tensor, K: Tensor, camera_from_world: Tensor, points: Tensor) -> Tensor:
    """(n,) bool: whether every view that sees a point (n, 3) shows something there, and at least one sees it. shown: (v, h, w)."""
    found, seen = values_shown(shown, K, camera_from_world, points)
    return ((found > 0) | ~seen).all(dim=0) & seen.any(dim=0)


def values_shown(maps: Tensor, K: Tensor, camera_from_world: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """(v, n) values of the pixels of maps (v, h, w) that points (n, 3) fall on, and whether they fall on any."""
    height, width = maps.shape[1:]
    pixels, depth = project_points(K, camera_from_world, points)  # (v, n, 2), (v, n)
    seen = (picture_positions(pixels, (height, width)).abs() <= 1).all(dim=-1) & (depth > 0)
    column, row = pixels[..., 0].long().clamp(0, width - 1), pixels[..., 1].long().clamp(0, height - 1)
    return maps.flatten(1).gather(1, row * width + column), seen


@full_precision
def soft_hull(chances: Tensor, K: Tensor, camera_from_world: Tensor, grid: VoxelGrid) -> Tensor:
    """(b, HULL_CHANNELS, z, y, x) mean and least, over the views that see a voxel, of the chance of an object at its pixel.

    chances: (b, v, h, w). 0 where no view sees the voxel.
    """
    points = grid.centres(K.device).reshape(-1, 3)
    found = []
    for scene in range(len(chances)):
        values, seen = values_shown(chances[scene].float(), K[scene], camera_from_world[scene], points)
        mean = (values * seen).sum(dim=0) / seen.sum(dim=0).clamp(min=1)
        least = values.masked_fill(~seen, torch.inf).amin(dim=0).nan_to_num(posinf=0.0)
        found.append(torch.stack([mean, least]).unflatten(1, grid.shape_zyx))
    return torch.stack(found)


def occupancy_loss(chances: Tensor, occupied: Tensor) -> Tensor:
    """Cross-entropy and 1 - Dice of the chances that voxels are occupied, both (z, y, x)."""
    wanted, chances = occupied.float(), chances.float().clamp(FAINTEST, 1 - FAINTEST)
    dice = 2 * (wanted * chances).sum() / (wanted.sum() + chances.sum()).clamp(min=1)
    return mask_loss(chances, wanted, "cross-entropy") + 1 - dice
