"""Trainings keep apart, save nothing that is not finite, and find out before the work whether its result can be written."""

from __future__ import annotations

import math
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from odd_bench.cli import app
from odd_bench.data.batch import SceneBatch
from odd_bench.data.reader import open_dataset
from odd_bench.errors import OddBenchError, StorageError, WrongUse
from odd_bench.locking import locked
from odd_bench.training.checkpoint import LATEST, Diverged, first_not_finite, load_checkpoint, save_checkpoint
from odd_bench.training.configuration import TrainConfig
from odd_bench.training.devices import device_count, make_fabric
from odd_bench.training.loop import CONFIG, fit
from odd_bench.training.run import LOCK
from tests.detector.worlds import noise_batch
from tests.short_training import train_tiny, write_small_scenes
from tests.training.mean_method import MeanMethod, job

SHORT = ["train.steps=[2,2]", "train.report_every=1", "train.save_every=1", "train.picture_every=100", "train.views=2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_small_scenes(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def run_folder(folder, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("run")
    train_tiny("reference", open_dataset(folder), out, SHORT)
    return out


def train(folder: Path, out: Path, *overrides: str):
    options = [item for value in (*SHORT, *overrides) for item in ("--set", value)]
    return CliRunner().invoke(app, ["train", "--config", "tiny", "--data", str(folder), "--out", str(out), *options])


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


@pytest.mark.parametrize("changed", ["train.steps=[4,4]", "train.seed=5"])
def test_a_refused_resume_changes_no_file(folder, run_folder, changed):
    """Case resume-overwrites-config."""
    before = contents(run_folder)
    refused = train(folder, run_folder, changed)
    assert isinstance(refused.exception, WrongUse) and changed.split("=")[0] in str(refused.exception)
    assert contents(run_folder) == before


@pytest.mark.parametrize(
    "harmless", ["train.workers=1", "train.save_every=50", "train.report_every=7", "train.picture_every=9"]
)
def test_keys_that_change_nothing_of_what_is_learnt_may_differ(folder, run_folder, harmless):
    dataset = open_dataset(folder)
    assert train_tiny("reference", dataset, run_folder, [*SHORT, harmless]) == []
    key, value = harmless.removeprefix("train.").split("=")
    assert f"{key}: {value}" in (run_folder / CONFIG).read_text()


def test_a_second_training_in_the_folder_is_refused(folder, run_folder):
    """Case two-trainings-one-folder."""
    before = contents(run_folder)
    with locked(run_folder / LOCK):
        refused = train(folder, run_folder)
    assert isinstance(refused.exception, WrongUse) and "another training at work" in str(refused.exception)
    assert contents(run_folder) == before


def test_a_run_that_diverges_stops_at_the_first_loss_and_keeps_finite_weights(folder, tmp_path):
    """Case nan-checkpoint."""
    wild = [
        "train.steps=[6,1]",
        "train.learning_rate=[1.0e+18,1.0]",
        "train.report_every=100",
        "train.save_every=2",
        "train.clip=0",
    ]
    dataset = open_dataset(folder)
    with pytest.raises(Diverged, match=r"expected finite .*train\.learning_rate"):
        train_tiny("reference", dataset, tmp_path, [*SHORT, *wild])
    if (tmp_path / LATEST).exists():
        assert not first_not_finite(load_checkpoint(tmp_path / LATEST))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("where", ["weights", "optimizer"])
def test_what_is_not_finite_is_neither_saved_nor_resumed_into(run_folder, tmp_path, bad, where):
    good = load_checkpoint(run_folder / LATEST)
    values = {"a": torch.ones(3), "b": {"c": torch.tensor([0.0, bad])}}
    with pytest.raises(Diverged, match=rf"{where}\.b\.c that is not finite"):
        save_checkpoint(tmp_path / LATEST, replace(good, **{where: values}))
    assert not list(tmp_path.iterdir())
    stored = torch.load(run_folder / LATEST, weights_only=True)
    torch.save({**stored, where: values}, tmp_path / LATEST)
    with pytest.raises(WrongUse, match="is not finite; expected finite numbers"):
        load_checkpoint(tmp_path / LATEST)


def test_a_checkpoint_with_one_more_key_is_explained(run_folder, tmp_path):
    torch.save({**torch.load(run_folder / LATEST, weights_only=True), "more": 1}, tmp_path / LATEST)
    with pytest.raises(WrongUse, match="more"):
        load_checkpoint(tmp_path / LATEST)


def test_too_few_values_for_the_stages_are_named(folder, tmp_path):
    for key in ("steps=[1]", "learning_rate=[1.0e-4]"):
        refused = train(folder, tmp_path / "run", f"train.{key}")
        assert isinstance(refused.exception, WrongUse) and "one for each stage" in str(refused.exception)
    assert not (tmp_path / "run" / CONFIG).exists()


@pytest.mark.parametrize("place", ["folder", "file/x.json", "/dev/null", "/dev/full"])
def test_predictions_that_cannot_be_written_are_refused_before_the_work(
    folder, run_folder, tmp_path, monkeypatch, place
):
    """Case outputs-that-cannot-be-written."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setattr("odd_bench.training.run.predict_split", lambda *a, **o: pytest.fail("the work was begun"))
    out = tmp_path / place
    ran = CliRunner().invoke(
        app, ["predict", str(run_folder), "--split", "train", "--data", str(folder), "--out", str(out)]
    )
    assert isinstance(ran.exception, StorageError) and str(out) in str(ran.exception)
    assert len(str(ran.exception).splitlines()) == 1
    assert all(stat.S_ISCHR(os.stat(device).st_mode) for device in ("/dev/null", "/dev/full"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_run_that_cannot_be_written_is_refused_before_the_work(folder, tmp_path):
    (tmp_path / "file.json").touch()
    ran = train(folder, tmp_path / "file.json")
    assert isinstance(ran.exception, StorageError) and (tmp_path / "file.json").read_bytes() == b""


def test_devices_are_a_number_that_divides_the_batch(folder, tmp_path):
    for devices in ("0", "-1", "two", "1.5"):
        with pytest.raises(WrongUse, match="--devices"):
            device_count(devices)
    ran = CliRunner().invoke(
        app, ["train", "--config", "tiny", "--data", str(folder), "--out", str(tmp_path), "--devices", "3", "--set",
              "train.batch=4"]
    )  # fmt: skip
    assert isinstance(ran.exception, OddBenchError) and "divides it" in str(ran.exception)


class Kept(torch.nn.Linear):
    """Keeps its batch, and gives a product that autocast computes."""

    def forward(self, batch: SceneBatch) -> torch.Tensor:
        self.batch = batch
        return super().forward(batch.K)


def test_mixed_precision_casts_products_and_no_cameras():
    """Millimetres need float32: where a strategy wraps the module, Fabric's own precision would cast what goes in."""
    fabric, batch = make_fabric(TrainConfig(precision="bf16-mixed"), 1), noise_batch()
    module = Kept(3, 3)
    product = fabric.setup(module)(batch)
    assert module.batch is batch and product.dtype == torch.bfloat16


SCRIPT = """
import sys
from pathlib import Path
from odd_bench.data.batch import SceneBatch
from odd_bench.data.reader import open_dataset
from odd_bench.training.devices import make_fabric
from odd_bench.training.loop import fit
from tests.training.mean_method import job, MeanMethod

out = Path(sys.argv[2])
fabric = make_fabric(job(open_dataset(Path(sys.argv[1])), out).train, sys.argv[3])
fabric.launch()
with (out / f"losses-{fabric.global_rank}.txt").open("w") as told:
    fit(MeanMethod(), job(open_dataset(Path(sys.argv[1])), out), fabric, lambda step: print(step.losses["total"], file=told))
"""


@pytest.mark.slow
def test_two_processes_learn_as_one_with_twice_the_scenes_each(folder, tmp_path):
    """gloo on the CPU: the same scenes a step, shared; a loss that is a mean over scenes has the same mean and gradient."""
    alone, shared, losses = tmp_path / "1", tmp_path / "2", []
    whole = job(open_dataset(folder), alone)
    fit(MeanMethod(), whole, make_fabric(whole.train, 1), lambda step: losses.append(step.losses["total"]))
    assert len(losses) == 12 and len(set(losses)) == 12

    shared.mkdir()
    (tmp_path / "train.py").write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, str(tmp_path / "train.py"), str(folder), str(shared), "2"]
    subprocess.run(command, check=True, env=environment, timeout=300, capture_output=True)
    for rank in range(2):
        of_rank = [float(line) for line in (shared / f"losses-{rank}.txt").read_text().splitlines()]
        assert of_rank == pytest.approx(losses, rel=1e-4)
    found = load_checkpoint(shared / LATEST).weights
    for name, value in load_checkpoint(alone / LATEST).weights.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-6)
