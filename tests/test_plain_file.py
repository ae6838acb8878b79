"""Anything in place of a file makes no reader hang, fills no memory, and leads no writer elsewhere."""

import errno
import os
import socket

import pytest

from odd_bench.data.run_folder import FolderError, RunFolder
from odd_bench.errors import FileError, StorageError
from odd_bench.json_lines import MOST_LINE_BYTES, append_line, read_lines
from odd_bench.locking import locked
from odd_bench.plain_file import open_plain, read_plain, read_plain_text


def stand(path, kind):
    """Put something other than a plain file at `path`."""
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    if kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    if kind == "device":
        path.symlink_to("/dev/zero")
    if kind == "link to itself":
        path.symlink_to(path)
    if kind == "link to nothing":
        path.symlink_to(path.with_name("nothing"))
    if kind == "sparse":
        with open(path, "wb") as file:
            file.truncate(1 << 43)


KINDS = ("folder", "pipe", "socket", "device", "link to itself", "link to nothing", "sparse")


@pytest.mark.parametrize("kind", KINDS)
def test_anything_but_a_plain_file_of_usual_size_raises_oserror(tmp_path, kind):
    stand(tmp_path / "a", kind)
    for read in (read_plain, read_plain_text):
        with pytest.raises(OSError) as raised:
            read(tmp_path / "a")
        assert raised.value.strerror and str(raised.value.filename or tmp_path) in str(tmp_path / "a")


def test_a_plain_file_is_read_to_its_limit_and_no_further(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_plain(tmp_path / "link", 5) == b"12345" and read_plain_text(tmp_path / "a") == "12345"
    with pytest.raises(OSError, match="more than 4 bytes") as raised:
        read_plain(tmp_path / "a", 4)
    assert raised.value.errno == errno.EFBIG


def test_a_file_that_grows_while_it_is_read_is_bounded(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(bytes(100))
    real = os.fstat

    def smaller(descriptor):
        found = list(real(descriptor))
        found[6] = 10  # bytes, before it grew
        return os.stat_result(found)

    monkeypatch.setattr("odd_bench.plain_file.os.fstat", smaller)
    with pytest.raises(OSError, match="more than 50 bytes"):
        read_plain(tmp_path / "a", 50)


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_nothing_is_written_through_a_link_in_place_of_a_file(tmp_path, kind):
    for name, write in (
        ("lines.jsonl", lambda path: append_line(path, {"a": 1})),
        ("a.lock", lambda path: locked(path).__enter__()),
    ):
        stand(tmp_path / name, kind)
        with pytest.raises(FileError) as raised:
            write(tmp_path / name)
        assert name in str(raised.value) and not (tmp_path / "nothing").exists()


def test_no_line_is_appended_to_a_file_behind_a_link(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    (tmp_path / "reports.jsonl").symlink_to(victim)
    with pytest.raises(StorageError, match=r"reports\.jsonl"):
        append_line(tmp_path / "reports.jsonl", {"a": 1})
    assert victim.read_text() == "as it was"


def test_endless_lines_take_little_memory_and_the_others_are_read(tmp_path):
    path = tmp_path / "lines.jsonl"
    append_line(path, {"a": 1})
    with open(path, "ab") as file:
        file.write(b"[" * (3 * MOST_LINE_BYTES))
    append_line(path, {"b": 2})
    assert list(read_lines(path)) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("name", ["staged", "modes", "variants", "logs", "variants/shape"])
def test_a_run_empties_no_folder_behind_a_link(tmp_path, name):
    victim, folder = tmp_path / "victim", RunFolder(tmp_path / "set")
    victim.mkdir()
    (victim / "letter.h5").write_text("mine")
    folder.config.parent.mkdir()
    folder.config.write_text("{}")
    place = folder.work / name
    place.parent.mkdir(parents=True)
    place.symlink_to(victim)
    with pytest.raises(FolderError, match="found a link; expected a folder of its own"):
        folder.claim({})
    assert (victim / "letter.h5").read_text() == "mine"


def test_open_plain_gives_a_file_that_can_be_read_in_pieces(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    with open_plain(tmp_path / "a") as file:
        assert (file.read(2), file.read()) == (b"12", b"345")


def test_lines_of_an_impossible_size_are_reported(tmp_path):
    stand(tmp_path / "a.jsonl", "sparse")
    with pytest.raises(FileError, match=r"a\.jsonl: found 8,796,093,022,208 bytes"):
        next(read_lines(tmp_path / "a.jsonl"))


def test_a_folder_in_place_of_a_temporary_file_is_kept(tmp_path):
    folder = RunFolder(tmp_path)
    for name in ("logs/child-1-1.log", "staged/a.h5", "modes/a.npz"):
        (folder.work / name).mkdir(parents=True)
        (folder.work / name / "letter").write_text("mine")
    folder.tidy()
    assert len(list(folder.work.rglob("letter"))) == 3
