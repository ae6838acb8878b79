"""Drawn rays: which cells are drawn, and that drawing changes no ray."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.blocks.volume_rendering import (
    NEAR_SHARE,
    RenderConfig,
    draw_cells,
    drawn_rays,
    near_objects,
    pixel_rays,
    render,
    targets_at,
)
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.detector.losses import mask_loss
from tests.detector.worlds import ring_cameras, stacked

GRID = VoxelGrid((16, 16, 8), 0.06, (-0.48, -0.48, 0.0))


def square(pixels: int = 24) -> torch.Tensor:
    """(1, r) coverage of a square of 6 x 6 cells in the middle."""
    coverage = torch.zeros(1, pixels, pixels)
    coverage[:, 9:15, 9:15] = 1
    return coverage.flatten(1)


def test_the_near_region_is_the_object_and_two_cells_around_it():
    near = near_objects(square(), 24).reshape(24, 24)
    assert near[7:17, 7:17].all() and near.sum() == 100


@given(st.integers(1, 575), st.booleans())
def test_no_cell_is_drawn_twice(count, empty):
    near = near_objects(torch.zeros(1, 576) if empty else square(), 24)
    cells = draw_cells(near, count)
    assert cells.shape == (1, count) and len(cells.unique()) == count


def test_most_but_not_all_cells_are_drawn_near_objects():
    torch.manual_seed(0)
    near = near_objects(square(), 24)
    share = torch.stack([near[0, draw_cells(near, 40)[0]].float().mean() for _ in range(50)]).mean()
    assert abs(float(share) - NEAR_SHARE) < 0.05


def test_drawing_as_many_rays_as_cells_gives_the_whole_picture():
    assert draw_cells(near_objects(square(), 24), 576).tolist() == [list(range(576))]


def test_a_drawn_ray_renders_as_in_the_whole_picture():
    K, camera_from_world = stacked(ring_cameras(2, 64))
    rays, field = pixel_rays(K, camera_from_world, (64, 64), 12), torch.rand(4, *GRID.shape_zyx)
    cells = draw_cells(torch.rand(2, 144) < 0.3, 20)
    config = RenderConfig(samples=24)
    whole, drawn = render(field, rays, GRID, config), render(field, drawn_rays(rays, cells), GRID, config)
    for expected, found in zip(targets_at(whole, cells), drawn, strict=True):
        assert torch.allclose(expected, found, atol=1e-6)


def test_both_mask_losses_are_lowest_at_the_truth_and_only_the_squared_error_stalls_in_empty_space():
    """The gradient of the squared error of an empty picture is as faint as the picture; that of the cross-entropy is not."""
    target, faint = torch.tensor([[0.0, 1.0, 1.0]]), torch.full((1, 3), -7.0)
    gradients = []
    for kind in ("squared", "cross-entropy"):
        exact = mask_loss(target, target, kind)
        assert exact < 1e-3
        assert exact < mask_loss(torch.tensor([[0.1, 0.9, 1.0]]), target, kind)
        logit = faint.clone().requires_grad_()
        mask_loss(logit.sigmoid(), target, kind).backward()
        gradients.append(float(logit.grad[0, 1].abs()))
    assert gradients[0] < 0.001 and gradients[1] > 0.3
