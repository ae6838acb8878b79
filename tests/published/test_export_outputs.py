"""An export that cannot be written is refused before the work, and two exports exclude each other."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from odd_bench.cli import app
from odd_bench.data.errors import DataError
from odd_bench.data.reader import Dataset
from odd_bench.errors import StorageError
from odd_bench.locking import InUse, locked
from odd_bench.published import export
from tests.data.folders import planned_record, write_dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data") / "set", [planned_record("train", "banana", 0, 0)])


def test_a_place_that_cannot_be_written_is_refused_before_the_first_scene(folder, tmp_path, monkeypatch):
    """Case outputs-that-cannot-be-written."""
    (tmp_path / "file.json").touch()
    monkeypatch.setattr(Dataset, "record", lambda *arguments: pytest.fail("the work was begun"))
    for place in (tmp_path / "file.json", tmp_path / "file.json/deeper", Path("/dev/null")):
        ran = CliRunner().invoke(app, ["data", "export", str(folder), "--out", str(place)])
        assert isinstance(ran.exception, StorageError) and len(str(ran.exception).splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]


def test_a_full_disk_is_reported_in_one_line_and_the_same_command_continues(folder, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    command = ["data", "export", str(folder), "--out", str(tmp_path / "out")]
    with monkeypatch.context() as patch:
        patch.setattr(export, "_write_view", full)
        ran = CliRunner().invoke(app, command)
    assert isinstance(ran.exception, StorageError) and "No space left" in str(ran.exception)
    assert CliRunner().invoke(app, command).exit_code == 0
    assert [path.name for path in (tmp_path / "out").iterdir() if path.is_dir()] == ["banana_0000-0000"]


def test_a_second_export_to_the_folder_is_refused(folder, tmp_path):
    with locked(tmp_path / export.LOCK):
        ran = CliRunner().invoke(app, ["data", "export", str(folder), "--out", str(tmp_path)])
    assert isinstance(ran.exception, InUse)


def test_an_existing_folder_is_kept_only_if_it_is_the_same_scene(folder, tmp_path):
    """A folder of another data set, or one that lost files, is neither counted as exported nor replaced."""
    out, command = tmp_path / "out", ["data", "export", str(folder), "--out", str(tmp_path / "out")]
    for damage in (
        lambda there: (there / "odd-bench.json").unlink(),
        lambda there: shutil.rmtree(there / "RGB"),
        lambda there: (there / "RGB/0000.png").write_bytes((there / "RGB/0001.png").read_bytes()),
        lambda there: (there / "odd-bench.json").write_text((there / "odd-bench.json").read_text().replace("1", "2")),
        lambda there: (shutil.rmtree(there), there.mkdir()),
        lambda there: (shutil.rmtree(there), there.write_text("mine")),
    ):
        assert CliRunner().invoke(app, command).exit_code == 0
        (there,) = (path for path in out.iterdir() if path.is_dir())
        assert CliRunner().invoke(app, command).exit_code == 0
        damage(there)
        before = sorted(path.relative_to(out) for path in out.rglob("*"))
        ran = CliRunner().invoke(app, command)
        assert isinstance(ran.exception, DataError) and "that it holds something else" in str(ran.exception)
        assert sorted(path.relative_to(out) for path in out.rglob("*")) == before
        shutil.rmtree(out)


def test_a_foreign_folder_named_like_a_temporary_one_is_left_alone(folder, tmp_path):
    mine = tmp_path / "banana_0000-0000.part" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("years")
    assert CliRunner().invoke(app, ["data", "export", str(folder), "--out", str(tmp_path)]).exit_code == 0
    assert mine.read_text() == "years"
