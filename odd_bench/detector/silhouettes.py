"""Silhouettes: segmentation of the pixels that show an object.

A decoder predicts them from the levels of the image network, up to the resolution of the picture. It is trained on windows of the
pictures with random changes of light and colour. Optionally, it also reads features that distinguish the floor from objects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample, interpolate

from odd_bench.blocks.backprojection import picture_positions
from odd_bench.blocks.precision import full_precision
from odd_bench.data.batch import SceneBatch
from odd_bench.detector.object_pixels import linear_light


def draw_windows(shown: Tensor, side: int, stride: int) -> Tensor:
    """Row and column (n, 2) of the first pixel of a random square window of each picture, multiples of `stride`.

    shown: (n, h, w) bool, pixels that show an object. A window is drawn that contains one of them, with torch's generator. In a
    picture without objects, the window may lie anywhere.
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
    """Windows (n, ..., side / stride, side / stride) of maps (n, ..., h, w) whose cells are `stride` pixels wide."""
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
    """The settings of silhouettes."""

    floor: bool = False
    """Whether the decoder reads the differences to other views after warping by the floor plane."""


class Silhouettes(nn.Module):
    """A decoder from the coarsest level to single pixels.

    widths: channels of the levels at strides 4, 8, ... beside: number of additional channels at the resolution of the pictures.
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
        """Logits (n, h, w). images: (n, 3, h, w), sRGB in [0, 1]. levels: (n, c, h / stride, w / stride), fine to coarse.

        further: (n, beside, h, w), the additional channels.
        """
        centred = images - 0.5 if further is None else torch.cat([images - 0.5, further], dim=1)
        beside = [*levels[::-1], self.stem(centred), centred]
        raised = self.steps[0](beside[0])
        for step, level in zip(self.steps[1:], beside[1:], strict=True):
            doubled = interpolate(raised, size=level.shape[2:], mode="bilinear", align_corners=False)
            raised = step(torch.cat([doubled, level], dim=1))
        return self.out(raised)[:, 0]


def level_strides(count: int) -> list[int]:
    """Strides in pixels of the first `count` levels of an image network: 4, 8, ..."""
    return [4 * 2**number for number in range(count)]


def convolved(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    """A convolution, a norm and a ReLU."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )


# The floor: warped by the plane z = 0, it looks the same in all views, and objects do not

FLOOR_CHANNELS = 2
DARKEST = 1e-2  # added to linear light on floors
LARGEST_DIFFERENCE = 2.0  # differences of the logarithm of light are clipped to this


@torch.no_grad()
@full_precision
def floor_differences(images: Tensor, K: Tensor, camera_from_world: Tensor) -> Tensor:
    """Differences (b, m, FLOOR_CHANNELS, h, w) of each view to the others warped by the floor: minimum and median over the others.

    images: (b, m, 3, h, w), sRGB in [0, 1]. K: (b, m, 3, 3). camera_from_world: (b, m, 4, 4). A difference is the mean over the
    colours of the absolute difference of the logarithm of light. It is 0 where no other view shows the point.
    """
    m, height, width = images.shape[1], *images.shape[-2:]
    light = linear_light(images, DARKEST).log()
    pixels_from_floor = K @ camera_from_world[..., :3, (0, 1, 3)]  # (b, m, 3, 3), of (x, y, 1)
    rows = torch.arange(height, device=K.device) + 0.5
    columns = torch.arange(width, device=K.device) + 0.5
    v, u = torch.meshgrid(rows, columns, indexing="ij")
    homogeneous = torch.stack([u, v, torch.ones_like(u)]).flatten(1).to(K.dtype)  # (3, h w)
    # (b, m, 3, h w), the last component is positive where the floor is in front of the camera
    floor = torch.linalg.inv_ex(pixels_from_floor).inverse @ homogeneous
    apart = light.new_full((*images.shape[:2], m, height, width), torch.nan)  # (b, m, other, h, w)
    for view in range(m):
        for other in range(m):
            if other != view:
                apart[:, view, other] = carried_difference(light, floor, pixels_from_floor, view, other)
    least = apart.nan_to_num(nan=torch.inf).amin(dim=2).nan_to_num(posinf=0.0)
    median = apart.nanmedian(dim=2).values.nan_to_num(nan=0.0)
    return torch.stack([least, median], dim=2)


def carried_difference(light: Tensor, floor: Tensor, pixels_from_floor: Tensor, view: int, other: int) -> Tensor:
    """Difference (b, h, w) of a view to another one warped by the floor, NaN where the other does not show the point."""
    size = (light.shape[-2], light.shape[-1])
    there = pixels_from_floor[:, other] @ floor[:, view]  # (b, 3, h w), up to the scale of `floor`
    depth = there[:, 2] / floor[:, view, 2]
    pixels = (there[:, :2] / there[:, 2:]).transpose(1, 2).unflatten(1, size)  # (b, h, w, 2)
    position = picture_positions(pixels, size)
    seen = (position.abs() <= 1).all(dim=-1) & ((floor[:, view, 2] > 0) & (depth > 0)).unflatten(1, size)
    position = torch.where(seen[..., None], position, 0.0)
    carried = grid_sample(light[:, other], position, padding_mode="border", align_corners=False)
    apart = (carried - light[:, view]).abs().mean(dim=1).clamp(max=LARGEST_DIFFERENCE)
    return apart.masked_fill(~seen, torch.nan)


# Random changes of light and colour, so that silhouettes do not depend on the light of one renderer

LIGHT, TINT, GAMMA, SATURATION = 0.25, 0.1, 0.2, 0.3  # standard deviations of log factors at strength 1


def photometric(batch: SceneBatch, strength: float) -> SceneBatch:
    """Change the light of each scene at random, equally in all its views, with torch's generator. strength: 0 = no change."""
    if strength == 0:
        return batch
    images = [changed_light(images.float() / 255, strength) for images in batch.images]
    return replace(batch, images=(torch.stack(images) * 255).round().to(torch.uint8))


def changed_light(images: Tensor, strength: float) -> Tensor:
    """Apply a random gain per colour, gamma and saturation to pictures (v, 3, h, w), sRGB in [0, 1]."""
    light, gamma, saturation = (
        (strength * deviation * torch.randn(1, device=images.device)).exp() for deviation in (LIGHT, GAMMA, SATURATION)
    )
    tint = (strength * TINT * torch.randn(3, 1, 1, device=images.device)).exp()
    lit = (images.clamp(min=1e-4) ** gamma * light * tint).clamp(0, 1)
    grey = lit.mean(dim=1, keepdim=True)
    return (grey + (lit - grey) * saturation).clamp(0, 1)
