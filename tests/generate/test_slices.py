"""The slices together are the plan, and calls that make the same scenes exclude each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from odd_bench.cli import app
from odd_bench.data.folder import read_description
from odd_bench.data.run_folder import FolderError, RunFolder
from odd_bench.data.shard_work import ShardWork
from odd_bench.generate import installation, pool
from odd_bench.generate.finish import Unfinished
from odd_bench.generate.run import RunOptions, Watcher, generate
from odd_bench.generate.slices import slice_of
from tests.generate.runs import CONFIG, FAKE, label_digests

sizes = st.lists(st.integers(1, 6), min_size=1, max_size=5)


def shards_of_sizes(wanted: list[int]) -> list[ShardWork]:
    return [
        ShardWork(Path(f"train-{number:05d}.h5"), "train", {f"{number}-{scene}": "{}" for scene in range(size)})
        for number, size in enumerate(wanted)
    ]


@given(sizes, st.integers(1, 40))
def test_every_scene_is_in_exactly_one_slice_and_slices_are_even(wanted, count):
    shards = shards_of_sizes(wanted)
    parts = [slice_of(index, count, shards) for index in range(count)]
    names = [name for part in parts for name in part.names]
    assert sorted(names) == sorted(name for shard in shards for name in shard.lines)
    for part in parts:
        assert part.names <= {name for number in part.shards for name in shards[number].lines}
    if count > len(shards):
        assert max(len(part.names) for part in parts) - min(len(part.names) for part in parts) <= 1


@given(sizes, st.integers(1, 12), st.integers(1, 12), st.data())
def test_slices_exclude_each_other_exactly_if_they_share_output(tmp_path_factory, wanted, count, other_count, data):
    """Two calls that make single scenes of one shard run in parallel; a call that packs the shard runs alone."""
    folder, shards = RunFolder(tmp_path_factory.mktemp("set")), shards_of_sizes(wanted)
    first = slice_of(data.draw(st.integers(0, count - 1)), count, shards)
    second = slice_of(data.draw(st.integers(0, other_count - 1)), other_count, shards)
    by_scene = not first.packs and not second.packs
    meet = bool(first.names & second.names if by_scene else set(first.shards) & set(second.shards))
    with first.held(folder):
        if meet:
            with pytest.raises(FolderError, match="another run at work"), second.held(folder):
                pass
        else:
            with second.held(folder):
                pass


def test_more_slices_than_shards_make_the_same_data_set(tmp_path, reference, monkeypatch):
    """Seven scenes in two shards are made by four calls; the last one packs and finishes."""
    monkeypatch.setattr(pool, "CHILD_COMMAND", FAKE)
    made = [generate(CONFIG, tmp_path / "set", RunOptions(slice_index=i, slice_count=4)) for i in (2, 0, 3, 1)]
    assert [one.complete for one in made] == [False, False, False, True] and sum(one.made for one in made) == 7
    assert label_digests(tmp_path / "set") == reference
    assert generate(CONFIG, tmp_path / "set", RunOptions(slice_index=1, slice_count=4)).made == 0


def test_finishing_after_one_of_many_slices_reports_how_much_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "CHILD_COMMAND", FAKE)
    out = tmp_path / "set"
    assert not generate(CONFIG, out, RunOptions(slice_index=1, slice_count=4)).complete
    made = len(list(out.glob("work/staged/*.h5")))
    before = {path: path.read_bytes() for path in out.rglob("*.h5")}
    with pytest.raises(
        Unfinished,
        match=rf"2 shards missing or without planned scenes .*, {7 - made} of 7 scenes not made; .*--slice as before",
    ):
        generate(CONFIG, out, RunOptions(only_finish=True))
    assert made in (1, 2) and {path: path.read_bytes() for path in out.rglob("*.h5")} == before
    told = CliRunner().invoke(app, ["data", "validate", str(out)])
    assert told.exit_code == 1 and "Traceback" not in told.output and "emove" not in told.output
    assert all(name in told.output for name in ("train-00000.h5", "test-unseen-00000.h5"))


def test_the_description_names_the_libraries_of_all_calls(tmp_path, monkeypatch):
    """For example of a slice on another machine, or after an upgrade; also if what they recorded is damaged."""
    monkeypatch.setattr(pool, "CHILD_COMMAND", FAKE)
    here, notices = installation.libraries(), []
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(installation, "libraries", lambda: {**here, "numpy": "0.9"})
        generate(CONFIG, tmp_path, RunOptions(slice_index=0, slice_count=2), Watcher(notice=notices.append))
    assert not any("numpy" in notice for notice in notices)
    with RunFolder(tmp_path).libraries.open("a") as written:
        written.write('{"numpy": ["/home/ann"], "h5py": "/x"}\n[]\n{"numpy"')
    summary = generate(CONFIG, tmp_path, RunOptions(slice_index=1, slice_count=2), Watcher(notice=notices.append))
    assert summary.complete
    assert sum(f"found scenes made with numpy 0.9, expected {here['numpy']}" in notice for notice in notices) == 1
    assert read_description(tmp_path).libraries == {**here, "numpy": f"0.9 and {here['numpy']}"}
