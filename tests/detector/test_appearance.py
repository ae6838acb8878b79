"""What the pictures show at a cell: bilinear reading, means over the views that see it; how full its surroundings are."""

from itertools import combinations

import numpy as np
import pytest
import torch
from torch import Tensor

from odd_bench.detector.appearance import KNOWN_AROUND, SURROUNDINGS, appearance, surroundings
from odd_bench.detector.backproject import project_points
from tests.detector.worlds import noise_batch

PIXELS = 32


def bilinear(level: np.ndarray, u: float, v: float) -> np.ndarray:
    """(c,) of (c, h, w) at map coordinates whose centres are half-integers, the borders continued."""
    _, height, width = level.shape
    u, v = np.clip(u - 0.5, 0, width - 1), np.clip(v - 0.5, 0, height - 1)
    left, top = int(min(u, width - 2)), int(min(v, height - 2))
    across = level[:, :, left] * (left + 1 - u) + level[:, :, left + 1] * (u - left)  # (c, h)
    return across[:, top] * (top + 1 - v) + across[:, top + 1] * (v - top)


def seen(batch, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Projections (v, n * t, 2) in pixels and whether they lie in the picture, (v, n * t)."""
    pixels, depth = project_points(batch.K[0], batch.camera_from_world[0], cells.reshape(-1, 3))
    return pixels, (depth > 0) & (pixels >= 0).all(dim=-1) & (pixels <= PIXELS).all(dim=-1)


@pytest.mark.parametrize("stride", [4, 8])
def test_one_view_is_read_bilinearly_at_the_projection(stride):
    batch = noise_batch(scenes=1, views=1, pixels=PIXELS)
    cells = torch.rand(3, 20, 3) - 0.5
    level = torch.randn(1, 5, PIXELS // stride, PIXELS // stride)
    found = appearance([level], batch, 0, cells)[0].reshape(-1, 5)
    pixels, inside = seen(batch, cells)
    assert inside.sum() > 30
    for place, (u, v) in enumerate(pixels[0].tolist()):
        expected = bilinear(level[0].numpy(), u / stride, v / stride) if inside[0, place] else np.zeros(5)
        assert np.allclose(found[place].numpy(), expected, atol=1e-4)


def test_views_that_do_not_see_a_cell_do_not_count():
    batch = noise_batch(scenes=1, views=3, pixels=PIXELS)
    cells = 4 * torch.rand(2, 200, 3) - 2  # more than the cameras see
    levels = [torch.randn(3, 5, 8, 8), torch.randn(3, 2, 4, 4)]
    _, inside = seen(batch, cells)
    assert set(inside.sum(dim=0).tolist()) >= {0, 1, 2}
    for number, whole in enumerate(appearance(levels, batch, 0, cells)):
        single = [appearance([levels[number][[v]]], batch.with_views([v]), 0, cells)[0] for v in range(3)]
        weight = inside.reshape(3, 2, 200, 1).float()
        expected = (torch.stack(single) * weight).sum(dim=0) / weight.sum(dim=0).clamp(min=1)
        assert torch.allclose(whole, expected, atol=1e-5)


def test_each_scene_is_read_with_its_own_cameras():
    batch, level, cells = noise_batch(scenes=2, pixels=PIXELS), torch.randn(4, 3, 8, 8), torch.rand(2, 9, 3) - 0.5
    K = batch.K.clone()
    K[1, :, 0, 2] += 6
    moved = type(batch)(**{**vars(batch), "K": K})
    first, second = (appearance([level], moved, scene, cells)[0] for scene in (0, 1))
    assert torch.equal(first, appearance([level], batch, 0, cells)[0])
    assert not torch.allclose(first, second, atol=1e-2)


@pytest.mark.parametrize("axes", list(combinations((1, 2, 3), 2)))
@pytest.mark.parametrize("cells", [8, 12])
def test_surroundings_turn_with_the_object(cells, axes):
    alpha = torch.rand(2, cells, cells, cells)
    as_it_lay, turned = (
        surroundings(cube.flatten(1), cells).unflatten(1, (cells, cells, cells))
        for cube in (alpha, alpha.rot90(1, axes))
    )
    assert as_it_lay.shape[-1] == KNOWN_AROUND
    assert torch.allclose(turned, as_it_lay.rot90(1, axes), atol=1e-5)


def test_a_full_cube_is_full_in_the_middle_and_less_at_its_corners():
    around = surroundings(torch.ones(1, 9**3), 9)[0].unflatten(0, (9, 9, 9))
    assert torch.allclose(around[4, 4, 4], torch.tensor([1.0, 1.0, 1.0, 0.0]), atol=1e-5)
    corner = [((size // 2 + 1) / size) ** 3 for size in SURROUNDINGS]
    assert torch.allclose(around[0, 0, 0], torch.tensor([*corner, 3**0.5 * 4 / 9]), atol=1e-5)


def test_the_distance_is_from_the_middle_of_the_object():
    alpha = torch.zeros(1, 8, 8, 8)
    alpha[0, 1, 6, 3] = 0.4
    distance = surroundings(alpha.flatten(1), 8)[0, :, -1].unflatten(0, (8, 8, 8))
    assert distance[1, 6, 3] == pytest.approx(0, abs=1e-5)
    assert distance[1, 6, 5] == pytest.approx(0.25, abs=1e-5)


def test_an_empty_cube_has_surroundings_too():
    around = surroundings(torch.zeros(2, 4**3), 4)
    assert around.isfinite().all() and not around[..., :-1].any()


def test_autocast_leaves_the_surroundings_alone():
    alpha = torch.rand(2, 8**3)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = surroundings(alpha, 8)
    assert torch.equal(mixed, surroundings(alpha, 8))
