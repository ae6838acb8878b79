"""Correspondences, attention and classifier: the effects of permuting, removing and adding objects."""

import pytest
import torch

from benchmarks.attention import gathered_attention
from odd_bench.detector.comparison.attention import (
    Attention,
    AttentionConfig,
    Classifier,
    ClassifierConfig,
    CrossInstance,
    mask_from_keys,
)
from odd_bench.detector.correspondences import MatchingConfig, correspondence_accuracy, correspondences

CELLS, WIDTH = 27, 16


def scene(objects: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Projected features (n, t, 8) and tokens (n, t, WIDTH)."""
    return torch.randn(objects, CELLS, 8), torch.randn(objects, CELLS, WIDTH)


@pytest.mark.parametrize("objects", [2, 5, 12])
def test_masked_attention_equals_gathering(objects):
    features, tokens = scene(objects)
    keys = correspondences(features, MatchingConfig(k=4))
    flat, module = tokens.flatten(0, 1), Attention(WIDTH, 4)
    masked = module(flat, flat, mask_from_keys(keys))
    gathered = gathered_attention(module, flat, flat, keys.flatten(0, 1))
    assert keys.shape == (objects, CELLS, 4 * (objects - 1))
    assert (masked - gathered).abs().max() < 1e-6


def test_every_other_object_contributes_its_k_best_cells_and_the_object_itself_none():
    features, _ = scene(3)
    keys = correspondences(features, MatchingConfig(k=5, normalise=False))
    for n in range(3):
        owner = keys[n] // CELLS
        assert (owner != n).all()
        for m in {0, 1, 2} - {n}:
            chosen = keys[n][owner == m].reshape(CELLS, 5) - m * CELLS
            expected = (features[n] @ features[m].T).topk(5).indices
            assert torch.equal(chosen.sort().values, expected.sort().values)


def test_joint_choice_takes_the_best_cells_of_the_scene():
    features, _ = scene(3)
    keys = correspondences(features, MatchingConfig(k=7, joint=True, normalise=True))
    assert keys.shape == (3, CELLS, 7)
    assert (keys == torch.arange(3 * CELLS).reshape(3, CELLS, 1)).any(dim=-1).all()  # each object is its own best match


@pytest.mark.parametrize("kind", ["none", "dense", "sparse"])
@pytest.mark.parametrize("released", [False, True])
def test_permuting_objects_permutes_the_outputs(kind, released):
    features, tokens = scene(5)
    config = AttentionConfig(kind, WIDTH, 4, 2, self_attention=released, initial_keys=released, gated=released)
    module = torch.nn.Sequential()
    module.cross, module.classify = CrossInstance(config), Classifier(WIDTH, 3, ClassifierConfig((8,), 8, released))

    def logits(order: list[int]) -> torch.Tensor:
        allowed = mask_from_keys(correspondences(features[order], MatchingConfig(k=4))) if kind == "sparse" else None
        return module.classify(module.cross(tokens[order], allowed))

    order = [3, 0, 4, 1, 2]
    assert torch.allclose(logits(order), logits(list(range(5)))[order], atol=1e-5)


def test_other_objects_matter_only_with_attention():
    features, tokens = scene(4)
    for kind in ("none", "dense", "sparse"):
        module = CrossInstance(AttentionConfig(kind, WIDTH, 4, 1))

        def first(objects: int, module=module, kind=kind) -> torch.Tensor:
            keys = correspondences(features[:objects], MatchingConfig(k=4))
            return module(tokens[:objects], mask_from_keys(keys) if kind == "sparse" else None)[0]

        assert torch.equal(first(4), first(3)) == (kind == "none")


@pytest.mark.parametrize("kind", ["none", "dense", "sparse"])
def test_a_single_object_gives_finite_outputs(kind):
    features, tokens = scene(1)
    assert correspondences(features, MatchingConfig()).shape == (1, CELLS, 0)
    out = CrossInstance(AttentionConfig(kind, WIDTH, 4, 2))(tokens.requires_grad_(), None)
    out.sum().backward()
    assert torch.isfinite(out).all()


def test_identical_instances_correspond_perfectly():
    features, canonical = torch.randn(1, CELLS, 8).expand(3, -1, -1), torch.rand(1, CELLS, 3).expand(3, -1, -1)
    everywhere = torch.ones(3, CELLS, dtype=torch.bool)
    assert correspondence_accuracy(features, canonical, everywhere, 1.0) == 1.0
    scattered = correspondence_accuracy(torch.randn(3, CELLS, 8), canonical, everywhere, 1.0)
    assert scattered < 0.3
    assert correspondence_accuracy(features[:1], canonical[:1], everywhere[:1], 1.0) != 1.0  # NaN: nothing to compare


@pytest.mark.parametrize("cells", [4, 6, 8])
def test_the_classifier_takes_any_number_of_objects(cells):
    for config in (ClassifierConfig((8, 8, 8), 8), ClassifierConfig(mean=True, hidden=8)):
        module = Classifier(WIDTH, cells, config)
        for objects in (1, 12):
            assert module(torch.randn(objects, cells**3, WIDTH)).shape == (objects,)
