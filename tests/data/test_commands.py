"""`odd-bench data info|validate|preview` on a complete and on a broken folder."""

import io
from collections import Counter
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from odd_bench.cli.data import app
from odd_bench.data.errors import DataError
from odd_bench.data.info import SplitCounts, gather, tables
from odd_bench.terminal import make_console
from tests.data.folders import make_scenes, planned_record, write_dataset

RUN = CliRunner().invoke


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("toys"), make_scenes())


def test_info_counts_scenes_and_objects(folder):
    result = RUN(app, ["info", str(folder)], env={"COLUMNS": "150"})
    assert result.exit_code == 0
    assert "toys-test 1.0.0" in result.stdout and "jpeg-2.0, 64 x 64 px, with depth" in result.stdout
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines() if "│" in line]
    counts = {row[0]: row[1:3] for row in rows}  # of train and test-seen
    assert counts["scenes"] == ["2", "1"] and counts["without odd objects"] == ["1", "0"]
    assert counts["objects"] == ["8", "5"] and counts["odd"] == ["1", "2"] and counts["views"] == ["12", "6"]
    assert counts["shapes"] == counts["categories"] == ["1", "1"]
    assert ["bump", "1", "2", "1"] in rows


def test_info_counts_every_odd_object_once_by_its_best_test_view(folder):
    result = RUN(app, ["info", str(folder)], env={"COLUMNS": "80"})
    table = result.stdout[result.stdout.index("best of 5 test views") :]
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in table.splitlines() if "│" in line]
    counts = [[int(cell) for cell in row[1:]] for row in rows if len(row) == 4]
    assert [sum(column) for column in zip(*counts, strict=True)] == [1, 2, 1]
    assert max(len(line) for line in table.splitlines()) <= 80


def told(info) -> str:
    console = make_console(width=80, file=io.StringIO())
    console.print(tables(info))
    return console.file.getvalue()


def test_no_number_is_cut_off_at_80_columns(folder):
    large = SplitCounts(
        11_600, 20, 87_654, 1_160, set(range(12_345)), set(range(70)), Counter(similar_shape=23_456), Counter(), 7_300_000_000
    )  # fmt: skip
    text = told(replace(gather(folder), splits=dict.fromkeys(("train", "val", "test-seen", "test-unseen"), large)))
    assert max(map(len, text.splitlines())) <= 80
    for number in ("11,600", "87,654", "23,456", "1,160", "12,345", "7,300.0"):
        assert text.count(number) >= 4, text


def test_no_table_is_empty_where_nothing_is_odd(tmp_path):
    text = told(gather(write_dataset(tmp_path, [planned_record("train", "banana", 0, 0, odd=0)])))
    assert "anomaly" not in text and "changed pixels" not in text


def test_counters_are_printed_in_words_one_a_line(folder):
    """No brackets or quotes of Python, whatever kind of value a counter has."""
    found = gather(folder)
    quality = {
        "none of these": {},
        "nor those": [],
        "some": ["mug_001", "mug_002"],
        "many": {"masks/, made": 1234, "bump": 2},
    }
    straddling = {"shapes": {"mouse_024": ["train", "test-seen"]}}
    text = told(replace(found, description=replace(found.description, quality={**quality, **straddling})))
    assert not set(text) & set("[]{}'")
    for line in ("masks/, made: 1,234", "bump: 2", "mug_001, mug_002", "mouse_024: train, test-seen"):
        assert sum(line in row for row in text.splitlines()) == 1, text


def test_validate_says_that_all_is_well(folder):
    result = RUN(app, ["validate", str(folder), "--deep"])
    assert result.exit_code == 0
    assert "4 scenes in 3 shards, no problems found" in result.stdout


def test_validate_groups_and_counts_problems(tmp_path):
    folder = write_dataset(tmp_path, make_scenes())
    (folder / "shards" / "train-00000.h5").write_bytes(b"nothing")
    (folder / "shards" / "test-seen-00000.h5").unlink()
    result = RUN(app, ["validate", str(folder)])
    assert result.exit_code == 1
    assert "shards (1)\n  train-00000.h5: 7 bytes that HDF5 cannot open" in result.stdout
    assert "plan (1)\n  test-seen-00000.h5: no such file -> the shard of 1 planned scenes" in result.stdout
    assert "6 problems in 1 scene, 2 shards" in result.stdout


def test_preview_prints_the_paths_of_its_pictures(folder):
    result = RUN(app, ["preview", str(folder), "--split", "train"])
    assert result.stdout.split() == [str(folder / "preview" / f"toys-banana-0000-000{i}.png") for i in range(2)]
    blind = [str(folder / "preview" / name) for name in ("blind-001.png", "blind-key.json")]
    assert RUN(app, ["preview", str(folder), "--split", "train", "--blind"]).stdout.split() == blind
    assert RUN(app, ["preview", str(folder), "--page"]).stdout.strip() == str(folder / "preview" / "page.png")


def test_a_folder_without_a_data_set_is_refused(tmp_path):
    for command in ("info", "preview"):
        assert isinstance(RUN(app, [command, str(tmp_path)]).exception, DataError)
    result = RUN(app, ["validate", str(tmp_path)])
    assert result.exit_code == 1 and "dataset.json: no such file -> a finished data set" in result.stdout


@pytest.mark.parametrize("option", ["--scene", "--split"])
@pytest.mark.parametrize(
    "call", [["preview"], ["export", "--out", "out"], ["export", "--out", "out", "--format", "coco"]]
)
def test_a_scene_or_split_that_is_not_there_is_wrong_use(folder, tmp_path, monkeypatch, call, option):
    monkeypatch.chdir(tmp_path)
    called = RUN(app, [call[0], str(folder), *call[1:], option, "nosuch"])
    assert called.exception.exit_code == 2 and "'nosuch'" in str(called.exception)
