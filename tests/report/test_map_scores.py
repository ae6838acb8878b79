"""Anomaly maps, from a file next to the predictions to the numbers and the pictures of a report."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from odd_bench.cli import app
from odd_bench.data.anomaly_maps import MapWriter, open_maps
from odd_bench.data.reader import open_dataset
from odd_bench.errors import OddBenchError
from odd_bench.report.folder import write_report
from odd_bench.report.map_scores import with_maps, with_maps_of
from odd_bench.scoring.ground_truth import FILE_NAME, read_ground_truth
from odd_bench.scoring.locate import maps_beside
from odd_bench.scoring.map_text import coverage_text
from odd_bench.scoring.predictions import Method
from odd_bench.scoring.score import Options, score_file
from odd_bench.scoring.writer import PredictionWriter
from tests.data.folders import planned_record, write_dataset
from tests.scoring.worlds import dataset_ref, noisy_answers, oracle_answers, write_predictions

SPLIT = "test-seen"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Six small ray-cast scenes with two odd objects each."""
    options = {"pixels": 48, "views": 4, "objects": 4, "odd": 2, "depth": False}
    scenes = [planned_record(SPLIT, "banana", index, index, **options) for index in range(6)]
    return write_dataset(tmp_path_factory.mktemp("data") / "toys-test", scenes)


@pytest.fixture
def scored(data, tmp_path):
    truth = read_ground_truth(data / FILE_NAME)
    path = write_predictions(tmp_path / "p.json", truth, oracle_answers(truth), split=SPLIT)
    return score_file(path, Options(data, resamples=50))


def write_maps(path, data, suspicion, scenes=None, views=range(4), backwards=False):
    """Write maps. suspicion: a function from the change mask of a view to its map."""
    dataset = open_dataset(data)
    names = dataset.scene_names() if scenes is None else scenes
    with MapWriter(path) as out:
        for name in names[::-1] if backwards else names:
            for view in views:
                out.add(name, view, suspicion(dataset.change(name, view)))
    return path


def truth_map(change):
    return np.where(change > 0, 255, 0).astype(np.uint8)


def random_map(change):
    return np.random.default_rng(int(change.sum())).integers(0, 256, change.shape, dtype=np.uint8)


def numbers(scored):
    part = scored.document["result"]["maps"]
    return {
        name: {key: one["value"] for key, one in domain["metrics"].items()} for name, domain in part["domains"].items()
    }


def test_the_true_change_scores_1_in_every_metric(scored, data, tmp_path):
    found = numbers(with_maps(scored, write_maps(tmp_path / "m.h5", data, truth_map)))
    assert found == {name: dict.fromkeys(part, 1.0) for name, part in found.items()}


def test_the_order_of_scenes_in_the_file_does_not_matter(scored, data, tmp_path):
    first = with_maps(scored, write_maps(tmp_path / "a.h5", data, random_map))
    second = with_maps(scored, write_maps(tmp_path / "b.h5", data, random_map, backwards=True))
    parts = [one.document["result"]["maps"]["domains"] for one in (first, second)]
    assert parts[0] == parts[1]


def test_an_absent_map_counts_as_zeros_and_is_reported(scored, data, tmp_path):
    absent = with_maps(scored, write_maps(tmp_path / "a.h5", data, truth_map, views=(0, 1)))
    names = open_dataset(data).scene_names()
    path = tmp_path / "b.h5"
    dataset = open_dataset(data)
    with MapWriter(path) as out:
        for name in names:
            for view in range(4):
                out.add(name, view, truth_map(dataset.change(name, view)) * (view < 2))
    assert numbers(absent) == numbers(with_maps(scored, path))
    assert absent.document["result"]["maps"]["absent"] == 6 * 2


def declaring(path, data, views):
    """Predictions of the true boxes that declare views[n] for scene n."""
    truth = read_ground_truth(data / FILE_NAME)
    answers = oracle_answers(truth)
    with PredictionWriter(path, dataset_ref(truth, SPLIT), Method("net"), 0.5) as out:
        for (name, (boxes, scores, _)), seen in zip(answers.items(), views, strict=True):
            out.add(name, boxes, scores, views=seen)
    return score_file(path, Options(data, resamples=50))


def test_scenes_that_declare_different_numbers_of_views_are_reported(data, tmp_path):
    maps = write_maps(tmp_path / "m.h5", data, truth_map)
    part = with_maps(declaring(tmp_path / "p.json", data, [[1], *5 * [[0, 1, 2]]]), maps).document["result"]["maps"]
    assert coverage_text(part) == "16 views of 6 scenes, 1 to 3 per scene"


def test_a_scene_that_declares_no_view_is_scored_over_all_of_them(data, tmp_path):
    """Otherwise its odd objects would not count."""
    maps = write_maps(tmp_path / "m.h5", data, random_map)
    none = with_maps(declaring(tmp_path / "p.json", data, 6 * [[]]), maps)
    every = with_maps(declaring(tmp_path / "q.json", data, 6 * [[0, 1, 2, 3]]), maps)
    parts = [one.document["result"]["maps"]["domains"] for one in (none, every)]
    assert parts[0] == parts[1]


def test_maps_of_scenes_in_no_split_are_counted_and_not_scored(scored, data, tmp_path):
    dataset = open_dataset(data)
    path = tmp_path / "m.h5"
    with MapWriter(path) as out:
        out.add("elsewhere", 0, np.zeros((3, 5), np.uint8))
        for name in dataset.scene_names():
            for view in range(4):
                out.add(name, view, truth_map(dataset.change(name, view)))
    part = with_maps(scored, path)
    assert part.document["result"]["maps"]["foreign"] == 1
    assert numbers(part)["all"]["pixel_auroc"] == 1


def test_missing_pictures_are_explained_in_the_report(scored, data, tmp_path):
    path = write_maps(tmp_path / "m.h5", data, truth_map)
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / FILE_NAME).write_bytes((data / FILE_NAME).read_bytes())
    there = score_file(scored.checked.path, Options(alone, resamples=50))
    assert "need the folder of a data set" in with_maps(there, path).document["result"]["maps"]["reason"]


def test_the_error_for_maps_of_another_size_names_the_scene(scored, data, tmp_path):
    path = write_maps(tmp_path / "m.h5", data, lambda change: np.zeros((20, 20), np.uint8))
    with pytest.raises(OddBenchError, match="maps of 20 x 20, expected 48 x 48"):
        with_maps(scored, path)


def test_the_command_line_uses_the_maps_next_to_the_file(data, tmp_path):
    truth = read_ground_truth(data / FILE_NAME)
    path = write_predictions(tmp_path / "p.json", truth, noisy_answers(truth), split=SPLIT)
    write_maps(tmp_path / "p.maps.h5", data, truth_map)
    done = CliRunner().invoke(app, ["score", str(path), "--data", str(data), "--report", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "anomaly maps: 24 views of 6 scenes" in done.output


def test_the_page_shows_the_map_metrics_and_the_maps_over_the_pictures(data, tmp_path):
    truth = read_ground_truth(data / FILE_NAME)
    path = write_predictions(tmp_path / "p.json", truth, noisy_answers(truth), split=SPLIT)
    scored = score_file(path, Options(data, resamples=50))
    write_report(tmp_path / "without", scored)
    assert "data:image/png;base64," not in (tmp_path / "without" / "report.html").read_text()
    mapped = with_maps(scored, write_maps(tmp_path / "m.h5", data, truth_map))
    write_report(tmp_path / "with", mapped)
    page = (tmp_path / "with" / "report.html").read_text()
    assert "<h2>Anomaly maps</h2>" in page
    rows = [
        line for line in (tmp_path / "with" / "tables.md").read_text().splitlines() if "pixels" in line and "|" in line
    ]
    assert sum(" 1.0000 " in row for row in rows) == 8
    assert page.count("data:image/png;base64,") == page.count("data:image/jpeg;base64,") > 0


def test_the_example_of_the_documentation_runs(data, tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "reference" / "anomaly-maps.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    local = (
        example.replace("data/toys-nano", str(data))
        .replace("test-unseen", SPLIT)
        .replace("(0, 4, 8, 12, 16)", "(0, 2)")
    )
    exec(compile(local, "anomaly-maps.md", "exec"), {"my_map": lambda picture: picture[::2, ::2, 0]})
    with open_maps(tmp_path / "predictions.maps.h5") as maps:
        assert len(maps.scenes) == 6
        assert maps.maps(min(maps.scenes), (0, 2), (48, 48)).keys() == {0, 2}


@pytest.mark.parametrize("names", [[], ["elsewhere"]])
def test_a_file_with_maps_of_only_other_scenes_is_refused(scored, data, tmp_path, names):
    """All views would count as maps of zeros, which is a score of no method."""
    path = tmp_path / "m.h5"
    with MapWriter(path) as out:
        for name in names:
            out.add(name, 0, np.zeros((48, 48), np.uint8))
    with pytest.raises(OddBenchError, match="maps of 1 scene, none of which is in this split" if names else "no scene"):
        with_maps(scored, path)


@pytest.mark.parametrize("kind", ["folder", "pipe", "link that leads nowhere"])
def test_anything_but_a_file_in_place_of_the_maps_is_reported(scored, kind):
    beside = maps_beside(scored.checked.path)
    if kind == "folder":
        beside.mkdir()
    elif kind == "pipe":
        os.mkfifo(beside)
    else:
        beside.symlink_to("nowhere.h5")
    with pytest.raises(OddBenchError, match=re.escape(str(beside))):
        with_maps_of(scored)


def test_every_prediction_file_has_its_own_maps():
    names = ["a.json", "a.b.json", "a.c.json.gz", "b.jsonl", "c.jsonl.gz", "d"]
    expected = ["a", "a.b", "a.c", "b", "c", "d"]
    assert [maps_beside(Path(name)).name for name in names] == [f"{name}.maps.h5" for name in expected]
