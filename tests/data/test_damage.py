"""Every cause of an unreadable file has its own hint, and the hint never is to remove what a command can repair."""

import errno
import json
import os
import shutil
import subprocess
import sys

import h5py
import pytest

from odd_bench.data.damage import AGAIN, IMPORT_AGAIN, RESTORE, Inaccessible, again, check_plain, reading, unreadable
from odd_bench.data.errors import DataError
from odd_bench.data.fields import scene_names, text
from odd_bench.data.folder import private_texts, read_description
from odd_bench.data.shards import opened, salvage_scenes, verify_shard
from odd_bench.data.validate import validate
from tests.data.folders import make_scenes, write_dataset

HOLD = "import h5py, sys, time; f = h5py.File(sys.argv[1], 'r+'); print('held', flush=True); time.sleep(600)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("damage"), make_scenes()[:2])


def test_the_hint_for_a_shard_in_use_is_not_to_remove_it(folder):
    shard = folder / "shards" / "train-00000.h5"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(shard)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(Inaccessible, match=r"in use by another program.*HDF5_USE_FILE_LOCKING=FALSE"):
                verify_shard(shard)
            problems = validate(folder).problems
        finally:
            holder.kill()
    assert len(problems) == 1 and "Remove" not in problems[0].hint


@pytest.mark.parametrize("number", [errno.EACCES, errno.EAGAIN, errno.ENOLCK, errno.EIO, errno.ESTALE, errno.EMFILE])
def test_the_hint_for_a_file_that_may_be_whole_is_to_keep_it(folder, number):
    error = unreadable(folder / "shards" / "train-00000.h5", OSError(number, os.strerror(number)), "a shard")
    assert isinstance(error, Inaccessible) and error.hint.endswith("the file itself may be whole: do not remove it")


def test_the_hint_for_a_damaged_file_names_the_command_that_made_it(folder, tmp_path):
    shard = folder / "shards" / "train-00000.h5"
    assert again(shard) == AGAIN
    (tmp_path / "config.json").write_text(json.dumps({"name": "x", "kind": "imported"}))
    assert again(tmp_path / "shards" / "train-00000.h5") == IMPORT_AGAIN
    (tmp_path / "config.json").unlink()
    assert again(tmp_path / "scene.h5") == RESTORE


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9])
def test_the_hint_is_never_to_remove_what_the_same_command_repairs(folder, tmp_path, keep):
    """Removing a shard costs all its scenes; the command makes only the damaged ones again."""
    copy = tmp_path / "set"
    shutil.copytree(folder, copy)
    shard = copy / "shards" / "train-00000.h5"
    shard.write_bytes(shard.read_bytes()[: int(keep * shard.stat().st_size)])
    with open(copy / "plan.jsonl", "ab") as plan:
        plan.write(b"[")
    hints = [problem.hint for problem in validate(copy).problems]
    with pytest.raises(DataError) as raised:
        verify_shard(shard)
    assert hints and not any("emove" in hint for hint in (*hints, raised.value.hint))
    assert "it keeps what is whole" in raised.value.hint


def test_the_hint_for_imported_data_is_never_to_generate_them(folder, tmp_path):
    copy = tmp_path / "imported"
    (copy / "shards").mkdir(parents=True)
    document = json.loads((folder / "dataset.json").read_text())
    (copy / "dataset.json").write_text(json.dumps({**document, "config": {"kind": "imported"}}))
    (copy / "shards" / "train-00000.h5").write_bytes(b"nothing")
    hints = {problem.hint for problem in validate(copy).problems}
    assert not any("same generate command" in hint for hint in hints)
    assert any("data import" in hint for hint in hints)


def test_pipes_and_folders_are_refused_as_files(tmp_path):
    os.mkfifo(tmp_path / "a.h5")
    (tmp_path / "b.h5").mkdir()
    for name, kind in (("a.h5", "a pipe"), ("b.h5", "a folder"), ("c.h5", "no such file")):
        with pytest.raises(DataError, match=kind):
            check_plain(tmp_path / name, "a shard")


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), RecursionError(), MemoryError(), KeyError("x"), OverflowError(), AssertionError()]
)
def test_every_error_of_a_reader_is_reported(tmp_path, error):
    with pytest.raises(DataError, match="a scene"), reading(tmp_path, "a scene"):
        raise error


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format": 1}', b"[" * 200_000, b"\xff\xfe\x00", b'{"name": {}}', b"nul"]
)
def test_a_damaged_description_is_reported(folder, tmp_path, content):
    (tmp_path / "dataset.json").write_bytes(content)
    with pytest.raises(DataError):
        read_description(tmp_path)


@pytest.mark.parametrize("word", ["toys", "parts", "draft", "auto", "cpu", "fish"])
def test_an_account_or_a_host_named_like_a_value_changes_no_value(monkeypatch, word):
    monkeypatch.setenv("USER", word)
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", word, "1", "1", "x86_64")))
    assert private_texts({"kind": word, "names": [word, f"{word}-nano"]}) == []
    assert private_texts({"by": f"{word}@cluster", "at": f"ann@{word}"}) == [
        ("by", f"{word}@cluster"),
        ("at", f"ann@{word}"),
    ]


@pytest.mark.parametrize("text", ["/home/ann/x", "~/x", "C:\\Users\\ann", "\\\\host\\share", "file:///x", "C:/x"])
def test_paths_are_private_everywhere(text):
    assert private_texts({"a": [text]}) == [("a[0]", text)]


class OfALibrary(Exception):
    """An exception with no base class that a list of errors would name."""


STRANGE = (OfALibrary("x"), SystemError("x"), MemoryError(), AssertionError(), OverflowError("x"), RecursionError("x"),
           UnicodeDecodeError("utf-8", b"", 0, 1, "x"), NotImplementedError(), BufferError("x"), StopIteration())  # fmt: skip


@pytest.mark.parametrize("error", STRANGE, ids=lambda error: type(error).__name__)
def test_every_exception_of_a_library_becomes_one_named_error(folder, tmp_path, monkeypatch, error):
    """Opening, reading, salvaging and packing do not rely on a list of the errors that HDF5 raises."""

    def raising(*arguments, **options):
        raise error

    shard = folder / "shards" / "train-00000.h5"
    for place in ("h5py.File", "odd_bench.data.shards.attribute", "odd_bench.data.stored_scene.read_field"):
        with monkeypatch.context() as patched:
            patched.setattr(place, raising)
            with pytest.raises(DataError, match="train-00000"):
                verify_shard(shard)
            assert validate(folder).problems
    with monkeypatch.context() as patched:
        patched.setattr("odd_bench.data.shards._staged_content", raising)
        assert salvage_scenes(shard, {"toys-banana-0000-0000": ""}, lambda name: tmp_path / name) == set()


@pytest.mark.parametrize("error", [KeyError("mine"), ValueError("mine"), MemoryError(), OSError(errno.ENOSPC, "full")])
def test_other_errors_while_a_shard_is_open_are_not_reported_as_its_damage(folder, error):
    with pytest.raises(type(error)) as caught, opened(folder / "shards" / "train-00000.h5"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("read", [scene_names, lambda file: text(file, "split")])
def test_a_read_error_of_hdf5_is_reported_as_damage_of_the_shard(folder, monkeypatch, read):
    shard = folder / "shards" / "train-00000.h5"

    def fail(*_):
        raise RuntimeError("Unable to read (wrong B-tree signature)")

    with opened(shard) as file:
        monkeypatch.setattr(h5py.h5a, "open", fail)
        monkeypatch.setattr(h5py.h5o, "open", fail)
        with pytest.raises(DataError, match="wrong B-tree signature") as caught:
            read(file)
    assert caught.value.hint == AGAIN
