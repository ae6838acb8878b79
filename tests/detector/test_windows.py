"""Windows of pictures contain an object, lie inside the picture, and cut pictures and feature levels at the same place."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import avg_pool2d

from odd_bench.detector.builder import build
from odd_bench.detector.config import CONFIGURATIONS
from odd_bench.detector.model import RECONSTRUCTION, Detector
from odd_bench.detector.silhouettes import cut_windows, draw_windows
from tests.detector.worlds import noise_batch

SIDE, STRIDE = 48, 16


@given(st.integers(0, 95), st.integers(0, 111), st.integers(0, 1000))
def test_a_window_contains_the_drawn_pixel_up_to_a_cell_and_lies_in_the_picture(row, column, seed):
    """Windows start at whole cells, so that the pixel may lie less than a cell outside."""
    torch.manual_seed(seed)
    shown = torch.zeros(1, 96, 112, dtype=torch.bool)
    shown[0, row, column] = True
    first = draw_windows(shown, SIDE, STRIDE)
    assert (first % STRIDE == 0).all() and (first >= 0).all() and (first + SIDE <= torch.tensor([96, 112])).all()
    beyond = torch.tensor([row, column]) - first[0]
    assert (beyond > -STRIDE).all() and (beyond < SIDE + STRIDE).all()


def test_windows_lie_anywhere_without_objects():
    torch.manual_seed(0)
    first = draw_windows(torch.zeros(200, 96, 96, dtype=torch.bool), SIDE, STRIDE)
    assert len(first.unique(dim=0)) == 16


@given(st.integers(0, 3), st.integers(0, 4))
def test_a_cell_of_a_level_is_cut_where_its_pixels_are(row, column):
    images, first = torch.rand(2, 3, 96, 112), STRIDE * torch.tensor([[row, column], [column % 4, row]])
    for stride in (1, 4, 16):
        level = avg_pool2d(images, stride)
        within = avg_pool2d(cut_windows(images, first, SIDE), stride)
        assert torch.allclose(cut_windows(level, first, SIDE, stride), within)


def detector_of(window: int | str) -> Detector:
    overrides = ["model.teacher.kind=none", "model.backbone.weights=none", f"model.loss.silhouette_window={window}"]
    torch.manual_seed(0)
    return build(CONFIGURATIONS.with_overrides(CONFIGURATIONS.load("mini"), overrides).model)


@pytest.mark.parametrize("pixels", [64, 72])
def test_a_window_as_large_as_the_picture_changes_nothing(pixels):
    """Nor does a larger one, up to whole cells."""
    batch, found = noise_batch(1, 2, 4, pixels), {}
    for window in ("null", 96):
        detector = detector_of(window).train()
        detector.start_stage(RECONSTRUCTION)
        torch.manual_seed(1)
        found[window] = float(detector.loss(batch)["silhouette"].detach())
    whole = pixels % 16 == 0
    assert (found["null"] == pytest.approx(found[96], rel=1e-5)) == whole


def test_silhouettes_train_only_on_windows_and_predict_whole_pictures():
    batch = noise_batch(1, 2, 4, 64)
    detector = detector_of(32).train()
    detector.start_stage(RECONSTRUCTION)
    assert detector.reconstruct(batch).silhouettes is None
    detector.loss(batch)["silhouette"].backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in detector.compare.silhouettes.parameters())
    assert detector.eval().reconstruct(batch).silhouettes.shape == (1, 4, 64, 64)
