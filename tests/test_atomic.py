"""Files are complete or absent, however many processes write them."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from odd_bench.atomic import is_part, prove_file, prove_folder, write_atomically
from odd_bench.errors import StorageError

CONTENTS = [bytes([number]) * 50_000 for number in range(2)]


def write_often(path: Path, number: int) -> None:
    for _ in range(100):
        write_atomically(path, CONTENTS[number])


def test_two_processes_that_write_the_same_file_at_once_both_succeed(tmp_path):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for writing in [pool.submit(write_often, tmp_path / "cache.npz", number) for number in range(2)]:
            writing.result()
    assert (tmp_path / "cache.npz").read_bytes() in CONTENTS
    assert [path.name for path in tmp_path.iterdir()] == ["cache.npz"]


def places(tmp_path: Path) -> dict[str, Path]:
    """Paths to which no file can be written."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    return {
        "folder": tmp_path / "folder",
        "below a file": tmp_path / "file/x.json",
        "device": Path("/dev/null"),
        "pipe": tmp_path / "pipe",
        "no such file system": Path("/proc/nowhere/x.json"),
    }


@pytest.mark.parametrize("name", ["folder", "below a file", "device", "pipe", "no such file system"])
def test_an_unwritable_path_is_refused_by_the_check_and_by_the_writer(tmp_path, name):
    path = places(tmp_path)[name]
    before = sorted(tmp_path.rglob("*"))
    for attempt in (prove_file, lambda path: write_atomically(path, b"content")):
        with pytest.raises(StorageError, match=str(path)):
            attempt(path)
    assert sorted(tmp_path.rglob("*")) == before
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("name", ["below a file", "device", "no such file system"])
def test_an_unwritable_folder_is_refused(tmp_path, name):
    with pytest.raises(StorageError):
        prove_folder(places(tmp_path)[name])


def test_the_check_leaves_nothing_behind(tmp_path):
    prove_file(tmp_path / "new/deep/x.json")
    prove_folder(tmp_path / "new/deep")
    assert not list(tmp_path.iterdir())


def test_a_failing_writer_leaves_only_the_old_file(tmp_path):
    def pieces():
        yield b"half"
        raise ValueError("no more")

    write_atomically(tmp_path / "a", b"old")
    with pytest.raises(ValueError, match="no more"):
        write_atomically(tmp_path / "a", pieces())
    assert (tmp_path / "a").read_bytes() == b"old" and [path.name for path in tmp_path.iterdir()] == ["a"]


def test_part_files_are_distinguished_from_other_files():
    assert is_part(Path("config.json.ab12cd34.part"))
    assert not any(map(is_part, map(Path, ("thesis.part", "movie.mkv.part", "config.json", "config.json.AB12.part"))))
