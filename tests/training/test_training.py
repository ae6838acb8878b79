"""Training: it learns, resumes to the same losses and refuses unsuitable inputs; prediction writes valid files."""

import errno
import math
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from odd_bench.cli import app
from odd_bench.configuration import to_mapping
from odd_bench.data.dataset import TestScenes
from odd_bench.data.errors import DataError
from odd_bench.data.reader import Dataset, open_dataset
from odd_bench.detector import builder
from odd_bench.detector.config import CONFIGURATIONS
from odd_bench.errors import Interrupted, StorageError, WrongUse
from odd_bench.methods import load_run, method_spec
from odd_bench.scoring.score import Options, score_file
from odd_bench.training.checkpoint import LATEST, Diverged, Spent, check_same_run, load_checkpoint, save_checkpoint
from odd_bench.training.configuration import TrainConfig
from odd_bench.training.devices import device_name, make_fabric
from odd_bench.training.job import Job
from odd_bench.training.loop import fit, rate_factor
from odd_bench.training.predict import FULL, MIXED, localise, predict_split
from odd_bench.training.run import take_over_first_stage, train_run
from odd_bench.weights import export_weights
from tests.short_training import interrupt_at, train_tiny, write_small_scenes

SHORT = ["train.steps=[4,4]", "train.report_every=1", "train.save_every=3", "train.picture_every=100", "train.views=2"]
CANONICAL = ["model.teacher.kind=canonical"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_small_scenes(tmp_path_factory.mktemp("data"))


def run_short(dataset: Dataset, out: Path, overrides=(), **options) -> list[dict[str, float]]:
    """Train a few steps; returns the losses of every step."""
    return train_tiny("reference", dataset, out, [*SHORT, *overrides], **options)


def test_the_same_seed_gives_the_same_losses_and_another_seed_others(folder, tmp_path):
    dataset = open_dataset(folder)
    first = run_short(dataset, tmp_path / "a")
    assert run_short(dataset, tmp_path / "b") == first
    assert run_short(dataset, tmp_path / "c", ["train.seed=1"]) != first


AUGMENTED = ["train.augment=true", "train.schedule=cosine", "train.warmup=2", "model.render.rays=64"]


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory) -> list[dict[str, float]]:
    """The losses of a run that was not stopped."""
    return run_short(open_dataset(folder), tmp_path_factory.mktemp("whole"), AUGMENTED)


@pytest.mark.parametrize("stop_at", [2, 3, 6])
def test_a_stopped_run_resumes_to_the_same_losses(folder, whole, tmp_path, stop_at):
    """Stopped within a stage; losses after the stop are those of a run that was not stopped."""
    dataset = open_dataset(folder)
    with pytest.raises(Interrupted, match="Run the same command again"):
        run_short(dataset, tmp_path, AUGMENTED, report=interrupt_at(stop_at))
    assert run_short(dataset, tmp_path, AUGMENTED) == whole[stop_at:]
    assert load_checkpoint(tmp_path / LATEST).finished
    assert run_short(dataset, tmp_path, AUGMENTED) == []


@pytest.mark.slow
def test_four_scenes_are_memorised(folder, tmp_path):
    """AUC 1.0 with predicted boxes; the first stage alone finds the objects."""
    dataset, places = open_dataset(folder), []
    config = CONFIGURATIONS.load("tiny")
    method, features = builder.prepare(config, dataset, "cpu", lambda names, what: names)
    job = Job("reference", to_mapping(config), config.train, config.augment, dataset, features, tmp_path)

    def after(stage, method):
        scenes = TestScenes(dataset, dataset.scene_names("train"), config.train.views, config.train.pixels)
        places.append(localise(method.eval(), scenes, "cpu"))
        method.train()

    fit(method, job, make_fabric(config.train), after_stage=after)
    assert places[0].mean_iou > 0.5 and places[0].count_accuracy >= 0.75
    path = predict_split(load_run(tmp_path), dataset, "train", tmp_path / "train.json")
    metrics = score_file(path, Options(folder, resamples=10)).metrics
    assert metrics["upstream"]["auc"].value == 1.0
    assert metrics["upstream"]["accuracy"].value >= 0.9
    assert metrics["detect"]["auc"].value > 0.8  # 0.83 without AVX-512, where one more box is false


@pytest.fixture(scope="module")
def run_folder(folder, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("run")
    run_short(open_dataset(folder), out, CANONICAL)
    return out


def test_predictions_are_valid_and_score(folder, run_folder, tmp_path):
    path = predict_split(load_run(run_folder), open_dataset(folder), "test-seen", tmp_path / "p.json", views=5)
    scored = score_file(path, Options(folder, resamples=10))
    predictions = scored.checked.predictions
    assert predictions.views == ((0, 1, 3, 4, 6),) and predictions.seconds[0] > 0
    assert predictions.method.name == "reference-tiny" and predictions.method.extra["teacher"] == "canonical"
    assert not [problem for problem in scored.checked.problems if not problem.warning]


def test_given_boxes_are_recorded_as_given(folder, run_folder, tmp_path):
    run = load_run(run_folder, ["model.boxes.source=oracle-box"])
    path = predict_split(run, open_dataset(folder), "test-seen", tmp_path / "p.json")
    scored = score_file(path, Options(folder, resamples=10))
    assert scored.checked.predictions.method.gt_boxes and set(scored.metrics) == {"classify"}


def test_bfloat16_is_used_and_reported_and_changes_scores_little(folder, run_folder, tmp_path):
    run, found = load_run(run_folder, ["model.boxes.source=oracle-box"]), {}
    for precision in (FULL, MIXED):
        path = predict_split(
            run, open_dataset(folder), "test-seen", tmp_path / f"{precision}.json", precision=precision
        )
        predictions = score_file(path, Options(folder, resamples=10)).checked.predictions
        assert predictions.method.extra["precision"] == precision
        found[precision] = predictions.boxes.score
    difference = np.abs(found[FULL] - found[MIXED])
    assert 0 < difference.max() < 0.05
    with pytest.raises(WrongUse, match="expected 32-true or bf16-mixed"):
        predict_split(run, open_dataset(folder), "test-seen", tmp_path / "p.json", precision="16")


def test_the_commands_work_and_report_errors(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    options = [item for value in SHORT for item in ("--set", value)]
    trained = run(app, ["train", "--config", "tiny", "--data", str(folder), *options], catch_exceptions=False)
    assert trained.exit_code == 0, trained.output
    assert "4 steps of reconstruction, 4 steps of end-to-end" in trained.output
    assert "predictions: runs/reference-tiny-0/test-seen.json" in trained.output
    assert "report: runs/reference-tiny-0/test-seen-report/report.html" in trained.output
    table = trained.output[trained.output.index("split ") :].splitlines()
    assert [line.split()[:2] for line in table[1:3]] == [["test-seen", "detect"], ["test-seen", "upstream"]]
    ranked = run(app, ["leaderboard", "runs"], catch_exceptions=False)
    assert (
        ranked.exit_code == 0
        and "reference-tiny-0/test-seen-report/score.json" in Path("runs/leaderboard.md").read_text()
    )
    assert (tmp_path / "runs" / "reference-tiny-0" / "test-seen.json").is_file()
    predicted = run(
        app, ["predict", "runs/reference-tiny-0", "--split", "train", "--views", "3", "--report", "out"],
        catch_exceptions=False,
    )  # fmt: skip
    assert predicted.exit_code == 0 and (tmp_path / "out" / "report.html").is_file()
    with pytest.raises(WrongUse, match="odd-bench generate toys --preset mini --out data/toys-mini"):
        run(app, ["train"], catch_exceptions=False)
    with pytest.raises(DataError, match="no split 'test-unseen'"):
        run(app, ["predict", "runs/reference-tiny-0", "--data", str(folder)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        (
            ["train", "--config", "tiny", "--out", "new", "--set", "train.steps=[1, 1]"],
            "run the same command again to resume",
        ),
        (["predict", "run", "--split", "test-seen"], "start again"),
    ],
)
def test_ctrl_c_outside_of_steps_stops_the_run_too(folder, run_folder, tmp_path, monkeypatch, command, hint):
    def pressed(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    shutil.copytree(run_folder, tmp_path / "run")
    monkeypatch.setattr("odd_bench.training.run.predict_split", pressed)
    ran = CliRunner().invoke(app, [*command, "--data", str(folder)])
    assert isinstance(ran.exception, Interrupted), ran.output
    assert "stopped by the user" in str(ran.exception) and hint in str(ran.exception)


def test_the_first_stage_of_another_run_can_be_reused(folder, run_folder):
    dataset, config = open_dataset(folder), CONFIGURATIONS.load("tiny")
    method, _ = builder.prepare(config, dataset, "cpu", lambda names, what: names)
    fresh = {name: value.clone() for name, value in method.state_dict().items()}
    take_over_first_stage(method, run_folder)
    stored = load_checkpoint(run_folder / LATEST).weights
    for name, value in method.state_dict().items():
        assert torch.equal(value, (fresh if name.startswith("compare.") else stored)[name])
    wider = CONFIGURATIONS.with_overrides(config, ["model.attention.width=32"])
    method, _ = builder.prepare(wider, dataset, "cpu", lambda names, what: names)
    take_over_first_stage(method, run_folder)
    assert torch.equal(method.heads.density[0].weight, stored["heads.density.0.weight"])


def test_a_training_starts_with_given_weights_in_all_stages(folder, run_folder, tmp_path):
    exported = export_weights(run_folder, "mine", tmp_path)
    for source in (run_folder, run_folder / LATEST, exported):
        out = tmp_path / f"from-{source.name}"
        begun = CliRunner().invoke(
            app,
            ["train", "--config", "tiny", "--data", str(folder), "--out", str(out), "--init-from", str(source)]
            + [f"--set={one}" for one in [*SHORT, "train.steps=[0,1]", "train.learning_rate=[1e-9, 1e-9]", *CANONICAL]],
        )
        assert begun.exit_code == 0, begun.output
        stored, learnt = load_checkpoint(run_folder / LATEST).weights, load_checkpoint(out / LATEST).weights
        statistics = ("running_mean", "running_var", "num_batches_tracked")  # counters of norms, which one step changes
        weights = [name for name in learnt if not name.endswith(statistics)]
        assert weights and all(torch.allclose(learnt[name], stored[name], atol=1e-6) for name in weights)


def test_given_weights_do_not_replace_those_of_a_resumed_run(folder, run_folder, tmp_path):
    again = tmp_path / "run"
    shutil.copytree(run_folder, again)
    before = load_checkpoint(again / LATEST)
    initial = replace(before, weights={name: value * 0 for name, value in before.weights.items()})
    same = [*SHORT, *CANONICAL]
    train_run(method_spec("reference"), "tiny", [folder], again, same, None, "auto", initial)
    after = load_checkpoint(again / LATEST).weights
    assert all(torch.equal(value, before.weights[name]) for name, value in after.items())


def test_initial_weights_of_another_method_are_refused(folder, run_folder, tmp_path):
    initial = replace(load_checkpoint(run_folder / LATEST), model="detr3d")
    with pytest.raises(WrongUse, match="--init-from: found weights of detr3d; expected those of reference"):
        train_run(method_spec("reference"), "tiny", [folder], tmp_path / "run", [], None, "auto", initial)
    assert not (tmp_path / "run" / LATEST).exists()


def test_the_error_for_missing_initial_weights_names_the_option(folder, tmp_path):
    for wrong in ("bth", str(tmp_path)):
        call = [
            "train",
            "--config",
            "tiny",
            "--data",
            str(folder),
            "--out",
            str(tmp_path / "run"),
            "--init-from",
            wrong,
        ]
        ran = CliRunner().invoke(app, call)
        assert isinstance(ran.exception, WrongUse) and str(ran.exception).startswith("--init-from")
    assert not (tmp_path / "run").exists()


def test_a_training_records_every_device_once(run_folder):
    assert Spent().and_then(2, "GPU").and_then(3, "CPU").and_then(1, "GPU") == Spent(6, "GPU and CPU")
    assert load_checkpoint(run_folder / LATEST).spent.device == device_name(torch.device("cpu"))


def test_a_run_of_another_configuration_is_refused(folder, run_folder):
    with pytest.raises(WrongUse, match=r"model\.attention\.kind: 'sparse', wanted 'dense'"):
        run_short(open_dataset(folder), run_folder, ["model.teacher.kind=canonical", "model.attention.kind=dense"])


def test_weights_of_another_configuration_are_refused(run_folder):
    with pytest.raises(WrongUse, match="weights that do not fit"):
        load_run(run_folder, ["model.roi.cells=8"])


def test_errors_explain_damaged_foreign_and_missing_checkpoints(run_folder, tmp_path):
    whole = (run_folder / LATEST).read_bytes()
    (tmp_path / LATEST).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WrongUse, match=r"expected a checkpoint of odd-bench train\. Is the file whole\?"):
        load_run(tmp_path)
    torch.save({"weights": 1}, tmp_path / "other.pt")
    with pytest.raises(WrongUse, match="expected odd-bench/checkpoint version 1"):
        load_run(tmp_path / "other.pt")
    stored = torch.load(run_folder / LATEST, weights_only=True)
    torch.save({**stored, "version": 0}, tmp_path / "old.pt")
    with pytest.raises(WrongUse, match="Train again with this release"):
        load_run(tmp_path / "old.pt")
    with pytest.raises(WrongUse, match="found no such file"):
        load_run(tmp_path / "nowhere")


def test_a_full_disk_keeps_the_previous_checkpoint(run_folder, tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / LATEST
    shutil.copy(run_folder / LATEST, path)
    found = load_checkpoint(path)
    monkeypatch.setattr("odd_bench.atomic._write_and_flush", full)
    with pytest.raises(
        StorageError, match=r"checkpoint\.pt: found No space left.*expected space for .* bytes.*is kept"
    ):
        save_checkpoint(path, replace(found, step=found.step + 1))
    assert load_checkpoint(path).step == found.step and [one.name for one in tmp_path.iterdir()] == [LATEST]


def test_shards_of_another_version_are_refused(folder, tmp_path):
    import h5py

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with h5py.File(next((copy / "shards").glob("train*")), "r+") as file:
        file.attrs["version"] = 99
    with pytest.raises(DataError, match="found version 99, expected version 1"):
        open_dataset(copy)


def test_a_loss_that_is_not_a_number_stops_the_run(folder, tmp_path):
    with pytest.raises(Diverged, match="expected finite losses"):
        run_short(open_dataset(folder), tmp_path, ["train.learning_rate=[1.0e+30,1.0e+30]", "train.clip=0.0"])


def test_the_learning_rate_warms_up_and_decays():
    train = replace(TrainConfig(), schedule="cosine", warmup=10)
    factors = [rate_factor(train, step, 110) for step in range(110)]
    assert factors[0] == 0.1 and max(factors) == factors[9] == 1.0
    assert all(a >= b for a, b in pairwise(factors[10:]))
    assert factors[-1] == pytest.approx(0.01, abs=1e-3)
    assert rate_factor(TrainConfig(), 5, 10) == 1.0


def test_a_run_is_not_continued_on_other_data(run_folder):
    stored = load_checkpoint(run_folder / LATEST)
    check_same_run(run_folder, stored, stored.model, stored.config, stored.data)
    with pytest.raises(WrongUse, match=r"other training data.*Give another folder with --out"):
        check_same_run(run_folder, stored, stored.model, stored.config, "another")


@pytest.mark.parametrize(("precision", "expected"), [("bf16-mixed", torch.bfloat16), ("32-true", torch.float32)])
def test_losses_are_computed_in_the_configured_precision(folder, tmp_path, monkeypatch, precision, expected):
    seen = set()
    convolve = torch.nn.Conv2d.forward

    def watched(module, pictures):
        found = convolve(module, pictures)
        if torch.is_grad_enabled():  # a training step; its pictures are made in full precision
            seen.add(found.dtype)
        return found

    monkeypatch.setattr(torch.nn.Conv2d, "forward", watched)
    losses = run_short(open_dataset(folder), tmp_path, [f"train.precision={precision}"])
    assert seen == {expected} and all(math.isfinite(value) for step in losses for value in step.values())
