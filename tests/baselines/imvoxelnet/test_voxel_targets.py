"""Laws of the assignment of voxels to objects."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.baselines.imvoxelnet.head_indoor import scale_points
from odd_bench.baselines.imvoxelnet.voxel_targets import (
    AssignConfig,
    assign,
    at_least,
    box_from_distances,
    centerness,
    face_distances,
)
from odd_bench.blocks.voxel_grid import VoxelGrid

GRID = VoxelGrid((32, 32, 8), 0.05, (-0.8, -0.8, 0.0))
POINTS, SCALE = scale_points(GRID)
EVERY_POINT = AssignConfig(least_points=1, central_points=10**6)
SEEDS = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def random_boxes(rng: np.random.Generator, low_m: float = 0.005, high_m: float = 0.4) -> torch.Tensor:
    """(n, 6) boxes within the grid, some of them thin; n from 1 to 8."""
    n = int(rng.integers(1, 9))
    size = np.exp(rng.uniform(np.log(low_m), np.log(high_m), (n, 3)))
    reach = np.array([0.8, 0.8, 0.2]) - size / 2
    centre = rng.uniform(-1, 1, (n, 3)) * reach + [0, 0, 0.2]
    return torch.from_numpy(np.column_stack([centre, size])).float()


def owners_of(boxes: torch.Tensor, config: AssignConfig = EVERY_POINT) -> torch.Tensor:
    return assign(POINTS, SCALE, boxes, GRID.voxel_m, config).owner


def counts_by_scale(inside: torch.Tensor) -> torch.Tensor:
    """(3, n) number of points of each scale in each box. inside: (p, n)."""
    return torch.stack([inside[scale == SCALE].sum(dim=0) for scale in range(3)])


@settings(max_examples=15)
@given(SEEDS)
def test_assignment_equals_its_rule_written_out(rng):
    boxes, config = random_boxes(rng), AssignConfig(27, 18)
    targets = assign(POINTS, SCALE, boxes, GRID.voxel_m, config)
    grown = at_least(boxes, GRID.voxel_m)
    claims: list[list[int]] = [[] for _ in POINTS]
    for number, box in enumerate(grown):
        offset = (POINTS - box[:3]).abs()
        inside = (face_distances(POINTS, box) > 0).all(dim=1)
        enough = [scale for scale in range(3) if (inside & (scale == SCALE)).sum() >= 27]
        here = torch.nonzero(inside & (max(enough, default=0) == SCALE))[:, 0]
        low, high = box[3:] / 2 - offset[here], box[3:] / 2 + offset[here]
        central = (low / high).prod(dim=1).sqrt()
        assert targets.centerness[here[targets.owner[here] == number]] == pytest.approx(
            central[targets.owner[here] == number], abs=1e-4
        )
        limit = central.sort(descending=True).values[:18][-1]
        sure = here[(central > limit + 1e-5)]
        assert len(sure) <= 18
        for point in sure.tolist():
            claims[point].append(number)
        never = torch.ones(len(POINTS), dtype=torch.bool)
        never[here[central > limit - 1e-5]] = False
        assert not (targets.owner[never] == number).any()
    volume = boxes[:, 3:].prod(dim=1)
    for point in [point for point, found in enumerate(claims) if found]:
        assert volume[targets.owner[point]] <= volume[claims[point]].min() + 1e-9


@settings(max_examples=40)
@given(SEEDS)
def test_a_voxel_in_exactly_one_box_belongs_to_it_if_boxes_take_all_points(rng):
    boxes = random_boxes(rng, low_m=0.06)
    inside = (face_distances(POINTS[:, None], boxes) > 0).all(dim=-1)
    coarsest = (torch.arange(3)[:, None] * (counts_by_scale(inside) >= 1)).amax(dim=0)
    alone = inside.sum(dim=1) == 1
    box = inside.float().argmax(dim=1)
    expected = torch.where(alone & (coarsest[box] == SCALE), box, -1)
    assert torch.equal(owners_of(boxes)[alone], expected[alone])


@settings(max_examples=25)
@given(SEEDS)
def test_the_smallest_box_wins_and_the_order_of_boxes_does_not_matter(rng):
    boxes = random_boxes(rng)
    order = torch.from_numpy(rng.permutation(len(boxes)))
    owner, shuffled = owners_of(boxes, AssignConfig()), owners_of(boxes[order], AssignConfig())
    assert torch.equal(owner >= 0, shuffled >= 0)
    assert torch.equal(boxes[owner[owner >= 0]], boxes[order][shuffled[owner >= 0]])


def test_the_inner_of_two_nested_boxes_keeps_its_voxels():
    outer, inner = [0.0, 0, 0.2, 0.4, 0.4, 0.4], [0.0, 0, 0.2, 0.15, 0.15, 0.15]
    owner = owners_of(torch.tensor([outer, inner]), AssignConfig(least_points=10**6, central_points=10**6))
    inside = (face_distances(POINTS, torch.tensor(inner)) > 0).all(dim=1) & (SCALE == 0)
    assert (owner[inside] == 1).all() and (owner == 0).any()


@settings(max_examples=25)
@given(SEEDS)
def test_every_single_object_has_points_however_thin_it_is(rng):
    """A plate may lie between two layers of voxel centres."""
    for box in random_boxes(rng, low_m=0.002):
        assert (owners_of(box[None], AssignConfig()) == 0).any()


def test_thin_plates_are_assigned_to_the_finest_scale():
    plate = torch.tensor([[0.1, -0.1, 0.005, 0.3, 0.3, 0.01]])
    owner = owners_of(plate, AssignConfig())
    assert (owner == 0).sum() == 18 and (SCALE[owner == 0] == 0).all()
    assert not (face_distances(POINTS, plate[0]) > 0).all(dim=1).any()  # no voxel centre is in it


def test_larger_objects_are_assigned_to_coarser_scales():
    boxes = [torch.tensor([[0.0, 0.0, 0.2, side, side, min(side, 0.4)]]) for side in (0.1, 0.4, 1.4)]
    scales = [SCALE[owners_of(box, AssignConfig()) == 0].unique().tolist() for box in boxes]
    assert scales == [[0], [1], [2]]


@given(SEEDS)
def test_distances_and_boxes_convert_into_each_other(rng):
    boxes = random_boxes(rng)
    points = torch.from_numpy(rng.uniform(-1, 1, (len(boxes), 3))).float()
    assert torch.allclose(box_from_distances(points, face_distances(points, boxes)), boxes, atol=1e-6)


@given(SEEDS)
def test_centerness_is_one_at_the_centre_and_zero_on_a_face(rng):
    boxes = random_boxes(rng)
    assert torch.allclose(centerness(face_distances(boxes[:, :3], boxes)), torch.ones(len(boxes)))
    on_face = boxes[:, :3].clone()
    on_face[:, 1] += boxes[:, 4] / 2
    assert (centerness(face_distances(on_face, boxes)) < 1e-2).all()


def test_a_scene_without_objects_has_no_positives():
    targets = assign(POINTS, SCALE, torch.zeros(0, 6), GRID.voxel_m, AssignConfig())
    assert (targets.owner == -1).all() and (targets.centerness == 0).all()
