"""Boxes carved by silhouettes: finer than the voxels that locate the objects."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.detector.boxes import BoxConfig, boxes_from_alpha
from odd_bench.detector.carving import (
    CarvingConfig,
    Voters,
    carved,
    most_alike,
    of_like_size,
    parted,
    shared_out,
    without_stragglers,
)
from odd_bench.detector.hulls import signed_pixels
from odd_bench.geometry.boxes import iou_matrix
from tests.detector.shapes import Ball, Bricks, Solid, boxes_of, cameras_around, shown
from tests.detector.worlds import stacked

GRID = VoxelGrid((32, 32, 32), 0.025, (-0.4, -0.4, -0.4))
CAMERAS = cameras_around(12, 128, 1.3)
BOXES, CARVING = BoxConfig(min_voxels=8), CarvingConfig(alpha_above=0.06, min_voxels=40)
BALLS = [Ball((-0.2, 0.0, 0.0), 0.097), Ball((0.15, 0.1, 0.05), 0.113)]
ROD = Bricks((((0.0, 0.0, 0.0), (0.5, 0.03, 0.03)),))


def alpha_of(solids: list[Solid], blur_m: float = 0.0125) -> torch.Tensor:
    """(z, y, x) opaque inside, fading out over about a voxel."""
    distance = np.min([solid.distance(GRID.centres().numpy()) for solid in solids], axis=0)
    return torch.from_numpy(1 / (1 + np.exp(distance / blur_m * 2))).float()


def found(
    alpha: torch.Tensor, solids: list[Solid], carving: CarvingConfig = CARVING, count: int | None = None
) -> np.ndarray:
    outlines = signed_pixels(shown(solids, CAMERAS) > 0) if solids else signed_pixels(torch.zeros(12, 128, 128) > 0)
    return carved(alpha, outlines, *stacked(CAMERAS), GRID, BOXES, carving, count).boxes


def overlap(boxes: np.ndarray, solids: list[Solid]) -> np.ndarray:
    """(t,) the best IoU for the box of each solid."""
    return iou_matrix(boxes, boxes_of(solids).numpy()).max(axis=0, initial=0)


def test_carved_boxes_are_more_accurate_than_voxel_boxes():
    alpha = alpha_of(BALLS)
    carved, coarse = found(alpha, BALLS), boxes_from_alpha(alpha.numpy(), GRID, BOXES)
    assert len(carved) == len(coarse) == 2
    assert (overlap(carved, BALLS) > 0.85).all() and overlap(carved, BALLS).mean() > overlap(coarse, BALLS).mean()


def test_a_rod_as_thin_as_a_voxel_is_found_over_most_of_its_length():
    alpha = 0.4 * alpha_of([ROD])
    alpha[:, :, 20:] *= 0.3  # one end is fainter than the opaque threshold
    coarse = boxes_from_alpha(alpha.numpy(), GRID, BOXES)
    carved = found(alpha, [ROD], CarvingConfig(alpha_above=0.01, min_voxels=40))
    assert len(carved) == 1 and overlap(carved, [ROD])[0] > overlap(coarse, [ROD]).max() + 0.1
    assert carved[0, 3] > 0.43 > coarse[:, 3].max(initial=0) + 0.05


def test_voxels_that_no_cluster_reaches_form_an_object_if_they_are_many_enough():
    faint = torch.maximum(alpha_of(BALLS[:1]), 0.15 * alpha_of(BALLS[1:]))
    assert len(boxes_from_alpha(faint.numpy(), GRID, BOXES)) == 1
    assert (overlap(found(faint, BALLS, replace(CARVING, opaque_above=(0.2,))), BALLS) > 0.8).all()
    assert len(found(faint, BALLS, replace(CARVING, min_voxels=10**6, opaque_above=(0.2,)))) == 1


def test_the_number_of_objects_can_be_given():
    faint = torch.maximum(alpha_of(BALLS[:1]), 0.15 * alpha_of(BALLS[1:]))
    assert len(found(faint, BALLS, count=1)) == 1


def test_silhouettes_cut_off_excess_volume():
    alpha = alpha_of([Ball(BALLS[0].centre, 0.16), BALLS[1]])
    assert (overlap(found(alpha, BALLS), BALLS) > 0.8).all()


@pytest.mark.parametrize("solids", [[], BALLS])
def test_an_empty_volume_gives_no_objects(solids):
    assert found(torch.zeros(GRID.shape_zyx), solids).shape == (0, 6)


def test_an_object_without_silhouette_keeps_its_voxels():
    alpha = alpha_of(BALLS)
    coarse = boxes_from_alpha(alpha.numpy(), GRID, BOXES)
    kept = found(alpha, [])
    assert len(kept) == 2 and iou_matrix(kept, coarse).max(axis=0).min() > 0.6


def test_each_voxel_is_assigned_once_to_the_nearest_object_within_reach():
    rng = np.random.default_rng(0)
    objects = [rng.integers(0, 20, (12, 3)), rng.integers(30, 50, (9, 3))]
    voxels = np.unique(rng.integers(-10, 60, (500, 3)), axis=0)
    owned, left = shared_out(objects, voxels, 8.0)
    away = np.stack([np.linalg.norm(voxels[:, None] - one[None], axis=2).min(axis=1) for one in objects])
    expected = [voxels[(away.argmin(axis=0) == number) & (away.min(axis=0) <= 8)] for number in range(2)]
    assert all(np.array_equal(got, wanted) for got, wanted in zip(owned, expected, strict=True))
    assert np.array_equal(left, voxels[away.min(axis=0) > 8])


def test_instances_of_one_shape_are_separated_if_that_makes_them_more_alike():
    """Two of four balls nearly touch: one threshold merges them, and a higher one loses the faintest."""
    row = [Ball((x, y, 0.0), 0.085) for x, y in ((-0.2125, -0.1), (-0.0125, -0.1), (-0.2, 0.2), (0.2, 0.2))]
    alpha = alpha_of(row, blur_m=0.05)
    joined = replace(CARVING, opaque_above=(0.3,))
    assert len(found(alpha, row, joined)) == 3
    assert len(found(alpha, row)) == 4 and (overlap(found(alpha, row), row) > 0.7).all()


def block(x: int, sides: tuple[int, int, int]) -> np.ndarray:
    """The voxels of a block with its corner at (x, 0, 0)."""
    return np.argwhere(np.ones(sides)) + [x, 0, 0]


def test_the_usual_threshold_wins_among_equally_alike_boxes():
    row = [block(0, (3, 3, 3)), block(9, (3, 3, 3))]
    candidates = [(threshold, [one + number for one in row]) for number, threshold in enumerate((0.1, 0.2, 0.4))]
    assert most_alike(candidates, usual=0.2, prefer=0.1) is candidates[1][1]
    assert most_alike(candidates, usual=0.1, prefer=0.1) is candidates[0][1]


def test_alike_boxes_are_preferred_to_the_usual_ones_and_to_a_single_box():
    alike = [block(x, (3, 3, 3)) for x in (0, 6, 12)]
    merged = [block(0, (9, 3, 3)), block(12, (3, 3, 3))]
    candidates = [(0.1, merged[:1]), (0.2, merged), (0.4, alike)]
    assert most_alike(candidates, usual=0.2, prefer=0.1) is alike
    assert most_alike([(0.1, []), (0.2, merged[:1])], 0.2, 0.1) == merged[:1]


@pytest.mark.parametrize("share", [0.0, 0.4, 0.9, 1.0])
def test_exactly_the_boxes_below_the_share_of_the_median_are_dropped(share):
    sides = np.array([2, 5, 6, 6, 7, 3])
    objects = [np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3) for side in sides]
    kept = {len(one) for one in of_like_size(objects, share)}
    assert kept == {side**3 for side in sides if side**3 >= share * np.median(sides**3)}
    assert of_like_size([], share) == []


@pytest.mark.parametrize("share", (0.0, 0.005, 0.05))
def test_a_few_stray_voxels_do_not_widen_a_box_and_a_solid_keeps_its_size(share):
    block = np.argwhere(np.ones((12, 8, 6)))
    assert np.array_equal(without_stragglers(block, share), block)
    few = int(share * len(block))
    rng = np.random.default_rng(few)
    strays = rng.integers((13, 9, 0), (40, 30, 6), (few, 3))
    assert np.array_equal(without_stragglers(np.concatenate([block, strays]), share), block)
    assert len(without_stragglers(rng.integers(0, 99, (500, 3)), share)) >= (1 - 4 * share) * 500


def voters(voxels: np.ndarray) -> Voters:
    """Voxels that all vote for the middle of their object."""
    return Voters(voxels, np.broadcast_to(voxels[:, :2].mean(axis=0) * 0.0125, (len(voxels), 2)))


def together(first: np.ndarray, second: np.ndarray) -> Voters:
    """Two objects that were found as one."""
    parts = [voters(first), voters(second)]
    return Voters(np.concatenate([one.voxels for one in parts]), np.concatenate([one.voted for one in parts]))


def bar(middle: tuple[float, float], degrees: float) -> np.ndarray:
    """The voxels of a bar of 24 x 6 x 5, turned about the vertical."""
    x, y = np.mgrid[:128, :128].reshape(2, -1) - np.array(middle)[:, None]
    angle = np.deg2rad(degrees)
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    cells = np.argwhere(((np.abs(along) < 12) & (np.abs(across) < 3)).reshape(128, 128))
    return np.column_stack([np.repeat(cells, 5, axis=0), np.tile(np.arange(5), len(cells))])


def peaks_at(*objects: np.ndarray, chance: float = 0.5) -> torch.Tensor:
    """(64, 64) chances of a centre in cells of twice the voxels' side: `chance` above the middle of each object."""
    found = torch.full((64, 64), 0.01)
    for x, y in (voxels[:, :2].mean(axis=0) / 2 for voxels in objects):
        found[int(y), int(x)] = chance
    return found


def same(found: list[Voters], expected: list[Voters]) -> bool:
    return len(found) == len(expected) and all(
        np.array_equal(one.voxels, other.voxels) for one, other in zip(found, expected, strict=True)
    )


ALONE = [voters(bar((70.2, 20.3), 0)), voters(bar((90.4, 60.1), 40)), voters(bar((30.3, 90.2), 110))]


@pytest.mark.parametrize("degrees", range(0, 180, 20))
@pytest.mark.parametrize("shift", [(0, 7), (25, 0), (12, 8)], ids=["side by side", "end to end", "staggered"])
def test_two_neighbours_found_as_one_are_parted_however_they_lie(degrees, shift):
    angle = np.deg2rad(degrees)
    away = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ shift
    first, second = bar((40.2, 40.3), degrees), bar((40.2 + away[0], 40.3 + away[1]), degrees)
    found = parted([*ALONE, together(first, second)], peaks_at(first, second))
    assert same(found[: len(ALONE)], ALONE) and len(found) == len(ALONE) + 2
    for half in found[-2:]:
        shared = [len({*map(tuple, half.voxels)} & {*map(tuple, true)}) / len(true) for true in (first, second)]
        assert max(shared) > 0.8 and min(shared) < 0.2


BOTH = bar((40.2, 40.3), 0), bar((40.2, 47.3), 0)


@pytest.mark.parametrize(
    "chance",
    [peaks_at(np.concatenate(BOTH)), peaks_at(BOTH[0]), peaks_at(*BOTH, chance=0.1)],
    ids=["one peak between the halves", "a peak of one half alone", "peaks too weak"],
)
def test_a_large_object_stays_whole_without_a_peak_in_both_halves(chance):
    objects = [*ALONE, together(*BOTH)]
    assert same(parted(objects, chance), objects)


def test_objects_of_like_size_stay_whole_whatever_the_peaks():
    everywhere = torch.ones(64, 64)
    for objects in (ALONE, ALONE[:1], [], [*ALONE, together(BOTH[0], BOTH[1][: len(BOTH[1]) // 2])]):
        assert same(parted(objects, everywhere), objects)
