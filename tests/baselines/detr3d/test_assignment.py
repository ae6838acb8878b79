"""The assignment is the cheapest one, and every object gets exactly one query of its scene in every layer."""

from itertools import permutations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from odd_bench.baselines.detr3d.assignment import Truths, assign, cheapest, class_cost
from odd_bench.baselines.detr3d.code import CodeConfig
from odd_bench.baselines.detr3d.decoder import Detections
from odd_bench.baselines.detr3d.losses import LossConfig, focal_loss, set_loss
from odd_bench.baselines.two_class import ANOMALOUS, NORMAL

LAYERS, QUERIES, CODE = 3, 9, CodeConfig()


def truths(counts=(2, 4, 1)) -> Truths:
    total = sum(counts)
    columns = torch.tensor([ANOMALOUS, NORMAL] * total)[:total]
    return Truths(torch.rand(total, 6), columns, list(counts))


def noise(scenes: int = 3) -> Detections:
    return Detections(torch.randn(LAYERS, scenes, QUERIES, 2), torch.rand(LAYERS, scenes, QUERIES, 6))


def perfect(true: Truths) -> Detections:
    """Predictions in which some queries state exactly the truth and all others are confident of nothing."""
    logits, codes = torch.full((LAYERS, len(true.counts), QUERIES, 2), -40.0), noise(len(true.counts)).codes
    for layer in range(LAYERS):
        for scene, own in enumerate(torch.arange(len(true.columns)).split(true.counts)):
            queries = torch.randperm(QUERIES)[: len(own)]
            codes[layer, scene, queries] = true.codes[own]
            logits[layer, scene, queries, true.columns[own]] = 40.0
    return Detections(logits, codes)


@given(arrays(float, (5, 3), elements=st.floats(-10, 10)))
def test_the_assignment_has_the_lowest_cost_of_all(cost):
    found = cheapest(cost)
    assert sorted(truth for _, truth in found) == [0, 1, 2] and len({query for query, _ in found}) == 3
    least = min(sum(cost[query, truth] for truth, query in enumerate(chosen)) for chosen in permutations(range(5), 3))
    assert np.isclose(sum(cost[pair] for pair in found), least)


def test_every_object_gets_one_query_of_its_scene_in_every_layer():
    true = truths()
    pairs = assign(noise(), true, 2.0, 1.0, CODE.weights())
    scene_of = torch.repeat_interleave(torch.arange(3), torch.tensor(true.counts))
    for layer in range(LAYERS):
        own = pairs.layer == layer
        assert sorted(pairs.truth[own].tolist()) == list(range(7))
        assert torch.equal(pairs.scene[own], scene_of[pairs.truth[own]])
        taken = torch.stack([pairs.scene[own], pairs.query[own]], dim=1)
        assert len(taken.unique(dim=0)) == 7


def test_the_nearest_code_wins_at_equal_probabilities_and_the_likelier_class_at_equal_codes():
    true = Truths(torch.full((1, 6), 0.5), torch.tensor([ANOMALOUS]), [1])
    codes = torch.zeros(1, 1, 3, 6)
    codes[0, 0, 1] = 0.4
    assert assign(Detections(torch.zeros(1, 1, 3, 2), codes), true, 2.0, 1.0, CODE.weights()).query.tolist() == [1]
    logits = torch.zeros(1, 1, 3, 2)
    logits[0, 0, 2, ANOMALOUS], logits[0, 0, 0, NORMAL] = 1.0, 3.0
    found = Detections(logits, torch.zeros(1, 1, 3, 6))
    assert assign(found, true, 2.0, 1.0, CODE.weights()).query.tolist() == [2]


def test_costs_of_nan_do_not_stop_the_assignment():
    found = noise()
    found.codes[:, 1] = torch.nan
    assert len(assign(found, truths(), 2.0, 1.0, CODE.weights()).query) == LAYERS * 7


def test_the_losses_vanish_for_perfect_predictions_and_include_every_layer():
    true = truths()
    losses = set_loss(perfect(true), true, LossConfig(), CODE)
    assert all(float(value) < 1e-6 for value in losses.values())
    worse = perfect(true)
    worse.codes[0] += 1.0  # the first layer alone
    assert set_loss(worse, true, LossConfig(), CODE)["total"] > 1.0
    assert set_loss(worse, true, LossConfig(), CODE)["box"] < 1e-6


def test_a_confident_wrong_class_a_missed_object_and_an_invented_object_cost():
    true = truths()
    right = set_loss(perfect(true), true, LossConfig(), CODE)["total"]
    wrong = perfect(true)
    for change in (wrong.logits.flip(-1), torch.full_like(wrong.logits, -40.0), torch.full_like(wrong.logits, 4.0)):
        assert set_loss(Detections(change, wrong.codes), true, LossConfig(), CODE)["total"] > right + 1


def test_focal_loss_without_focus_is_cross_entropy_and_the_cost_is_its_difference():
    logits, target = torch.randn(50), torch.rand(50).round()
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    assert torch.allclose(focal_loss(logits, target, alpha=0.5, gamma=0.0), entropy / 2)
    difference = focal_loss(logits, torch.ones(50)) - focal_loss(logits, torch.zeros(50))
    assert torch.allclose(class_cost(logits), difference, atol=1e-6)


def test_losses_are_defined_for_scenes_without_objects():
    nothing = Truths(torch.zeros(0, 6), torch.zeros(0, dtype=torch.long), [0, 0])
    losses = set_loss(noise(2), nothing, LossConfig(), CODE)
    assert torch.isfinite(losses["total"]) and losses["box"] == 0
