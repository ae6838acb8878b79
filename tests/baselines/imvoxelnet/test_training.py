"""Training by the loop of the project: it memorises, resumes to the same losses, and writes valid prediction files."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from odd_bench.baselines.imvoxelnet import builder
from odd_bench.cli import app
from odd_bench.data.dataset import TestScenes
from odd_bench.data.reader import open_dataset
from odd_bench.errors import Interrupted
from odd_bench.methods import load_run
from odd_bench.scoring.score import Options, score_file
from odd_bench.training.checkpoint import LATEST, load_checkpoint
from odd_bench.training.predict import FULL, MIXED, localise, predict_split
from tests.short_training import interrupt_at, train_tiny, write_small_scenes

SHORT = ["train.steps=[4]", "train.report_every=1", "train.save_every=3", "train.picture_every=100", "train.views=2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_small_scenes(tmp_path_factory.mktemp("data"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "head, longer", [("indoor", []), ("pillars", ["train.steps=[300]", "train.learning_rate=[0.01]"])]
)
def test_four_scenes_are_memorised(folder, tmp_path, head, longer):
    dataset = open_dataset(folder)
    train_tiny("imvoxelnet", dataset, tmp_path, [f"model.head={head}", "train.views=4", *longer])
    run = load_run(tmp_path)
    found = localise(run.method, TestScenes(dataset, dataset.scene_names("train"), 4, 64), "cpu")
    assert found.mean_iou > 0.65 and found.found > 0.85
    path = predict_split(run, dataset, "train", tmp_path / "train.json")
    metrics = score_file(path, Options(folder, resamples=10)).metrics
    assert metrics["upstream"]["auc"].value > 0.95 and metrics["upstream"]["accuracy"].value > 0.9


@pytest.mark.parametrize("head", ["indoor", "pillars"])
def test_a_stopped_run_resumes_to_the_same_losses(folder, tmp_path, head):
    changed = [*SHORT, "train.augment=true", f"model.head={head}"]
    dataset = open_dataset(folder)
    whole = train_tiny("imvoxelnet", dataset, tmp_path / "whole", changed)
    with pytest.raises(Interrupted, match="Run the same command again"):
        train_tiny("imvoxelnet", dataset, tmp_path / "cut", changed, interrupt_at(2))
    assert train_tiny("imvoxelnet", dataset, tmp_path / "cut", changed) == whole[2:]
    assert load_checkpoint(tmp_path / "cut" / LATEST).finished


def test_the_anchor_is_measured_on_the_training_objects(folder):
    config = builder.SPEC.resolved("tiny", ["model.head=pillars"])
    dataset = open_dataset(folder)
    method, _ = builder.prepare(config, dataset, "cpu", lambda names, what: names)
    obbs = np.stack([one.obb for name in dataset.scene_names("train") for one in dataset.scene(name).objects])
    expected = [obbs[:, 3:5].max(axis=1).mean(), obbs[:, 3:5].min(axis=1).mean(), obbs[:, 5].mean(), obbs[:, 2].mean()]
    assert method.head.anchor.tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("head", ["indoor", "pillars"])
def test_the_commands_train_predict_and_score(folder, tmp_path, monkeypatch, head):
    """After four steps there is little or nothing to detect, but every file is valid."""
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    options = [item for value in [*SHORT, f"model.head={head}"] for item in ("--set", value)]
    trained = run(
        app, ["train", "--model", "imvoxelnet", "--config", "tiny", "--data", str(folder), "--out", "run", *options],
        catch_exceptions=False,
    )  # fmt: skip
    assert trained.exit_code == 0 and "4 steps of detect" in trained.output, trained.output
    for views in ("1", "12"):
        predicted = run(
            app, ["predict", "run", "--split", "train", "--views", views, "--data", str(folder), "--report", "out"],
            catch_exceptions=False,
        )  # fmt: skip
        assert predicted.exit_code == 0, predicted.output
        file = f"run/train-{views}-views.json"
        scored = score_file(Path(file), Options(folder, resamples=10))
        predictions = scored.checked.predictions
        assert not [problem for problem in scored.checked.problems if not problem.warning]
        assert predictions.method.name == "imvoxelnet-tiny" and predictions.method.extra["head"] == head
        assert predictions.threshold == 0.5 and not predictions.method.gt_boxes and not predictions.method.gt_count
        assert np.isnan(predictions.boxes.yaw_rad).all() == (head == "indoor" or not len(predictions.boxes))
    checked = run(app, ["score", file, "--data", str(folder), "--check"], catch_exceptions=False)
    assert checked.exit_code == 0, checked.output
    told = load_run("run", list(builder.SPEC.oracle_boxes))
    for precision in (FULL, MIXED):
        path = predict_split(told, open_dataset(folder), "train", Path("told.json"), precision=precision)
        scored = score_file(path, Options(folder, resamples=10))
        assert scored.checked.predictions.method.gt_boxes and set(scored.metrics) == {"classify"}
