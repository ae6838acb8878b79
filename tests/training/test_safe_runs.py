"""Trainings exclude each other, save only finite numbers, and check before the work whether results can be written."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from typer.testing import CliRunner

from odd_bench.cli import app
from odd_bench.data.batch import SceneBatch
from odd_bench.data.errors import DataError
from odd_bench.data.reader import Dataset, open_dataset
from odd_bench.errors import OddBenchError, StorageError, WrongUse
from odd_bench.locking import locked
from odd_bench.training.checkpoint import (
    LATEST,
    Diverged,
    fill_method,
    first_not_finite,
    load_checkpoint,
    save_checkpoint,
)
from odd_bench.training.configuration import TrainConfig
from odd_bench.training.devices import device_count, make_fabric
from odd_bench.training.loop import CONFIG, fit
from odd_bench.training.run import LOCK
from odd_bench.weights import export_weights, load_weights
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
def test_keys_that_do_not_affect_training_may_differ(folder, run_folder, harmless):
    dataset = open_dataset(folder)
    assert train_tiny("reference", dataset, run_folder, [*SHORT, harmless]) == []
    key, value = harmless.removeprefix("train.").split("=")
    assert f"{key}: {value}" in (run_folder / CONFIG).read_text()


def test_a_finished_run_shows_its_table_and_makes_nothing_again(folder, tmp_path, monkeypatch):
    first = train(folder, tmp_path)
    assert first.exit_code == 0, first.output
    assert "comparing scenes with their digests: " in first.output
    before = contents(tmp_path)

    def work(*_, **__):
        raise AssertionError("work that was done before")

    for name in ("verify_scenes", "fit", "predict_split"):
        monkeypatch.setattr(f"odd_bench.training.run.{name}", work)
    again = train(folder, tmp_path)
    assert again.exit_code == 0, again.output
    table = first.output.partition("predictions: ")[2]
    assert table and again.output.endswith(table)
    after = contents(tmp_path)
    assert all(after[path] == content for path, content in before.items() if path.suffix in (".pt", ".json", ".yaml"))


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:40], lambda text: text.replace("sha256:", "sha256:0"), lambda _: "[]"]
)
def test_predictions_of_a_finished_run_that_are_not_its_own_are_made_again(folder, run_folder, tmp_path, spoil):
    out = tmp_path / "run"
    shutil.copytree(run_folder, out)
    assert train(folder, out).exit_code == 0
    predictions = next(path for path in out.glob("*.json") if "scenes" in json.loads(path.read_text()))
    whole = json.loads(predictions.read_text())
    predictions.write_text(spoil(predictions.read_text()))
    assert train(folder, out).exit_code == 0
    again = json.loads(predictions.read_text())
    assert again["method"] == whole["method"] and again["dataset"] == whole["dataset"]
    assert again["scenes"].keys() == whole["scenes"].keys()


def test_a_scene_that_differs_ends_a_training_before_it_learns(folder, tmp_path, monkeypatch):
    names, seen = open_dataset(folder).scene_names("train"), []

    def verify(self, name):
        seen.append(name)
        if name == names[0]:
            raise DataError(name, "content 0", "1")

    monkeypatch.setattr(Dataset, "verify", verify)
    refused = train(folder, tmp_path)
    assert isinstance(refused.exception, DataError) and names[0] in str(refused.exception)
    assert names[0] in seen and not (tmp_path / LATEST).exists()


def test_a_second_training_in_the_folder_is_refused(folder, run_folder):
    """Case two-trainings-one-folder."""
    before = contents(run_folder)
    with locked(run_folder / LOCK):
        refused = train(folder, run_folder)
    assert isinstance(refused.exception, WrongUse) and "another training that runs" in str(refused.exception)
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
def test_non_finite_weights_are_neither_saved_nor_resumed(run_folder, tmp_path, bad, where):
    good = load_checkpoint(run_folder / LATEST)
    values = {"a": torch.ones(3), "b": {"c": torch.tensor([0.0, bad])}}
    with pytest.raises(Diverged, match=rf"{where}\.b\.c that is not finite"):
        save_checkpoint(tmp_path / LATEST, replace(good, **{where: values}))
    assert not list(tmp_path.iterdir())
    stored = torch.load(run_folder / LATEST, weights_only=True)
    torch.save({**stored, where: values}, tmp_path / LATEST)
    with pytest.raises(WrongUse, match="is not finite; expected finite numbers"):
        load_checkpoint(tmp_path / LATEST)


@pytest.mark.parametrize(
    ("where", "values", "named"),
    [
        ("optimizer", {"param_groups": [{"lr": 1.0}, {"lr": math.nan}]}, "optimizer.param_groups[1].lr"),
        ("optimizer", {"state": {0: {"step": torch.tensor(math.inf)}}}, "optimizer.state.0.step"),
        ("optimizer", {"state": ([torch.ones(2), (torch.tensor([math.nan]),)],)}, "optimizer.state[0][1][0]"),
        ("weights", {"running_var": torch.tensor([1.0, math.inf], dtype=torch.bfloat16)}, "weights.running_var"),
        ("weights", {"wave": torch.tensor([1j * math.nan])}, "weights.wave"),
        ("seconds", math.nan, "seconds"),
    ],
)
def test_every_number_of_a_checkpoint_is_finite_wherever_it_stands(run_folder, tmp_path, where, values, named):
    good = load_checkpoint(run_folder / LATEST)
    with pytest.raises(Diverged, match=re.escape(f"found {named} that is not finite")):
        save_checkpoint(tmp_path / LATEST, replace(good, **{where: values}))
    torch.save({**torch.load(run_folder / LATEST, weights_only=True), where: values}, tmp_path / LATEST)
    with pytest.raises(WrongUse, match=re.escape(f"found {named} that is not finite")):
        load_checkpoint(tmp_path / LATEST)


@pytest.mark.parametrize(
    ("key", "value"), [("stage", -1), ("stage", "one"), ("step", 1.5), ("step", True), ("finished", 1), ("config", []), ("data", 3),
                       ("optimizer", [1]), ("weights", torch.ones(2)), ("model", None)],
)  # fmt: skip
def test_fields_of_other_types_are_reported(run_folder, tmp_path, key, value):
    torch.save({**torch.load(run_folder / LATEST, weights_only=True), key: value}, tmp_path / LATEST)
    with pytest.raises(WrongUse, match=f"found {key} = .*expected a complete checkpoint"):
        load_checkpoint(tmp_path / LATEST)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda value: value.double() * 0 + 1e300, "too large for float32"),
        (lambda value: value.to(torch.int64), "of type int64; expected float32"),
        (lambda value: [1.0], "of type list; expected float32"),
        (lambda value: value[..., None], "weights that do not fit"),
    ],
)
def test_weights_of_other_types_are_refused_when_loaded(change, found):
    method = MeanMethod()
    weights = method.state_dict()
    name = next(iter(weights))
    with pytest.raises(WrongUse, match=found):
        fill_method(method, {**weights, name: change(weights[name])}, "some file")
    fill_method(
        MeanMethod(), {key: value.half() for key, value in MeanMethod().state_dict().items()}, "half of the bits"
    )


class Steep(MeanMethod):
    """Its loss is a number, but its gradient is not: the square root of zero."""

    def loss(self, batch):
        return {"total": super().loss(batch)["total"] + (0 * self.guess[0].weight).abs().sum().sqrt()}


def test_non_finite_gradients_change_no_weight(folder, tmp_path):
    steep = job(open_dataset(folder), tmp_path)
    with pytest.raises(Diverged, match=r"step 1 of only: found gradients that are not finite.*learning_rate"):
        fit(method := Steep(), steep, make_fabric(steep.train, 1))
    for name, value in MeanMethod().state_dict().items():
        assert torch.equal(method.state_dict()[name], value)
    assert not (tmp_path / LATEST).exists()


def test_weight_files_contain_only_finite_numbers(run_folder, tmp_path):
    stored = torch.load(run_folder / LATEST, weights_only=True)
    name = next(key for key, value in stored["weights"].items() if value.is_floating_point() and value.dim() > 1)
    large = {**stored, "weights": {**stored["weights"], name: torch.full_like(stored["weights"][name], 1e5)}}
    torch.save(large, tmp_path / LATEST)
    with pytest.raises(WrongUse, match="that 16 bits cannot hold"):
        export_weights(tmp_path / LATEST, "wide", tmp_path, half=True)
    assert [path.name for path in tmp_path.iterdir()] == [LATEST]
    whole = export_weights(tmp_path / LATEST, "wide", tmp_path)
    content = safetensors.torch.save(
        {**safetensors.torch.load_file(whole), name: torch.full_like(large["weights"][name], math.nan)}
    )
    whole.write_bytes(content)
    card = json.loads(whole.with_suffix(".json").read_text())
    whole.with_suffix(".json").write_text(json.dumps(card | {"sha256": hashlib.sha256(content).hexdigest()}))
    with pytest.raises(WrongUse, match="that is not finite; expected finite numbers"):
        load_weights(whole)


def test_the_error_for_a_checkpoint_with_an_extra_key_explains_it(run_folder, tmp_path):
    torch.save({**torch.load(run_folder / LATEST, weights_only=True), "more": 1}, tmp_path / LATEST)
    with pytest.raises(WrongUse, match="more"):
        load_checkpoint(tmp_path / LATEST)


def test_too_few_values_for_the_stages_are_reported(folder, tmp_path):
    for key in ("steps=[1]", "learning_rate=[1.0e-4]"):
        refused = train(folder, tmp_path / "run", f"train.{key}")
        assert isinstance(refused.exception, WrongUse) and "one for each stage" in str(refused.exception)
    assert not (tmp_path / "run" / CONFIG).exists()


@pytest.mark.parametrize("place", ["folder", "file/x.json", "/dev/null", "/dev/full"])
def test_unwritable_predictions_are_refused_before_the_work(folder, run_folder, tmp_path, monkeypatch, place):
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


def test_an_unwritable_run_is_refused_before_the_work(folder, tmp_path):
    (tmp_path / "file.json").touch()
    ran = train(folder, tmp_path / "file.json")
    assert isinstance(ran.exception, StorageError) and (tmp_path / "file.json").read_bytes() == b""


def test_the_number_of_devices_must_divide_the_batch(folder, tmp_path):
    for devices in ("0", "-1", "two", "1.5"):
        with pytest.raises(WrongUse, match="--devices"):
            device_count(devices)
    ran = CliRunner().invoke(
        app, ["train", "--config", "tiny", "--data", str(folder), "--out", str(tmp_path), "--devices", "3", "--set",
              "train.batch=4"]
    )  # fmt: skip
    assert isinstance(ran.exception, OddBenchError) and "divides it" in str(ran.exception)


class Kept(torch.nn.Linear):
    """Keeps its batch, and returns a product that autocast computes."""

    def forward(self, batch: SceneBatch) -> torch.Tensor:
        self.batch = batch
        return super().forward(batch.K)


def test_mixed_precision_casts_products_and_no_cameras():
    """Millimetres need float32: if a strategy wraps the module, the precision of Fabric would cast the inputs."""
    fabric, batch = make_fabric(TrainConfig(precision="bf16-mixed"), 1), noise_batch()
    module = Kept(3, 3)
    product = fabric.setup(module)(batch)
    assert module.batch is batch and product.dtype == torch.bfloat16


SCRIPT = """
import sys
from pathlib import Path
from odd_bench.data.batch import SceneBatch
from odd_bench.data.errors import DataError
from odd_bench.data.reader import Dataset, open_dataset
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
    """With gloo on the CPU, the processes share the same scenes per step.

    A loss that is a mean over scenes has the same mean and gradient.
    """
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
