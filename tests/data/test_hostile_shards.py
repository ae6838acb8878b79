"""Every reader meets a hostile or damaged shard with a named error: no traceback, no outside access, bounded memory."""

import resource
import shutil

import h5py
import numpy as np
import pytest

from odd_bench.data.chunks import find_chunks
from odd_bench.data.codec import CodecConfig
from odd_bench.data.errors import DataError
from odd_bench.data.fields import Storage
from odd_bench.data.info import gather
from odd_bench.data.reader import open_dataset
from odd_bench.data.run_folder import RunFolder
from odd_bench.data.shard_work import ShardWork, find_waiting
from odd_bench.data.shards import verify_shard, write_staged
from odd_bench.data.stored_scene import DEPTH_STEPS
from odd_bench.data.validate import validate
from odd_bench.errors import OddBenchError
from odd_bench.plan_line import read_plan_line
from odd_bench.published.export import export_dataset
from odd_bench.view.preview import page
from tests.damaged_files import alarm
from tests.data import hostile_shards
from tests.data.folders import planned_record, write_dataset
from tests.data.synthetic import make_record

HARMLESS = ("complete is a number", "codec is a path", "codec is an empty text", "dataset is a path",
            "dataset is an empty text", "dataset is missing", "legacy_boxes is missing", "complete is an enumeration",
            "depth packed with room for more views", "a chunk of depth has more behind its end")  # fmt: skip
FLIPS = 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    scenes = [planned_record("train", "banana", 0, i, pixels=32, views=3) for i in range(2)]
    return write_dataset(tmp_path_factory.mktemp("hostile"), scenes)


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory):
    return shutil.copy(folder / "shards" / "train-00000.h5", tmp_path_factory.mktemp("whole") / "train-00000.h5")


def readers(folder, other):
    """Every way to read a shard, by name."""
    lines = {read_plan_line(line).scene: line for line in (folder / "plan.jsonl").read_text().splitlines()}

    def records(path):
        dataset = open_dataset(folder)
        return [dataset.record(name) for name in dataset.scene_names()]

    def export(path):
        dataset = open_dataset(folder)
        export_dataset(dataset, other / "export", dataset.scene_names())

    def resume(path):
        (other / "shards").mkdir(exist_ok=True)
        copy = shutil.copy(path, other / "shards")
        find_waiting(ShardWork(other / "shards" / path.name, "train", lines), RunFolder(other), set())
        return copy

    return {
        "info": lambda path: gather(folder), "verify": verify_shard, "records": records,
        "preview": lambda path: [page([record]) for record in records(path)], "export": export, "resume": resume,
    }  # fmt: skip


def outcome(read, path):
    """`read`, or the refusal; any other exception is a fault and fails the test."""
    try:
        read(path)
    except OddBenchError as error:
        return str(error)
    return "read"


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_every_way_of_spoiling_a_shard_is_reported(folder, whole, tmp_path, every):
    silent, others = [], readers(folder, tmp_path)
    for number, (name, path) in enumerate(hostile_shards.shards(whole, folder / "shards", every)):
        if not validate(folder, deep=True).problems:
            silent.append(name)
        for count, read in enumerate(others.values()):
            if count == number % len(others):
                assert outcome(read, path)
    shutil.copy(whole, folder / "shards")
    assert set(silent) <= set(HARMLESS)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 6 << 20  # kilobytes


def test_flipped_bits_are_reported_or_harmless(folder, whole, tmp_path):
    others = readers(folder, tmp_path)
    for name, path in hostile_shards.flipped(whole, folder / "shards", FLIPS, seed=3):
        named = bool(validate(folder).problems)
        verified = outcome(others["verify"], path)
        assert named or verified == "read", name
        assert outcome(others["preview"], path) and outcome(others["resume"], path)
    shutil.copy(whole, folder / "shards")


@pytest.mark.parametrize("count", [20, pytest.param(300, marks=pytest.mark.slow)])
def test_flipped_bits_of_the_structure_are_reported_or_harmless(folder, whole, tmp_path, count):
    """Flips that `validate` does not report change nothing.

    Every reader in turn reads the shard or reports it, without a traceback.
    """
    others, named, digests = readers(folder, tmp_path), 0, verify_shard(whole)
    for number, (name, path) in enumerate(hostile_shards.flipped_structure(whole, folder / "shards", count, seed=5)):
        problems = validate(folder).problems
        named += bool(problems)
        reader = list(others)[number % len(others)]
        with alarm(60):
            assert outcome(others[reader], path), name
            assert problems or verify_shard(path) == digests, name
    shutil.copy(whole, folder / "shards")
    print("named", named, "of", count)


@pytest.mark.parametrize("field", ["images", "cameras", "depth"])
@pytest.mark.parametrize("how", ["an external link", "external values", "virtual values", "a soft link"])
def test_nothing_outside_the_file_is_read(folder, whole, tmp_path, field, how):
    ways = dict(hostile_shards.ways(whole))
    path = tmp_path / "train-00000.h5"
    shutil.copy(whole, path)
    with h5py.File(path, "r+") as file:
        ways[f"{field} is {how}"](file)
    with pytest.raises(DataError):
        verify_shard(path)


def test_a_depth_bomb_is_unpacked_to_no_more_than_it_declares(tmp_path):
    write_staged(tmp_path / "scene.h5", make_record(pixels=32, views=2), CodecConfig())
    with h5py.File(tmp_path / "scene.h5", "r+") as file:
        (group,) = file["scenes"].values()
        hostile_shards._depth_bomb(group)
        with pytest.raises(DataError, match="bytes, expected at most 2,048"):
            find_chunks(group, "depth", DEPTH_STEPS, (2, 32, 32), Storage.of(file)).read([0])


def test_chunks_are_read_as_hdf5_reads_them(whole):
    with h5py.File(whole) as file:
        for group in file["scenes"].values():
            depth = group["depth"]
            chunks = find_chunks(group, "depth", DEPTH_STEPS, depth.shape, Storage.of(file))
            assert np.array_equal(chunks.read(range(len(depth))), depth)


def test_leftovers_of_tools_are_not_taken_for_shards(folder):
    leftover = folder / "shards" / "._train-00000.h5"
    leftover.write_bytes(bytes(4096))
    assert validate(folder).problems == ()
    assert len(open_dataset(folder)) == 2
    leftover.unlink()


def test_a_data_set_opens_few_files(folder, monkeypatch):
    from odd_bench.data import reader

    monkeypatch.setattr(reader, "OPEN_SHARDS", 2)
    monkeypatch.setattr(reader, "SCENES_KEPT", 1)
    for number in range(1, 9):
        scenes = [planned_record("train", "banana", 0, 50 * number + i, pixels=16, views=2) for i in range(1)]
        write_dataset(folder / "many", scenes)
    dataset = open_dataset(folder / "many")
    for _ in range(2):
        for name in dataset.scene_names():
            dataset.images(name, [0])
    opened = sum(path.readlink().name.startswith("train-") for path in _descriptors())
    assert len(dataset) == 8 and opened <= 2 + 1


def _descriptors():
    from pathlib import Path

    return [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
