"""Triplets and votes."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import normalize

from odd_bench.baselines.colmap_dgcnn.triplet import has_triplets, triplet_violations
from odd_bench.baselines.colmap_dgcnn.voting import UNKNOWN, PairDistances, beyond_usual, distances, odd_scores


def embeddings(seed: int, count: int) -> torch.Tensor:
    return normalize(torch.from_numpy(np.random.default_rng(seed).normal(size=(count, 4))), dim=-1)


@given(count=st.integers(3, 12), odd=st.integers(0, 11))
def test_one_distant_cloud_among_equal_ones_is_odd(count, odd):
    points = torch.tensor([[1.0, 0.0]]).repeat(count, 1)
    points[odd % count] = torch.tensor([0.0, 1.0])
    scores = odd_scores(distances(points))
    assert scores.argmax() == odd % count and (scores > 0.5).sum() == 1


@given(seed=st.integers(0, 200), count=st.integers(2, 9), threshold=st.floats(0.1, 1.9))
def test_the_score_exceeds_the_threshold_exactly_where_the_majority_votes_against(seed, count, threshold):
    distance = distances(embeddings(seed, count))
    others = ~torch.eye(count, dtype=torch.bool)
    votes = ((distance > threshold) & others).sum(dim=0)
    assert torch.equal(odd_scores(distance) > threshold, votes > (count - 1) / 2)


@given(seed=st.integers(0, 50), count=st.integers(1, 8))
def test_scores_permute_with_the_objects(seed, count):
    points, order = embeddings(seed, count), torch.randperm(count)
    assert torch.allclose(odd_scores(distances(points))[order], odd_scores(distances(points[order])))


@given(seed=st.integers(0, 50), count=st.integers(2, 9), shift=st.floats(-1, 1))
def test_adding_a_constant_to_all_distances_changes_no_score(seed, count, shift):
    distance = distances(embeddings(seed, count))
    scores = odd_scores(beyond_usual(distance))
    assert torch.allclose(odd_scores(beyond_usual(distance + shift)), scores, atol=1e-5)
    assert abs(float(scores.median())) < 1e-6


def test_a_single_object_gets_no_vote():
    assert odd_scores(beyond_usual(distances(embeddings(0, 1)))).tolist() == [0.0]
    assert odd_scores(beyond_usual(distances(embeddings(0, 0)))).tolist() == []


@given(seed=st.integers(0, 50), normal=st.integers(2, 5), odd=st.integers(1, 3))
def test_violations_equal_those_of_all_triplets_written_out(seed, normal, odd):
    points, labels = embeddings(seed, normal + odd), torch.tensor([0] * normal + [1] * odd)
    far = torch.cdist(points, points)
    pairs = itertools.permutations(range(normal), 2)
    expected = [max(0.0, far[a, p] - far[a, n] + 0.5) for a, p in pairs for n in range(normal, normal + odd)]
    found = triplet_violations(points, labels, 0.5)
    assert np.allclose(sorted(found.tolist()), sorted(map(float, expected)), atol=1e-5)


def test_equal_normals_far_from_the_odd_one_violate_nothing_and_gradients_are_finite():
    points = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    short = triplet_violations(points, torch.tensor([0, 0, 1]), 0.5)
    assert not short.any()
    (short.sum() + triplet_violations(points, torch.tensor([0, 1, 0]), 0.5).sum()).backward()
    assert points.grad.isfinite().all()


@pytest.mark.parametrize(
    ("labels", "expected"), [([0, 0, 1], True), ([0, 1, 1], False), ([0, 0, 0], False), ([], False)]
)
def test_triplets_need_two_normals_and_an_anomaly(labels, expected):
    assert has_triplets(torch.tensor(labels)) is expected


def test_the_threshold_separates_the_pairs_it_has_seen():
    pairs = PairDistances()
    assert pairs.threshold == UNKNOWN
    angle = torch.tensor([0.0, 0.1, 0.2, 1.2])
    far = distances(torch.stack([angle.cos(), angle.sin()], dim=1))
    pairs.add([(far, torch.tensor([0, 0, 0, 1]))])
    far = beyond_usual(far)
    assert far[0, 2] < pairs.threshold < far[2, 3]
    restored = PairDistances()
    restored.load_state_dict(pairs.state_dict())
    assert restored.threshold == pairs.threshold


def test_the_threshold_follows_recent_pairs():
    pairs = PairDistances()
    angle = torch.tensor([0.0, 0.1, 1.2])
    wide, narrow = (distances(torch.stack([a.cos(), a.sin()], dim=1)) for a in (angle, angle / 10))
    for scene in [wide] * 5 + [narrow] * 400:
        pairs.add([(scene, torch.tensor([0, 0, 1]))])
    wide, narrow = beyond_usual(wide), beyond_usual(narrow)
    assert narrow[0, 1] < pairs.threshold < narrow[1, 2] < wide[1, 2]
