"""The canonical teacher: poses determine correspondences, and symmetric shapes are not asked for the impossible."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.detector.correspondences import (
    canonical_coordinates,
    contrastive_loss,
    shape_scale,
    symmetries,
    upright_turns,
)
from odd_bench.geometry.boxes import rotate_about_z

GRID = VoxelGrid((32, 32, 16), 0.02, (-0.32, -0.32, 0.0))
IDENTITY = torch.eye(3)[None]


@given(st.floats(-3.1, 3.1), st.floats(0.1, 2.0))
def test_canonical_coordinates_undo_the_pose(yaw, scale):
    pose = np.eye(4)
    pose[:3, :3] = scale * rotate_about_z(np.eye(3), yaw).T
    pose[:3, 3] = [0.3, -0.2, 0.1]
    points = np.random.default_rng(0).normal(size=(7, 3))
    world = points @ pose[:3, :3].T + pose[:3, 3]
    found = canonical_coordinates(torch.from_numpy(world)[None], torch.from_numpy(pose)[None])
    assert np.allclose(found[0].numpy(), points, atol=1e-6)
    assert shape_scale(torch.from_numpy(pose)).item() == pytest.approx(scale)


def test_a_full_turn_of_rotations_is_the_identity():
    turns = upright_turns(8)
    assert torch.allclose(torch.linalg.matrix_power(turns[1], 8), torch.eye(3), atol=1e-5)
    assert torch.allclose(turns @ turns.transpose(1, 2), torch.eye(3).expand(8, 3, 3), atol=1e-6)


def test_features_that_encode_the_place_have_a_lower_loss():
    torch.manual_seed(0)
    canonical = torch.rand(1, 30, 3).expand(3, -1, -1)
    everywhere = torch.ones(3, 30, dtype=torch.bool)
    place, other = torch.randn(1, 30, 32).expand(3, -1, -1), torch.randn(3, 30, 32)
    losses = [contrastive_loss(x, canonical, everywhere, IDENTITY, 0.02, 0.1).item() for x in (place, other)]
    assert losses[0] < 0.5 < losses[1]


def test_gradient_descent_lowers_the_loss():
    torch.manual_seed(0)
    canonical, everywhere = torch.rand(2, 20, 3), torch.ones(2, 20, dtype=torch.bool)
    features = torch.randn(2, 20, 8, requires_grad=True)
    before = contrastive_loss(features, canonical, everywhere, IDENTITY, 0.3, 0.1)
    before.backward()
    after = contrastive_loss(features - 0.5 * features.grad, canonical, everywhere, IDENTITY, 0.3, 0.1)
    assert after < before


def test_the_loss_is_zero_without_cells_on_objects_or_with_a_single_object():
    features = torch.randn(2, 5, 4, requires_grad=True)
    nowhere = torch.zeros(2, 5, dtype=torch.bool)
    assert contrastive_loss(features, torch.rand(2, 5, 3), nowhere, IDENTITY, 0.1, 0.1) == 0
    assert contrastive_loss(features[:1], torch.rand(1, 5, 3), ~nowhere[:1], IDENTITY, 0.1, 0.1) == 0


def column(marked: bool) -> torch.Tensor:
    """Colour and alpha of an upright cylinder; if `marked`, one side of it is red."""
    centres = GRID.centres()
    alpha = (centres[..., :2].norm(dim=-1) < 0.14).float()
    color = torch.full((3, *GRID.shape_zyx), 0.5)
    if marked:
        color[0] = torch.where(centres[..., 0] > 0, 1.0, 0.0)
    return torch.cat([color, alpha[None]])


def test_a_plain_cylinder_is_symmetric_and_a_marked_one_is_not():
    points = torch.rand(1, 200, 3) * 0.16 + torch.tensor([-0.08, -0.08, 0.08])
    poses, on_object = torch.eye(4)[None], torch.ones(1, 200, dtype=torch.bool)
    assert len(symmetries(column(False), points, on_object, poses, GRID)) == 8
    assert len(symmetries(column(True), points, on_object, poses, GRID)) == 1


def test_a_symmetric_shape_accepts_every_symmetric_match():
    """Features that are equal on a ring are right if the ring is symmetric, and wrong if it is not."""
    turns = upright_turns(8)
    ring = (turns @ torch.tensor([0.3, 0.0, 0.1]))[None].expand(2, -1, -1)
    heights = torch.tensor([0.0, 0.5])
    canonical = torch.cat([ring + torch.tensor([0.0, 0.0, h]) for h in heights], dim=1)  # (2, 16, 3)
    features = torch.eye(2).repeat_interleave(8, dim=0)[None].expand(2, -1, -1)
    everywhere = torch.ones(2, 16, dtype=torch.bool)
    symmetric, plain = (
        contrastive_loss(features, canonical, everywhere, kept, 0.02, 0.1) for kept in (turns, IDENTITY)
    )
    assert torch.isclose(symmetric, torch.log(torch.tensor(8.0)), atol=0.01)  # uniform over the ring
    assert torch.isclose(plain, symmetric, atol=0.01)
    telling = torch.eye(16)[None].expand(2, -1, -1)
    assert contrastive_loss(telling, canonical, everywhere, IDENTITY, 0.02, 0.1) < 0.1
    assert contrastive_loss(telling, canonical, everywhere, turns, 0.02, 0.1) > symmetric
