"""A detector that compares aligned references in addition to relations: what it learns, and what a checkpoint restores."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from odd_bench.configuration import to_mapping
from odd_bench.data.reader import open_dataset
from odd_bench.detector.builder import build, restore
from odd_bench.detector.config import CONFIGURATIONS, RunConfig
from odd_bench.detector.model import END_TO_END, RECONSTRUCTION
from odd_bench.errors import Interrupted, WrongUse
from odd_bench.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from tests.detector.worlds import at_end_to_end, learn_noise, noise_batch
from tests.short_training import interrupt_at, train_tiny, write_small_scenes

FOUND = [  # as the shipped weights find objects
    "model.silhouettes.floor=true",
    "model.soft_hull=true",
    "model.variance=true",
    "model.centres.find=true",
    "model.loss.occupancy=1.0",
]


def configured(*overrides: str) -> RunConfig:
    kind = [
        "model.attention.kind=aligned",
        "model.aligned.cells=16",
        "model.loss.reconstruction=0.0",
        "model.registration=yaw",
    ]
    return CONFIGURATIONS.with_overrides(CONFIGURATIONS.load("tiny"), [*kind, *FOUND, *overrides])


def test_the_second_stage_trains_only_comparisons():
    detector = at_end_to_end(configured())
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    losses = learn_noise(detector, steps=2, scenes=2)
    changed = {
        name.split(".")[1] for name, value in detector.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed == {"relations", "aligned"}
    assert {"aligned_label", "aligned_change", "label", "change"} < losses[0].keys()


@pytest.mark.slow
def test_a_few_scenes_are_memorised():
    losses = learn_noise(at_end_to_end(configured("model.aligned.dropout=0.0")), steps=15, scenes=2)
    assert losses[-1]["aligned_label"] < 0.8 * losses[0]["aligned_label"]
    assert losses[-1]["aligned_change"] < losses[0]["aligned_change"]


def test_a_checkpoint_restores_the_detector(tmp_path):
    config = configured()
    detector = at_end_to_end(config)
    learn_noise(detector, steps=1, scenes=2)
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, Checkpoint("reference", to_mapping(config), 2, 0, True, detector.state_dict()))
    stored = load_checkpoint(path)
    again = restore(CONFIGURATIONS.from_mapping(stored.config, "checkpoint"), stored.weights).eval()
    batch = noise_batch(scenes=1, seed=1)
    expected, found = detector.eval().predict(batch)[0], again.predict(batch)[0]
    assert np.array_equal(found.boxes, expected.boxes) and np.array_equal(found.scores, expected.scores)


@torch.no_grad()
def test_a_single_object_is_judged_by_relations():
    detector, batch = at_end_to_end(configured()).eval(), noise_batch(scenes=1, objects=1)
    laid = detector.compare.registered(detector.reconstruct(batch), 0, batch.boxes[0].numpy())
    assert laid.judged is None and torch.equal(laid.logits, laid.compared.logits)


SCENES = [
    f"toys-{kind}-{shape:04d}-{number:04d}"
    for kind in ("boat", "cow", "cup")
    for shape in range(40)
    for number in range(3)
]


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_the_stages_train_on_different_shapes(share):
    detector = build(configured(f"model.held_share={share}").model)
    first, second = (detector.scenes_of(stage, SCENES) for stage in detector.stages)
    assert sorted([*first, *second]) == SCENES
    assert not {name.rpartition("-")[0] for name in first} & {name.rpartition("-")[0] for name in second}
    assert len(second) / len(SCENES) == pytest.approx(share, abs=0.12)
    assert detector.scenes_of(END_TO_END, SCENES[::-1]) == second[::-1]


def test_both_stages_train_on_all_scenes_without_a_share():
    detector = build(configured().model)
    assert all(detector.scenes_of(stage, SCENES) == SCENES for stage in detector.stages)


def test_the_error_for_a_stage_without_scenes_explains_it():
    detector = build(configured("model.held_share=0.5").model)
    one = [name for name in detector.scenes_of(RECONSTRUCTION, SCENES)][:1]
    with pytest.raises(WrongUse, match="end-to-end: found none of 1 training scenes for it"):
        detector.scenes_of(END_TO_END, one)


@torch.no_grad()
def test_the_first_stage_trains_silhouettes_voxels_and_centres():
    detector = build(configured().model)
    detector.start_stage(RECONSTRUCTION)
    losses = detector.train().loss(noise_batch())
    assert {"silhouette", "occupancy", "centre", "vote", "mask", "color"} < losses.keys()
    without = build(configured("model.loss.rendering=0.0").model)
    without.start_stage(RECONSTRUCTION)
    assert without.train().loss(noise_batch()).keys() == {"total", "silhouette", "occupancy", "centre", "vote"}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.held_share=1.0", "found 1.0; expected 0 or more, and less than 1"),
        ("model.loss.silhouette_window=32", "expected whole pictures"),
        ("model.attention.kind=sparse", "which has no silhouettes; expected relations or aligned"),
        ("model.registration=yaws", "found 'yaws'; expected one of auto, yaw, all"),
    ],
)
def test_errors_explain_wrong_configurations(override, message):
    with pytest.raises(WrongUse, match=message):
        configured(override)


def test_the_named_configuration_uses_aligned_references():
    assert "aligned" in CONFIGURATIONS.named() and CONFIGURATIONS.load("aligned").model.attention.kind == "aligned"


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
    overrides = [*short, *kind, *FOUND, "model.held_share=0.5", "model.loss.reconstruction=0.0"]
    whole = train_tiny("reference", dataset, tmp_path / "whole", overrides)
    with pytest.raises(Interrupted):
        train_tiny("reference", dataset, tmp_path / "cut", overrides, interrupt_at(5))
    assert train_tiny("reference", dataset, tmp_path / "cut", overrides) == whole[5:]
