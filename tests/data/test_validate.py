"""A complete data set has no problem; every way of breaking it is found, with its shard, scene and field."""

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest

from odd_bench.data.record import CHANGED
from odd_bench.data.validate import validate
from tests.data.folders import make_scenes, planned_record, write_dataset
from tests.data.synthetic import with_object

SCENE = "toys-banana-0000-0000"
IN_SHARD = f"train-00000.h5: {SCENE}/"


@pytest.fixture(scope="module")
def scenes():
    return make_scenes()


def problems_of(folder, **options):
    return {(problem.kind, problem.path): problem.found for problem in validate(folder, **options).problems}


def broken(tmp_path, scenes, **changes):
    """The problems of the data set after some fields of its first record are replaced."""
    line, record = scenes[0]
    return problems_of(write_dataset(tmp_path, [(line, replace(record, **changes)), *scenes[1:]]), deep=True)


def broken_object(tmp_path, scenes, k, **changes):
    line, record = scenes[0]
    return problems_of(write_dataset(tmp_path, [(line, with_object(record, k, **changes)), *scenes[1:]]))


def odd_and_normal(record):
    labels = [one.label for one in record.scene.objects]
    return labels.index(1), labels.index(0)


def test_a_complete_data_set_has_no_problem(scenes, tmp_path):
    result = validate(write_dataset(tmp_path, scenes), deep=True)
    assert result.problems == ()
    assert (result.scenes, result.shards) == (4, 3)


def test_a_flipped_label_is_found(scenes, tmp_path):
    odd, normal = odd_and_normal(scenes[0][1])
    path = IN_SHARD + f"objects[{odd}].label"
    found = broken_object(tmp_path / "a", scenes, odd, label=0)
    assert found["labels", path].startswith("0 with type bump")
    assert any(kind == "masks" and path.startswith(IN_SHARD + "change") for kind, path in found)
    assert ("labels", IN_SHARD + f"objects[{normal}].type") in broken_object(tmp_path / "b", scenes, normal, label=1)


def test_a_majority_of_odd_objects_is_found(tmp_path):
    scenes = [planned_record("train", "banana", 0, 0, objects=4, odd=2)]
    assert problems_of(write_dataset(tmp_path, scenes)) == {("labels", IN_SHARD + "label"): "2 odd of 4"}


def test_a_shifted_mask_is_found(scenes, tmp_path):
    record = scenes[0][1]
    found = broken(tmp_path, scenes, instance=np.roll(record.instance, 4, 2), change=np.roll(record.change, 4, 2))
    assert ("boxes", IN_SHARD + "objects[0].obb") in found
    assert ("depth", IN_SHARD + "depth[0]") in found
    assert not any(kind == "digests" for kind, _ in found)


def test_a_pixel_of_another_object_is_found(scenes, tmp_path):
    instance = scenes[0][1].instance.copy()
    instance[2][np.nonzero(instance[2] == 1)[0][0], np.nonzero(instance[2] == 1)[1][0]] = 2
    found = broken(tmp_path, scenes, instance=instance)
    assert ("pixel counts", IN_SHARD + "objects[0].visible_pixels[2]") in found
    assert ("pixel counts", IN_SHARD + "objects[1].visible_pixels[2]") in found


def test_a_visible_share_above_one_is_found(scenes, tmp_path):
    one = scenes[0][1].scene.objects[1]
    found = broken_object(tmp_path, scenes, 1, amodal_pixels=one.amodal_pixels // 2)
    assert ("pixel counts", IN_SHARD + "objects[1].amodal_pixels[0]") in found


def test_a_change_on_a_normal_object_is_found(scenes, tmp_path):
    record = scenes[0][1]
    _, normal = odd_and_normal(record)
    change = np.where(record.instance == normal + 1, CHANGED, record.change).astype(np.uint8)
    assert ("masks", IN_SHARD + "change[0]") in broken(tmp_path, scenes, change=change)


@pytest.mark.parametrize("shift_m", [[0.05, 0, 0], [0, -0.05, 0], [0, 0, 0.02]])
def test_a_moved_box_is_found(scenes, tmp_path, shift_m):
    one = scenes[0][1].scene.objects[2]
    moved = {name: getattr(one, name) + np.pad(shift_m, (0, size - 3)) for name, size in (("aabb", 6), ("obb", 7))}
    found = broken_object(tmp_path, scenes, 2, **moved)
    assert any(kind == "boxes" and path.startswith(IN_SHARD + "objects[2]") for kind, path in found)
    assert any(kind == "depth" for kind, _ in found)


def test_a_box_that_is_too_wide_is_found_without_depth(tmp_path):
    line, record = planned_record("train", "banana", 0, 0, pixels=128, views=12, depth=False)
    one = record.scene.objects[2]
    loose = with_object(record, 2, aabb=one.aabb + [0, 0, 0, 0.15, 0, 0], obb=one.obb + [0, 0, 0, 0.1, 0.1, 0, 0])
    found = problems_of(write_dataset(tmp_path, [(line, loose)]))
    assert found["boxes", IN_SHARD + "objects[2].aabb"] == "no silhouette at its low x side, high x side"
    assert ("boxes", IN_SHARD + "objects[2].obb") in found


def test_a_box_that_is_too_high_is_found_with_depth(scenes, tmp_path):
    taller = np.array([0, 0, 0.04, 0, 0, 0.08])
    one = next(o for o in scenes[0][1].scene.objects if o.visible_pixels.sum() > 0.95 * o.amodal_pixels.sum())
    found = broken_object(tmp_path, scenes, one.id, aabb=one.aabb + taller, obb=one.obb + np.append(taller, 0.0))
    assert "below the box" in found["boxes", IN_SHARD + f"objects[{one.id}].aabb"]


def test_a_turned_obb_is_found(scenes, tmp_path):
    obb = scenes[0][1].scene.objects[1].obb + np.array([0, 0, 0, 0, 0, 0, np.radians(20)])
    found = broken_object(tmp_path, scenes, 1, obb=obb)
    assert ("boxes", IN_SHARD + "objects[1].obb") in found


def test_a_sheared_pose_is_found(scenes, tmp_path):
    pose = scenes[0][1].scene.objects[1].world_from_object.copy()
    pose[0] *= 1.01
    assert ("poses", IN_SHARD + "objects[1].world_from_object") in broken_object(
        tmp_path, scenes, 1, world_from_object=pose
    )


def test_wrong_cameras_are_found(scenes, tmp_path):
    line, record = scenes[0]
    cameras = list(record.scene.cameras)
    away = cameras[1].camera_from_world.copy()
    away[0, 3] += 3.0
    cameras[1] = replace(cameras[1], camera_from_world=away)
    cameras[2] = replace(cameras[2], camera_from_world=1.01 * cameras[2].camera_from_world)
    cameras[4] = cameras[3]
    spoilt = replace(record, scene=replace(record.scene, cameras=tuple(cameras)))
    found = problems_of(write_dataset(tmp_path, [(line, spoilt), *scenes[1:]]))
    assert ("cameras", IN_SHARD + "cameras[1]") in found
    assert ("cameras", IN_SHARD + "cameras[2].camera_from_world") in found
    assert found["cameras", IN_SHARD + "cameras"] == "two views 0 rad apart"


def test_inconsistent_depth_is_found(scenes, tmp_path):
    depth_m = scenes[0][1].depth_m.copy()
    depth_m[3] += 0.02
    found = broken(tmp_path, scenes, depth_m=depth_m)
    assert {path for kind, path in found if kind == "depth"} == {IN_SHARD + "depth[3]"}


def test_a_blank_picture_is_found(scenes, tmp_path):
    images = scenes[0][1].images.copy()
    images[5] = 128
    assert broken(tmp_path, scenes, images=images) == {("pictures", IN_SHARD + "images[5]"): "one flat colour"}


def test_bytes_changed_on_disk_are_found(scenes, tmp_path):
    folder = write_dataset(tmp_path, scenes)
    with h5py.File(folder / "shards" / "train-00000.h5", "r+") as file:
        group = file["scenes"][SCENE]
        rows = group["objects"][()]
        rows["aabb"][0, 0] += 1e-7
        group["objects"][...] = rows
    assert ("digests", IN_SHARD + "label_sha256") in problems_of(folder)
    with h5py.File(folder / "shards" / "train-00000.h5", "r+") as file:
        file["scenes"][SCENE]["masks"][40] ^= 255
        del file["scenes"]["toys-banana-0000-0001"]["objects"]
    found = problems_of(folder)
    assert ("fields", IN_SHARD) in found
    assert found["fields", "train-00000.h5: toys-banana-0000-0001/"] == "no objects"


def test_a_wrong_picture_digest_and_an_unreadable_shard_are_found(scenes, tmp_path):
    folder = write_dataset(tmp_path, scenes)
    with h5py.File(folder / "shards" / "train-00000.h5", "r+") as file:
        file["scenes"][SCENE]["images"][2000] ^= 1
    test = folder / "shards" / "test-seen-00000.h5"
    test.write_bytes(test.read_bytes()[:5000])
    with h5py.File(folder / "shards" / "colours.h5", "w") as file:
        file["red"] = 1
    found = problems_of(folder)
    assert ("digests", IN_SHARD + "image_sha256") in found
    assert "HDF5 cannot open" in found["shards", "test-seen-00000.h5"]
    assert found["shards", "colours.h5"] == "format None"
    assert not any(kind == "plan" for kind, _ in found)


def test_a_shape_or_an_unseen_category_in_two_splits_is_found(scenes, tmp_path):
    found = problems_of(write_dataset(tmp_path, [*scenes, planned_record("val", "mug", 0, 7)]))
    path = "val-00000.h5: toys-mug-0000-0007"
    assert ("splits", f"{path}/category") in found
    there = "test-unseen-00000.h5: toys-mug-0000-0000/shape"
    assert found["splits", there] == f"mug-0000 in test-unseen and in val ({path})"


def test_a_missing_scene_is_found_unless_it_is_in_quarantine(scenes, tmp_path):
    folder = write_dataset(tmp_path, scenes)
    (folder / "shards" / "test-seen-00000.h5").unlink()
    name = "toys-banana-0001-0000"
    found = problems_of(folder)
    assert found["plan", "test-seen-00000.h5"] == "no such file"
    assert found["ground truth", f"ground_truth.json.gz: {name}"] == "a scene that no shard has"
    (folder / "quarantine.jsonl").write_text(json.dumps({"scene": name, "kind": "timeout"}) + "\n")
    assert not any(kind == "plan" for kind, _ in problems_of(folder))


def test_a_plan_of_another_seed_is_found(scenes, tmp_path):
    folder = write_dataset(tmp_path, scenes)
    lines = (folder / "plan.jsonl").read_text().splitlines()
    other = {**json.loads(lines[0]), "render_seed": 1}
    (folder / "plan.jsonl").write_text("\n".join([json.dumps(other), *lines[1:], "{"]))
    found = problems_of(folder)
    assert ("plan", IN_SHARD + "plan_sha256") in found
    assert ("plan", "plan.jsonl:5") in found


def test_ground_truth_and_description_of_another_data_set_are_found(scenes, tmp_path):
    folder, other = write_dataset(tmp_path / "a", scenes), write_dataset(tmp_path / "b", scenes[:1])
    for name in ("ground_truth.json.gz", "dataset.json"):
        (folder / name).write_bytes((other / name).read_bytes())
    found = problems_of(folder)
    assert found["ground truth", "test-unseen-00000.h5: toys-mug-0000-0000"] == "no entry in ground_truth.json.gz"
    assert found["description", "dataset.json: counts.scenes"] == "{'train': 1}"
    (folder / "dataset.json").unlink()
    (folder / "ground_truth.json.gz").write_bytes(b"")
    found = problems_of(folder)
    assert found["description", "dataset.json"] == "no such file"
    assert any(kind == "ground truth" for kind, _ in found)


def test_a_scene_in_another_shard_than_planned_is_found_even_if_its_own_shard_is_missing(scenes, tmp_path):
    folder = write_dataset(tmp_path, scenes)
    shards, name = folder / "shards", "toys-banana-0001-0000"
    before = {path for kind, path in problems_of(folder) if kind == "plan"}
    (shards / "test-seen-00000.h5").rename(shards / "test-seen-00007.h5")
    after = {path for kind, path in problems_of(folder) if kind == "plan"}
    assert not before and any(name in path for path in after)
