"""An export says before the work that it cannot be written, and two exports keep apart."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from typer.testing import CliRunner

from odd_bench.cli import app
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


def test_a_full_disk_is_told_in_one_line_and_the_same_command_goes_on(folder, tmp_path, monkeypatch):
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
