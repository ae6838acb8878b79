"""The reader returns the same arrays for every way of asking and in every process."""

import multiprocessing
import os
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import h5py
import numpy as np
import pytest

from odd_bench.data.codec import CodecConfig
from odd_bench.data.errors import DataError
from odd_bench.data.folder import Description, read_description, shard_path, write_description
from odd_bench.data.outcome import Outcome
from odd_bench.data.quarantine import give_up
from odd_bench.data.reader import joined, open_dataset
from odd_bench.data.shards import pack_shard, stored_scene, write_staged
from tests.data.folders import make_scenes, write_dataset
from tests.data.synthetic import make_record

DESCRIPTION = Description("toys-test", "1.0.0", "sha256:0", {"seed": 0})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toys")
    for split, shape in (("train", "banana-0000"), ("val", "banana-0001")):
        paths = [folder / "work" / f"{split}-{i}.h5" for i in range(2)]
        for i, path in enumerate(paths):
            write_staged(path, make_record(split=split, shape=shape, index=i, views=5), CodecConfig())
        pack_shard(paths, shard_path(folder, split, 0), "toys-test", split)
    write_description(folder, DESCRIPTION)
    return folder


def test_names_splits_and_records_are_those_of_the_data_set(folder):
    dataset = open_dataset(folder)
    assert dataset.splits == ("train", "val") and len(dataset) == 4
    assert dataset.scene_names("val") == ["toys-banana-0001-0000", "toys-banana-0001-0001"]
    assert dataset.scene_names() == dataset.scene_names("train") + dataset.scene_names("val")
    assert dataset.scene("toys-banana-0001-0001").split == "val"


def test_joined_data_sets_contain_every_scene_once(folder, tmp_path):
    path = tmp_path / "work" / "gear.h5"
    write_staged(path, make_record(split="train", shape="gear-0000", index=0, views=5), CodecConfig())
    pack_shard([path], shard_path(tmp_path, "train", 0), "parts-test", "train")
    write_description(tmp_path, Description("parts-test", "1.0.0", "sha256:1", {"seed": 0}))
    toys, parts = open_dataset(folder), open_dataset(tmp_path)
    both = joined([toys, parts])
    assert (
        both.scene_names() == sorted(toys.scene_names() + parts.scene_names()) and both.name == "toys-test+parts-test"
    )
    for one in (toys, parts):
        for name in one.scene_names():
            assert np.array_equal(both.images(name, [0, 3]), one.images(name, [0, 3]))
    assert joined([toys]) is toys and both.digest not in (toys.digest, parts.digest, joined([parts, toys]).digest)
    with pytest.raises(DataError, match="expected scenes of different names"):
        joined([toys, open_dataset(folder)])


def test_a_single_view_equals_that_view_of_the_record(folder):
    dataset = open_dataset(folder)
    for name in dataset.scene_names():
        record = dataset.record(name)
        for view in (0, 4):
            assert np.array_equal(dataset.image(name, view), record.images[view])
            assert np.array_equal(dataset.instance(name, view), record.instance[view])
            assert np.array_equal(dataset.change(name, view), record.change[view])
            assert np.array_equal(dataset.depth(name, view), record.depth_m[view])
        assert np.array_equal(dataset.images(name, [3, 1]), record.images[[3, 1]])


def test_the_reader_survives_pickling_and_forking(folder):
    dataset = open_dataset(folder)
    name = dataset.scene_names()[0]
    expected = dataset.image(name, 2)
    assert np.array_equal(pickle.loads(pickle.dumps(dataset)).image(name, 2), expected)
    for method in ("fork", "spawn"):
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
            for image in pool.map(dataset.image, [name] * 4, [2] * 4):
                assert np.array_equal(image, expected)


def test_missing_scenes_and_files_are_reported(folder, tmp_path):
    dataset = open_dataset(folder)
    with pytest.raises(DataError, match="no scene 'nobody', expected one of its 4 scenes"):
        dataset.scene("nobody")
    with pytest.raises(DataError, match=r"views \[5\], expected 0 to 4"):
        dataset.image(dataset.scene_names()[0], 5)
    with pytest.raises(DataError, match="no split 'test', expected one of train, val"):
        dataset.scene_names("test")
    with pytest.raises(DataError, match="no such file, expected a finished data set"):
        open_dataset(tmp_path)


def test_a_description_reads_back_and_keeps_paths_private(tmp_path):
    write_description(tmp_path, DESCRIPTION)
    assert read_description(tmp_path) == DESCRIPTION
    with pytest.raises(DataError, match=r"dataset.json: config.floors\[1\]: found /home/me/floors"):
        write_description(tmp_path, Description("a", "1", "sha256:0", {"floors": ["wood", "/home/me/floors"]}))
    assert read_description(tmp_path) == DESCRIPTION


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "odd-bench/dataset", "format_version": 9}'])
def test_a_damaged_description_is_refused(tmp_path, text):
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(DataError, match=r"dataset\.json"):
        read_description(tmp_path)


def test_any_views_equal_those_of_the_whole_scene_on_disk_and_in_memory(tmp_path):
    """On disk, views are read directly from their place in the file; in memory, HDF5 reads them."""
    record = make_record(pixels=40, views=7)
    write_staged(tmp_path / "a.h5", record, CodecConfig())
    with (
        h5py.File(tmp_path / "a.h5") as there,
        h5py.File(tmp_path / "a.h5", driver="core", backing_store=False) as memory,
    ):
        for views in ([0], [6, 2], [3, 3, 0], range(7)):
            one, other = (stored_scene(file, record.scene.name) for file in (there, memory))
            assert np.array_equal(one.images(views), other.images(views))
            for mine, others, whole in zip(
                one.masks(views), other.masks(views), (record.instance, record.change), strict=True
            ):
                assert np.array_equal(mine, others) and np.array_equal(mine, whole[list(views)])
            assert one.scene.cameras[0].K.tolist() == other.scene.cameras[0].K.tolist()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_shard_truncated_while_it_is_open_is_reported(tmp_path, share):
    record = make_record(pixels=40, views=7)
    write_staged(tmp_path / "a.h5", record, CodecConfig())
    with h5py.File(tmp_path / "a.h5") as file:
        stored, end = stored_scene(file, record.scene.name), (tmp_path / "a.h5").stat().st_size
        os.truncate(tmp_path / "a.h5", int(share * end))
        with pytest.raises(DataError):
            stored.record()


def test_a_data_set_whose_scenes_all_failed_is_reported(tmp_path):
    folder = write_dataset(tmp_path / "data", make_scenes())
    for shard in (folder / "shards").iterdir():
        shard.unlink()
    with pytest.raises(DataError, match="found no scenes, expected shards"):
        open_dataset(folder)
    give_up(folder / "quarantine.jsonl", Outcome("toys-mug-0000-0000", "refused", message="no near twin"))
    with pytest.raises(DataError, match=r"found no scenes: 1 scene given up.*quarantine\.jsonl"):
        open_dataset(folder)


def test_threads_read_what_one_reads_while_shards_are_closed_for_others(folder, monkeypatch):
    monkeypatch.setattr("odd_bench.data.reader.OPEN_SHARDS", 1)
    monkeypatch.setattr("odd_bench.data.reader.SCENES_KEPT", 1)
    dataset = open_dataset(folder)
    names = dataset.scene_names()
    alone = {name: dataset.images(name, [0, 2]) for name in names}
    with ThreadPoolExecutor(8) as pool:
        for name, images in zip(
            names * 20, pool.map(lambda name: dataset.images(name, [0, 2]), names * 20), strict=True
        ):
            assert np.array_equal(images, alone[name])
