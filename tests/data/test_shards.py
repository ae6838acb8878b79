"""A stored scene reads back unchanged, files are complete or absent, and damage is reported."""

import os
import resource
import subprocess
import sys
import time
from dataclasses import replace

import h5py
import numpy as np
import pytest

from odd_bench.data.codec import DEPTH_STEP_M, CodecConfig
from odd_bench.data.errors import DataError
from odd_bench.data.shards import opened, pack_shard, stored_scenes, verify_shard, write_staged
from odd_bench.errors import StorageError
from tests.data.synthetic import make_record, with_object

CODEC = CodecConfig()


@pytest.fixture(scope="module")
def records():
    return [make_record(index=i, views=6) for i in range(3)]


@pytest.fixture
def staged(records, tmp_path):
    paths = [tmp_path / "work" / f"{i}.h5" for i in range(3)]
    for path, record in zip(paths, records, strict=True):
        write_staged(path, record, CODEC)
    return paths


def only_scene(path):
    """The content of the one scene of a staged file."""
    with opened(path) as file:
        (scene,) = stored_scenes(file)
        return scene.record()


def test_labels_read_back_exactly_and_pictures_nearly(records, staged):
    for record, path in zip(records, staged, strict=True):
        back = only_scene(path)
        assert np.array_equal(back.instance, record.instance)
        assert np.array_equal(back.change, record.change)
        assert np.abs(back.depth_m - record.depth_m).max() <= DEPTH_STEP_M / 2 + 1e-6
        assert (
            np.mean((back.images.astype(float) - record.images) ** 2) < 130
        )  # 27 dB: at 64 pixels the headers take a third of the rate
        assert back.plan_sha256 == record.plan_sha256
        for one, other in zip(back.scene.objects, record.scene.objects, strict=True):
            assert (one.id, one.label, one.type, one.magnitude) == (other.id, other.label, other.type, other.magnitude)
            for name in ("world_from_object", "aabb", "obb", "visible_pixels", "amodal_pixels", "changed_pixels"):
                assert np.array_equal(getattr(one, name), getattr(other, name)), name
        for one, other in zip(back.scene.cameras, record.scene.cameras, strict=True):
            assert np.array_equal(one.K, other.K)
            assert np.array_equal(one.camera_from_world, other.camera_from_world)


def test_png_pictures_are_lossless_and_depth_can_be_left_out(records, tmp_path):
    write_staged(tmp_path / "scene.h5", records[0], CodecConfig(picture="png", depth=False))
    back = only_scene(tmp_path / "scene.h5")
    assert np.array_equal(back.images, records[0].images)
    assert back.depth_m is None


def test_the_same_scenes_give_the_same_bytes(records, staged, tmp_path):
    pack_shard(staged, tmp_path / "a.h5", "toys", "train")
    time.sleep(1.1)  # by default, HDF5 stores times in seconds
    again = tmp_path / "again.h5"
    write_staged(again, records[0], CODEC)
    pack_shard([again, *staged[1:]], tmp_path / "b.h5", "toys", "train")
    assert again.read_bytes() == staged[0].read_bytes()
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_packing_keeps_digests_and_encoded_bytes(records, staged, tmp_path):
    shard = tmp_path / "shards" / "train-00000.h5"
    digests = pack_shard(staged, shard, "toys", "train")
    assert digests == [verify_shard(path)[0] for path in staged] == verify_shard(shard)
    with h5py.File(shard) as packed, h5py.File(staged[1]) as one:
        name = records[1].scene.name
        assert packed.attrs["complete"] and packed.attrs["dataset"] == "toys" and packed.attrs["split"] == "train"
        assert np.array_equal(packed["scenes"][name]["images"], one["scenes"][name]["images"])
    assert sorted(path.name for path in shard.parent.iterdir()) == ["train-00000.h5"]


def test_the_label_digest_follows_every_label_and_not_the_pictures(records, tmp_path):
    record = records[0]
    base = write_staged(tmp_path / "base.h5", record, CODEC)
    moved = record.scene.objects[1].aabb + np.array([1e-9, 0, 0, 0, 0, 0])
    turned = replace(record, instance=np.roll(record.instance, 1, axis=2))
    for other in (with_object(record, 1, aabb=moved), with_object(record, 0, magnitude=0.5), turned,
                  replace(record, plan_sha256="1" * 64), replace(record, depth_m=record.depth_m + np.float32(0.001))):  # fmt: skip
        digests = write_staged(tmp_path / "other.h5", other, CODEC)
        assert digests.label_sha256 != base.label_sha256
        assert digests.image_sha256 == base.image_sha256
    darker = write_staged(tmp_path / "other.h5", replace(record, images=record.images // 2), CODEC)
    assert darker.label_sha256 == base.label_sha256
    assert darker.image_sha256 != base.image_sha256


@pytest.mark.parametrize("kept", [0, 100, 0.5, 0.99])
def test_a_truncated_file_is_refused(staged, kept):
    content = staged[0].read_bytes()
    staged[0].write_bytes(content[: int(kept * len(content)) if kept < 1 else kept])
    with pytest.raises(DataError, match="HDF5 cannot open") as caught:
        verify_shard(staged[0])
    assert caught.value.where == str(staged[0])


def test_a_foreign_or_unfinished_or_newer_file_is_refused(staged):
    with h5py.File(staged[0], "w") as file:
        file["colors"] = np.zeros(3)
    with pytest.raises(DataError, match="found format None, expected odd-bench/shard"):
        verify_shard(staged[0])
    with h5py.File(staged[1], "r+") as file:
        del file.attrs["complete"]
    with pytest.raises(DataError, match="an unfinished shard"):
        verify_shard(staged[1])
    with h5py.File(staged[2], "r+") as file:
        file.attrs["version"] = 2
    with pytest.raises(DataError, match="found version 2, expected version 1"):
        verify_shard(staged[2])


def test_a_flipped_bit_is_found_and_stops_packing(records, staged, tmp_path):
    with h5py.File(staged[1], "r+") as file:
        objects = file["scenes"][records[1].scene.name]["objects"]
        rows = objects[()]
        rows["label"][0] = 1 - rows["label"][0]
        objects[...] = rows
    with pytest.raises(DataError, match=f"{records[1].scene.name}/label_sha256"):
        pack_shard(staged, tmp_path / "train-00000.h5", "toys", "train")
    assert not list(tmp_path.glob("train*"))


def test_a_scene_twice_or_of_another_split_is_refused(staged, tmp_path):
    with pytest.raises(DataError, match="a second toys-banana-0000-0000"):
        pack_shard([staged[0], staged[0]], tmp_path / "a.h5", "toys", "train")
    with pytest.raises(DataError, match="split train"):
        pack_shard(staged, tmp_path / "a.h5", "toys", "val")


def test_arrays_that_do_not_fit_are_refused(records, tmp_path):
    record = records[0]
    for broken, field in ((replace(record, images=record.images[:, ::2]), "images"),
                          (replace(record, change=record.change.astype(bool)), "change"),
                          (replace(record, instance=record.instance * 40), "masks")):  # fmt: skip
        with pytest.raises(DataError, match=f"{record.scene.name}/{field}"):
            write_staged(tmp_path / "scene.h5", broken, CODEC)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_reported(records, tmp_path):
    (tmp_path / "work").write_text("a file stands where the folder should be")
    with pytest.raises(StorageError, match="Free some space or make the folder writable"):
        write_staged(tmp_path / "work" / "scene.h5", records[0], CODEC)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_reported(records, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="Permission denied"):
        write_staged(tmp_path / "scene.h5", records[0], CODEC)


def test_a_full_disk_keeps_the_old_shard(staged, tmp_path):
    shard = tmp_path / "train-00000.h5"
    pack_shard(staged[:1], shard, "toys", "train")
    before = shard.read_bytes()
    command = (
        "import sys; from pathlib import Path\n"
        "from odd_bench.data.errors import DataError\n"
        "from odd_bench.data.shards import pack_shard\n"
        "try: pack_shard(sys.argv[2:], Path(sys.argv[1]), 'toys', 'train')\n"
        "except DataError as error: sys.exit(str(error))"
    )
    limit = len(before) + 1000
    result = subprocess.run(
        [sys.executable, "-c", command, str(shard), *map(str, staged)], capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert "File too large" in result.stderr and "finished work is kept" in result.stderr
    assert shard.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))
