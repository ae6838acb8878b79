"""A table is made once, continues where it was stopped, and compares rows on the same scenes."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from odd_bench.cli import app
from odd_bench.configuration import ConfigError, named_texts
from odd_bench.errors import WrongUse
from odd_bench.methods import method_spec
from odd_bench.reproduce.markdown import MEANS, difference_text, estimate, markdown, mean_part
from odd_bench.reproduce.results import Setup, carry_out
from odd_bench.reproduce.table import from_mapping, load_table
from odd_bench.scoring.compare import paired_difference
from odd_bench.scoring.document import PAIRED_METRICS, packed
from odd_bench.training.checkpoint import LATEST, load_checkpoint
from odd_bench.training.predict import made_by, predicted_before
from tests.short_training import write_small_scenes

SHORT = ("train.steps=[2,2]", "train.views=2", "train.picture_every=100", "model.teacher.kind=none")
ROWS = [
    {"name": "A: alone", "model": "reference", "settings": ["model.attention.kind=none"], "seeds": [0, 1]},
    {"name": "final", "model": "reference"},
]
TABLE = from_mapping({"name": "small", "title": "Small", "datasets": ["toys"], "rows": ROWS}, "test")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    parent = tmp_path_factory.mktemp("data")
    write_small_scenes(parent / "toys", test_scenes=3)
    return parent


@pytest.fixture(scope="module")
def setup(data, tmp_path_factory) -> Setup:
    return Setup(data, tmp_path_factory.mktemp("out"), "tiny", SHORT)


def test_each_seed_is_a_run_and_finished_work_is_kept(setup):
    results = carry_out(TABLE, setup)
    assert [(result.row.slug, result.seed, result.split) for result in results] == [
        ("a-alone", 0, "test-seen"), ("a-alone", 1, "test-seen"), ("final", 0, "test-seen")
    ]  # fmt: skip
    assert all(set(result.parts) == {"detect", "upstream", "classify"} for result in results)
    assert all(result.seconds > 0 and result.parameters > 0 for result in results)
    folder = setup.out / "toys" / "final-0"
    before = (folder / LATEST).stat().st_mtime_ns
    (folder / "test-seen.json").unlink()
    again = carry_out(TABLE, setup)
    assert (folder / LATEST).stat().st_mtime_ns == before and (folder / "test-seen.json").is_file()
    same = ("auc", "accuracy", "mean_iou")
    for first, second in zip(results, again, strict=True):
        for protocol, part in first.parts.items():
            assert all(part["metrics"][name] == second.parts[protocol]["metrics"][name] for name in same)


def test_the_table_names_every_device_that_trained(setup):
    first, *others = carry_out(TABLE, setup)
    text = markdown(TABLE, [replace(first, device=f"a GPU and {first.device}"), *others])
    assert f"Trained on a GPU and {first.device}." in text


def test_a_finished_run_of_another_configuration_is_not_used(setup):
    carry_out(TABLE, setup)
    clipped = replace(setup, settings=(*SHORT, "train.clip=0.5"))
    with pytest.raises(WrongUse, match=r"a-alone-0.*found a run with train\.clip: .*, wanted 0\.5; expected the same"):
        carry_out(TABLE, clipped)
    final = replace(TABLE.rows[1], settings=("model.attention.kind=none",))
    with pytest.raises(WrongUse, match=r"final-0.*model\.attention\.kind: .*, wanted 'none'.*Give another folder"):
        carry_out(replace(TABLE, rows=(final,)), setup)


def test_the_command_writes_the_table(setup, tmp_path):
    options = [item for value in SHORT for item in ("--set", value)]
    command = ["reproduce", "table2", "--config", "tiny", "--data", str(setup.data), "--dataset", "toys", *options]
    ran = CliRunner().invoke(app, [*command, "--out", str(tmp_path), "--only", "b-a-dense-attention"])
    assert ran.exit_code == 0, ran.output
    assert "## toys, test-seen: detect" in ran.output and "| B: A + dense attention |" in ran.output
    assert (tmp_path / "table2.md").read_text() in ran.output


def test_a_table_is_read_from_a_file_of_the_user(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("title: Mine\ndatasets: [toys]\nrows: [{name: alone, model: reference, seeds: [3, 4]}]\n")
    table = load_table(str(path))
    assert (table.name, table.datasets, table.rows[0].seeds) == ("mine", ("toys",), (3, 4))
    path.write_text("title: Mine\nrows: [{name: alone, modle: reference}]\n")
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        load_table(str(path))
    path.write_text("- a list\n")
    with pytest.raises(ConfigError, match=r"mine\.yaml: found list; expected title, datasets and rows"):
        load_table(str(path))
    path.write_text("a: [\n")
    with pytest.raises(ConfigError, match=r"mine\.yaml: .*expected a table like"):
        load_table(str(path))
    with pytest.raises(ConfigError, match=r"none\.yaml: found no such file; expected a table like"):
        load_table(str(tmp_path / "none.yaml"))


def test_errors_explain_wrong_names(setup):
    with pytest.raises(ConfigError, match="found 'table9'; expected one of table1, table1-drafts, table2, teachers"):
        load_table("table9")
    with pytest.raises(
        ConfigError, match=r"--only: found 'finale'; expected one of a-alone, final\. Did you mean 'final'"
    ):
        TABLE.only(["finale"])
    with pytest.raises(ConfigError, match="expected a different name for each"):
        from_mapping({"name": "x", "title": "x", "datasets": [], "rows": [ROWS[0], ROWS[0]]}, "x")
    with pytest.raises(WrongUse, match="found no data set"):
        carry_out(TABLE, Setup(setup.data / "elsewhere", setup.out))


def test_every_table_names_known_methods_and_settings():
    for name in named_texts("odd_bench.reproduce", "tables"):
        for row in load_table(name).rows:
            spec = method_spec(row.model)
            config = spec.resolved("tiny", [*row.settings, *spec.oracle_boxes])
            assert config.name == "tiny"


def part_of(auc: float, spread: np.ndarray) -> dict:
    metrics = {name: {"value": auc, "shapes": 40} for name in (*PAIRED_METRICS, *MEANS)}
    return {"metrics": metrics, "replicates": {name: packed(auc + spread) for name in PAIRED_METRICS}}


def test_the_mean_of_equal_seeds_is_each_of_them_and_pairs_stay_paired():
    spread = np.random.default_rng(0).normal(0, 0.05, 200)
    one = part_of(0.7, spread)
    mean = mean_part([one, one, one])
    assert mean["metrics"]["auc"] == {"value": pytest.approx(0.7), "spread": pytest.approx(0.0), "shapes": 40}
    found = paired_difference(mean_part([part_of(0.8, spread)]), mean, "auc")
    assert found["value"] == pytest.approx(0.1) and found["low"] == pytest.approx(0.1) == found["high"]
    assert difference_text(found).startswith("+0.1000 [+0.1000, +0.1000]")


def test_few_shapes_have_neither_brackets_nor_p():
    part = part_of(0.7, np.random.default_rng(0).normal(0, 0.05, 200))
    part["metrics"]["auc"]["shapes"] = 9
    found = paired_difference(part, part, "auc")
    assert estimate(mean_part([part]), "auc") == "0.7000"
    assert "p" not in found and found["reason"] == "9 base shapes, an interval needs 10"


def test_an_undefined_metric_stays_undefined():
    part = part_of(0.7, np.zeros(3))
    part["metrics"]["auc"]["value"] = None
    part["replicates"]["auc"] = None
    assert estimate(mean_part([part, part]), "auc") == "-"


def test_rows_share_a_first_stage_that_each_seed_trains_once(setup):
    shared = {"name": "shared"}
    rows = [{"name": name, "model": "reference", "settings": [f"model.attention.kind={name}"], "seeds": seeds,
             "first_stage": shared} for name, seeds in (("none", [0, 1]), ("dense", [0]))]  # fmt: skip
    table = from_mapping({"name": "small", "title": "Small", "datasets": ["toys"], "rows": rows}, "test")
    elsewhere = replace(setup, out=setup.out / "shared")
    said = []
    results = carry_out(table, elsewhere, said.append)
    folders = [elsewhere.out / "toys" / f"first-stage-shared-{seed}" for seed in (0, 1)]
    first = [load_checkpoint(folder / LATEST) for folder in folders]
    assert all(one.finished for one in first) and not list(folders[0].glob("test*.json"))
    weights = [one.weights["heads.density.0.weight"] for one in first]
    assert not torch.equal(*weights)
    assert {result.row.slug for result in results} == {"none", "dense"}
    assert all(result.seconds > first[result.seed].seconds > 0 for result in results)
    learnt = [(folder / LATEST).stat().st_mtime_ns for folder in folders]
    carry_out(table, elsewhere)
    assert [(folder / LATEST).stat().st_mtime_ns for folder in folders] == learnt


@pytest.mark.parametrize("moment", [0, 4_000_000_000])
def test_predictions_are_identified_by_their_weights_and_not_by_time(tmp_path, moment):
    path, weights = tmp_path / "test.json", tmp_path / LATEST
    weights.write_bytes(b"learnt")
    path.write_text(json.dumps({"dataset": {"digest": "sha256:1"}, "method": {"name": "any", **made_by(weights)}}))
    os.utime(path, (moment, moment))
    assert predicted_before(path, "sha256:1", made_by(weights)) and not predicted_before(
        path, "sha256:2", made_by(weights)
    )
    weights.write_bytes(b"learnt again")
    assert not predicted_before(path, "sha256:1", made_by(weights))
    for damaged in ("", "[]", "{", '{"dataset": {"digest": "sha256:1"}, "method": []}', "\xff"):
        path.write_bytes(damaged.encode("latin-1"))
        assert not predicted_before(path, "sha256:1", made_by(weights))
