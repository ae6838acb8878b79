"""A run remembers the data sets that it was trained on, even if both are moved together."""

import shutil

import pytest

from odd_bench.detect.command import data_of
from odd_bench.errors import WrongUse
from odd_bench.training.learnt_from import FILE, remember_data, remembered_data
from tests.data.folders import planned_record, write_dataset


@pytest.fixture
def world(tmp_path):
    """A run next to two data sets: the folder of the run and those of the data sets."""
    places = [tmp_path / "world" / "data" / name for name in ("toys", "parts")]
    for folder, split in zip(places, ("test-seen", "test"), strict=True):
        folder.mkdir(parents=True)
        write_dataset(folder, [planned_record(split, "mug", 0, 0, pixels=16, views=2)])
    run = tmp_path / "world" / "runs" / "mine"
    run.mkdir(parents=True)
    remember_data(run, places)
    return run, places


def test_the_record_is_read_from_the_folder_and_from_a_file_in_it(world):
    run, places = world
    (run / "checkpoint.pt").touch()
    assert remembered_data(run) == remembered_data(run / "checkpoint.pt") == tuple(places)


def test_run_and_data_can_be_moved_together(world, tmp_path):
    run, places = world
    shutil.move(tmp_path / "world", tmp_path / "elsewhere")
    moved = [tmp_path / "elsewhere" / one.relative_to(tmp_path / "world") for one in (run, *places)]
    assert remembered_data(moved[0]) == tuple(moved[1:])
    assert str(tmp_path) not in (moved[0] / FILE).read_text()


def test_missing_data_sets_are_left_out(world):
    run, places = world
    shutil.rmtree(places[0])
    assert remembered_data(run) == (places[1],)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"folders": 3}', '{"folders": [3]}', "[" * 100_000])
def test_a_damaged_record_gives_no_data_sets(world, content):
    run, _ = world
    (run / FILE).write_text(content)
    assert remembered_data(run) == ()


def test_the_data_set_with_the_requested_split_is_chosen(world, tmp_path):
    run, places = world
    assert data_of(run, "test-seen") == places[0] and data_of(run, "test") == places[1]
    with pytest.raises(
        WrongUse, match=r"predict: found 0 data sets with a split val among .*; expected one data set\. Give"
    ):
        data_of(run, "val")
    with pytest.raises(WrongUse, match=r"found no data set that .*nowhere learnt from; expected one"):
        data_of(tmp_path / "nowhere", "test")
