"""Objects are peaks of a map of centres, for which voxels vote."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.detector.boxes import (
    SPREAD_M,
    CentreHead,
    bumps,
    centre_losses,
    heat_loss,
    peaks,
    shared_by_votes,
    vote_loss,
)

GRID = VoxelGrid((40, 40, 8), 0.025, (-0.5, -0.5, 0.0))


def logits(chance: torch.Tensor) -> torch.Tensor:
    return torch.logit(chance, eps=1e-4)


def spots(seed: int, count: int) -> np.ndarray:
    """(count, 2) places in the grid, further apart than the least distance of two peaks."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < count:
        one = rng.uniform(-0.42, 0.42, 2)
        if all(np.linalg.norm(one - other) > 0.2 for other in found):
            found.append(one)
    return np.array(found).reshape(-1, 2)


@given(st.integers(0, 10_000), st.integers(0, 6))
@settings(max_examples=30, deadline=None)
def test_peaks_lie_where_the_centres_are(seed, count):
    centres = spots(seed, count)
    heat = bumps(torch.from_numpy(centres).float(), GRID, SPREAD_M) if count else torch.zeros(40, 40)
    found = peaks(logits(heat), GRID)
    assert len(found) == count
    for centre in centres:
        assert np.linalg.norm(found - centre, axis=1).min() < GRID.voxel_m


def test_two_equal_neighbouring_cells_are_one_peak():
    chance = torch.zeros(40, 40)
    chance[20, 20] = chance[20, 21] = 0.9
    assert len(peaks(logits(chance), GRID)) == 1


def test_the_most_confident_peak_comes_first():
    chance = torch.zeros(40, 40)
    chance[5, 5], chance[30, 30] = 0.5, 0.9
    found = peaks(logits(chance), GRID)
    assert (found[0] > found[1]).all()


@given(st.integers(0, 10_000), st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_the_true_map_has_the_lowest_loss(seed, count):
    wanted = bumps(torch.from_numpy(spots(seed, count)).float(), GRID, SPREAD_M)
    right = heat_loss(logits((wanted > 0.999).float()), wanted)
    assert right < heat_loss(logits((wanted > 0.999).float().roll(8, dims=1)), wanted)
    assert right < heat_loss(torch.zeros_like(wanted), wanted)


def test_votes_separate_long_neighbours_whose_nearest_centre_is_wrong():
    x = np.arange(30)
    rods = [np.column_stack([x, np.full(30, row), np.zeros(30, int)]) for row in (4, 5)]
    rods[1] = rods[1] + [20, 0, 0]  # its tail lies next to the middle of the other
    centres = np.array([rod.mean(axis=0)[:2] for rod in rods]) * GRID.voxel_m
    voxels, owner = np.concatenate(rods), np.repeat([0, 1], 30)
    by_vote = shared_by_votes(centres[owner], centres, 0.1)
    by_place = shared_by_votes(voxels[:, :2] * GRID.voxel_m, centres, np.inf)
    assert all(np.array_equal(voxels[own], rod) for own, rod in zip(by_vote, rods, strict=True))
    assert not np.array_equal(voxels[by_place[0]], rods[0])


def test_nothing_is_shared_among_no_centres():
    assert shared_by_votes(np.zeros((3, 2)), np.zeros((0, 2)), 0.1) == []


def test_a_vote_far_from_every_centre_is_nobodys():
    centres = np.array([[0.0, 0.0], [0.3, 0.0]])
    voted = np.array([[0.01, 0.0], [0.15, 0.0], [0.3, 0.05], [2.0, 2.0]])
    first, second = shared_by_votes(voted, centres, 0.1)
    assert first.tolist() == [0] and second.tolist() == [2]


def test_votes_for_the_true_centres_have_no_loss():
    centres = torch.tensor([[-0.2, 0.1], [0.3, -0.1]])
    owner = torch.full(GRID.shape_zyx, -1)
    owner[:3, 10:14, 5:9], owner[:3, 20:24, 25:29] = 0, 1
    to_centre = centres[owner.clamp(min=0)] - GRID.centres()[..., :2]
    votes = to_centre.movedim(-1, 0)
    assert vote_loss(votes, owner, centres, GRID) < 1e-6 < vote_loss(votes + 0.01, owner, centres, GRID)
    assert vote_loss(votes, torch.full_like(owner, -1), centres, GRID) == 0


@pytest.mark.parametrize("scenes", [1, 2])
def test_the_head_learns_where_the_centres_are(scenes):
    """From features that encode them: an overfitted head finds every centre and nothing else."""
    torch.manual_seed(0)
    boxes = torch.tensor([[-0.2, 0.1, 0.1, 0.2, 0.2, 0.2], [0.3, -0.1, 0.1, 0.2, 0.2, 0.2]])
    owner = torch.full(GRID.shape_zyx, -1)
    owner[:, 20:28, 8:16], owner[:, 12:20, 28:36] = 0, 1
    features = torch.stack([(owner == number).float() for number in range(2)] + [(owner >= 0).float()] * 2)
    features = (features[None] + 0.05 * torch.randn(scenes, 4, *GRID.shape_zyx)).float()
    head = CentreHead(4)
    optimizer = torch.optim.Adam(head.parameters(), 1e-2)
    for _ in range(60):
        maps = head(features)
        total = sum(sum(centre_losses(maps, one, owner, boxes, GRID).values()) for one in range(scenes))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    for heat in head(features).heat.detach():
        found = peaks(heat, GRID)
        assert len(found) == 2
        assert all(np.linalg.norm(found - box[:2].numpy(), axis=1).min() < 0.05 for box in boxes)
