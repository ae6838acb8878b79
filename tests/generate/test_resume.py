"""Whatever in the folder of a run is damaged, torn, missing or in use, the same command ends with the same data or a reason."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest

from odd_bench.data.errors import DataError
from odd_bench.data.folder import read_description
from odd_bench.data.run_folder import FolderError, RunFolder
from odd_bench.errors import OddBenchError
from odd_bench.generate import pool
from odd_bench.generate.finish import Unfinished
from odd_bench.generate.pool import Limits
from odd_bench.generate.run import RunOptions, Watcher, generate
from odd_bench.json_lines import append_line, read_lines
from tests.damaged_files import alarm
from tests.generate.runs import CONFIG, FAKE, label_digests, planned

HOLD = "import sys, h5py\nwith h5py.File(sys.argv[1], 'r+'): print('held', flush=True); sys.stdin.read()"
TORN = '{"scene": "toys-fish-0000-0001", "kind": "hung", "attem'


@pytest.fixture(autouse=True)
def fake_children(monkeypatch):
    monkeypatch.setattr(pool, "CHILD_COMMAND", FAKE)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A finished data set, to be copied and damaged."""
    out = tmp_path_factory.mktemp("finished") / "set"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "CHILD_COMMAND", FAKE)
        generate(CONFIG, out, RunOptions())
    return out


@pytest.fixture
def copy(finished, tmp_path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "set"))


def cut(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(len(path.read_bytes()) * share)])


DAMAGE = {
    "torn quarantine": lambda root: (root / "quarantine.jsonl").write_text(TORN),
    "torn reports": lambda root: cut(root / "work/reports.jsonl", 0.7),
    "reports of bytes": lambda root: (root / "work/reports.jsonl").write_bytes(os.urandom(300)),
    "short config": lambda root: cut(root / "config.json", 0.5),
    "empty config": lambda root: (root / "config.json").write_bytes(b""),
    "config gone": lambda root: (root / "config.json").unlink(),
    "config and its copy short": lambda root: [cut(root / name, 0.5) for name in ("config.json", "work/claim.json")],
    "flipped config": lambda root: (root / "config.json").write_text((root / "config.json").read_text().replace("7", "3", 1)),
    "short plan": lambda root: cut(root / "plan.jsonl", 0.7),
    "plan gone": lambda root: (root / "plan.jsonl").unlink(),
    "flipped plan": lambda root: (root / "plan.jsonl").write_text((root / "plan.jsonl").read_text().replace("7", "8", 1)),
    "work gone": lambda root: shutil.rmtree(root / "work"),
    "own leftovers": lambda root: [(root / f"{name}.ab12cd34.part").touch() for name in ("config.json", "shards/a.h5")],
    "description gone": lambda root: (root / "dataset.json").unlink(),
    "ground truth short": lambda root: cut(root / "ground_truth.json.gz", 0.5),
    "shard gone": lambda root: (root / "shards/train-00000.h5").unlink(),
    "shard empty": lambda root: (root / "shards/train-00000.h5").write_bytes(b""),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_same_command_repairs_any_single_file(copy, reference, damage):
    DAMAGE[damage](copy)
    assert generate(CONFIG, copy, RunOptions()).complete
    assert label_digests(copy) == reference and not list(copy.rglob("*.part"))
    assert read_description(copy).quality["quarantined"] == {}


STAND_INS = {"a folder": Path.mkdir, "a pipe": os.mkfifo, "a device": lambda path: path.symlink_to("/dev/zero")}
OWN = ("config.json", "plan.jsonl", "quarantine.jsonl", "dataset.json", "ground_truth.json.gz", "work/claim.json",
       "work/reports.jsonl", "work/setup.lock", "shards/train-00000.h5", "work/staged/toys-fish-0000-0001.h5", "shards",
       "work/staged", "work/logs")  # fmt: skip


@pytest.mark.parametrize("kind", STAND_INS)
def test_anything_in_place_of_a_file_is_reported_without_a_hang(copy, monkeypatch, kind):
    monkeypatch.setattr(pool, "CHILD_COMMAND", (sys.executable, "-c", "raise SystemExit('the work was begun')"))
    for name in OWN:
        root = Path(shutil.copytree(copy, copy.with_name("other"), dirs_exist_ok=True))
        path = root / name
        path.parent.mkdir(exist_ok=True)
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        STAND_INS[kind](path)
        if kind == "a folder" and name in ("shards", "work/staged", "work/logs"):
            path = root / "nothing"  # folders are what they should be
        with alarm(60):
            try:
                generate(CONFIG, root, RunOptions(only_finish=True))
            except OddBenchError as error:
                assert name in str(error) or "missing" in str(error)
            else:
                assert not path.exists() or path.is_dir() or path.suffix == ".lock", name  # a device can be locked
        shutil.rmtree(root)


REPORTS = (
    {"scene": 5}, {"scene": "x", "seconds": 5}, {"scene": "x", "seconds": {"plan": "long"}}, {"scene": "x", "refusals": [3]},
    {"scene": "x", "attempts": "two"}, {"scene": "x", "seconds": {"plan": None}}, {"scene": "x", "refusals": {"a": {}}},
    {"scene": "x", "attempts": None}, {"scene": "x", "seconds": {"plan": float("nan")}},
)  # fmt: skip


def test_reports_of_other_kinds_are_dropped(copy, reference):
    for report in REPORTS:
        append_line(copy / "work/reports.jsonl", report)
    generate(CONFIG, copy, RunOptions())
    assert label_digests(copy) == reference and read_description(copy).quality["second attempts"] == 0


def test_a_leftover_of_a_killed_start_does_not_stop_the_next_run(tmp_path, reference):
    (tmp_path / "set/work").mkdir(parents=True)
    (tmp_path / "set/config.json.ab12cd34.part").write_text("{")
    (tmp_path / "set/work/setup.lock").touch()
    assert generate(CONFIG, tmp_path / "set", RunOptions()).complete
    assert label_digests(tmp_path / "set") == reference and not list((tmp_path / "set").glob("*.part"))


@pytest.mark.slow
def test_any_flipped_byte_of_a_shard_is_found_and_repaired(copy, reference):
    """HDF5 raises many kinds of errors, or none, for flipped metadata."""
    shard = copy / "shards/test-unseen-00000.h5"
    whole = shard.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(whole), 15):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        shard.write_bytes(damaged)
        assert generate(CONFIG, copy, RunOptions()).complete
        with h5py.File(shard) as file:
            found = {name: group.attrs["label_sha256"] for name, group in file["scenes"].items()}
        assert found.items() <= reference.items() and len(found) == 2


def test_a_plan_of_another_version_is_refused_and_nothing_changes(copy):
    lines = re.sub(r'"version":\d+', '"version":0', (copy / "plan.jsonl").read_text())
    (copy / "plan.jsonl").write_text(lines)
    shutil.rmtree(copy / "work")
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    with pytest.raises(FolderError, match="would not draw"):
        generate(CONFIG, copy, RunOptions())
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file() and path.suffix != ".lock"} == before


def test_a_shard_in_use_is_kept_and_the_reason_reported(copy):
    """Case locked-shard: a notebook has a healthy shard open for writing."""
    shard = copy / "shards/train-00000.h5"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(shard)], stdin=-1, stdout=-1)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(DataError, match="train-00000") as raised:
        generate(CONFIG, copy, RunOptions())
    holder.communicate(b"")
    assert "Remove" not in str(raised.value)
    assert generate(CONFIG, copy, RunOptions()).made == 0


def test_a_retry_makes_only_the_quarantined_scene(tmp_path, monkeypatch, reference):
    lost = planned()[2]
    monkeypatch.setenv("ODD_BENCH_TEST_FAULTS", json.dumps({lost: "refuse"}))
    generate(CONFIG, tmp_path / "set", RunOptions())
    monkeypatch.delenv("ODD_BENCH_TEST_FAULTS")
    again = generate(CONFIG, tmp_path / "set", RunOptions(retry_quarantined=True))
    assert (again.made, again.already_there, again.complete) == (1, 6, True)
    assert label_digests(tmp_path / "set") == reference


@pytest.mark.parametrize(("fault", "kind"), [("hang", "hung"), ("killed", "killed")])
def test_scenes_that_failed_because_of_the_machine_are_tried_again_by_the_next_call(
    tmp_path, monkeypatch, reference, fault, kind
):
    lost = planned()[2]
    monkeypatch.setenv("ODD_BENCH_TEST_FAULTS", json.dumps({lost: fault}))
    first = generate(CONFIG, tmp_path / "set", RunOptions(limits=Limits(timeout_s=4.0)))
    assert first.tried_again_next_time == 1 and read_description(tmp_path / "set").quality["quarantined"] == {kind: 1}
    monkeypatch.delenv("ODD_BENCH_TEST_FAULTS")
    again = generate(CONFIG, tmp_path / "set", RunOptions())
    assert again.made == 1 and label_digests(tmp_path / "set") == reference
    assert not (tmp_path / "set/quarantine.jsonl").exists()


def test_a_child_without_processor_time_is_not_taken_for_a_hanging_one(tmp_path, monkeypatch, reference):
    monkeypatch.setenv("ODD_BENCH_TEST_FAULTS", json.dumps({planned()[2]: "wait"}))
    summary = generate(CONFIG, tmp_path / "set", RunOptions(limits=Limits(timeout_s=2.0)))
    assert summary.complete and "lost" not in summary.seconds
    assert label_digests(tmp_path / "set") == reference


@pytest.mark.parametrize(
    ("waited_s", "used_s", "waits"),
    [(901, 90, True), (901, 0.0, False), (901, None, False), (2000, 901, False), (9001, 500, False), (8999, 500, True)],
)
def test_a_process_without_processor_time_is_recognised(waited_s, used_s, waits):
    assert pool._is_kept_waiting(waited_s, used_s, 900) == waits


def test_a_staged_file_that_vanishes_is_made_again(tmp_path, reference):
    removed = []

    def remove_one(outcome, done, total):
        path = RunFolder(tmp_path / "set").staged(outcome.scene)
        if not removed and path.exists():
            path.unlink()
            removed.append(path)

    summary = generate(CONFIG, tmp_path / "set", RunOptions(), Watcher(scene=remove_one))
    assert removed and summary.complete and label_digests(tmp_path / "set") == reference


def test_a_file_that_vanishes_each_time_ends_the_run_with_a_reason(tmp_path):
    def remove(outcome, done, total):
        RunFolder(tmp_path / "set").staged(outcome.scene).unlink(missing_ok=True)

    with pytest.raises(FolderError, match="found no file 3 times after it was written"):
        generate(CONFIG, tmp_path / "set", RunOptions(), Watcher(scene=remove))
    assert not (tmp_path / "set/dataset.json").exists()


def test_a_child_killed_while_it_starts_is_started_again(tmp_path, monkeypatch, reference):
    monkeypatch.setenv("ODD_BENCH_TEST_FAULTS", json.dumps({"start": "killed once"}))
    assert generate(CONFIG, tmp_path / "set", RunOptions()).quarantined == 0
    assert label_digests(tmp_path / "set") == reference


def test_slices_and_a_finishing_call_make_the_same_data_set(tmp_path, reference):
    """The slices are made in separate folders, as on machines without a common disk, and then merged."""
    for number in range(2):
        generate(CONFIG, tmp_path / str(number), RunOptions(slice_index=number, slice_count=2))
        with pytest.raises(
            Unfinished, match=r"found 1 shard missing or without planned scenes .*same command and --slice"
        ):
            generate(CONFIG, tmp_path / str(number), RunOptions(only_finish=True))
    for shard in (tmp_path / "1/shards").iterdir():
        shutil.copy(shard, tmp_path / "0/shards")
    assert generate(CONFIG, tmp_path / "0", RunOptions(only_finish=True)).complete
    assert label_digests(tmp_path / "0") == reference


def test_slices_and_a_full_run_started_at_once_lose_nothing(tmp_path, reference):
    """Each one completes or reports that another is at work; together they leave one data set."""
    calls = [
        RunOptions(),
        RunOptions(slice_count=2),
        RunOptions(slice_index=1, slice_count=2),
        RunOptions(slice_count=3),
    ]
    begin = threading.Barrier(len(calls))

    def call(options: RunOptions) -> str:
        begin.wait()
        try:
            return "complete" if generate(CONFIG, tmp_path / "set", options).complete else "part"
        except FolderError as error:
            assert "another run at work" in str(error)
            return "refused"

    with ThreadPoolExecutor(len(calls)) as threads:
        ends = list(threads.map(call, calls))
    assert ends.count("refused") < len(calls)
    assert generate(CONFIG, tmp_path / "set", RunOptions()).complete
    assert label_digests(tmp_path / "set") == reference


def test_a_quarantine_written_by_many_at_once_has_every_entry(tmp_path):
    from odd_bench.data.outcome import Outcome
    from odd_bench.data.quarantine import give_up, given_up

    (tmp_path / "quarantine.jsonl").write_text(TORN)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: give_up(tmp_path / "quarantine.jsonl", Outcome(f"scene-{n}", "refused")), range(20)))
    assert given_up(tmp_path / "quarantine.jsonl") == {f"scene-{n}": "refused" for n in range(20)}
    assert len(list(read_lines(tmp_path / "quarantine.jsonl"))) == 20
    append_line(tmp_path / "quarantine.jsonl", {"scene": "scene-1", "kind": "error", "message": ""})
    assert given_up(tmp_path / "quarantine.jsonl")["scene-1"] == "error"
