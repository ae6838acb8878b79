"""A detector that compares by relations: what its second stage learns and leaves alone, and what a checkpoint restores."""

import numpy as np
import pytest
import torch
from torch import nn

from odd_bench.configuration import to_mapping
from odd_bench.detector.builder import build, restore
from odd_bench.detector.config import CONFIGURATIONS, RunConfig
from odd_bench.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from tests.detector.worlds import at_end_to_end, learn_noise, noise_batch


def frozen_volume(*overrides: str) -> RunConfig:
    return CONFIGURATIONS.with_overrides(
        CONFIGURATIONS.load("tiny"), ["model.attention.kind=relations", "model.loss.reconstruction=0.0", *overrides]
    )


def test_a_frozen_volume_stays_bit_for_bit():
    detector = at_end_to_end(frozen_volume())
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    learn_noise(detector, steps=2, scenes=3)
    changed = {name for name, value in detector.state_dict().items() if not torch.equal(value, before[name])}
    later = tuple(f"{name}." for name in detector.learnt_later)
    assert changed and all(name.startswith(later) for name in changed)
    assert {f"compare.relations.{name}" for name, _ in detector.compare.relations.named_parameters()} <= changed
    assert {"compare.relations.decision.scale.square", "compare.relations.decision.scale.steps"} <= changed


def test_a_volume_that_is_not_frozen_changes():
    detector = at_end_to_end(frozen_volume("model.loss.reconstruction=1.0"))
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    learn_noise(detector, steps=1, scenes=3)
    changed = {name for name, value in detector.state_dict().items() if not torch.equal(value, before[name])}
    assert {name.split(".")[0] for name in changed} == {"backbone", "volume", "heads", "compare"}
    assert any(name.startswith("compare.silhouettes.") for name in changed)


def test_the_comparison_learns_from_a_few_scenes():
    losses = learn_noise(at_end_to_end(frozen_volume("model.relations.ridge=0.0")), steps=20, scenes=3)
    assert losses[0].keys() == {"total", "label", "recalled", "change", "ridge", "height"}
    for name in losses[0].keys() - {"ridge", "height"}:
        first, last = (np.mean([step[name] for step in part]) for part in (losses[:3], losses[-3:]))
        assert last < (0.7 if name in ("total", "label", "recalled") else 1) * first, name


@pytest.mark.parametrize("logit", [-20.0, 20.0])
def test_empty_and_full_silhouettes_are_compared(logit):
    detector, batch = build(frozen_volume().model).eval(), noise_batch(scenes=1)
    nn.init.zeros_(detector.compare.silhouettes.out.weight)
    nn.init.constant_(detector.compare.silhouettes.out.bias, logit)
    related = detector.compare.registered(detector.reconstruct(batch), 0, batch.boxes[0].numpy())
    assert related.compared.logits.isfinite().all() and related.hulls.points.isfinite().all()
    assert related.pixels.counted.any() == (logit > 0)


@torch.no_grad()
def test_larger_pictures_are_described_more_finely():
    batch = noise_batch(scenes=1)
    small, large = (build(frozen_volume(f"model.relations.enlarge={of}").model).eval() for of in (1, 2))
    sizes = [[level.shape[-1] for level in one.reconstruct(batch).levels] for one in (small, large)]
    assert sizes[1] == [2 * side for side in sizes[0]]


def test_a_checkpoint_restores_relations(tmp_path):
    config = frozen_volume()
    detector = at_end_to_end(config)
    learn_noise(detector, steps=2, scenes=3)
    save_checkpoint(
        tmp_path / "checkpoint.pt", Checkpoint("reference", to_mapping(config), 2, 0, True, detector.state_dict())
    )
    stored = load_checkpoint(tmp_path / "checkpoint.pt")
    again = restore(CONFIGURATIONS.from_mapping(stored.config, "checkpoint"), stored.weights).eval()
    batch = noise_batch(scenes=1, seed=1)
    expected, found = detector.eval().predict(batch)[0], again.predict(batch)[0]
    assert np.array_equal(found.boxes, expected.boxes) and np.array_equal(found.scores, expected.scores)


def test_the_ridge_keeps_the_decision_small():
    free, held = (at_end_to_end(frozen_volume(f"model.relations.ridge={ridge}")) for ridge in (0.0, 50.0))
    for detector in (free, held):
        learn_noise(detector, steps=6, scenes=3)
    assert held.compare.relations.decision.linear.weight.norm() < free.compare.relations.decision.linear.weight.norm()
