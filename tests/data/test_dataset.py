"""Torch data sets: augmentations move no pixel, and examples depend only on seed and draw."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.data.augment import AugmentConfig, Move, draw_move, moved_scene
from odd_bench.data.batch import collate
from odd_bench.data.dataset import Draws, FeatureFolder, TestScenes, TrainScenes, spread_views
from odd_bench.data.errors import DataError
from odd_bench.data.reader import open_dataset
from odd_bench.data.views import draw_views
from odd_bench.geometry.boxes import box_corners
from odd_bench.geometry.cameras import project
from tests.data.folders import planned_record, write_dataset
from tests.data.synthetic import make_record

RECORD = make_record(pixels=32, views=4, depth=False)
AUGMENT = AugmentConfig(room_m=(0.9, 0.9, 0.5))
moves = st.builds(
    Move,
    st.floats(-3.2, 3.2),
    st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)),
    st.booleans(),
    st.floats(0.5, 2.0),
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    scenes = [planned_record("train", "banana", 0, i, pixels=32, depth=False, objects=3 + i % 3) for i in range(4)]
    return open_dataset(write_dataset(tmp_path_factory.mktemp("data"), scenes))


@given(moves, st.integers(0, 3), st.lists(st.floats(-0.6, 0.6), min_size=3, max_size=3))
def test_augmentation_does_not_change_the_projections_of_points(move, view, point):
    """In a mirrored scene the projections are mirrored."""
    scene, point = RECORD.scene, np.array([point])
    moved = moved_scene(scene, move)
    before, depth = project(scene.cameras[view], point)
    after, moved_depth = project(moved.cameras[view], point @ move.matrix[:3, :3].T + move.matrix[:3, 3])
    if move.mirrored:
        before[:, 0] = 32 - before[:, 0]
    assert np.allclose(after, before, atol=1e-6 * np.abs(before).max() + 1e-6)
    assert np.allclose(moved_depth, move.scale * depth)


@given(moves)
def test_moved_cameras_stay_rigid_and_poses_follow(move):
    moved = moved_scene(RECORD.scene, move)
    for camera in moved.cameras:
        rotation = camera.camera_from_world[:3, :3]
        assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(rotation) > 0
    for old, new in zip(RECORD.scene.objects, moved.objects, strict=True):
        assert np.allclose(new.world_from_object, move.matrix @ old.world_from_object)


@given(moves)
def test_boxes_follow_the_move(move):
    """The obb turns exactly, and the aabb does so for quarter turns."""
    moved = moved_scene(RECORD.scene, move)
    for old, new in zip(RECORD.scene.objects, moved.objects, strict=True):
        corners = box_corners(old.obb) @ move.matrix[:3, :3].T + move.matrix[:3, 3]
        assert np.allclose(np.sort(box_corners(new.obb), axis=0), np.sort(corners, axis=0), atol=1e-9)
    quarter = moved_scene(RECORD.scene, replace(move, yaw_rad=np.pi / 2, mirrored=False))
    for old, new in zip(RECORD.scene.objects, quarter.objects, strict=True):
        assert np.allclose(new.aabb[3:], move.scale * old.aabb[[4, 3, 5]], atol=1e-9)


@given(st.integers(0, 10_000))
def test_boxes_stay_tight_under_quarter_turns(seed):
    move = draw_move(np.random.default_rng(seed), RECORD.scene, replace(AUGMENT, yaw_step_deg=90.0))
    for old, new in zip(RECORD.scene.objects, moved_scene(RECORD.scene, move).objects, strict=True):
        assert np.isclose(new.aabb[3:].prod(), move.scale**3 * old.aabb[3:].prod(), rtol=1e-9)


@given(st.integers(0, 10_000))
def test_drawn_moves_keep_the_objects_in_the_room(seed):
    moved = moved_scene(RECORD.scene, draw_move(np.random.default_rng(seed), RECORD.scene, AUGMENT))
    for one in moved.objects:
        assert (np.abs(one.aabb[:2]) + one.aabb[3:5] / 2 <= 0.9 + 1e-9).all()


def test_an_example_depends_only_on_seed_and_draw(dataset):
    names = dataset.scene_names("train")
    scenes = TrainScenes(dataset, names, 4, augment=AUGMENT, seed=3)
    again = pickle.loads(pickle.dumps(scenes))
    first, second, other = scenes[7, 1], again[7, 1], scenes[8, 1]
    assert first.views == second.views and torch.equal(first.images, second.images)
    assert torch.equal(first.camera_from_world, second.camera_from_world)
    assert not torch.equal(first.camera_from_world, other.camera_from_world)


@given(st.integers(1, 8), st.integers(0, 20), st.integers(0, 2**32 - 1))
def test_spread_draws_take_one_view_of_each_sector_and_none_twice(half, more, seed):
    available = 2 * half + more
    views = draw_views(np.random.default_rng(seed), available, 2 * half, True)
    assert len(set(views)) == 2 * half and set(views) <= set(range(available))
    bounds = [int(i * available / half) for i in range(half + 1)]
    assert all(low <= view < high for low, view, high in zip(bounds, views, bounds[1:], strict=False))


def test_spread_draws_reach_every_view_and_follow_the_seed():
    draws = [tuple(draw_views(np.random.default_rng(seed), 20, 10, True)) for seed in range(200)]
    assert {view for views in draws for view in views[:5]} == set(range(20)) and len(set(draws)) > 190
    assert draws[0] == tuple(draw_views(np.random.default_rng(0), 20, 10, True))


def test_training_scenes_spread_their_views_if_configured(dataset):
    names = dataset.scene_names("train")
    spread = TrainScenes(dataset, names, 4, seed=3, spread=True)
    half = len(dataset.scene(names[0]).cameras) / 2
    for draw in range(8):
        first, second = spread[draw, 0].views[0][:2]
        assert first < int(half) <= second


def test_loader_processes_change_nothing(dataset):
    scenes = TrainScenes(dataset, dataset.scene_names("train"), 4, augment=AUGMENT, seed=1)

    def batches(workers: int):
        return list(
            torch.utils.data.DataLoader(scenes, 2, sampler=Draws(4, 1, 0, 8), num_workers=workers, collate_fn=collate)
        )

    for one, other in zip(batches(0), batches(2), strict=True):
        assert one.names == other.names and torch.equal(one.images, other.images)
        assert all(torch.equal(a, b) for a, b in zip(one.boxes, other.boxes, strict=True))


@given(st.integers(1, 20), st.integers(0, 5), st.integers(1, 60))
def test_draws_continue_where_they_stopped_and_processes_share_them_without_overlap(scenes, seed, stop):
    whole = list(Draws(scenes, seed, 0, stop))
    assert list(Draws(scenes, seed, stop // 2, stop)) == whole[stop // 2 :]
    shared = [pair for rank in range(3) for pair in Draws(scenes, seed, 0, stop, rank, 3)]
    assert sorted(shared) == whole
    epoch = [index for _, index in whole[:scenes]]
    assert len(set(epoch)) == len(epoch)


@given(st.integers(1, 30), st.integers(1, 30))
def test_spread_views_are_distinct_and_even(available, wanted):
    views = spread_views(available, wanted)
    assert len(set(views)) == len(views) == min(available, wanted)
    steps = np.diff([*views, available + views[0]])
    assert steps.max() - steps.min() <= 1


def test_mirrored_pictures_match_their_cameras(dataset):
    """In a mirrored example, the instance mask at the projected centre of an object is that of the mirrored picture."""
    name = dataset.scene_names("train")[0]
    scenes = TrainScenes(dataset, [name], 4, augment=replace(AUGMENT, mirror=1.0), seed=0)
    batch = scenes[0, 0]
    stored = torch.from_numpy(np.stack([dataset.instance(name, view) for view in batch.views[0]]))
    assert torch.equal(batch.instance[0], stored.flip(-1))


def test_resizing_scales_the_camera(dataset):
    name = dataset.scene_names("train")[0]
    plain, small = TestScenes(dataset, [name], 3)[0], TestScenes(dataset, [name], 3, pixels=16)[0]
    assert small.images.shape == (1, 3, 3, 16, 16)
    assert torch.allclose(small.K[0, :, :2], plain.K[0, :, :2] / 2)
    assert set(small.instance.unique().tolist()) <= set(plain.instance.unique().tolist())


def test_stored_features_follow_views_and_mirror(tmp_path):
    stored = np.random.default_rng(0).normal(size=(5, 2, 3, 4)).astype(np.float16)
    np.save(tmp_path / "scene.npy", stored)
    features = FeatureFolder(tmp_path)
    assert np.array_equal(features.read("scene", [3, 1], False).numpy(), stored[[3, 1]])
    assert np.array_equal(features.read("scene", [3, 1], True).numpy(), stored[[3, 1], ..., ::-1])


def test_damaged_or_missing_features_are_named(tmp_path):
    np.save(tmp_path / "scene.npy", np.zeros((5, 2, 3, 4), np.float16))
    whole = (tmp_path / "scene.npy").read_bytes()
    for damaged in (b"", b"no features", whole[:50], whole[:-20]):
        (tmp_path / "scene.npy").write_bytes(damaged)
        with pytest.raises(DataError, match=r"scene\.npy: .* expected stored features of a teacher"):
            FeatureFolder(tmp_path).read("scene", [3, 1], False)
    with pytest.raises(DataError, match=r"other\.npy: .*no such file"):
        FeatureFolder(tmp_path).read("other", [0], False)


def test_scenes_of_different_sizes_are_refused_in_one_batch(dataset):
    names = dataset.scene_names("train")
    with pytest.raises(ValueError, match="expected one shape"):
        collate([TestScenes(dataset, names, 3)[0], TestScenes(dataset, names, 2)[0]])
