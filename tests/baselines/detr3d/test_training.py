"""Training by the commands of the project: it learns, resumes to the same losses, and writes valid prediction files."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from odd_bench.baselines.detr3d import builder
from odd_bench.cli import app
from odd_bench.data.dataset import TestScenes
from odd_bench.data.reader import open_dataset
from odd_bench.errors import Interrupted, WrongUse
from odd_bench.methods import load_run
from odd_bench.scoring.score import Options, score_file
from odd_bench.training.checkpoint import LATEST, load_checkpoint
from odd_bench.training.predict import localise, predict_split
from tests.short_training import interrupt_at, train_tiny, write_small_scenes

SHORT = ["train.steps=[5]", "train.report_every=1", "train.save_every=3", "train.picture_every=100", "train.views=2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_small_scenes(tmp_path_factory.mktemp("data"), views=12)


AUGMENTED = [*SHORT, "train.augment=true"]


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory) -> list[dict[str, float]]:
    """The losses of a run that was not stopped."""
    return train_tiny("detr3d", open_dataset(folder), tmp_path_factory.mktemp("whole"), AUGMENTED)


@pytest.mark.parametrize("stop_at", [2, 3])
def test_a_stopped_run_resumes_to_the_same_losses(folder, whole, tmp_path, stop_at):
    dataset = open_dataset(folder)
    with pytest.raises(Interrupted, match="Run the same command again"):
        train_tiny("detr3d", dataset, tmp_path, AUGMENTED, interrupt_at(stop_at))
    assert train_tiny("detr3d", dataset, tmp_path, AUGMENTED) == whole[stop_at:]
    assert load_checkpoint(tmp_path / LATEST).finished


@pytest.mark.slow
def test_four_scenes_are_memorised(folder, tmp_path):
    """Every object is found, and every odd one is separated, among the reported boxes."""
    dataset = open_dataset(folder)
    train_tiny("detr3d", dataset, tmp_path)
    trained = load_run(tmp_path)
    places = localise(trained.method, TestScenes(dataset, dataset.scene_names("train"), 3, 64), "cpu")
    assert places.found >= 0.9 and places.mean_iou > 0.7
    path = predict_split(trained, dataset, "train", tmp_path / "train.json")
    metrics = score_file(path, Options(folder, resamples=10)).metrics
    assert metrics["upstream"]["auc"].value == 1.0
    assert metrics["detect"]["auc"].value > 0.9 and metrics["detect"]["accuracy"].value > 0.9


@pytest.fixture(scope="module")
def run_folder(folder, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("run")
    train_tiny("detr3d", open_dataset(folder), out, SHORT)
    return out


@pytest.mark.parametrize(
    ("views", "given", "precision"), [(1, (0,), "32-true"), (12, tuple(range(12)), "32-true"), (1, (0,), "bf16-mixed")]
)
def test_predictions_are_valid_and_score(folder, run_folder, tmp_path, views, given, precision):
    trained = load_run(run_folder, ["model.answer.keep_above=0.0", "model.answer.duplicate_iou=1.0"])
    path = predict_split(
        trained, open_dataset(folder), "test-seen", tmp_path / "p.json", views=views, precision=precision
    )
    scored = score_file(path, Options(folder, resamples=10))
    predictions = scored.checked.predictions
    assert predictions.views == (given,) and predictions.seconds[0] > 0
    assert predictions.method.name == "detr3d-tiny" and predictions.method.extra["queries"] == 30
    assert len(predictions.boxes) == 30 and not [one for one in scored.checked.problems if not one.warning]


def test_a_file_without_any_detection_is_valid(folder, run_folder, tmp_path):
    trained = load_run(run_folder, ["model.answer.keep_above=0.999"])
    path = predict_split(trained, open_dataset(folder), "test-seen", tmp_path / "p.json")
    scored = score_file(path, Options(folder, resamples=10))
    assert len(scored.checked.predictions.boxes) == 0
    assert not [one for one in scored.checked.problems if not one.warning]
    assert scored.metrics["detect"]["accuracy"].value == 0.0


def test_the_commands_work(folder, tmp_path):
    command, out = CliRunner().invoke, str(tmp_path / "run")
    options = [item for value in SHORT for item in ("--set", value)]
    trained = command(
        app, ["train", "--model", "detr3d", "--config", "tiny", "--data", str(folder), "--out", out, *options],
        catch_exceptions=False,
    )  # fmt: skip
    assert trained.exit_code == 0, trained.output
    assert "5 steps of detect" in trained.output and (tmp_path / "run" / "test-seen.json").is_file()
    predicted = command(
        app, ["predict", out, "--split", "train", "--views", "3", "--data", str(folder)], catch_exceptions=False
    )
    assert predicted.exit_code == 0, predicted.output
    checked = command(
        app, ["score", str(tmp_path / "run" / "train-3-views.json"), "--data", str(folder), "--check"],
        catch_exceptions=False,
    )  # fmt: skip
    assert checked.exit_code == 0, checked.output


def test_a_run_of_another_configuration_is_refused(folder, run_folder):
    with pytest.raises(WrongUse, match=r"model\.decoder\.queries: 30, wanted 40"):
        train_tiny("detr3d", open_dataset(folder), run_folder, [*SHORT, "model.decoder.queries=40"])
    with pytest.raises(WrongUse, match="weights that do not fit"):
        load_run(run_folder, ["model.decoder.hidden=8"])


def test_given_boxes_are_recorded_as_given(folder, run_folder, tmp_path):
    trained = load_run(run_folder, list(builder.SPEC.oracle_boxes))
    path = predict_split(trained, open_dataset(folder), "test-seen", tmp_path / "p.json")
    scored = score_file(path, Options(folder, resamples=10))
    assert scored.checked.predictions.method.gt_boxes and set(scored.metrics) == {"classify"}
    assert len(scored.checked.predictions.boxes) == 4
