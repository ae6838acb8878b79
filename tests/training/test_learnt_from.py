"""A run remembers which data sets it learnt from, wherever both are moved together."""

import shutil

import pytest

from odd_bench.detect.command import data_of
from odd_bench.errors import WrongUse
from odd_bench.training.learnt_from import FILE, remember_data, remembered_data
from tests.data.folders import planned_record, write_dataset


@pytest.fixture
def world(tmp_path):
    """A run beside two data sets; the run's folder and theirs."""
    places = [tmp_path / "world" / "data" / name for name in ("toys", "parts")]
    for folder, split in zip(places, ("test-seen", "test"), strict=True):
        folder.mkdir(parents=True)
        write_dataset(folder, [planned_record(split, "mug", 0, 0, pixels=16, views=2)])
    run = tmp_path / "world" / "runs" / "mine"
    run.mkdir(parents=True)
    remember_data(run, places)
    return run, places


def test_what_was_written_is_read_from_the_folder_and_from_a_file_in_it(world):
    run, places = world
    (run / "checkpoint.pt").touch()
    assert remembered_data(run) == remembered_data(run / "checkpoint.pt") == tuple(places)


def test_both_can_move_together(world, tmp_path):
    run, places = world
    shutil.move(tmp_path / "world", tmp_path / "elsewhere")
    moved = [tmp_path / "elsewhere" / one.relative_to(tmp_path / "world") for one in (run, *places)]
    assert remembered_data(moved[0]) == tuple(moved[1:])
    assert str(tmp_path) not in (moved[0] / FILE).read_text()


def test_what_is_gone_is_left_out(world):
    run, places = world
    shutil.rmtree(places[0])
    assert remembered_data(run) == (places[1],)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"folders": 3}', '{"folders": [3]}', "[" * 100_000])
def test_a_damaged_file_says_nothing(world, content):
    run, _ = world
    (run / FILE).write_text(content)
    assert remembered_data(run) == ()


def test_of_several_data_sets_the_one_with_the_split_is_meant(world, tmp_path):
    run, places = world
    assert data_of(run, "test-seen") == places[0] and data_of(run, "test") == places[1]
    with pytest.raises(
        WrongUse, match=r"predict: found 0 data sets with a split val among .*; expected one data set\. Give"
    ):
        data_of(run, "val")
    with pytest.raises(WrongUse, match=r"found no data set that .*nowhere learnt from; expected one"):
        data_of(tmp_path / "nowhere", "test")
