"""A linear decision on features, learnt from memory."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.detector.comparison.relations import Decision, Memory, RunningScale


def test_the_running_scale_converges_to_the_root_mean_square():
    scale, size = RunningScale(3), torch.tensor([0.01, 1.0, 300.0])
    for _ in range(600):
        scale.learn(size * torch.randn(8, 3))
    assert scale.unit() / size == pytest.approx(1, abs=0.1)


def test_predicting_and_single_objects_do_not_change_the_running_scale():
    scale = RunningScale(3)
    before = {name: value.clone() for name, value in scale.state_dict().items()}
    scale.learn(torch.randn(1, 3))
    scale.eval().learn(9 * torch.randn(8, 3))
    assert all(torch.equal(value, before[name]) for name, value in scale.state_dict().items())


# Memory


@given(st.lists(st.integers(1, 5), min_size=1, max_size=20))
def test_the_memory_keeps_the_last_objects(numbers):
    memory, added = Memory(8, 2), []
    for n in numbers:
        features = torch.randn(n, 2)
        added += [*zip(features.tolist(), range(len(added), len(added) + n), strict=True)]
        memory.add(features, torch.arange(len(added) - n, len(added)))
    features, labels = memory.kept()
    kept = sorted(zip(labels.tolist(), features.tolist(), strict=True))
    assert kept == [(label, figure) for figure, label in added[-8:]]


def test_a_linearly_separable_decision_is_learnt():
    decision, truth = Decision(60, ridge=0.0, memory=500).train(), torch.randn(60)
    optimizer = torch.optim.Adam(decision.parameters(), 0.01)
    for _ in range(150):
        features = torch.randn(5, len(truth))
        logits, labels = decision.recalled(features, (features @ truth > 0).long())
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(logits, labels.float()).backward()
        optimizer.step()
    new = torch.randn(2000, len(truth))
    right = (decision(new) > 0) == (new @ truth > 0)
    assert right.float().mean() > 0.85
