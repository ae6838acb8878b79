"""From pictures to clouds, and clouds on disk."""

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from odd_bench.baselines.colmap_dgcnn import store as store_module
from odd_bench.baselines.colmap_dgcnn.normals import normals_of_depth
from odd_bench.baselines.colmap_dgcnn.planesweep import PlaneSweepConfig
from odd_bench.baselines.colmap_dgcnn.reconstruct import Cloud, ReconstructionConfig, depth_range, reconstruct
from odd_bench.baselines.colmap_dgcnn.store import CloudStore
from odd_bench.data.errors import DataError
from odd_bench.data.reader import open_dataset
from odd_bench.errors import WrongUse
from tests.baselines.colmap_dgcnn.worlds import CENTRE_M, RADIUS_M, ball_on_floor
from tests.data.folders import planned_record, write_dataset

pytest.importorskip("pycolmap", reason="needs the extra baselines")

GT_DEPTH = ReconstructionConfig(stereo="gt-depth")
SWEEP = ReconstructionConfig(sweep=PlaneSweepConfig(planes=32))


@pytest.fixture(scope="module")
def views():
    return ball_on_floor(views=12, pixels=112)


def from_surface(points: np.ndarray) -> np.ndarray:
    """(n,) distance in metres to the nearest surface, ball or floor."""
    ball = np.linalg.norm(points - CENTRE_M, axis=1) - RADIUS_M
    return np.minimum(np.abs(ball), np.abs(points[:, 2]))


def ball_points(cloud: Cloud) -> int:
    return int((np.linalg.norm(cloud.points[cloud.points[:, 2] > 0.03] - CENTRE_M, axis=1) < RADIUS_M + 0.02).sum())


def test_true_depth_is_fused_to_points_on_the_surface(views):
    """They lie on it to a millimetre; half a pixel would be four."""
    cloud = reconstruct(views, GT_DEPTH)
    assert ball_points(cloud) > 500 and cloud.sparse == 0
    assert np.median(from_surface(cloud.points)) < 0.0005
    floor = cloud.points[cloud.points[:, 2] < 0.02]
    assert abs(np.median(floor[:, 2])) < 0.0005


def test_pictures_alone_give_the_same_points_near_the_surface_every_time(views):
    cloud, again = (reconstruct(views, SWEEP) for _ in range(2))
    assert np.array_equal(cloud.points, again.points)
    assert cloud.sparse > 20 and ball_points(cloud) > 500 and cloud.seconds > 0
    assert cloud.points.dtype == np.float32 and cloud.colors.shape == cloud.points.shape
    assert np.median(from_surface(cloud.points)) < 0.004 and np.quantile(from_surface(cloud.points), 0.9) < 0.02


def test_a_scene_without_texture_gives_no_points(views):
    cloud = reconstruct(ball_on_floor(views=6, pixels=64, contrast=0), SWEEP)
    assert len(cloud.points) == 0 and cloud.points.shape == (0, 3)


def test_the_depth_range_contains_the_sparse_points(views):
    points = np.random.default_rng(0).uniform(-0.3, 0.3, (50, 3))
    limits, (_, depth) = depth_range(views, points, 0.1), views.projected(points)
    assert (limits[:, :1] < depth).all() and (depth < limits[:, 1:]).all()


def test_every_normal_of_a_plane_is_its_normal():
    """A floor seen at an angle: away from the border all normals are those of the plane, and they face the camera."""
    views = ball_on_floor(views=2, pixels=64)
    turn, place = views.camera_from_world[0][:3, :3], views.eyes[0]
    v, u = np.mgrid[:64, :64] + 0.5
    rays = np.stack([u, v, np.ones_like(u)], axis=-1) @ np.linalg.inv(views.K[0]).T
    depth = -place[2] / np.minimum((rays @ turn)[..., 2], -1e-9)
    normals = normals_of_depth(depth, views.K[0])[20:-1, 1:-1]
    assert np.allclose(normals, turn @ [0, 0, 1], atol=1e-4)
    empty = normals_of_depth(np.zeros((8, 8)), views.K[0])
    assert np.isfinite(empty).all() and (empty[..., 2] < 0).all()


def test_the_error_without_pycolmap_names_the_extra(views, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycolmap", None)
    with pytest.raises(WrongUse, match=r"found no pycolmap.*pip install .*\[baselines\]'"):
        reconstruct(views, SWEEP)


def test_the_error_for_colmaps_stereo_without_a_gpu_explains_it(views):
    import pycolmap

    if pycolmap.has_cuda:
        pytest.skip("this pycolmap can")
    with pytest.raises(WrongUse, match="found a pycolmap without CUDA; expected pycolmap-cuda12"):
        reconstruct(views, replace(SWEEP, stereo="colmap-cuda"))


def test_the_error_for_missing_true_depth_explains_it(tmp_path):
    folder = write_dataset(tmp_path, [planned_record("train", "banana", 0, 0, pixels=32, depth=False)])
    dataset = open_dataset(folder)
    with pytest.raises(DataError, match="depth"):
        CloudStore(dataset, GT_DEPTH, None).cloud(dataset.scene_names()[0], [0, 1])


@pytest.fixture
def store(tmp_path) -> CloudStore:
    scenes = [planned_record("train", "banana", 0, i, pixels=32, depth=True) for i in range(3)]
    return CloudStore(open_dataset(write_dataset(tmp_path / "data", scenes)), GT_DEPTH, None)


def test_a_scene_is_reconstructed_once_and_its_time_is_kept(store, monkeypatch):
    name = store.dataset.scene_names()[0]
    first, before = store.cloud(name, [2, 0, 1])
    assert before == 0.0 and first.seconds > 0
    monkeypatch.setattr(store_module, "reconstruct", None)
    again, before = store.cloud(name, [0, 1, 2])
    assert before == first.seconds == again.seconds and np.array_equal(first.points, again.points)


def test_reconstruction_continues_where_it_was_stopped(store, monkeypatch):
    names, real, made = store.dataset.scene_names(), store_module.reconstruct, []

    def killed_at_the_second(views, config, device):
        made.append(len(views))
        if len(made) == 2:
            raise KeyboardInterrupt
        return real(views, config, device)

    monkeypatch.setattr(store_module, "reconstruct", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        store.fill(names, 3, "cpu", lambda some, what: some)
    assert [store.path(name, [0, 2, 4]).is_file() for name in names] == [True, False, False]
    shown = []
    store.fill(names, 3, "cpu", lambda some, what: shown.extend([what, *some]) or some)
    assert made == [3, 3, 3, 3] and shown == ["reconstructing", *names[1:]]
    assert not list(Path(store.dataset.folder).rglob("*.part"))


def test_clouds_are_stored_under_everything_they_depend_on(store):
    name, changed = store.dataset.scene_names()[0], replace(GT_DEPTH, high_m=(0.9, 0.9, 0.5))
    other = CloudStore(store.dataset, SWEEP, 64)
    paths = {
        store.path(name, [0, 1]),
        store.path(name, [0, 2]),
        CloudStore(store.dataset, changed, None).path(name, [0, 1]),
        other.path(name, [0, 1]),
        CloudStore(store.dataset, SWEEP, 32).path(name, [0, 1]),
    }
    assert len(paths) == 5
    other.digest = "sha256:of other scenes"
    assert other.path(name, [0, 1]) not in paths


def test_the_error_for_a_damaged_file_explains_it(store):
    """A flipped byte makes NumPy and zipfile raise six kinds of errors, if it matters at all."""
    name = store.dataset.scene_names()[0]
    store.cloud(name, [0, 1])
    path = store.path(name, [0, 1])
    whole = path.read_bytes()
    for damaged in (b"", b"no cloud", whole[:100], whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"expected a stored cloud.*Delete the file: it is computed again"):
            store.cloud(name, [0, 1])
    for at in range(0, len(whole), max(1, len(whole) // 50)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        with suppress(DataError):
            store.cloud(name, [0, 1])
