"""Summaries of distances in a few features equal the same in plain NumPy."""

import numpy as np
import pytest
import torch

from odd_bench.detector.comparison.consensus import TOP_SHARES, over_others, relative, summary

POINTS = 40


def random_scene(objects: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances (n, n, t, 2) and which points count; none of the last object do."""
    rng = np.random.default_rng(objects)
    counted = rng.random((objects, POINTS)) > 0.3
    counted[-1] = False
    return rng.random((objects, objects, POINTS, 2), dtype=np.float32), counted


def lower_median(values: np.ndarray) -> np.ndarray:
    """The median over the first axis; of an even number, the lower of the two middle values."""
    return np.sort(values, axis=0)[(len(values) - 1) // 2]


# Over the points of an object


def test_summary_is_the_mean_and_the_means_of_the_largest():
    distances, counted = random_scene(4)
    values = distances[0] - 0.5
    found = summary(torch.from_numpy(values), torch.from_numpy(counted)).numpy()
    for number in range(4):
        ranked = -np.sort(-values[number][counted[number]], axis=0)  # (q, 2)
        tops = [ranked[: int(np.ceil(share * len(ranked) - 1e-6))] for share in TOP_SHARES]
        expected = [part.mean(axis=0) if len(part) else np.zeros(2) for part in (ranked, *tops)]
        assert np.allclose(found[number], np.concatenate(expected), atol=1e-6)


def test_the_order_of_points_and_masked_points_do_not_matter():
    values, counted = torch.randn(3, 5, POINTS, 2), torch.rand(3, 5, POINTS) > 0.4
    order = torch.randperm(POINTS)
    first = summary(values, counted)
    assert first.shape == (3, 5, 6)
    assert torch.allclose(summary(values[:, :, order], counted[:, :, order]), first, atol=1e-6)
    other = torch.where(counted[..., None], values, 9 * torch.randn_like(values))
    assert torch.equal(summary(other, counted), first)


@pytest.mark.parametrize("points", [1, 10, 100])
def test_every_summary_of_equal_distances_is_that_distance(points):
    found = summary(torch.full((2, points, 3), 0.7), torch.ones(2, points, dtype=torch.bool))
    assert torch.allclose(found, torch.full((2, 9), 0.7))


# Over the other objects


@pytest.mark.parametrize("objects", [2, 3, 6])
def test_over_others_gives_median_and_minimum_without_the_object_itself(objects):
    features = 1e4 * random_scene(objects)[0][:, :, 0]
    found = over_others(torch.from_numpy(features)).numpy()
    for a in range(objects):
        rest = features[a, [number for number in range(objects) if number != a]]
        assert np.array_equal(found[a], np.concatenate([lower_median(rest), rest.min(axis=0)]))


@pytest.mark.parametrize("objects", [2, 5])
def test_over_others_takes_features_of_any_shape(objects):
    distances = torch.from_numpy(random_scene(objects)[0])
    found = over_others(distances)  # (n, t, 4)
    assert found.shape == (objects, POINTS, 4)
    for point in range(POINTS):
        assert torch.equal(found[:, point], over_others(distances[:, :, point]))


def test_permuting_objects_permutes_their_features():
    features, order = torch.randn(6, 6, 3), torch.randperm(6)
    assert torch.equal(over_others(features[order][:, order]), over_others(features)[order])


# Relative to the scene


@pytest.mark.parametrize("factor", [0.1, 1.0, 30.0])
def test_relative_features_have_mean_one_whatever_their_unit(factor):
    features = torch.rand(5, 3) + 0.5
    found = relative(factor * features, 1e-6)
    assert found.mean(dim=0) == pytest.approx(1, abs=1e-5)
    assert torch.allclose(found, relative(features, 1e-6), rtol=1e-4)


def test_features_are_divided_by_a_floor_instead_of_a_small_mean():
    features = torch.tensor([[0.001, -3.0], [0.002, -1.0]])
    assert torch.allclose(relative(features, 0.01), torch.tensor([[0.1, -1.5], [0.2, -0.5]]))
    assert torch.equal(relative(torch.zeros(3, 2), 0.01), torch.zeros(3, 2))
