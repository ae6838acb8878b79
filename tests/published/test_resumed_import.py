"""An import whose folder was damaged continues with the same call."""

from __future__ import annotations

from pathlib import Path

import pytest

from odd_bench.data.run_folder import FolderError
from odd_bench.published.plan import ImportConfig
from odd_bench.published.run import import_folders
from tests.published.scene_folder_writer import write_scene_folder


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    write_scene_folder(folder / "mug_001-scene0", pixels=64)
    return folder


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_any_single_damaged_file_is_repaired(source, tmp_path):
    config, out = ImportConfig("mugs", source), tmp_path / "set"
    first = import_folders(config, out)
    shards = {path: path.read_bytes() for path in (out / "shards").iterdir()}
    assert first.new == 1
    for name in ("config.json", "plan.jsonl", "work/reports.jsonl", next(iter(shards)).relative_to(out)):
        whole = (out / name).read_bytes()
        cut(out / name)
        assert import_folders(config, out).imported == 1
        if name != "work/reports.jsonl":
            assert (out / name).read_bytes() == whole
    assert {path: path.read_bytes() for path in (out / "shards").iterdir()} == shards


def test_folders_with_another_import_or_other_files_are_refused_and_kept(source, tmp_path):
    import_folders(ImportConfig("mugs", source), tmp_path / "set")
    before = (tmp_path / "set/config.json").read_bytes()
    with pytest.raises(FolderError, match=r"another configuration|an import of other"):
        import_folders(ImportConfig("cups", source), tmp_path / "set")
    assert (tmp_path / "set/config.json").read_bytes() == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("precious")
    with pytest.raises(FolderError, match="found files"):
        import_folders(ImportConfig("mugs", source), tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
