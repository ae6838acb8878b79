"""Replaying a CUDA graph changes nothing. These tests run only with a GPU."""

from __future__ import annotations

import pytest
import torch

from odd_bench.detector.builder import build
from odd_bench.detector.config import CONFIGURATIONS
from odd_bench.detector.volumes import MOST, Recorded
from tests.detector.worlds import noise_batch

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.mark.parametrize("name", ["tiny", "mini"])
@pytest.mark.parametrize("mixed", [False, True])
def test_a_recorded_volume_belongs_to_the_current_batch(name: str, mixed: bool) -> None:
    detector = build(CONFIGURATIONS.load(name).model).cuda().eval()
    recorded = Recorded(detector.reconstruct)
    with torch.no_grad(), torch.autocast("cuda", torch.bfloat16, enabled=mixed):
        for seed, views in ((0, 4), (1, 4), (2, 5), (3, 4)):
            batch = noise_batch(1, 3, views, 64, seed).to("cuda")
            found, expected = recorded(batch), detector.reconstruct(batch)
            torch.testing.assert_close(found.color_alpha, expected.color_alpha, atol=2e-3, rtol=1e-3)
            if expected.silhouettes is not None:
                assert torch.equal(found.masks, found.silhouettes.sigmoid() > found.object_above)
    assert len(recorded.recordings) == 2


def test_only_the_first_of_many_sizes_are_recorded() -> None:
    detector = build(CONFIGURATIONS.load("tiny").model).cuda().eval()
    recorded = Recorded(detector.reconstruct)
    for views in range(1, MOST + 3):
        batch = noise_batch(1, 3, views, 32).to("cuda")
        expected = detector.reconstruct(batch).color_alpha.detach()
        torch.testing.assert_close(recorded(batch).color_alpha.detach(), expected, atol=2e-3, rtol=1e-3)
    assert len(recorded.recordings) == MOST


def test_weights_may_change_in_place() -> None:
    detector = build(CONFIGURATIONS.load("tiny").model).cuda().eval()
    recorded, batch = Recorded(detector.reconstruct), noise_batch(1, 3, 4, 64).to("cuda")
    before = recorded(batch).color_alpha.clone()
    with torch.no_grad():
        detector.heads.density[-1].bias += 1
    after = recorded(batch).color_alpha
    assert (after[:, 3] > before[:, 3]).all()
    torch.testing.assert_close(after, detector.reconstruct(batch).color_alpha.detach(), atol=2e-3, rtol=1e-3)


def test_recorded_predictions_are_the_same() -> None:
    detector = build(CONFIGURATIONS.load("mini").model).cuda().eval()
    batch = noise_batch(1, 3, 4, 64).to("cuda")
    plain = detector.predict(batch)[0]
    detector.record()
    again = detector.predict(batch)[0]
    assert plain.boxes.shape == again.boxes.shape
