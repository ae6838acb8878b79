"""Which pixels show an object: a head over the image network's levels, up to the picture's own resolution."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate


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


WIDTHS = {1: 16, 2: 24, 4: 48, 8: 64, 16: 96, 32: 96}  # channels at each stride


@dataclass(frozen=True)
class SilhouettesConfig:
    """How silhouettes are found."""

    floor: bool = False
    """Whether the decoder is shown how unlike the other views a pixel looks when carried over by the floor."""


class Silhouettes(nn.Module):
    """A decoder from the coarsest level to single pixels. widths: channels of the levels at strides 4, 8, ...

    beside: further channels at the pictures' own resolution.
    """

    def __init__(self, widths: tuple[int, ...], beside: int = 0):
        super().__init__()
        self.stem = convolved(3 + beside, WIDTHS[2], stride=2)
        strides = level_strides(len(widths))
        joined = [*zip(strides[::-1], widths[::-1], strict=True), (2, WIDTHS[2]), (1, 3 + beside)]
        above = [0, *(WIDTHS[stride] for stride, _ in joined)]
        self.steps = nn.ModuleList(
            convolved(before + beside, WIDTHS[stride]) for before, (stride, beside) in zip(above, joined, strict=False)
        )
        self.out = nn.Conv2d(WIDTHS[1], 1, 1)

    def forward(self, images: Tensor, levels: list[Tensor], further: Tensor | None = None) -> Tensor:
        """(n, h, w) logits. images: (n, 3, h, w) sRGB in [0, 1]. levels: from the finest, (n, c, h / stride, w / stride).

        further: (n, beside, h, w).
        """
        centred = images - 0.5 if further is None else torch.cat([images - 0.5, further], dim=1)
        beside = [*levels[::-1], self.stem(centred), centred]
        raised = self.steps[0](beside[0])
        for step, level in zip(self.steps[1:], beside[1:], strict=True):
            doubled = interpolate(raised, size=level.shape[2:], mode="bilinear", align_corners=False)
            raised = step(torch.cat([doubled, level], dim=1))
        return self.out(raised)[:, 0]


def level_strides(count: int) -> list[int]:
    """In pixels, of so many levels of an image network: 4, 8, ..."""
    return [4 * 2**number for number in range(count)]


def convolved(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )
