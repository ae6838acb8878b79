"""A detector that compares aligned references beside relations: what it learns, and what a checkpoint brings back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from odd_bench.configuration import to_mapping
from odd_bench.data.reader import open_dataset
from odd_bench.detector.builder import build, restore
from odd_bench.detector.config import RunConfig, from_mapping, load_config, named_configs, with_overrides
from odd_bench.detector.model import END_TO_END, RECONSTRUCTION, Detector
from odd_bench.detector.silhouettes import fold_of
from odd_bench.errors import Interrupted, WrongUse
from odd_bench.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from tests.detector.worlds import learn_noise, noise_batch
from tests.short_training import interrupt_at, train_tiny, write_small_scenes


def configured(*overrides: str) -> RunConfig:
    kind = [
        "model.attention.kind=aligned",
        "model.aligned.cells=16",
        "model.loss.reconstruction=0.0",
        "model.registration=yaw",
    ]
    folded = ["model.silhouettes.floor=true", "model.silhouettes.folds=2", "model.loss.silhouette_window=32"]
    return with_overrides(load_config("tiny"), [*kind, *folded, *overrides])


def everything_shown(config: RunConfig) -> Detector:
    """Takes every pixel for an object's: its boxes are the hulls."""
    detector = build(config.model)
    for decoder in (detector.compare.silhouettes, *detector.compare.folds):
        nn.init.zeros_(decoder.out.weight)
        nn.init.constant_(decoder.out.bias, 2.0)
    detector.start_stage(RECONSTRUCTION)
    detector.start_stage(END_TO_END)
    return detector.train()


def test_the_second_stage_teaches_comparisons_alone():
    detector = everything_shown(configured())
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    losses = learn_noise(detector, steps=2, scenes=2)
    changed = {
        name.split(".")[1] for name, value in detector.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed == {"relations", "aligned"}
    assert {"aligned_label", "aligned_change", "label", "change"} < losses[0].keys()


@pytest.mark.slow
def test_it_learns_a_few_scenes_by_heart():
    losses = learn_noise(everything_shown(configured("model.aligned.dropout=0.0")), steps=15, scenes=2)
    assert losses[-1]["aligned_label"] < 0.8 * losses[0]["aligned_label"]
    assert losses[-1]["aligned_change"] < losses[0]["aligned_change"]


def test_a_checkpoint_brings_it_back(tmp_path):
    config = configured()
    detector = everything_shown(config)
    learn_noise(detector, steps=1, scenes=2)
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, Checkpoint("reference", to_mapping(config), 2, 0, True, detector.state_dict()))
    stored = load_checkpoint(path)
    again = restore(from_mapping(stored.config, "checkpoint"), stored.weights).eval()
    batch = noise_batch(scenes=1, seed=1)
    expected, found = detector.eval().predict(batch)[0], again.predict(batch)[0]
    assert np.array_equal(found.boxes, expected.boxes) and np.array_equal(found.scores, expected.scores)


@torch.no_grad()
def test_an_object_alone_is_judged_by_relations():
    detector, batch = everything_shown(configured()).eval(), noise_batch(scenes=1, objects=1)
    laid = detector.compare.registered(detector.reconstruct(batch), 0, batch.boxes[0].numpy())
    assert laid.judged is None and torch.equal(laid.logits, laid.compared.logits)


def test_comparisons_learn_from_silhouettes_of_decoders_that_never_saw_the_scene():
    detector, batch = everything_shown(configured()), noise_batch(scenes=2)
    batch = replace(batch, names=["toys-boat-0000-0001", "toys-cow-0003-0002"])
    for number, decoder in enumerate(detector.compare.folds):
        nn.init.constant_(decoder.out.bias, -5.0 - number)
    found = detector.reconstruct(batch).silhouettes
    for scene, name in enumerate(batch.names):
        assert (found[scene] == -5.0 - fold_of(name, 2)).all()
    assert (detector.eval().reconstruct(batch).silhouettes == 2.0).all()


def test_decoders_of_parts_learn_from_the_other_parts():
    detector = build(configured().model)
    detector.start_stage(RECONSTRUCTION)
    detector.train()
    batch = noise_batch(scenes=1)
    detector.loss(batch)["silhouette"].backward()
    learnt = [any(p.grad is not None for p in decoder.parameters()) for decoder in detector.compare.folds]
    own = fold_of(batch.names[0], 2)
    assert learnt == [number != own for number in range(2)]
    assert all(p.grad is not None for p in detector.compare.silhouettes.parameters())


def test_scenes_of_one_shape_stay_in_one_part():
    names = [f"toys-{kind}-{shape:04d}" for kind in ("boat", "cow", "cup") for shape in range(20)]
    parts = [{fold_of(f"{name}-{number:04d}", 2) for number in range(5)} for name in names]
    assert all(len(part) == 1 for part in parts) and {0, 1} == set.union(*parts)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.silhouettes.folds=1", "a part that is all; expected 0 or at least 2"),
        ("model.loss.silhouette_window=null", "expected windows"),
        ("model.registration=yaws", "found 'yaws'; expected one of auto, yaw, all"),
    ],
)
def test_wrong_configurations_are_explained(override, message):
    with pytest.raises(WrongUse, match=message):
        configured(override)


def test_the_named_configuration_is_one_of_aligned_references():
    assert "aligned" in named_configs() and load_config("aligned").model.attention.kind == "aligned"


@pytest.mark.slow
def test_a_stopped_training_resumes_to_the_same_losses(tmp_path):
    dataset = open_dataset(write_small_scenes(tmp_path / "data"))
    short = [
        "train.steps=[3,3]",
        "train.report_every=1",
        "train.save_every=2",
        "train.picture_every=100",
        "train.views=2",
    ]
    kind = ["model.attention.kind=aligned", "model.aligned.cells=16", "model.registration=yaw"]
    folded = ["model.silhouettes.floor=true", "model.silhouettes.folds=2", "model.loss.silhouette_window=32"]
    overrides = [*short, *kind, *folded, "model.loss.reconstruction=0.0"]
    whole = train_tiny("reference", dataset, tmp_path / "whole", overrides)
    with pytest.raises(Interrupted):
        train_tiny("reference", dataset, tmp_path / "cut", overrides, interrupt_at(5))
    assert train_tiny("reference", dataset, tmp_path / "cut", overrides) == whole[5:]
