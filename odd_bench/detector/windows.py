"""Windows of pictures: what silhouettes are learnt on. Most of a picture is floor, and each pixel costs the same."""

from __future__ import annotations

import torch
from torch import Tensor


def draw_windows(shown: Tensor, side: int, stride: int) -> Tensor:
    """(n, 2) row and column of the first pixel of a square window of each picture, multiples of `stride`.

    shown: (n, h, w) bool, pixels that show an object: by torch's generator one of them is drawn, and a window that holds it. In a
    picture without any, the window may lie anywhere.
    """
    n, height, width = shown.shape
    weight = shown.flatten(1).float()
    weight = torch.where(weight.any(dim=1, keepdim=True), weight, torch.ones_like(weight))
    drawn = torch.multinomial(weight, 1)[:, 0]
    pixel = torch.stack([drawn // width, drawn % width], dim=1)
    first = pixel - (side * torch.rand(n, 2, device=shown.device)).long()
    last = torch.tensor([height - side, width - side], device=shown.device) // stride * stride
    return torch.minimum((first / stride).round().long().clamp(min=0) * stride, last)


def cut_windows(maps: Tensor, first: Tensor, side: int, stride: int = 1) -> Tensor:
    """(n, ..., side / stride, side / stride): the windows of maps (n, ..., h, w) whose cells are `stride` pixels wide."""
    cells = side // stride
    return torch.stack(
        [
            one[..., row : row + cells, column : column + cells]
            for one, (row, column) in zip(maps, (first // stride).tolist(), strict=True)
        ]
    )
