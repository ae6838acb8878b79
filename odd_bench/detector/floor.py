"""What the floor gives away: carried over by the plane z = 0, floor looks alike in all views, and objects do not."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from odd_bench.blocks.backprojection import picture_positions
from odd_bench.blocks.precision import full_precision

FLOOR_CHANNELS = 2
DARKEST, DISPLAY_GAMMA = 1e-2, 2.2  # of linear light
LARGEST = 2.0  # differences of the logarithm of light are cut here


@torch.no_grad()
@full_precision
def floor_differences(images: Tensor, K: Tensor, camera_from_world: Tensor) -> Tensor:
    """(b, m, FLOOR_CHANNELS, h, w): the least and the median, over the other views, of how unlike the carried pixel looks.

    images: (b, m, 3, h, w) sRGB in [0, 1]; K: (b, m, 3, 3); camera_from_world: (b, m, 4, 4). The difference is the mean over the
    colours of that of the logarithm of light. 0 where no other view shows the place.
    """
    m, height, width = images.shape[1], *images.shape[-2:]
    light = (images.clamp(min=0) ** DISPLAY_GAMMA + DARKEST).log()
    pixels_from_floor = K @ camera_from_world[..., :3, (0, 1, 3)]  # (b, m, 3, 3), of (x, y, 1)
    rows = torch.arange(height, device=K.device) + 0.5
    columns = torch.arange(width, device=K.device) + 0.5
    v, u = torch.meshgrid(rows, columns, indexing="ij")
    homogeneous = torch.stack([u, v, torch.ones_like(u)]).flatten(1).to(K.dtype)  # (3, h w)
    floor = (
        torch.linalg.inv_ex(pixels_from_floor).inverse @ homogeneous
    )  # (b, m, 3, h w), the last above 0 where the floor is in front
    apart = light.new_full((*images.shape[:2], m, height, width), torch.nan)  # (b, m, other, h, w)
    for view in range(m):
        for other in range(m):
            if other != view:
                apart[:, view, other] = carried_difference(light, floor, pixels_from_floor, view, other)
    least = apart.nan_to_num(nan=torch.inf).amin(dim=2).nan_to_num(posinf=0.0)
    median = apart.nanmedian(dim=2).values.nan_to_num(nan=0.0)
    return torch.stack([least, median], dim=2)


def carried_difference(light: Tensor, floor: Tensor, pixels_from_floor: Tensor, view: int, other: int) -> Tensor:
    """(b, h, w) difference of a view to another carried over, NaN where that does not show the place."""
    size = (light.shape[-2], light.shape[-1])
    there = pixels_from_floor[:, other] @ floor[:, view]  # (b, 3, h w), up to the sign and scale of the last of `floor`
    depth = there[:, 2] / floor[:, view, 2]
    pixels = (there[:, :2] / there[:, 2:]).transpose(1, 2).unflatten(1, size)  # (b, h, w, 2)
    position = picture_positions(pixels, size)
    seen = (position.abs() <= 1).all(dim=-1) & ((floor[:, view, 2] > 0) & (depth > 0)).unflatten(1, size)
    position = torch.where(seen[..., None], position, 0.0)
    carried = grid_sample(light[:, other], position, padding_mode="border", align_corners=False)
    apart = (carried - light[:, view]).abs().mean(dim=1).clamp(max=LARGEST)
    return apart.masked_fill(~seen, torch.nan)
