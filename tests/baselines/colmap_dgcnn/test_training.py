"""Training by the commands of the project: it learns, resumes to the same losses, and writes valid prediction files."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from odd_bench.baselines.colmap_dgcnn import builder
from odd_bench.baselines.colmap_dgcnn.config import CONFIGURATIONS
from odd_bench.baselines.colmap_dgcnn.model import labels_of
from odd_bench.cli import app
from odd_bench.configuration import ConfigError, to_mapping
from odd_bench.data.dataset import TestScenes
from odd_bench.data.reader import open_dataset
from odd_bench.errors import Interrupted
from odd_bench.methods import load_run
from odd_bench.scoring.score import Options, score_file
from odd_bench.training.checkpoint import LATEST, load_checkpoint
from odd_bench.training.predict import localise, predict_split
from tests.data.folders import planned_record, write_dataset
from tests.short_training import interrupt_at, train_tiny, write_small_scenes

pytest.importorskip("pycolmap", reason="needs the extra baselines")

SHORT = ["train.steps=[2, 3]", "train.report_every=1", "train.save_every=3", "train.picture_every=4", "model.turn=true"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_small_scenes(tmp_path_factory.mktemp("data"), pixels=96, views=10, depth=True)


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory) -> tuple[Path, list[dict[str, float]]]:
    """A short run that was not stopped, and its losses."""
    out = tmp_path_factory.mktemp("whole")
    return out, train_tiny("colmap-dgcnn", open_dataset(folder), out, SHORT)


@pytest.mark.parametrize("stop_at", [2, 3])
def test_a_stopped_run_resumes_to_the_same_losses_and_threshold(folder, whole, tmp_path, stop_at):
    dataset, (out, losses) = open_dataset(folder), whole
    with pytest.raises(Interrupted, match="Run the same command again"):
        train_tiny("colmap-dgcnn", dataset, tmp_path, SHORT, interrupt_at(stop_at))
    assert train_tiny("colmap-dgcnn", dataset, tmp_path, SHORT) == losses[stop_at:]
    assert load_checkpoint(tmp_path / LATEST).finished
    assert load_run(tmp_path).method.threshold == load_run(out).method.threshold


def test_another_seed_gives_other_losses(folder, whole, tmp_path):
    assert train_tiny("colmap-dgcnn", open_dataset(folder), tmp_path, [*SHORT, "train.seed=1"]) != whole[1]


@pytest.fixture(scope="module")
def run_folder(folder, tmp_path_factory) -> Path:
    """A run that has memorised four scenes."""
    out = tmp_path_factory.mktemp("run")
    told = train_tiny("colmap-dgcnn", open_dataset(folder), out)
    losses = [step["total"] for step in told if "violated" in step]
    assert np.mean(losses[-4:]) < 0.2 * losses[0]
    return out


def test_categories_of_the_training_scenes_are_distinguished(tmp_path):
    options = {"objects": 3, "pixels": 96, "views": 10, "depth": True, "odd": 1}
    scenes = [planned_record("train", name, 0, i, **options) for i, name in enumerate(("banana", "mug"))]
    dataset = open_dataset(write_dataset(tmp_path / "data", scenes))
    told = train_tiny("colmap-dgcnn", dataset, tmp_path / "run", ["train.steps=[40, 0]", "train.report_every=1"])
    assert told[0]["total"] > 0.3 and told[-1]["total"] < 0.5 * told[0]["total"]


def test_four_scenes_are_memorised(folder, run_folder):
    dataset, trained = open_dataset(folder), load_run(run_folder)
    trained.method.read_from(dataset)
    places = localise(trained.method, TestScenes(dataset, dataset.scene_names("train"), 10, None), "cpu")
    assert places.found == 1.0 and places.count_accuracy == 1.0 and places.mean_iou > 0.85
    path = predict_split(trained, dataset, "train", run_folder / "train.json")
    metrics = score_file(path, Options(folder, resamples=10)).metrics
    assert metrics["upstream"]["auc"].value == 1.0 and metrics["detect"]["auc"].value == 1.0
    assert metrics["detect"]["accuracy"].value >= 0.9


def test_predictions_are_valid_and_their_time_includes_the_reconstruction(folder, run_folder, tmp_path):
    dataset, trained = open_dataset(folder), load_run(run_folder)
    paths = [predict_split(trained, dataset, "test-seen", tmp_path / f"{i}.json") for i in range(2)]
    name = dataset.scene_names("test-seen")[0]
    kept, _ = trained.method.store.cloud(name, list(range(10)))
    for path in paths:
        scored = score_file(path, Options(folder, resamples=10))
        assert scored.checked.predictions.seconds[0] > kept.seconds
        assert scored.checked.predictions.method.name == "colmap-dgcnn-tiny"
        assert not [problem for problem in scored.checked.problems if not problem.warning]
    first, second = (json.loads(path.read_text())["scenes"][name]["objects"] for path in paths)
    assert first == second and len(first) == 4


def test_scenes_without_texture_have_no_box_and_all_their_objects_count_as_undetected(folder, run_folder, tmp_path):
    """The solids of the fixture are plain: COLMAP finds no point, and the score leaves no object out."""
    trained = load_run(run_folder, ["model.reconstruction.stereo=planesweep-fusion"])
    path = predict_split(trained, open_dataset(folder), "test-seen", tmp_path / "p.json")
    assert [scene["objects"] for scene in json.loads(path.read_text())["scenes"].values()] == [[]]
    scored = score_file(path, Options(folder, resamples=10))
    detect = scored.document["result"]["protocols"]["detect"]
    assert (detect["objects"], detect["missed_anomalous"], detect["missed_normal"]) == (4, 1, 3)
    assert scored.metrics["detect"]["accuracy"].value == 0.0


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_given_boxes_are_recorded_as_given(folder, run_folder, tmp_path, precision):
    trained = load_run(run_folder, list(builder.SPEC.oracle_boxes))
    path = predict_split(trained, open_dataset(folder), "test-seen", tmp_path / "p.json", precision=precision)
    scored = score_file(path, Options(folder, resamples=10))
    assert scored.checked.predictions.method.gt_boxes and set(scored.metrics) == {"classify"}


def test_every_given_box_gets_a_score_even_without_points(folder, run_folder, tmp_path):
    """COLMAP finds no point of these plain solids, but every object that a method is given must get a score."""
    trained = load_run(run_folder, [*builder.SPEC.oracle_boxes, "model.reconstruction.stereo=planesweep-fusion"])
    path = predict_split(trained, open_dataset(folder), "test-seen", tmp_path / "p.json")
    metrics = score_file(path, Options(folder, resamples=10)).metrics["classify"]
    assert metrics["auc"].value == 0.5  # all alike


def test_the_commands_work(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, options = CliRunner().invoke, [item for value in SHORT for item in ("--set", value)]
    train = ["train", "--model", "colmap-dgcnn", "--config", "tiny", "--data", str(folder), "--out", "run", *options]
    trained = call(app, train, catch_exceptions=False)
    assert trained.exit_code == 0 and "2 steps of categories, 3 steps of siamese" in trained.output
    predicted = call(app, ["predict", "run", "--split", "train", "--data", str(folder)], catch_exceptions=False)
    assert predicted.exit_code == 0 and Path("run/train.json").is_file()
    checked = call(app, ["score", "run/train.json", "--data", str(folder), "--check"], catch_exceptions=False)
    assert checked.exit_code == 0, checked.output


def test_a_box_takes_the_label_of_the_true_box_it_overlaps_most():
    from odd_bench.baselines.colmap_dgcnn.cutting import Objects

    true_boxes = np.array([[0, 0, 0.1, 0.2, 0.2, 0.2], [0.3, 0, 0.1, 0.2, 0.2, 0.2]])
    found = np.concatenate([true_boxes[::-1] + [0.01, 0, 0, 0, 0, 0], [[0, 0.5, 0.1, 0.2, 0.2, 0.2]]])
    clouds = [np.zeros((1, 3), np.float32)] * 3
    assert labels_of(Objects(found, clouds), true_boxes, np.array([1, 0]), 0.25).tolist() == [0, 1, -1]
    assert labels_of(
        Objects(true_boxes[1:], clouds[:1], np.array([1])), true_boxes, np.array([1, 0]), 0.25
    ).tolist() == [0]
    assert labels_of(Objects(np.zeros((0, 6)), []), true_boxes, np.array([1, 0]), 0.25).tolist() == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train.augment=true", "expected false"),
        ("model.reconstruction.stereo=colmap", "expected one of planesweep-fusion, colmap-cuda, gt-depth"),
        ("model.cut.source=boxes", "expected one of clusters, oracle-box"),
        ("model.dgcnn.embeding=3", "Did you mean 'embedding'"),
    ],
)
def test_wrong_values_are_reported(setting, message):
    with pytest.raises(ConfigError, match=message):
        CONFIGURATIONS.with_overrides(CONFIGURATIONS.load("tiny"), [setting])


@pytest.mark.parametrize("name", ["paper", "mini", "tiny"])
def test_named_configurations_survive_their_mappings(name):
    config = CONFIGURATIONS.load(name)
    assert CONFIGURATIONS.from_mapping(to_mapping(config), "test") == config
