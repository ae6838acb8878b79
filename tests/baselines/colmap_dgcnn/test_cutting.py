"""Objects are cut out of point clouds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.baselines.colmap_dgcnn.cutting import CutConfig, cut_boxes, cut_clusters
from odd_bench.geometry.boxes import aabb_from_points, iou_matrix

CONFIG = CutConfig()


def surface(rng: np.random.Generator, centre, size, count: int) -> np.ndarray:
    """(count, 3) points on the surface of a box."""
    points = rng.uniform(-0.5, 0.5, (count, 3))
    points[np.arange(count), rng.integers(0, 3, count)] = rng.choice([-0.5, 0.5], count)
    return (np.array(centre) + points * size).astype(np.float32)


def scene(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The points of three blocks on a floor with stray points, and the boxes of the blocks."""
    rng = np.random.default_rng(seed)
    boxes = np.array([[-0.3, 0, 0.1, 0.2, 0.2, 0.2], [0, 0.1, 0.05, 0.25, 0.15, 0.1], [0.3, 0, 0.15, 0.15, 0.2, 0.3]])
    blocks = [surface(rng, box[:3], box[3:], 2500) for box in boxes]
    floor = np.column_stack([rng.uniform(-0.8, 0.8, (5000, 2)), rng.normal(0, 0.004, 5000)]).astype(np.float32)
    stray = rng.uniform([-0.8, -0.8, 0.05], [0.8, -0.4, 0.5], (30, 3)).astype(np.float32)
    return np.concatenate([*blocks, floor, stray]), boxes


def test_blocks_are_found_without_floor_and_stray_points():
    points, boxes = scene()
    objects = cut_clusters(points, CONFIG)
    assert len(objects) == 3 and objects.ids is None
    assert (np.diag(iou_matrix(objects.boxes, boxes)) > 0.85).all()
    assert all(cloud[:, 2].min() > CONFIG.floor_m for cloud in objects.clouds)


@settings(max_examples=10)
@given(seed=st.integers(0, 50))
def test_the_order_of_points_does_not_matter(seed):
    points, _ = scene()
    expected, shuffled = (
        cut_clusters(some, CONFIG) for some in (points, np.random.default_rng(seed).permutation(points))
    )
    assert np.array_equal(expected.boxes, shuffled.boxes)
    assert all(np.array_equal(a, b) for a, b in zip(expected.clouds, shuffled.clouds, strict=True))


def test_small_clusters_are_dropped():
    rng = np.random.default_rng(0)
    crumb = surface(rng, [0, 0, 0.025], [0.05, 0.05, 0.05], 500)
    thin = surface(rng, [0.4, 0, 0.1], [0.2, 0.2, 0.15], 40)
    assert not len(cut_clusters(np.concatenate([crumb, thin]), CONFIG))


@pytest.mark.parametrize("source", ["clusters", "oracle-box"])
def test_a_scene_without_points_has_no_objects(source):
    nothing = np.zeros((0, 3), np.float32)
    objects = cut_clusters(nothing, CONFIG) if source == "clusters" else cut_boxes(nothing, scene()[1], CONFIG)
    assert len(objects) == 0 and objects.boxes.shape == (0, 6)


def test_true_boxes_contain_their_points_and_empty_boxes_none():
    points, boxes = scene()
    told = np.concatenate([boxes[:1], [[0.0, 0.7, 0.1, 0.1, 0.1, 0.1]], boxes[1:]])
    objects = cut_boxes(points, told, CONFIG)
    assert objects.ids.tolist() == [0, 2, 3] and np.array_equal(objects.boxes, told[[0, 2, 3]])
    for cloud, box in zip(objects.clouds, objects.boxes, strict=True):
        assert iou_matrix(aabb_from_points(cloud)[None], box[None])[0, 0] > 0.75
