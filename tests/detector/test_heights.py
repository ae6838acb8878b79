"""The height of an object is read off its layers, off what explains its pixels, and off where its colours agree."""

import numpy as np
import pytest
import torch

from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.detector.carving import Carved, carved_voxels
from odd_bench.detector.heights import (
    FEATURES,
    HIGHEST,
    LEVELS,
    LOWEST,
    OWN,
    QUANTILES,
    BoxHeights,
    HeightsConfig,
    above_one_another,
    color_agreement,
    explaining_heights,
    height_features,
    layer_features,
    surface,
    with_heights,
)
from odd_bench.detector.hulls import signed_pixels
from odd_bench.geometry.cameras import eye, pixel_directions
from tests.detector.shapes import Bricks, Solid, shown
from tests.detector.worlds import ring_cameras, stacked

GRID = VoxelGrid((64, 64, 32), 0.0125, (-0.4, -0.4, 0.0))
PLATE, BLOCK = (0.24, 0.24, 0.02), (0.12, 0.12, 0.2)


CAMERAS = ring_cameras(5, 192)


def standing(size: tuple[float, float, float], x: float, y: float) -> Bricks:
    return Bricks((((0.0, 0.0, size[2] / 2), size),), (x, y, 0.0))


def hulls_of(solids: list[Solid]) -> tuple[Carved, torch.Tensor]:
    """The hulls that the true silhouettes give, without other knowledge; and the signed pixel distances of the silhouettes."""
    outlines = signed_pixels(shown(solids, CAMERAS) > 0)
    voxels = carved_voxels(torch.ones(GRID.shape_zyx), outlines, *stacked(CAMERAS), GRID, 0.5)
    spots = np.array([solid.centre[:2] for solid in solids])
    places = np.array(GRID.low_m[:2]) + (voxels[:, :2] + 0.5) * GRID.voxel_m
    owner = np.linalg.norm(places[:, None] - spots, axis=-1).argmin(axis=1)
    objects = [voxels[owner == number] for number in range(len(solids))]
    return Carved(objects, [np.ones(len(one)) for one in objects], GRID), outlines


def photographs(solids: list[Solid]) -> torch.Tensor:
    """(v, 3, h, w): checks of 1 cm on the objects, as a surface looks from everywhere, above a grey floor."""
    pictures = []
    for camera in CAMERAS:
        directions = pixel_directions(camera)
        directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
        depth = np.min([solid.depth(eye(camera), directions) for solid in solids], axis=0)
        points = eye(camera) + np.where(np.isinf(depth), 0, depth)[..., None] * directions
        checks = 0.5 + 0.5 * np.sin(points * 2 * np.pi / 0.06).prod(axis=-1)
        pictures.append(np.where(np.isinf(depth), 0.5, checks))
    return torch.from_numpy(np.stack(pictures)).float()[:, None].expand(-1, 3, -1, -1)


def block(width: int, height: int, shrink: float = 0.0) -> np.ndarray:
    """The voxels of a column that narrows towards its top."""
    voxels = np.argwhere(np.ones((width, width, height)))
    across = np.abs(voxels[:, :2] - (width - 1) / 2).max(axis=1)
    return voxels[across <= (width / 2) * (1 - shrink * voxels[:, 2] / height)]


def carved(objects: list[np.ndarray]) -> Carved:
    return Carved(objects, [np.full(len(one), 0.5) for one in objects], GRID)


def some_features(objects: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(objects, FEATURES))


def test_the_pixels_of_a_flat_plate_are_explained_at_its_true_height_although_its_hull_is_twice_as_high():
    solids = [standing(PLATE, -0.18, 0.0), standing(PLATE, 0.18, 0.05)]
    found, outlines = hulls_of(solids)
    assert (found.boxes[:, 5] > 2 * PLATE[2]).all()
    explained = explaining_heights(found.boxes, outlines, *stacked(CAMERAS))
    assert explained.shape == (2, 2 * len(QUANTILES))
    usual = explained[:, QUANTILES.index(0.95)]
    assert (np.abs(usual - PLATE[2]) < 0.01).all()


def test_the_explaining_height_never_exceeds_the_hull_and_grows_with_the_share_of_pixels():
    solids = [standing(BLOCK, -0.18, 0.0), standing(PLATE, 0.18, 0.05)]
    found, outlines = hulls_of(solids)
    explained = explaining_heights(found.boxes, outlines, *stacked(CAMERAS))
    top = found.boxes[:, 2] + found.boxes[:, 5] / 2
    assert (explained <= top.max() + 1e-6).all() and (explained >= 0).all()
    for part in np.split(explained, 2, axis=1):
        assert (np.diff(part, axis=1) >= 0).all()
    assert explained[0, 3] > 0.12 and explained[1, 3] < 0.05  # the block is high, the plate is not


def test_an_object_without_pixels_is_explained_by_its_box():
    found, outlines = hulls_of([standing(BLOCK, 0.0, 0.0)])
    elsewhere = np.concatenate([found.boxes, [[0.3, 0.3, 0.05, 0.05, 0.05, 0.1]]])
    explained = explaining_heights(elsewhere, outlines, *stacked(CAMERAS))
    assert np.allclose(explained[1], 0.1)


def test_colors_agree_at_the_height_of_a_surface():
    solids = [standing((0.2, 0.2, 0.1), 0.0, 0.0)]
    found, outlines = hulls_of(solids)
    agreement = color_agreement(found.boxes, outlines, photographs(solids), *stacked(CAMERAS))
    assert agreement.shape == (1, 2 * LEVELS) and (agreement >= 0).all() and (agreement <= 1 + 1e-6).all()
    inside, between = agreement[0, :LEVELS], agreement[0, LEVELS:]
    top = found.boxes[0, 2] + found.boxes[0, 5] / 2
    heights = top * np.linspace(0, 1, LEVELS)
    wide = inside > 0.2
    assert abs(heights[wide][between[wide].argmin()] - 0.1) <= top / LEVELS * 1.5


def test_the_surface_is_where_colors_agree_best_among_heights_within_the_hull():
    inside, between = np.full((2, LEVELS), 0.5), np.full((2, LEVELS), 0.8)
    between[:, 0], between[0, 6], between[1, 12] = 0.0, 0.1, 0.05
    inside[1, 12:] = 0.0
    between[1, 4] = 0.2
    share, least, depth = surface(np.concatenate([inside, between], axis=1))
    assert np.allclose(share[:, 1] * (LEVELS - 1), [6, 4], atol=0.01)
    assert np.allclose(least[:, 0], [0.1, 0.2]) and np.allclose(depth[:, 0], [0.7, 0.6])


def test_features_describe_an_object_and_its_scene():
    solids = [standing(PLATE, -0.18, 0.0), standing(PLATE, 0.18, 0.05)]
    found, outlines = hulls_of(solids)
    features = height_features(outlines, photographs(solids), *stacked(CAMERAS), found)
    assert features.shape == (2, FEATURES) and np.isfinite(features).all()
    assert np.allclose(features[:, OWN : 2 * OWN], np.median(features[:, :OWN], axis=0))
    metres = features[:, 2 * OWN :] + np.log(found.boxes[:, 5:])
    assert np.allclose(metres[0], metres[1]) and np.allclose(metres[0, -1], np.log(np.median(found.boxes[:, 5])))
    nothing = Carved([], [], GRID)
    assert height_features(outlines, photographs(solids), *stacked(CAMERAS), nothing).shape == (0, FEATURES)


def test_the_order_of_objects_does_not_matter():
    solids = [standing(PLATE, -0.18, 0.0), standing(BLOCK, 0.18, 0.05)]
    found, outlines = hulls_of(solids)
    views, pictures = stacked(CAMERAS), photographs(solids)
    straight = height_features(outlines, pictures, *views, found)
    reverse = height_features(outlines, pictures, *views, Carved(found.objects[::-1], found.alphas[::-1], GRID))
    assert np.allclose(straight, reverse[::-1])


def test_an_untrained_network_changes_no_height():
    boxes = carved([block(8, 12), block(14, 5, 0.8)]).boxes
    assert np.allclose(BoxHeights().lowered(boxes, some_features(2)), boxes)


def test_the_mean_of_all_networks_counts_and_each_one_learns():
    heights, boxes, features = BoxHeights(HeightsConfig(3)), carved([block(8, 12)]).boxes, some_features(1)
    for number, one in enumerate(heights.networks):
        torch.nn.init.constant_(one[-1].bias, 0.1 * number)
    assert np.allclose(heights.lowered(boxes, features)[:, 5], boxes[:, 5] * np.exp(0.1))
    heights.loss(boxes, features, boxes * 0.9, np.zeros(1, int)).backward()
    assert all(one[-1].bias.grad.abs() > 0 for one in heights.networks)


def test_heights_are_the_same_in_mixed_precision():
    heights, boxes, features = BoxHeights(), carved([block(8, 12), block(14, 5, 0.8)]).boxes, some_features(2)
    torch.nn.init.normal_(heights.networks[0][-1].weight, std=0.1)
    expected = heights.lowered(boxes, features)
    with torch.autocast("cpu", torch.bfloat16):
        assert np.array_equal(heights.lowered(boxes, features), expected)
        heights.loss(boxes, features, expected * 0.9, np.arange(2)).backward()
    assert heights.networks[0][-1].weight.grad.isfinite().all()


def test_changing_a_height_keeps_the_bottom_and_the_sides():
    boxes = carved([block(8, 12), block(14, 5)]).boxes
    changed = with_heights(boxes, np.array([0.3, 0.01]))
    assert np.allclose(changed[:, 5], [0.3, 0.01])
    assert np.allclose(changed[:, 2] - changed[:, 5] / 2, boxes[:, 2] - boxes[:, 5] / 2)
    assert np.array_equal(changed[:, [0, 1, 3, 4]], boxes[:, [0, 1, 3, 4]])


def test_layers_do_not_depend_on_the_place_and_distinguish_cones_from_columns():
    column, cone = block(16, 12), block(16, 12, 0.9)
    features = layer_features(carved([column, column + [20, 10, 0], cone]))
    assert np.allclose(features[0], features[1])
    assert np.allclose(features[0, :10].min(), features[0, :10].max(), atol=0.51)  # twelve rows in ten layers
    assert features[2, 9] < 0.1


def test_a_box_is_matched_to_the_true_box_at_its_place_whatever_their_heights():
    true = np.array([[0.0, 0.0, 0.01, 0.2, 0.2, 0.02], [0.5, 0.0, 0.01, 0.2, 0.2, 0.02]])
    boxes = with_heights(true[::-1], np.array([0.3, 0.3])) + [0.02, 0.02, 0, 0, 0, 0]
    assert above_one_another(boxes, true).tolist() == [1, 0]
    assert above_one_another(boxes + [0.0, 0.2, 0, 0, 0, 0], true).tolist() == [-1, -1]
    assert above_one_another(boxes, np.zeros((0, 6))).tolist() == [-1, -1]


def test_a_scene_without_objects_has_no_boxes_and_no_loss():
    heights, none = BoxHeights(), np.zeros((0, 6))
    assert heights.lowered(none, some_features(0)).shape == (0, 6)
    assert heights.loss(none, some_features(0), np.zeros((2, 6)), np.zeros(0, int)) == 0
    assert heights.loss(np.ones((1, 6)), some_features(1), np.zeros((1, 6)), np.array([-1])) == 0


@pytest.mark.parametrize("weight", [-100.0, 100.0])
def test_heights_are_changed_within_bounds(weight):
    heights, boxes = BoxHeights(), carved([block(8, 12)]).boxes
    torch.nn.init.constant_(heights.networks[0][-1].bias, weight)
    ratio = heights.lowered(boxes, some_features(1))[0, 5] / boxes[0, 5]
    assert np.log(ratio) == pytest.approx(LOWEST if weight < 0 else HIGHEST, abs=1e-5)


def test_heights_of_plates_and_blocks_are_learnt_from_their_silhouettes():
    """The hull of a plate is more than twice as high as the plate; that of a block is nearly right."""
    rng, heights = np.random.default_rng(0), BoxHeights()
    optimizer = torch.optim.Adam(heights.parameters(), 4e-3)

    def draw() -> tuple[Carved, np.ndarray, np.ndarray]:
        flat = rng.random() < 0.5
        size = (*rng.uniform(0.16, 0.26, 2), rng.uniform(0.015, 0.03)) if flat else (*rng.uniform(0.1, 0.14, 2), 0.2)
        solids = [standing(size, -0.18, rng.uniform(-0.05, 0.05)), standing(size, 0.18, rng.uniform(-0.05, 0.05))]
        found, outlines = hulls_of(solids)
        features = height_features(outlines, photographs(solids), *stacked(CAMERAS), found)
        return found, features, np.stack([solid.box() for solid in solids])

    learnt = [draw() for _ in range(12)]
    for step in range(120):
        found, features, true = learnt[step % len(learnt)]
        optimizer.zero_grad()
        heights.loss(found.boxes, features, true, np.arange(2)).backward()
        optimizer.step()
    tested = [draw() for _ in range(4)]
    before = [np.abs(np.log(found.boxes[:, 5] / true[:, 5])).mean() for found, _, true in tested]
    after = [
        np.abs(np.log(heights.lowered(found.boxes, features)[:, 5] / true[:, 5])).mean()
        for found, features, true in tested
    ]
    assert np.mean(after) < 0.5 * np.mean(before)
