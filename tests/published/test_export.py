"""Exported scene folders suit programs for the published data, and import back unchanged."""

import json

import numpy as np
import OpenEXR
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation
from typer.testing import CliRunner

from odd_bench.cli.data import app
from odd_bench.data.errors import DataError
from odd_bench.data.reader import open_dataset
from odd_bench.data.run_folder import FolderError
from odd_bench.data.validate import validate
from odd_bench.geometry.boxes import iou
from odd_bench.published.export import _euler_xyz, export_dataset, folder_name
from tests.data.folders import make_scenes, planned_record, write_dataset

RUN = CliRunner().invoke
SCENE = "toys-banana-0000-0001"
FOLDER = "banana_0000-0001"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    root = tmp_path_factory.mktemp("export")
    scenes = [*make_scenes()[:2], planned_record("test-unseen", "light_bulb", 0, 0, pixels=96, views=12, odd=1)]
    folder = write_dataset(root / "toys", scenes)
    result = RUN(app, ["export", str(folder), "--out", str(root / "folders"), "--format", "scene-folders"])
    assert result.exit_code == 0 and "3 scene folders" in result.stdout
    return root, open_dataset(folder)


def grey(path):
    return np.asarray(Image.open(path))


def test_the_files_of_a_view_are_those_of_the_published_data(exported):
    root, dataset = exported
    folder, record = root / "folders" / FOLDER, dataset.record(SCENE)
    rgba = grey(folder / "RGB" / "0003.png")
    assert rgba.shape == (64, 64, 4) and (rgba[..., 3] == 255).all() and np.array_equal(rgba[..., :3], record.images[3])
    with OpenEXR.File(str(folder / "depth_exr" / "0003.exr")) as file:
        depth = np.array(file.channels()["RGB"].pixels)
        assert file.header()["compression"] == OpenEXR.ZIP_COMPRESSION
    there = record.depth_m[3] > 0
    assert depth.shape == (64, 64, 3) and np.array_equal(depth[there, 1], record.depth_m[3][there])
    assert (depth[~there] == np.float32(1e10)).all()
    floor = grey(folder / "segmentations" / "floor_object" / "floor_object_0003.png")[..., 0]
    assert np.array_equal(floor > 127, there & (record.instance[3] == 0))
    for k in range(len(record.scene.objects)):
        mask = grey(folder / "segmentations" / f"object_{k}" / f"object_{k}_0003.png")
        assert mask.shape == (64, 64, 4) and np.array_equal(mask[..., 0] > 127, record.instance[3] == k + 1)
    assert np.array_equal(grey(folder / "masks" / "0003.png") == 255, record.instance[3] > 0)


def test_the_metadata_are_those_of_the_published_data(exported):
    root, dataset = exported
    folder, scene = root / "folders" / "light_bulb_0000-0000", dataset.scene("toys-light_bulb-0000-0000")
    solid, flat = (json.loads((folder / f"scene{n}d.metadata.json").read_text()) for n in (3, 2))
    odd = [one.label for one in scene.objects].index(1)
    assert [item["path"] for item in solid["objects"]] == flat["blend_paths"]
    assert solid["objects"][odd]["path"] == f"light_bulb_0000-bump-{odd + 1:03d}.blend"
    assert flat["anomaly_labels"] == [1 - one.label for one in scene.objects]
    assert np.array_equal(solid["camera"]["poses"][2]["rotation"], scene.cameras[2].camera_from_world)
    assert np.array_equal(solid["camera"]["K"], scene.cameras[0].K)
    for item, one in zip(solid["objects"], scene.objects, strict=True):
        assert np.allclose(item["bbox"][0], one.world_from_object[:3, 3]) and item["scale"][0] == pytest.approx(0.3)
        assert np.allclose(item["bbox"][1], [0.204, 0.204, 0.3], atol=0.02)
    assert json.loads((root / "folders" / "splits.json").read_text()) == {
        "train": ["banana_0000-0000", "banana_0000-0001"], "unseen-test": ["light_bulb_0000-0000"],
    }  # fmt: skip


def test_importing_an_export_gives_the_same_records(exported):
    root, before = exported
    result = RUN(
        app, ["import", str(root / "folders"), "--name", "back", "--out", str(root / "back"), "--picture", "png"]
    )
    assert result.exit_code == 0 and validate(root / "back", deep=True).problems == ()
    after = open_dataset(root / "back")
    assert after.scene_names() == before.scene_names()
    for name in before.scene_names():
        one, other = before.record(name), after.record(name)
        for field in ("images", "instance", "change", "depth_m"):
            assert np.array_equal(getattr(one, field), getattr(other, field))
        for field in ("split", "category", "shape"):
            assert getattr(one.scene, field) == getattr(other.scene, field)
        for a, b in zip(one.scene.objects, other.scene.objects, strict=True):
            assert all(np.array_equal(value, vars(b)[key]) for key, value in vars(a).items())


def test_an_export_without_the_sidecar_imports_nearly_the_same(exported, tmp_path):
    """The files for other programs are enough for exact masks, depth and labels, and for boxes to a pixel."""
    before = exported[1]
    name = "toys-light_bulb-0000-0000"
    export_dataset(before, tmp_path / "plain", [name])
    (tmp_path / "plain" / "light_bulb_0000-0000" / "odd-bench.json").unlink()
    result = RUN(app, ["import", str(tmp_path / "plain"), "--name", "back", "--out", str(tmp_path / "back")])
    assert result.exit_code == 0 and validate(tmp_path / "back").problems == ()
    one, other = before.record(name), open_dataset(tmp_path / "back").record("light_bulb_0000-0000")
    assert np.array_equal(one.instance, other.instance) and np.array_equal(one.depth_m, other.depth_m)
    assert np.abs(one.images.astype(int) - other.images).mean() < 5
    assert (other.scene.split, other.scene.category, other.scene.shape) == (
        "test-unseen",
        "light_bulb",
        "light_bulb_0000",
    )
    for a, b in zip(one.scene.objects, other.scene.objects, strict=True):
        assert (a.label, a.type) == (b.label, b.type)
        assert iou(a.aabb, b.aabb) > 0.95
        assert np.array_equal(a.world_from_object, b.world_from_object)


def test_published_scenes_keep_their_names(exported):
    scene = exported[1].scene(SCENE)
    assert folder_name(scene) == FOLDER


def test_a_data_set_without_depth_is_refused(tmp_path):
    folder = write_dataset(tmp_path / "toys", [planned_record("train", "mug", 0, 0, depth=False)])
    with pytest.raises(DataError, match="no depth"):
        export_dataset(open_dataset(folder), tmp_path / "out", ["toys-mug-0000-0000"])


@pytest.mark.parametrize("angles", ([0.3, -0.7, 2.0], [0.4, np.pi / 2, 0.9], [0.0, -np.pi / 2, 1.3]))
def test_euler_angles_reproduce_the_rotation_even_in_gimbal_lock(angles):
    rotation = Rotation.from_euler("xyz", angles).as_matrix()
    assert Rotation.from_euler("xyz", _euler_xyz(rotation)).as_matrix() == pytest.approx(rotation, abs=1e-6)


def test_nothing_is_exported_into_a_data_set(exported):
    _, dataset = exported
    before = sorted(dataset.folder.rglob("*"))
    with pytest.raises(FolderError, match="found a data set; expected another folder"):
        export_dataset(dataset, dataset.folder, dataset.scene_names())
    assert sorted(dataset.folder.rglob("*")) == before
