"""Square windows around every object in every view, of one size in cells whatever their size in pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool2d

from odd_bench.blocks.backprojection import picture_positions, project_points
from odd_bench.detector.hulls import Hulls
from odd_bench.detector.object_pixels import STRIDE

MARGIN = 0.08  # of a window's side, beyond the box on either side
GAPS = 2  # pixels: how far an object's pixels may lie from where its hull is seen


@dataclass(frozen=True)
class Crops:
    """Windows of n objects in v views. low: (v, n, 2) pixels of their upper left corners. side: (v, n) pixels. cells: along it."""

    low: Tensor
    side: Tensor
    cells: int

    @property
    def pixels(self) -> Tensor:
        """(v, n, s, s, 2) where the middles of the cells lie in the pictures, centres at half-integers."""
        steps = (torch.arange(self.cells, device=self.low.device) + 0.5) / self.cells
        rows, columns = torch.meshgrid(steps, steps, indexing="ij")
        return self.low[:, :, None, None] + self.side[..., None, None, None] * torch.stack([columns, rows], dim=-1)

    def cut(self, pictures: Tensor, mode: str = "bilinear") -> Tensor:
        """(v, n, c, s, s) of pictures (v, c, h, w); 0 beyond them."""
        n = self.low.shape[1]
        spots = picture_positions(self.pixels, tuple(pictures.shape[-2:])).flatten(1, 2)  # (v, n s, s, 2)
        taken = grid_sample(pictures, spots, mode=mode, padding_mode="zeros", align_corners=False)
        return taken.unflatten(2, (n, self.cells)).transpose(1, 2)


def crops_around(boxes: Tensor, K: Tensor, camera_from_world: Tensor, cells: int) -> Crops:
    """Around boxes (n, 6) in views (v, 3, 3), (v, 4, 4)."""
    signs = torch.cartesian_prod(*[boxes.new_tensor([-0.5, 0.5])] * 3)  # (8, 3)
    corners = boxes[:, None, :3] + signs * boxes[:, None, 3:]  # (n, 8, 3)
    pixels, _ = project_points(K, camera_from_world, corners.reshape(-1, 3))
    pixels = pixels.unflatten(1, (len(boxes), 8))  # (v, n, 8, 2)
    low, high = pixels.amin(dim=2), pixels.amax(dim=2)
    side = (high - low).amax(dim=-1).clamp(min=1) * (1 + 2 * MARGIN)
    return Crops((low + high) / 2 - side[..., None] / 2, side, cells)


def owners(shown: Tensor, masks: Tensor) -> Tensor:
    """(v, h, w) number of the object that each pixel of the masks (v, h, w) shows, -1 where there is none.

    shown: (v, h', w') of every STRIDE-th pixel and row, see `shown_objects`; hulls are seen with gaps.
    """
    height, width = masks.shape[1:]
    whole = shown.repeat_interleave(STRIDE, dim=1).repeat_interleave(STRIDE, dim=2)[:, :height, :width]
    spread = max_pool2d(whole[:, None].float(), 2 * GAPS + 1, 1, GAPS)[:, 0].long()
    return torch.where(whole >= 0, whole, spread).masked_fill(~masks, -1)


def silhouettes_of(solid: Tensor, hulls: Hulls, crops: Crops, K: Tensor, camera_from_world: Tensor) -> Tensor:
    """(v, n, s, s) half sides: how deep the ray through each cell of a window dips into shapes (n, c^3), 0 where it passes by.

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
    return max_pool2d(dipped[:, :-1].unflatten(1, (n, s, s)), 3, 1, 1)  # cells are about as far apart as pixels
