"""Boxes relative to anchors, and which anchor is responsible for which object."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.baselines.imvoxelnet.anchor_targets import (
    BACKGROUND,
    IGNORED,
    OverlapConfig,
    assign,
    nearest_rectangle,
    rectangle_iou,
)
from odd_bench.baselines.imvoxelnet.anchors import anchor_boxes, decode, direction_of, encode, headed_boxes, mean_anchor
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.geometry.boxes import iou

GRID = VoxelGrid((16, 12, 8), 0.1, (-0.8, -0.6, 0.0))
ANCHOR = torch.tensor([0.3, 0.2, 0.15, 0.08])
ANCHORS = anchor_boxes(GRID, ANCHOR)
SEEDS = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def random_obbs(rng: np.random.Generator, n: int = 6) -> torch.Tensor:
    columns = [rng.uniform(-0.5, 0.5, (n, 3)), rng.uniform(0.05, 0.4, (n, 3)), rng.uniform(-7, 7, (n, 1))]
    return torch.from_numpy(np.column_stack(columns))


def test_anchors_stand_in_the_middle_of_every_column_at_both_yaws():
    assert ANCHORS.shape == (12 * 16 * 2, 7)
    by_cell = ANCHORS.reshape(12, 16, 2, 7)
    assert torch.allclose(by_cell[3, 5, 0], torch.tensor([-0.25, -0.25, 0.08, 0.3, 0.2, 0.15, 0.0]))
    assert torch.allclose(by_cell[3, 5, 1, :6], by_cell[3, 5, 0, :6]) and by_cell[3, 5, 1, 6] == math.pi / 2


@given(SEEDS)
def test_decoding_inverts_encoding(rng):
    boxes = random_obbs(rng)
    boxes[:, 6] %= 2 * math.pi
    anchors = ANCHORS[torch.from_numpy(rng.integers(0, len(ANCHORS), len(boxes)))].double()
    decoded = decode(encode(boxes, anchors), direction_of(boxes[:, 6]), anchors)
    assert torch.allclose(decoded[:, :6], boxes[:, :6])
    assert torch.allclose((decoded[:, 6] - boxes[:, 6]).cos(), torch.ones(len(boxes), dtype=torch.float64))


@given(SEEDS)
def test_a_residual_off_by_half_a_turn_decodes_to_the_same_box(rng):
    boxes = random_obbs(rng)
    anchors = ANCHORS[: len(boxes)].double()
    residuals, direction = encode(boxes, anchors), direction_of(boxes[:, 6])
    off = decode(residuals + torch.tensor([0, 0, 0, 0, 0, 0, math.pi]), direction, anchors)
    assert torch.allclose(off[:, :6], decode(residuals, direction, anchors)[:, :6])
    assert iou(off.numpy(), boxes.numpy()) == pytest.approx(np.ones(len(boxes)))


@given(SEEDS)
def test_headed_boxes_are_the_same_boxes_with_the_long_side_first_and_a_forward_heading(rng):
    obbs = random_obbs(rng)
    poses = torch.from_numpy(rng.normal(size=(len(obbs), 4, 4)))
    headed = headed_boxes(obbs, poses)
    assert iou(headed.numpy(), obbs.numpy()) == pytest.approx(np.ones(len(obbs)))
    assert (headed[:, 3] >= headed[:, 4]).all() and (headed[:, 6] >= 0).all() and (headed[:, 6] <= 2 * math.pi).all()
    along = poses[:, 0, 0] * headed[:, 6].cos() + poses[:, 1, 0] * headed[:, 6].sin()
    assert (along >= 0).all()


def test_the_mean_anchor_has_its_long_side_first():
    obbs = np.array([[0, 0, 0.1, 0.2, 0.4, 0.2, 0.3], [1, 1, 0.2, 0.3, 0.1, 0.4, 1.0]])
    assert mean_anchor(obbs) == pytest.approx([0.35, 0.15, 0.3, 0.15])


@settings(max_examples=15)
@given(SEEDS)
def test_assignment_equals_its_rule_written_out(rng):
    boxes, config = random_obbs(rng).float(), OverlapConfig(0.5, 0.3)
    owner = assign(ANCHORS, boxes, config)
    overlap = rectangle_iou(nearest_rectangle(ANCHORS)[:, None], nearest_rectangle(boxes))
    for anchor, row in enumerate(overlap):
        best_of = [box for box in range(len(boxes)) if 0 < row[box] == overlap[:, box].max()]
        if best_of:
            assert owner[anchor] in best_of
        elif row.max() >= 0.5:
            assert row[owner[anchor]] == row.max()
        else:
            assert owner[anchor] == (BACKGROUND if row.max() < 0.3 else IGNORED)


@given(SEEDS)
def test_every_separate_object_has_an_anchor(rng):
    """However much its proportions differ from the mean."""
    boxes = random_obbs(rng, 1).float()
    assert (assign(ANCHORS, boxes, OverlapConfig()) == 0).any()


def test_an_object_equal_to_an_anchor_is_assigned_to_it_and_an_empty_scene_is_background():
    owner = assign(ANCHORS, ANCHORS[101:102], OverlapConfig())
    assert owner[101] == 0
    assert (assign(ANCHORS, torch.zeros(0, 7), OverlapConfig()) == BACKGROUND).all()


def test_rectangles_turn_to_the_nearest_axis():
    box = [0.0, 0, 0, 0.4, 0.2, 0.1]
    for yaw, size in ((0.7, [0.4, 0.2]), (0.9, [0.2, 0.4]), (-0.7, [0.4, 0.2]), (3.0, [0.4, 0.2]), (4.8, [0.2, 0.4])):
        assert nearest_rectangle(torch.tensor([[*box, yaw]]))[0, 2:].tolist() == pytest.approx(size)
