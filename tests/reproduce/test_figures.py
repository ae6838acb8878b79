"""Figures are made from predictions that are made once, over scenes that are counted once."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from odd_bench.data.views import spread_views
from odd_bench.errors import WrongUse
from odd_bench.reproduce.figures.counts import count_rows, counts_figure, resamples
from odd_bench.reproduce.figures.plot import Axes, Series, with_interval, write_plot
from odd_bench.reproduce.figures.views import views_figure
from odd_bench.reproduce.predicted import predicted, require_comparison, scored
from odd_bench.scoring.bootstrap import Estimate
from odd_bench.scoring.prediction_file import load_predictions
from odd_bench.training.method import SceneAnswer
from tests.reproduce.figure_worlds import SPLIT, World, write_scenes

COUNTS = (3, 4, 5, 4, 3, 6)
STORED = 6  # views of a scene


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_scenes(tmp_path_factory.mktemp("figures") / "toys", COUNTS, STORED)


@pytest.fixture
def world(data) -> World:
    return World(data)


def test_views_are_those_that_predict_uses(world, tmp_path):
    text, files = views_figure(world.source(), tmp_path, (5, 1, 3))
    for count in (1, 3, 5):
        found, problems = load_predictions(tmp_path / f"{SPLIT}-{count:02d}-views.jsonl")
        assert not problems and found.method.views == count
        assert set(found.views) == {tuple(spread_views(STORED, count))} and len(found.scene_names) == len(COUNTS)
    assert [file.name for file in files] == ["views.md", "views.svg", "views.png"] and all(map(Path.is_file, files))
    assert files[0].read_text() == text
    rows = [line for line in text.splitlines() if line.startswith(("| 1 |", "| 3 |", "| 5 |"))]
    assert len(rows) == 6 and all(
        "| 1.0000 (6 base shapes, an interval needs 10) |" in row for row in rows
    )  # two protocols


def test_a_second_call_predicts_nothing_and_gives_the_same_result(world, tmp_path):
    first = views_figure(world.source(), tmp_path, (1, 2))
    asked = len(world.method.asked)
    drawn = [file.read_bytes() for file in first[1]]
    assert views_figure(world.source(), tmp_path, (1, 2)) == first and len(world.method.asked) == asked == 2 * len(
        COUNTS
    )
    assert [file.read_bytes() for file in first[1]] == drawn
    views_figure(world.source(), tmp_path, (1, 2, 4))
    assert len(world.method.asked) == 3 * len(COUNTS)


def test_ctrl_c_loses_no_scene(world, tmp_path):
    world.method.stop_at = 4
    with pytest.raises(KeyboardInterrupt):
        predicted(world.source(), tmp_path, 2)
    before = [name for name, _ in world.method.asked]
    world.method.stop_at = None
    path = predicted(world.source(), tmp_path, 2)
    names = [name for name, _ in world.method.asked]
    assert len(before) == 4 and sorted(names) == sorted(set(names)) and len(names) == len(COUNTS)
    assert sorted(load_predictions(path)[0].scene_names) == sorted(names)
    alone = World(world.data)
    whole = predicted(alone.source(), tmp_path / "at-once", 2)
    assert (scored(path, world.data).metrics["detect"]["auc"].value
            == scored(whole, world.data).metrics["detect"]["auc"].value)  # fmt: skip


def test_a_torn_line_is_predicted_again(world, tmp_path):
    path = predicted(world.source(), tmp_path, 2)
    whole = path.read_text()
    path.write_text(whole[: whole.rstrip("\n").rfind("\n") + 20])
    predicted(world.source(), tmp_path, 2)
    assert len(world.method.asked) == len(COUNTS) + 1 and not load_predictions(path)[1]


@pytest.mark.parametrize("content", ["", "no JSON\n", '{"format": 1}\n'])
def test_a_foreign_file_is_made_again(world, tmp_path, content):
    path = world.source().file(tmp_path, 2)
    path.write_text(content)
    predicted(world.source(), tmp_path, 2)
    assert len(world.method.asked) == len(COUNTS) and not load_predictions(path)[1]


def test_predictions_of_other_weights_or_scenes_are_made_again(world, tmp_path):
    predicted(world.source(), tmp_path, 2)
    predicted(world.source("of-others"), tmp_path, 2)
    assert len(world.method.asked) == 2 * len(COUNTS)
    other = World(write_scenes(tmp_path / "data", COUNTS[::-1], STORED), world.method)
    predicted(other.source("of-others"), tmp_path, 2)
    assert len(world.method.asked) == 3 * len(COUNTS)


def test_counts_include_every_scene_and_object_once(world, tmp_path):
    found = scored(predicted(world.source(), tmp_path, 3), world.data)
    for judged in found.judged.values():
        rows = count_rows(judged, resamples(found))
        assert [one.objects for one in rows] == sorted(set(COUNTS))
        assert sum(one.scenes for one in rows) == len(COUNTS) == sum(one.shapes for one in rows)
        assert all(one.row.objects == one.objects * one.scenes for one in rows)
        assert all(one.row.auc.value == 1 and one.row.auc.reason == f"{one.shapes} base shape{'s' * (one.shapes > 1)}, "
                   "an interval needs 10" for one in rows)  # fmt: skip
    asked = len(world.method.asked)
    text, files = counts_figure(world.source(), tmp_path)
    assert len(world.method.asked) == asked and "| all | 6 | 6 |" in text and all(map(Path.is_file, files))


def test_the_factors_of_an_object_count_depend_only_on_its_scenes(data, tmp_path):
    """False boxes of other scenes do not change a count: here every scene of four objects, and no other, has an extra box."""

    world = World(data)
    answer = world.method.predict

    def with_false_box(batch):
        (given,) = answer(batch)
        if len(given.boxes) != 4:
            return [given]
        small = given.boxes[:1] * [1, 1, 1, 0.3, 0.3, 0.3]
        return [SceneAnswer(np.concatenate([given.boxes, small]), np.append(given.scores, 0.3))]

    world.method.predict = with_false_box
    found = scored(predicted(world.source(), tmp_path, 3), data)
    rows = {one.objects: one for one in count_rows(found.judged["detect"], resamples(found))}
    assert rows[4].factors["normal_share"] == pytest.approx(6 / 8) and rows[4].row.auc.value == pytest.approx(6 / 8)
    for count in (3, 5, 6):
        assert rows[count].factors == {"recall_anomalous": 1, "normal_share": 1, "auc_matched": 1, "product": 1}


def test_wrong_use_is_reported_before_anything_is_predicted(world, tmp_path):
    source = world.source()
    with pytest.raises(WrongUse, match=rf"toys, {SPLIT}: found scenes of 6 views; expected at least 20\. .*--views"):
        views_figure(source, tmp_path)
    with pytest.raises(WrongUse, match="found scenes of 6 views; expected at least 7"):
        counts_figure(source, tmp_path, 7)
    other = type(source)(source.weights, source.data, "test-unseen")
    with pytest.raises(
        WrongUse, match=rf"found no split 'test-unseen'; expected one of {SPLIT}\. Choose one with --split"
    ):
        counts_figure(other, tmp_path)
    assert not world.method.asked and not list(tmp_path.iterdir())
    run = source.weights.run
    run.config.train.steps = (5, 0)
    with pytest.raises(
        WrongUse, match="--run x: found the first stage of a training, which has no comparison; expected"
    ):
        require_comparison(run, "--run x")


ESTIMATES = [
    Estimate(0.5, 0.4, 0.6, shapes=12),
    Estimate(0.9, reason="9 base shapes, an interval needs 10", shapes=9),
    None,
]


def test_a_plot_is_labelled_and_reproducible(tmp_path):
    axes = Axes("Toys, test: detect, metrics version 2", "views (number)", "AUC (share)", ["1", "3", "5"])
    drawn = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        files = write_plot(folder / "plot", axes, [with_interval("AUC", ESTIMATES), Series("recall", ESTIMATES[1:])])
        drawn.append([file.read_bytes() for file in files])
    assert drawn[0] == drawn[1]
    texts = {"".join(one.itertext()) for one in ElementTree.fromstring(drawn[0][0]).iter() if one.tag.endswith("text")}
    named = "AUC (95% interval by base shape; some without: 9 base shapes, an interval needs 10)"
    assert {axes.title, axes.x, axes.y, *axes.ticks, named, "recall"} <= texts


def test_a_series_without_any_interval_is_marked():
    assert with_interval("AUC", ESTIMATES[1:]).name == "AUC (no interval: 9 base shapes, an interval needs 10)"
