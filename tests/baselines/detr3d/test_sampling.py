"""Sampling: projection and bilinear features are correct, and unseen points give zero."""

import numpy as np
import pytest
import torch

from odd_bench.baselines.detr3d.code import CodeConfig
from odd_bench.baselines.detr3d.decoder import CrossAttention
from odd_bench.baselines.detr3d.sampling import Views
from tests.detector.worlds import ring_cameras, stacked

PIXELS, STRIDES = 64, (4, 8, 16, 32)
BEHIND = torch.tensor([[[0.0, 0.0, 50.0]]])


def views(count: int = 3, width: int = 5) -> Views:
    """One scene of noise features."""
    K, camera_from_world = stacked(ring_cameras(count, PIXELS))
    levels = [torch.randn(1, count, width, PIXELS // stride, PIXELS // stride) for stride in STRIDES]
    return Views(levels, K[None], camera_from_world[None], (PIXELS, PIXELS))


def with_blind_view(seeing: Views) -> Views:
    """The views and one more that looks away from the scene."""
    away = seeing.camera_from_world[:, :1].clone()
    away[..., 1:3, :] *= -1  # turned by half a turn about its x axis
    levels = [torch.cat([level, torch.randn_like(level[:, :1])], dim=1) for level in seeing.levels]
    K = torch.cat([seeing.K, seeing.K[:, :1]], dim=1)
    return Views(levels, K, torch.cat([seeing.camera_from_world, away], dim=1), seeing.image_size)


def point_at(seeing: Views, view: int, pixel: tuple[float, float], depth_m: float) -> torch.Tensor:
    """(1, 1, 3) a point that a view sees at a pixel."""
    ray = torch.linalg.inv(seeing.K[0, view]) @ torch.tensor([*pixel, 1.0])
    camera = torch.cat([ray * depth_m, torch.ones(1)])
    return (torch.linalg.inv(seeing.camera_from_world[0, view]) @ camera)[None, None, :3]


@pytest.mark.parametrize("level", range(4))
def test_a_sample_at_the_centre_of_a_feature_is_that_feature(level):
    seeing, stride = views(), STRIDES[level]
    row, column = 1, 0
    point = point_at(seeing, 2, ((column + 0.5) * stride, (row + 0.5) * stride), 1.2)
    taken, visible = seeing.look_up(point)
    assert visible[0, 2, 0]
    assert torch.allclose(taken[level, 0, 2, :, 0], seeing.levels[level][0, 2, :, row, column], atol=1e-3)


def test_a_sample_between_features_is_their_bilinear_mean():
    seeing = views()
    point = point_at(seeing, 0, (4 * 3 + 1.0, 4 * 5 + 2.0), 1.1)  # a quarter right of the border of columns 2 and 3
    taken, _ = seeing.look_up(point)
    row = seeing.levels[0][0, 0, :, 5]
    assert torch.allclose(taken[0, 0, 0, :, 0], 0.25 * row[:, 2] + 0.75 * row[:, 3], atol=1e-3)


def test_a_point_that_no_view_sees_gives_zero():
    taken, visible = views().look_up(BEHIND)
    assert not visible.any() and not taken.any()


@pytest.mark.parametrize("camera_aware", [False, True])
def test_a_view_that_sees_nothing_and_the_order_of_views_do_not_matter(camera_aware):
    seeing, attention = views(width=8), cross_attention(camera_aware)
    asked, reference = torch.randn(1, 6, 8), torch.rand(1, 6, 3) * 0.2 + 0.4
    code = CodeConfig()
    answer = attention(asked, reference, seeing, code)
    assert with_blind_view(seeing).look_up(code.world(reference))[1].any(dim=2)[0].tolist() == [True] * 3 + [False]
    assert torch.allclose(attention(asked, reference, with_blind_view(seeing), code), answer, atol=1e-5)
    order = [2, 0, 1]
    turned = Views([level[:, order] for level in seeing.levels], seeing.K[:, order],
                   seeing.camera_from_world[:, order], seeing.image_size)  # fmt: skip
    assert torch.allclose(attention(asked, reference, turned, code), answer, atol=1e-5)


def cross_attention(camera_aware: bool) -> CrossAttention:
    """The module with weights other than its initial ones, so that cameras matter."""
    attention = CrossAttention(8, 4, camera_aware)
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return attention


def test_the_result_depends_on_the_camera_only_if_cameras_are_encoded():
    """A camera in another place sees the same features."""
    seeing, asked, reference = views(1, width=8), torch.randn(1, 6, 8), torch.full((1, 6, 3), 0.5)
    half_turn = torch.diag(torch.tensor([-1.0, -1.0, 1.0, 1.0]))
    middle = torch.tensor([0.0, 0.0, 0.2])
    code = CodeConfig(low_m=(-0.8, -0.8, -0.05), high_m=(0.8, 0.8, 0.45))
    assert torch.allclose(code.world(reference), middle)
    opposite = Views(seeing.levels, seeing.K, seeing.camera_from_world @ half_turn, seeing.image_size)
    for camera_aware in (False, True):
        attention = cross_attention(camera_aware)
        answers = [attention(asked, reference, one, code) for one in (seeing, opposite)]
        assert torch.allclose(*answers, atol=1e-4) == (not camera_aware)


def test_the_camera_encoding_is_the_direction_to_the_camera_and_its_scale():
    """The scale is the logarithm of a metre across the line of sight, divided by the width of the picture."""
    cameras = ring_cameras(4, PIXELS)
    seeing, point = views(4), np.array([0.1, -0.2, 0.15])
    sight = seeing.sight(torch.tensor(point).float()[None, None])[0, :, 0].numpy()
    for camera, row in zip(cameras, sight, strict=True):
        towards = np.linalg.inv(camera.camera_from_world)[:3, 3] - point
        distance = np.linalg.norm(towards)
        assert np.allclose(row[:3], towards / distance, atol=1e-5)
        assert np.isclose(np.exp(row[3]), camera.K[0, 0] / distance / PIXELS, rtol=1e-5)


def test_gradients_are_finite_where_nothing_is_seen():
    point = BEHIND.clone().requires_grad_(True)
    taken, _ = views().look_up(point)
    taken.sum().backward()
    assert torch.isfinite(point.grad).all()
