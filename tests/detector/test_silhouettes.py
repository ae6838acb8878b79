"""The head that predicts which pixels show an object."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits

from odd_bench.detector.silhouettes import Silhouettes

LEVELS = (8, 12, 16, 20)  # channels


def levels_of(images: Tensor, count: int) -> list[Tensor]:
    """Features as an image network leaves them: at strides 4, 8, ..., rounded up."""
    colors = [avg_pool2d(images, 4 * 2**number, ceil_mode=True) for number in range(count)]
    return [level.repeat(1, 7, 1, 1)[:, :width] for level, width in zip(colors, LEVELS, strict=False)]


def disc(pixels: int) -> tuple[Tensor, Tensor]:
    """A picture (1, 3, h, w) of a disc on noise, and the pixels that show it (1, h, w)."""
    row, column = torch.meshgrid(*[torch.arange(pixels) - 0.4 * pixels] * 2, indexing="ij")
    mask = row.hypot(column) < 0.3 * pixels
    return 0.6 * torch.rand(1, 3, pixels, pixels) + 0.3 * mask, mask[None]


@pytest.mark.parametrize("levels", [2, 3, 4])
@pytest.mark.parametrize("size", [(64, 96), (32, 32), (50, 38), (45, 71)])
def test_there_is_a_logit_for_every_pixel(levels, size):
    images = torch.rand(2, 3, *size)
    found = Silhouettes(LEVELS[:levels])(images, levels_of(images, levels))
    assert found.shape == (2, *size) and found.isfinite().all()


@pytest.mark.parametrize("levels", [2, 4])
def test_a_disc_is_learnt_with_pixel_accuracy(levels):
    image, mask = disc(48)
    silhouettes, levels = Silhouettes(LEVELS[:levels]), levels_of(image, levels)
    optimizer = torch.optim.Adam(silhouettes.parameters(), lr=5e-3)
    for _ in range(40):
        optimizer.zero_grad()
        binary_cross_entropy_with_logits(silhouettes(image, levels), mask.float()).backward()
        optimizer.step()
    with torch.no_grad():
        found = silhouettes.eval()(image, levels) > 0
    assert (found & mask).sum() / (found | mask).sum() > 0.95


def test_every_level_and_the_picture_itself_are_used():
    images = torch.rand(2, 3, 64, 64, requires_grad=True)
    levels = [level.detach().requires_grad_() for level in levels_of(images, 3)]
    silhouettes = Silhouettes(LEVELS[:3])
    silhouettes(images, levels).square().sum().backward()
    for one in (images, *levels, *silhouettes.parameters()):
        assert one.grad.abs().max() > 0


def test_pictures_do_not_influence_each_other():
    images = torch.rand(3, 3, 32, 32)
    silhouettes = Silhouettes(LEVELS[:2]).eval()
    together = silhouettes(images, levels_of(images, 2))
    alone = silhouettes(images[1:2], levels_of(images[1:2], 2))
    assert torch.allclose(together[1:2], alone, atol=1e-5) and together.std() > 0
