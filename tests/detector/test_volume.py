"""The 3-D network: gradients in bfloat16, interpolation and narrowing in either order, and the cells that are compared."""

import pytest
import torch
from torch.nn.functional import conv3d, interpolate

from odd_bench.blocks.unet3d import Unet3dConfig, Up, conv3
from odd_bench.detector.builder import build
from odd_bench.detector.config import CONFIGURATIONS
from odd_bench.detector.correspondences import most_opaque
from tests.detector.worlds import noise_batch


@pytest.mark.parametrize("size", [(2, 7, 7), (4, 14, 14)])
def test_weight_gradients_in_bfloat16_equal_those_of_full_precision(size):
    """Uninitialised memory must not leak into them: it is filled with huge numbers first."""
    torch.manual_seed(0)
    layer, x = conv3(32, 32), torch.randn(2, 32, *size)
    sent = torch.randn(2, 32, *size)
    layer(x).backward(sent)
    expected = layer.weight.grad.clone()
    for _ in range(6):
        layer.weight.grad = None
        huge = torch.full((200_000,), 3e20)
        del huge
        with torch.autocast("cpu", torch.bfloat16):
            y = layer(x)
        y.backward(sent.to(y.dtype))
        assert (layer.weight.grad - expected).abs().max() < 0.05 * expected.abs().max()


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(1, 5, 4), (2, 7, 7), (5, 14, 12)])
def test_one_scene_is_convolved_like_several_with_and_without_gradients(size, stride):
    layer, scenes = conv3(16, 8, stride), torch.randn(3, 16, *size)
    together = conv3d(scenes, layer.weight, stride=stride, padding=1)
    with torch.no_grad():
        alone = [layer(one[None])[0] for one in scenes]
    learning = [layer(one[None])[0] for one in scenes]
    assert torch.allclose(torch.stack(alone), together, atol=1e-4)
    assert torch.allclose(torch.stack(learning), together, atol=1e-4) and learning[0].requires_grad


def test_narrowing_commutes_with_interpolation():
    up = Up(16, 8, 0, Unet3dConfig(channels=(8, 16), norm="group"))
    coarse, size = torch.randn(1, 16, 2, 4, 4), (4, 8, 8)
    first = up.narrow(interpolate(coarse, size=size, mode="trilinear", align_corners=False))
    then = interpolate(up.narrow(coarse), size=size, mode="trilinear", align_corners=False)
    assert torch.allclose(first, then, atol=1e-5)


def test_the_most_opaque_cells_are_compared():
    alpha = torch.tensor([[0.1, 0.9, 0.5, 0.2], [0.3, 0.0, 0.1, 0.8]])
    assert most_opaque(alpha, 2).tolist() == [[1, 2], [0, 3]]
    assert most_opaque(alpha, None).tolist() == most_opaque(alpha, 9).tolist() == [[0, 1, 2, 3]] * 2


def test_comparing_every_cell_is_the_default_and_fewer_change_the_answer():
    torch.manual_seed(0)
    batch, tiny = noise_batch(scenes=1), CONFIGURATIONS.load("tiny")
    model = build(tiny.model).eval()
    volumes, boxes = model.reconstruct(batch), batch.boxes[0].numpy()
    logits = {}
    for count in ("null", "64", "20"):
        config = CONFIGURATIONS.with_overrides(tiny, [f"model.roi.compared={count}"]).model
        other = build(config).eval()
        other.load_state_dict(model.state_dict())
        logits[count] = other.compare.logits(volumes, 0, boxes)
    assert torch.allclose(logits["null"], logits["64"], atol=1e-6)
    assert not torch.allclose(logits["null"], logits["20"], atol=1e-6)


def test_measured_correspondences_are_a_fraction():
    model = build(
        CONFIGURATIONS.with_overrides(CONFIGURATIONS.load("tiny"), ["model.canonical.alpha_above=0.0"]).model
    ).eval()
    assert 0 <= model.measures(noise_batch())["PCK"] <= 1
    alone = model.measures(noise_batch(objects=1))["PCK"]
    assert alone != alone
