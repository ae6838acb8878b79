"""How high an object reaches is read off the layers of its hull."""

import numpy as np
import pytest
import torch

from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.detector.carving import FEATURES, HIGHEST, LOWEST, BoxHeights, Carved, layer_features, with_heights

GRID = VoxelGrid((64, 64, 32), 0.0125, (-0.4, -0.4, 0.0))


def block(width: int, height: int, shrink: float = 0.0) -> np.ndarray:
    """Voxels of a column that gets narrower towards its top."""
    voxels = np.argwhere(np.ones((width, width, height)))
    across = np.abs(voxels[:, :2] - (width - 1) / 2).max(axis=1)
    return voxels[across <= (width / 2) * (1 - shrink * voxels[:, 2] / height)]


def carved(objects: list[np.ndarray]) -> Carved:
    return Carved(objects, [np.full(len(one), 0.5) for one in objects], GRID)


def test_at_first_nothing_is_changed():
    objects = carved([block(8, 12), block(14, 5, 0.8)])
    assert np.allclose(BoxHeights().lowered(objects), objects.boxes)


def test_heights_are_the_same_in_mixed_precision():
    tops, objects = BoxHeights(), carved([block(8, 12), block(14, 5, 0.8)])
    torch.nn.init.normal_(tops.linear.weight, std=0.1)
    expected = tops.lowered(objects)
    with torch.autocast("cpu", torch.bfloat16):
        assert np.array_equal(tops.lowered(objects), expected)
        tops.loss(objects, expected, np.arange(2)).backward()
    assert tops.linear.weight.grad.isfinite().all()


def test_another_height_leaves_the_bottom_and_the_sides():
    boxes = carved([block(8, 12), block(14, 5)]).boxes
    changed = with_heights(boxes, np.array([0.3, 0.01]))
    assert np.allclose(changed[:, 5], [0.3, 0.01])
    assert np.allclose(changed[:, 2] - changed[:, 5] / 2, boxes[:, 2] - boxes[:, 5] / 2)
    assert np.array_equal(changed[:, [0, 1, 3, 4]], boxes[:, [0, 1, 3, 4]])


def test_the_features_do_not_depend_on_the_place_and_tell_cones_from_columns():
    column, cone = block(16, 12), block(16, 12, 0.9)
    features = layer_features(carved([column, column + [20, 10, 0], cone]))
    assert features.shape == (3, FEATURES) and np.allclose(features[0], features[1])
    assert np.allclose(features[0, :10].min(), features[0, :10].max(), atol=0.51)  # twelve rows in ten layers
    assert features[2, 9] < 0.1


def test_no_objects_have_no_boxes_and_no_loss():
    tops = BoxHeights()
    assert tops.lowered(carved([])).shape == (0, 6)
    assert tops.loss(carved([]), np.zeros((2, 6)), np.zeros(0, int)) == 0
    assert tops.loss(carved([block(4, 4)]), np.zeros((1, 6)), np.array([-1])) == 0


@pytest.mark.parametrize("weight", [-100.0, 100.0])
def test_heights_are_changed_within_bounds(weight):
    tops, objects = BoxHeights(), carved([block(8, 12)])
    torch.nn.init.constant_(tops.linear.bias, weight)
    ratio = tops.lowered(objects)[0, 5] / objects.boxes[0, 5]
    assert np.log(ratio) == pytest.approx(LOWEST if weight < 0 else HIGHEST, abs=1e-5)


def test_that_cones_are_flat_and_columns_are_not_is_learnt():
    """Of a cone half the height is made up, whatever its size; of a column nothing is."""
    rng, tops = np.random.default_rng(0), BoxHeights()
    optimizer = torch.optim.Adam(tops.parameters(), 4e-3)

    def draw() -> tuple[Carved, np.ndarray, np.ndarray]:
        flat = rng.random(6) < 0.5
        objects = carved([block(rng.integers(8, 20), rng.integers(6, 16), 0.9 * one) for one in flat])
        return objects, with_heights(objects.boxes, objects.boxes[:, 5] * np.where(flat, 0.5, 1.0)), flat

    for _ in range(300):
        objects, true, _ = draw()
        optimizer.zero_grad()
        tops.loss(objects, true, np.arange(6)).backward()
        optimizer.step()
    objects, true, flat = draw()
    ratio = tops.lowered(objects)[:, 5] / objects.boxes[:, 5]
    assert flat.any() and (~flat).any()
    assert ratio[flat] == pytest.approx(0.5, abs=0.1) and ratio[~flat] == pytest.approx(1.0, abs=0.1)
