"""Losses: they are lowest at the perfect prediction and positive away from it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.baselines.imvoxelnet.losses import (
    aligned_iou,
    box_loss,
    centerness_loss,
    class_columns,
    class_loss,
    direction_loss,
    residual_loss,
)
from odd_bench.geometry.boxes import iou

SEEDS = st.integers(0, 2**32 - 1).map(np.random.default_rng)
SURE = 30.0  # a logit


def random_boxes(rng: np.random.Generator, n: int = 8) -> torch.Tensor:
    return torch.from_numpy(np.column_stack([rng.uniform(-0.2, 0.2, (n, 3)), rng.uniform(0.05, 0.5, (n, 3))]))


@given(SEEDS)
def test_the_iou_equals_that_of_the_project(rng):
    a, b = random_boxes(rng), random_boxes(rng)
    assert aligned_iou(a, b).numpy() == pytest.approx(iou(a.numpy(), b.numpy()))


@given(SEEDS)
def test_box_loss_is_zero_at_the_truth_and_grows_with_the_error(rng):
    boxes, weight = random_boxes(rng), torch.from_numpy(rng.uniform(0.1, 1, 8))
    steps = [box_loss(boxes + torch.tensor([shift, 0, 0, 0, 0, 0]), boxes, weight) for shift in (0, 0.02, 0.04)]
    assert steps[0] == pytest.approx(0, abs=1e-9) and steps[0] < steps[1] < steps[2]
    assert box_loss(boxes[:0], boxes[:0], weight[:0]) == 0


def test_class_loss_vanishes_only_for_confident_right_answers():
    target = torch.tensor([-1, 0, 1, -1])
    right = SURE * (2 * torch.tensor([[0.0, 0], [1, 0], [0, 1], [0, 0]]) - 1)
    assert class_loss(right, target, 2) == pytest.approx(0, abs=1e-6)
    assert class_loss(-right, target, 2) > 10
    assert class_loss(right[:0], target[:0], 0) == 0
    assert class_loss(torch.zeros(4, 2), target, 4) == pytest.approx(
        float(class_loss(torch.zeros(4, 2), target, 2)) / 2
    )


def test_class_columns_are_anomalous_then_normal():
    assert class_columns(torch.tensor([-1, 0, 1, -2]), torch.tensor([1, 0])).tolist() == [-1, 0, 1, -1]


def test_centerness_loss_is_least_at_its_target():
    target = torch.tensor([0.2, 0.5, 0.9])
    logits = torch.logit(target).requires_grad_()
    loss = centerness_loss(logits, target)
    loss.backward()
    assert logits.grad.abs().max() < 1e-7
    assert centerness_loss(logits + 0.5, target) > loss and centerness_loss(logits - 0.5, target) > loss
    assert centerness_loss(logits[:0], target[:0]) == 0


@given(SEEDS)
def test_residual_loss_vanishes_at_the_truth_and_half_a_turn_from_it(rng):
    target = torch.from_numpy(rng.normal(size=(5, 7)))
    half_turn = torch.tensor([0, 0, 0, 0, 0, 0, math.pi])
    assert residual_loss(target, target) == 0
    assert residual_loss(target + half_turn, target) == pytest.approx(0, abs=1e-9)
    assert residual_loss(target + half_turn / 2, target) > 0.9
    assert residual_loss(target[:0], target[:0]) == 0


def test_direction_loss_vanishes_for_confident_right_answers():
    target = torch.tensor([0, 1, 1])
    right = SURE * torch.nn.functional.one_hot(target, 2).float()
    assert direction_loss(right, target) == pytest.approx(0, abs=1e-6) and direction_loss(-right, target) > 10
    assert direction_loss(right[:0], target[:0]) == 0
