"""Exported weights: they read back unchanged, and anything else is refused with one line."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from odd_bench import weights
from odd_bench.cli import app
from odd_bench.data.reader import open_dataset
from odd_bench.errors import WrongUse
from odd_bench.training.checkpoint import LATEST, load_checkpoint
from odd_bench.weights import export_weights, find_weights, load_weights, object_size_m, read_card, write_weights
from tests.short_training import interrupt_at, train_tiny, write_small_scenes

SHORT = ["train.steps=[2,2]", "train.report_every=1", "train.views=2"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_small_scenes(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def run(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("run")
    train_tiny("reference", open_dataset(data), folder, SHORT)
    return folder


def state(loaded):
    return loaded.method.state_dict()


def test_exported_weights_equal_those_of_the_run(run, tmp_path):
    file = export_weights(run, "pears", tmp_path, facts={"trained_on": "pears"})
    exported, own = load_weights(file), load_weights(run)
    assert exported.config == own.config and exported.finished
    for name, value in state(own).items():
        torch.testing.assert_close(state(exported)[name], value, rtol=0, atol=0)
    assert read_card(file)["trained_on"] == "pears" and object_size_m(file) == (0.25, 0.40)


def test_half_precision_differs_by_no_more_than_its_rounding(run, tmp_path):
    whole, half = export_weights(run, "whole", tmp_path), export_weights(run, "half", tmp_path, half=True)
    assert half.stat().st_size < 0.65 * whole.stat().st_size
    halved = state(load_weights(half))
    for name, value in state(load_weights(whole)).items():
        assert halved[name].dtype == value.dtype
        torch.testing.assert_close(halved[name], value, rtol=1e-3, atol=1e-6)


def test_shipped_weights_are_found_by_name(run, tmp_path, monkeypatch):
    export_weights(run, "pears", tmp_path)
    monkeypatch.setattr(weights, "shipped", lambda: {"pears": tmp_path / "pears.safetensors"})
    assert find_weights("pears") == tmp_path / "pears.safetensors"
    with pytest.raises(
        WrongUse, match=r"--weights: found 'paers'; expected the name of shipped weights \(pears\).*'pears'\?"
    ):
        load_weights("paers")
    (tmp_path / "empty").mkdir()
    with pytest.raises(WrongUse, match=rf"empty: found a folder without {LATEST}"):
        load_weights(tmp_path / "empty")


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "", ".x", " ", "a\nb", "a\0b", "\udcff", "n" * 300])
def test_a_name_that_cannot_be_a_file_name_is_refused(run, tmp_path, name):
    with pytest.raises(WrongUse, match=r"--name .*: found .*; expected a name that a file can have"):
        export_weights(run, name, tmp_path / "weights")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["int64", "uint8", "bool", "float8_e4m3fn"])
def test_numbers_of_other_types_are_refused_or_finite(run, tmp_path, kind):
    """The card matches, because a sender may have written both."""
    file = export_weights(run, "pears", tmp_path)
    stored = load_file(file)
    others = {
        key: value.to(getattr(torch, kind)) if value.is_floating_point() else value for key, value in stored.items()
    }
    write_weights(file, others, json.loads(file.with_suffix(".json").read_text()))
    if kind.startswith("float"):
        assert all(torch.isfinite(value).all() for value in state(load_weights(file)).values())
    else:
        with pytest.raises(WrongUse, match=rf"pears\.safetensors: found .* of type {kind}; expected float32"):
            load_weights(file)


@pytest.mark.parametrize("size", ["[NaN, 0.4]", "[0.25, 1e999]", "[0.25]", '"x"'])
def test_a_card_with_invalid_sizes_is_refused(run, tmp_path, size):
    file = export_weights(run, "pears", tmp_path)
    card = json.loads(file.with_suffix(".json").read_text())
    text = json.dumps({**card, "object_size_m": "SIZE"}).replace('"SIZE"', size)
    file.with_suffix(".json").write_text(text)
    with pytest.raises(WrongUse, match="found no valid object_size_m"):
        load_weights(file)


def test_damaged_files_are_refused(run, tmp_path):
    file = export_weights(run, "pears", tmp_path)
    content, card = file.read_bytes(), json.loads(file.with_suffix(".json").read_text())
    file.write_bytes(content[:-10])
    with pytest.raises(WrongUse, match=r"pears\.safetensors: found .* of sha256 .*; expected .*, as in its card"):
        load_weights(file)
    file.write_bytes(content)
    for change, words in (({"version": 2}, "version 1"), ({"sha256": None}, "found"), ({"model": "pear"}, "pear")):
        file.with_suffix(".json").write_text(json.dumps({**card, **change}))
        with pytest.raises(WrongUse, match=words):
            load_weights(file)
    file.with_suffix(".json").unlink()
    with pytest.raises(WrongUse, match=r"pears\.json: found no such file, expected the card of pears\.safetensors"):
        load_weights(file)


def test_a_training_that_is_not_finished_is_not_exported(data, tmp_path):
    with pytest.raises(Exception, match="stopped by the user"):
        train_tiny("reference", open_dataset(data), tmp_path / "run", [*SHORT, "train.steps=[6,6]"], interrupt_at(3))
    assert not load_checkpoint(tmp_path / "run" / LATEST).finished
    with pytest.raises(WrongUse, match="found a training that is not finished"):
        export_weights(tmp_path / "run", "pears", tmp_path)


def test_the_commands_export_weights_and_predict_with_them(run, data, tmp_path, monkeypatch):
    runner = CliRunner()
    exported = runner.invoke(app, ["weights", "export", str(run), "--name", "pears", "--out", str(tmp_path)])
    assert exported.exit_code == 0 and "pears.safetensors" in exported.output
    monkeypatch.chdir(tmp_path)
    arguments = [
        "predict",
        "--weights",
        str(tmp_path / "pears.safetensors"),
        "--data",
        str(data),
        "--split",
        "test-seen",
    ]
    drawn = runner.invoke(app, [*arguments, "--out", "p.json", "--pictures", "pictures"], catch_exceptions=False)
    assert drawn.exit_code == 0, drawn.output
    same = runner.invoke(app, ["predict", str(run), "--data", str(data), "--split", "test-seen", "--out", "q.json"])
    assert same.exit_code == 0

    def answers(name):
        return {scene: entry["objects"] for scene, entry in json.loads((tmp_path / name).read_text())["scenes"].items()}

    assert answers("p.json") == answers("q.json")
    page = (tmp_path / "pictures" / "index.html").read_text()
    assert all((tmp_path / "pictures" / f"{scene}.jpg").is_file() and scene in page for scene in answers("p.json"))
    with pytest.raises(WrongUse, match="found neither RUN nor --weights"):
        runner.invoke(app, ["predict"], catch_exceptions=False)
    with pytest.raises(WrongUse, match="found both RUN and --weights"):
        runner.invoke(app, ["predict", str(run), "--weights", "both"], catch_exceptions=False)
    for option, words in (("RUN", ["runs/none"]), ("--weights", ["--weights", "runs/none"])):
        with pytest.raises(WrongUse, match=f"^{option}: found 'runs/none'"):
            runner.invoke(app, ["predict", *words], catch_exceptions=False)
    shutil.rmtree(tmp_path / "pictures")
