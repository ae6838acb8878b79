"""Scene folders with the traps of the published data sets become correct records."""

import json
import shutil

import numpy as np
import pytest

from odd_bench.data.errors import DataError, WrongName
from odd_bench.geometry.boxes import aabb_from_points, iou, minimum_area_yaw, obb_from_points
from odd_bench.geometry.cameras import unproject
from odd_bench.plan_line import PlannedScene
from odd_bench.published.names import TYPES, category_of, shape_of, type_of
from odd_bench.published.plan import list_scenes
from odd_bench.published.refused import Refused
from odd_bench.published.scene_folder import read_scene_folder
from odd_bench.published.scenes import published_record
from odd_bench.published.splits import read_splits, straddling_shapes
from tests.published.scene_folder_writer import write_scene_folder

NAME = "mug_001-scene0"
PIXELS = 96


def read(folder):
    planned = PlannedScene(folder.name, "train", 0, "mug", "mug_001")
    return published_record(folder, planned, "0" * 64)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published") / NAME
    return folder, write_scene_folder(folder, pixels=PIXELS)


@pytest.fixture(scope="module")
def imported(written):
    return read(written[0])


def boxes(record, name):
    return np.stack([getattr(one, name) for one in record.scene.objects])


def test_labels_come_from_file_names_and_stated_ones_are_inverted(written, imported):
    folder, truth = written
    record, corrected = imported
    assert [one.label for one in record.scene.objects] == truth.labels.tolist()
    assert [one.type for one in record.scene.objects] == [None, None, None, "crack"]
    assert json.loads((folder / "scene2d.metadata.json").read_text())["anomaly_labels"] == [1, 1, 1, 0]
    assert corrected["anomaly_labels inverted"] == 1


def test_published_boxes_are_kept_and_true_ones_measured(written, imported):
    _, truth = written
    record, corrected = imported
    true = np.stack([aabb_from_points(vertices) for vertices in truth.vertices])
    assert iou(boxes(record, "legacy_box"), true).max() < 0.5
    assert iou(boxes(record, "aabb"), true).min() > 0.97
    assert corrected["published boxes with an IoU below 0.5 with the recomputed ones"] == 4
    assert corrected["boxes recomputed"] == 4


def test_oriented_boxes_contain_the_object_and_are_as_small_as_possible(written, imported):
    _, truth = written
    for one, vertices in zip(imported[0].scene.objects, truth.vertices, strict=True):
        true = obb_from_points(vertices)
        assert np.prod(one.obb[3:5]) == pytest.approx(np.prod(true[3:5]), rel=0.03)
        around = obb_from_points(vertices, one.obb[6])
        assert iou(around, one.obb) > 0.95
        assert 0 <= minimum_area_yaw(vertices[:, :2]) < np.pi / 2 and 0 <= one.obb[6] < np.pi / 2


def test_pixel_centres_lie_at_half_integers(written, imported):
    record = imported[0]
    for view in (0, 7):
        camera, floor = record.scene.cameras[view], record.instance[view] == 0
        rows, columns = np.nonzero(floor & (record.depth_m[view] > 0))
        depth = record.depth_m[view][rows, columns]
        centres = unproject(camera, np.column_stack([columns, rows]) + 0.5, depth)
        corners = unproject(camera, np.column_stack([columns, rows]) + 0.0, depth)
        assert np.quantile(np.abs(centres[:, 2]), 0.99) < 1e-5 and np.quantile(np.abs(corners[:, 2]), 0.99) > 2e-3


def test_visible_and_hidden_shares_are_right(written, imported):
    _, truth = written
    visible, amodal = boxes(imported[0], "visible_pixels"), boxes(imported[0], "amodal_pixels")
    assert np.abs(visible / amodal - truth.visible / truth.amodal).max() < 0.08
    assert np.abs(visible - truth.visible).mean() < 0.02 * truth.visible.mean()
    assert (truth.visible / truth.amodal).min() < 0.8


def test_changed_regions_are_unknown(imported):
    record = imported[0]
    assert not record.change.any()
    assert [set(one.changed_pixels) for one in record.scene.objects] == [{0}, {0}, {0}, {-1}]


def test_missing_masks_and_shared_azimuths_are_counted(imported):
    corrected = imported[1]
    assert corrected["scenes without masks/, rebuilt from the objects' masks"] == 1
    assert corrected["scenes with two views at the same azimuth"] == 1
    assert corrected["outline pixels assigned to the surface of their depth"] > 0


@pytest.mark.parametrize("options", [{"tipped": True}, {"scale": 0.35, "masks": True}, {"floor_z": 0.02, "odd": ""}])
def test_other_poses_scales_and_floors_are_read(tmp_path, options):
    truth = write_scene_folder(tmp_path / NAME, seed=3, pixels=PIXELS, views=12, **options)
    record, corrected = read(tmp_path / NAME)
    height = np.array([0, 0, options.get("floor_z", 0)])
    true = np.stack([aabb_from_points(vertices - height) for vertices in truth.vertices])
    assert iou(boxes(record, "aabb"), true).min() > 0.95
    assert iou(boxes(record, "aabb"), true).mean() > 0.98
    assert corrected["scenes moved so that the floor is at z = 0"] == ("floor_z" in options)
    assert any("masks/" in name for name in corrected) == ("masks" not in options)


def test_depth_is_the_z_of_the_camera_and_the_background_has_none(written):
    found = read_scene_folder(written[0])
    assert found.depth_m.max() < 20 and found.images.shape == (20, PIXELS, PIXELS, 3)
    assert found.instance.max() == 4 and found.masked is None


def test_labels_that_are_not_inverted_are_understood(written, tmp_path):
    folder = shutil.copytree(written[0], tmp_path / NAME)
    metadata = json.loads((folder / "scene2d.metadata.json").read_text())
    metadata["anomaly_labels"] = [1 - label for label in metadata["anomaly_labels"]]
    (folder / "scene2d.metadata.json").write_text(json.dumps(metadata))
    assert read(folder)[1]["anomaly_labels kept, since they were not inverted"] == 1


@pytest.mark.parametrize(
    ("folder", "category", "shape"),
    [
        ("mug_001-crack-3", "mug", "mug_001"), ("light_bulb_012-4", "light_bulb", "light_bulb_012"),
        ("ice_cream_003-bend_1", "ice_cream", "ice_cream_003"), ("00066223-9", "part", "00066223"),
    ],
)  # fmt: skip
def test_folder_names_are_parsed(folder, category, shape):
    assert (category_of(folder), shape_of(folder)) == (category, shape)


def test_file_names_are_parsed():
    assert type_of("/data/x-y/banana_028.blend") is None
    assert type_of("C:\\data\\banana_028-frac-001.blend") == "fracture"
    assert {type_of(f"00066223-{word}-1.obj") for word in TYPES} == set(TYPES.values())
    with pytest.raises(Refused, match="unknown anomaly: mug_1-melt-1: 'melt'"):
        type_of("mug_1-melt-1.blend")


def test_splits_are_read_and_shapes_in_two_splits_are_reported(tmp_path):
    path = tmp_path / "split.json"
    path.write_text(
        json.dumps({"train": ["mouse_024-1", "pig_001-1"], "seen-test": ["mouse_024-2"], "unseen-test": []})
    )
    split_of = read_splits(path)
    assert split_of == {"mouse_024-1": "train", "pig_001-1": "train", "mouse_024-2": "test-seen"}
    shapes = straddling_shapes((shape_of(folder), split) for folder, split in split_of.items())
    assert shapes == {"mouse_024": ["test-seen", "train"]}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("[]", "found a list"),
        ('{"training": []}', "found the key 'training'"),
        ('{"train": 5}', "train: found something else than a list of names"),
        ('{"train": [5]}', "train: found something else than a list of names"),
        ('{"train": [".."]}', "train: found '..' is"),
    ],
)
def test_split_files_of_another_shape_are_refused_with_a_reason(tmp_path, content, found):
    path = tmp_path / "split.json"
    path.write_text(content)
    with pytest.raises(DataError) as refused:
        read_splits(path)
    assert found in str(refused.value) and "lists of folder names under train" in str(refused.value)
    assert "Error" not in str(refused.value)


def test_the_right_level_is_named(tmp_path):
    """The folder of scene folders is found from a scene, from inside a scene, and from two levels above."""
    around = tmp_path / "downloads" / "data" / "ToysAD-8K"
    (around / "mug_001-1" / "RGB").mkdir(parents=True)
    for named in (around / "mug_001-1", around / "mug_001-1" / "RGB", tmp_path / "downloads"):
        with pytest.raises(WrongName) as refused:
            list_scenes(named, None)
        assert str(around) in refused.value.hint and refused.value.exit_code == 2
    with pytest.raises(WrongName, match=r"found no scene folders.*Unpack the archive first"):
        list_scenes(tmp_path, None)
