"""examples/refit_weights.py: one part learns, all other weights stay, and the result predicts."""

import sys

import pytest
import torch

from examples import refit_weights
from odd_bench.data.dataset import TestScenes
from odd_bench.data.reader import open_dataset
from odd_bench.weights import load_weights, read_stored
from tests.short_training import write_small_scenes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_small_scenes(tmp_path_factory.mktemp("data"), train_scenes=2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "options", "begins", "new"),
    [
        ("heights", ["--networks", "2", "--draws", "1"], "compare.heights.networks.", 2),
        ("sides", ["--networks", "2"], "compare.sides.networks.", 2),
        ("aligned", ["--networks", "1"], "compare.aligned.networks.", 1),
    ],
)
def test_a_part_is_fitted_and_all_else_stays(folder, tmp_path, monkeypatch, part, options, begins, new):
    out = tmp_path / "new.safetensors"
    called = ["refit_weights.py", part, "--data", str(folder), "--out", str(out), "--steps", "3", *options]
    monkeypatch.setattr(sys, "argv", called)
    refit_weights.main()
    before, after = read_stored("both"), read_stored(out)
    changed = {name for name, value in after.weights.items() if not same(value, before.weights.get(name))}
    assert changed and all(name.startswith(begins) for name in changed)
    assert before.weights.keys() <= after.weights.keys()
    if new:
        networks = {name.removeprefix(begins).split(".")[0] for name in changed}
        had = before.config["model"][part]["networks"]
        assert networks == {str(had + number) for number in range(new)}
        assert after.config["model"][part]["networks"] == had + new
    run = load_weights(out)
    batch = TestScenes(open_dataset(folder), open_dataset(folder).scene_names("train")[:1], 5, 64)[0]
    assert run.method.predict(batch)[0].scores.shape[0] >= 0


def same(first: torch.Tensor, second: torch.Tensor | None) -> bool:
    return second is not None and torch.equal(first, second.to(first.dtype))
