"""What the pictures show at the cells of objects: the image network's own levels, read off all views."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool3d, pad

from odd_bench.data.batch import SceneBatch
from odd_bench.detector.backproject import lift
from odd_bench.detector.precision import full_precision

SURROUNDINGS = (3, 5, 7)  # cells along a side: how much of them is filled tells where on the object a cell lies
KNOWN_AROUND = len(SURROUNDINGS) + 1


def appearance(levels: list[Tensor], batch: SceneBatch, scene: int, cells: Tensor) -> list[Tensor]:
    """For each level the means over the views, (n, t, c). levels: (v, c, h, w) of the scene's views. cells: (n, t, 3) metres."""
    n, t = cells.shape[:2]
    K, camera_from_world = batch.K[scene, None], batch.camera_from_world[scene, None]
    size = tuple(batch.images.shape[-2:])
    lifted = [lift(level[None], K, camera_from_world, size, cells.reshape(-1, 3))[0] for level in levels]
    return [one[0].T.reshape(n, t, -1) for one in lifted]


@torch.no_grad()
@full_precision
def surroundings(alpha: Tensor, cells: int) -> Tensor:
    """(n, t, KNOWN_AROUND): how full each cell's surroundings are, at three sizes, and its distance to the object's centre.

    Unlike its place, none of these depends on how the object lies. alpha: (n, t) of a cube of cells, z slowest. The distance
    counts sides of the cube, from the mean of the cells weighted by alpha.
    """
    cube = alpha.unflatten(1, (1, cells, cells, cells))
    full = [avg_pool3d(pad(cube, (size // 2,) * 6), size, 1).flatten(1) for size in SURROUNDINGS]
    axis = (torch.arange(cells, device=alpha.device) + 0.5) / cells
    places = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).reshape(-1, 3)  # (t, 3)
    centre = alpha @ places / alpha.sum(dim=1, keepdim=True).clamp(min=1e-6)  # (n, 3)
    distance = (places - centre[:, None]).norm(dim=-1)
    return torch.stack([*full, distance], dim=-1)
