"""The sides of boxes are read off the hulls of all instances, in the same way for every side, and learnt."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.detector.comparison.consensus import QUANTILES
from odd_bench.detector.hulls import Hulls, cube_positions
from odd_bench.detector.sides import (
    AROUND_M,
    FAR_M,
    FEATURES,
    MEASURES,
    OUTWARD,
    SHAPES,
    SHARES,
    BoxSides,
    SidesConfig,
    gaps_at_sides,
    mean_sides,
    measured,
    side_features,
    sides_of,
    with_sides,
)
from odd_bench.detector.sides import (
    CELLS as CELLS_OF_BOX,
)

CELLS, HALF_M = 40, 0.2
FIELD = len(SHARES)
OWN, FIRST_AGREED, FIRST_BOTH = 0, FIELD, (1 + SHAPES) * FIELD  # number of measures


def block(centre: np.ndarray, size: np.ndarray, cubes: np.ndarray) -> torch.Tensor:
    """(n, c, c, c) signed distances, in half sides, to blocks at (n, 3) of sizes (n, 3) in cubes around (n, 3)."""
    places = cubes[:, None] + HALF_M * cube_positions(CELLS).numpy()
    beyond = (np.abs(places - centre[:, None]) - size[:, None] / 2).max(axis=-1) / HALF_M
    return torch.from_numpy(beyond.reshape(-1, CELLS, CELLS, CELLS)).float()


def scene(boxes: np.ndarray, own: np.ndarray, agreed: np.ndarray) -> tuple[Hulls, torch.Tensor]:
    """Hulls that fill the boxes `own` in cubes around `boxes`, and agreed shapes that fill the boxes `agreed`; all (n, 6)."""
    cubes = boxes[:, :3]
    signed = block(own[:, :3], own[:, 3:], cubes)
    shape = block(agreed[:, :3], agreed[:, 3:], cubes).flatten(1)
    hulls = Hulls(torch.from_numpy(cubes).float(), HALF_M, signed, torch.zeros(len(boxes), 1, 3))
    return hulls, shape.expand(len(QUANTILES), -1, -1)


def some_boxes(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    middles = np.column_stack([rng.uniform(-0.5, 0.5, (count, 2)), np.full(count, 0.06)])
    return np.column_stack([middles, rng.uniform(0.08, 0.2, (count, 2)), np.full(count, 0.12)])


def narrower(boxes: np.ndarray, seed: int) -> np.ndarray:
    """Boxes inside the boxes, with every side moved inwards by its own share."""
    moved = -np.random.default_rng(seed).uniform(0, 0.3, (len(boxes), 4))
    return with_sides(boxes, sides_of(boxes) + OUTWARD * moved * mean_sides(boxes)[:, None])


def features_of(boxes: np.ndarray, seed: int) -> np.ndarray:
    return side_features(boxes, measured(boxes, *scene(boxes, boxes, narrower(boxes, seed))))


@given(st.integers(1, 8), st.integers(0, 99))
def test_sides_and_boxes_convert_into_each_other(count, seed):
    boxes = some_boxes(count, seed)
    assert np.allclose(with_sides(boxes, sides_of(boxes)), boxes)


def test_crossing_sides_still_give_a_box():
    assert (with_sides(np.ones((1, 6)), np.array([[0.5, 0.2, 0.5, 0.4]]))[:, 3:5] > 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_each_hull_and_their_intersection_are_measured(seed):
    boxes = some_boxes(4, seed)
    own, agreed = narrower(boxes, seed), narrower(boxes, seed + 10)
    found = measured(boxes, *scene(boxes, own, agreed))
    a_cell = 2 * HALF_M / CELLS + (0.2 + 2 * AROUND_M) / CELLS_OF_BOX[0]
    inner = np.where(
        OUTWARD > 0, np.minimum(sides_of(own), sides_of(agreed)), np.maximum(sides_of(own), sides_of(agreed))
    )
    for measure, expected in ((OWN, sides_of(own)), (FIRST_AGREED, sides_of(agreed)), (FIRST_BOTH, inner)):
        assert np.abs(found.sides[:, measure] - expected).max() < a_cell
    assert ((found.share >= 0) & (found.share <= 1)).all()


def test_a_box_without_anything_inside_stays():
    boxes = some_boxes(3, 0)
    away = boxes + np.array([5.0, 0, 0, 0, 0, 0])
    found = measured(boxes, *scene(boxes, away, away))
    assert np.array_equal(found.sides, np.broadcast_to(sides_of(boxes)[:, None], (3, MEASURES, 4)))


def turned(boxes: np.ndarray) -> np.ndarray:
    """Boxes (n, 6) after a quarter turn about the vertical: x to y, y to -x."""
    return np.column_stack([-boxes[:, 1], boxes[:, 0], boxes[:, 2], boxes[:, 4], boxes[:, 3], boxes[:, 5]])


def mirrored(boxes: np.ndarray) -> np.ndarray:
    return boxes * np.array([-1.0, 1, 1, 1, 1, 1])


@pytest.mark.parametrize(
    ("move", "sides"),
    [
        (turned, [3, 2, 0, 1]),
        (mirrored, [1, 0, 2, 3]),
        (lambda boxes: boxes + np.array([0.3, -0.2, 0, 0, 0, 0]), [0, 1, 2, 3]),
    ],
)
def test_turning_the_scene_changes_no_feature(move, sides):
    boxes = some_boxes(5, 1)
    agreed = narrower(boxes, 2)
    before = side_features(boxes, measured(boxes, *scene(boxes, boxes, agreed)))
    there = move(boxes)
    after = side_features(there, measured(there, *scene(there, there, move(agreed))))
    assert before.shape == (5, 4, FEATURES)
    assert np.abs(after - before[:, sides]).max() < 0.12  # half a cell of a small box


def test_gaps_equal_a_loop_over_pairs():
    boxes = some_boxes(7, 3)
    expected = np.full((7, 4), FAR_M)
    for one in range(7):
        for other in range(7):
            for side in range(4):
                axis, across = side // 2, 1 - side // 2
                reach = (boxes[one, 3:5] + boxes[other, 3:5]) / 2
                along = OUTWARD[side] * (boxes[other, axis] - boxes[one, axis])
                if one != other and along > 0 and abs(boxes[other, across] - boxes[one, across]) < reach[across]:
                    expected[one, side] = min(expected[one, side], along - reach[axis])
    assert np.allclose(gaps_at_sides(boxes), expected)


def test_an_untrained_network_moves_no_side():
    boxes = some_boxes(4, 0)
    assert np.allclose(BoxSides(SidesConfig(4)).moved(boxes, features_of(boxes, 0)), boxes)


def test_a_box_that_overlaps_no_true_box_has_no_loss():
    boxes = some_boxes(3, 0)
    sides = BoxSides(SidesConfig(4)).train()
    for true in (boxes + 9.0, np.zeros((0, 6))):
        loss = sides.loss(boxes, features_of(boxes, 0), true)
        loss.backward()
        assert loss == 0


def test_the_network_learns_that_the_other_objects_are_right():
    torch.manual_seed(0)
    sides = BoxSides(SidesConfig(4)).train()
    optimizer = torch.optim.Adam(sides.parameters(), 3e-3)
    scenes = [(some_boxes(5, seed), seed) for seed in range(24)]
    learnt = [(boxes, features_of(boxes, seed), narrower(boxes, seed)) for boxes, seed in scenes]
    for _ in range(40):
        for boxes, features, true in learnt[:20]:
            optimizer.zero_grad()
            sides.loss(boxes, features, true).backward()
            optimizer.step()
    sides.eval()
    for boxes, features, true in learnt[20:]:
        before, after = (np.abs(sides_of(one) - sides_of(true)).mean() for one in (boxes, sides.moved(boxes, features)))
        assert after < 0.4 * before
