"""Maps of the suspicion of pixels: one scale, zero away from objects, and written by the reference detector."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.data.anomaly_maps import open_maps
from odd_bench.data.reader import open_dataset
from odd_bench.detector.builder import build
from odd_bench.detector.comparison.aligned_references import Crops, pasted_maps
from odd_bench.detector.object_pixels import MIDDLE, REACH_PX, STEPS, ObjectPixels, suspicion_maps
from odd_bench.errors import WrongUse
from odd_bench.methods import method_spec
from odd_bench.scoring.locate import maps_beside
from odd_bench.training.predict import Run, fitted, predict_split
from tests.short_training import write_small_scenes

SIZE, VIEWS = (20, 30), 3


def pixels_at(spots, counted=True):
    """One object with pixels at (view, row, column)."""
    view, row, column = torch.tensor(spots).T[:, None]
    return ObjectPixels(view, row, column, torch.full(view.shape, counted), SIZE)


@given(st.floats(-20, 20), st.integers(0, 2), st.integers(0, 19), st.integers(0, 29))
def test_equal_logits_give_one_level_near_the_pixels_and_none_elsewhere(logit, view, row, column):
    maps = suspicion_maps(pixels_at([(view, row, column)]), torch.tensor([[logit]]), VIEWS).numpy()
    level = np.clip(round(MIDDLE + STEPS * np.float32(logit)), 1, 255)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    distance = np.hypot(rows - row, columns - column)
    assert np.abs(maps[view][distance < REACH_PX - 0.5].astype(int) - level).max() <= 1
    assert not maps[view][distance > REACH_PX + 0.5].any()
    assert not np.delete(maps, view, axis=0).any()


def test_higher_logits_never_give_lower_levels():
    spots = [(0, 3, 4), (0, 3, 8), (1, 10, 10)]
    low = suspicion_maps(pixels_at(spots), torch.tensor([[-1.0, 0.5, 2.0]]), VIEWS)
    high = suspicion_maps(pixels_at(spots), torch.tensor([[-1.0, 1.5, 2.0]]), VIEWS)
    assert (high >= low).all() and (high > low).any()


def test_masked_pixels_leave_no_trace():
    assert not suspicion_maps(pixels_at([(0, 3, 4)], counted=False), torch.tensor([[9.0]]), VIEWS).any()


def test_a_window_of_one_cell_per_pixel_is_pasted_where_it_was_cut():
    low, side, size = torch.tensor([[[5.0, 3.0]], [[-2.0, 10.0]]]), torch.tensor([[8.0], [8.0]]), (20, 30)
    crops = Crops(low, side, 8)
    pictures = torch.randn(2, *size)
    logits = crops.cut(pictures[:, None])[:, :, 0].transpose(0, 1)
    maps = pasted_maps(crops, logits, torch.ones_like(logits, dtype=torch.bool), size)
    expected = (MIDDLE + STEPS * pictures).round().clamp(1, 255)
    assert torch.equal(maps[0, 3:11, 5:13].float(), expected[0, 3:11, 5:13])
    assert torch.equal(maps[1, 10:18, 0:6].float(), expected[1, 10:18, 0:6])
    assert (maps > 0).sum() == 64 + 48


def test_the_highest_value_counts_in_overlapping_windows_and_masked_cells_leave_nothing():
    crops = Crops(torch.zeros(1, 2, 2), torch.full((1, 2), 4.0), 4)
    logits = torch.stack([torch.full((1, 4, 4), 1.0), torch.full((1, 4, 4), 2.0)])
    counted = torch.ones(2, 1, 4, 4, dtype=torch.bool)
    counted[1, :, :, 2:] = False
    counted[:, :, 3] = False
    (found,) = pasted_maps(crops, logits, counted, (4, 4))
    assert found[:3, :2].unique().tolist() == [MIDDLE + 2 * STEPS]
    assert found[:3, 2:].unique().tolist() == [MIDDLE + STEPS]
    assert found[3].unique().tolist() == [0]


@pytest.mark.parametrize("size", [(20, 30), (40, 60), (30, 45), (13, 17)])
def test_maps_are_stored_at_the_size_of_the_picture_or_a_divisor_of_it(size):
    suspicion = np.random.default_rng(0).integers(0, 256, SIZE, dtype=np.uint8)
    found = fitted(suspicion, size)
    factor = size[0] // found.shape[0]
    assert (found.shape[0] * factor, found.shape[1] * factor) == size
    if found.shape != size or size == SIZE:
        assert found is suspicion


def untrained(*overrides):
    """The smallest detector that compares pixels and is given the boxes, with random weights."""
    spec = method_spec("reference")
    told = ["model.attention.kind=relations", "model.backbone.weights=none", "model.boxes.source=oracle-box"]
    config = spec.resolved("tiny", [*told, *overrides])
    torch.manual_seed(0)
    return Run(spec, config, build(config.model).eval(), True)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(write_small_scenes(tmp_path_factory.mktemp("data")))


@pytest.mark.parametrize("kind", ["relations", "aligned"])
def test_the_reference_detector_writes_maps_next_to_its_predictions(kind, dataset, tmp_path):
    run = untrained(f"model.attention.kind={kind}")
    path = predict_split(run, dataset, "test-seen", tmp_path / "p.json", views=3, maps=True)
    (name,) = dataset.scene_names("test-seen")
    with open_maps(maps_beside(path)) as maps:
        found = maps.maps(name, tuple(maps.views(name).tolist()), (64, 64))
    assert len(found) == 3
    for view, one in found.items():
        on_objects = dataset.instance(name, view) > 0
        assert np.mean(one[on_objects] > 0) > np.mean(one[~on_objects] > 0)


def test_maps_change_no_answer(dataset, tmp_path):
    answers = []
    for maps in (False, True):
        path = predict_split(untrained(), dataset, "test-seen", tmp_path / f"{maps}.json", views=3, maps=maps)
        scenes = json.loads(path.read_text())["scenes"]
        answers.append({name: scene["objects"] for name, scene in scenes.items()})
    assert answers[0] == answers[1]
    assert not maps_beside(tmp_path / "False.json").exists()


def test_maps_of_replaced_predictions_are_removed(dataset, tmp_path):
    path = predict_split(untrained(), dataset, "test-seen", tmp_path / "p.json", views=3, maps=True)
    predict_split(untrained(), dataset, "test-seen", path, views=2)
    assert not maps_beside(path).exists()


def test_the_error_of_a_comparison_of_whole_objects_says_that_it_has_no_maps(dataset, tmp_path):
    with pytest.raises(WrongUse, match="judges pixels"):
        predict_split(untrained("model.attention.kind=sparse"), dataset, "test-seen", tmp_path / "p.json", maps=True)
    assert not list(tmp_path.iterdir())
