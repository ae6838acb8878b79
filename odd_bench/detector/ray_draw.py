"""Which cells of a view a training step renders: most near objects, for that is where colour and outline are decided."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from odd_bench.detector.render import Rays

MARGIN = 2  # cells around objects that count as near
NEAR_SHARE = 0.6  # of the drawn cells


def near_objects(coverage: Tensor, pixels: int) -> Tensor:
    """(v, r) bool: cells within MARGIN cells of one that objects touch. coverage: (v, r) of a pixels x pixels raster."""
    raster = coverage.unflatten(1, (pixels, pixels))[:, None]
    return max_pool2d(raster, 2 * MARGIN + 1, stride=1, padding=MARGIN).flatten(1) > 0


def draw_cells(near: Tensor, count: int) -> Tensor:
    """(v, count) different cell numbers of each view by torch's generator, NEAR_SHARE of them near objects on average.

    near: (v, r) bool. All r cells where count is not below r.
    """
    views, cells = near.shape
    if count >= cells:
        return torch.arange(cells, device=near.device).expand(views, -1)
    near = near.float()
    inside = near.sum(dim=1, keepdim=True).clamp(min=1)
    outside = (1 - near).sum(dim=1, keepdim=True).clamp(min=1)
    weight = near * NEAR_SHARE / inside + (1 - near) * (1 - NEAR_SHARE) / outside
    return torch.multinomial(weight, count)


def drawn_rays(rays: Rays, cells: Tensor) -> Rays:
    """The rays of the cells (v, count) alone."""
    return Rays(rays.origins, rays.directions.gather(1, cells[..., None].expand(-1, -1, 3)))


def at_cells(truth: tuple[Tensor, Tensor], cells: Tensor) -> tuple[Tensor, Tensor]:
    """Colour (v, r, 3) and mask (v, r) of the cells (v, count) alone."""
    color, mask = truth
    return color.gather(1, cells[..., None].expand(-1, -1, 3)), mask.gather(1, cells)
