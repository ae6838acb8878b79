"""A run survives all disturbances, and its result does not depend on how it was carried out.

The workers are real child processes with a stand-in for Blender (fake_child.py); tests/test_spine.py runs the real one.
"""

import errno
import io
import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import h5py
import pytest

from odd_bench.data.folder import read_description
from odd_bench.data.reader import open_dataset
from odd_bench.data.run_folder import FolderError, RunFolder
from odd_bench.errors import StorageError
from odd_bench.generate import pool
from odd_bench.generate.config import RESTS, to_mapping, with_overrides
from odd_bench.generate.making import DiskFull, by_turns
from odd_bench.generate.plan import plan_lines
from odd_bench.generate.pool import ChildStartError, Limits
from odd_bench.generate.run import RunOptions, generate
from odd_bench.generate.source import variants_folder
from odd_bench.plan_line import read_plan_line
from odd_bench.shapes.library import LibraryError
from tests.generate.runs import CONFIG, FAKE, label_digests, planned, wait_for


@pytest.fixture(autouse=True)
def fake_children(monkeypatch):
    monkeypatch.setattr(pool, "CHILD_COMMAND", FAKE)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def undisturbed(config, out: Path) -> dict[str, str]:
    assert generate(config, out, RunOptions()).complete
    return label_digests(out)


def test_a_finished_run_is_a_data_set_with_nothing_left_over(tmp_path):
    summary = generate(CONFIG, tmp_path / "set", RunOptions())
    description = read_description(tmp_path / "set")
    assert description.counts["scenes"] == {"train": 5, "test-unseen": 2} and summary.quarantined == 0
    assert sorted(open_dataset(tmp_path / "set").scene_names()) == sorted(planned())
    assert not list((tmp_path / "set").rglob("*.part")) and not (tmp_path / "set/work/staged").exists()


def test_the_number_of_workers_does_not_change_the_data(tmp_path, reference):
    generate(CONFIG, tmp_path / "set", RunOptions(workers=3, limits=Limits(recycle_after=2)))
    assert label_digests(tmp_path / "set") == reference


@pytest.mark.parametrize("mode", RESTS)
def test_neither_workers_nor_a_kill_change_the_data_in_any_mode(tmp_path, mode):
    config = with_overrides(CONFIG, [f"scene.rest={mode}"])
    generate(config, tmp_path / "three", RunOptions(workers=3, limits=Limits(recycle_after=2)))
    with _started(config, tmp_path / "killed") as run:
        wait_for(lambda: _scenes_there(tmp_path / "killed") >= 2)
        run.kill()
    generate(config, tmp_path / "killed", RunOptions())
    assert (
        label_digests(tmp_path / "three") == label_digests(tmp_path / "killed") == undisturbed(config, tmp_path / "one")
    )


@pytest.mark.parametrize("workers", [1, 2, 3, 50])
def test_workers_take_turns_with_the_scenes_of_as_many_shapes(workers):
    """Every scene comes once, those of one shape in order, and at most as many shapes at a time as there are workers."""
    shape_of = {f"scene-{n:02d}": f"fish-{n // 3}" for n in range(20)}
    order = by_turns(list(shape_of), shape_of, workers)
    assert sorted(order) == sorted(shape_of)
    for shape in set(shape_of.values()):
        own = [scene for scene in order if shape_of[scene] == shape]
        assert own == sorted(own)
    for first in range(0, len(order), 3 * workers):
        assert len({shape_of[scene] for scene in order[first : first + 3 * workers]}) <= workers


def test_variants_are_forgotten_with_the_last_scene_of_their_shape(tmp_path):
    shapes = {read_plan_line(line).shape for line in plan_lines(CONFIG)}
    (tmp_path / "set").mkdir()
    RunFolder(tmp_path / "set").claim(to_mapping(CONFIG))
    for folder in (variants_folder(tmp_path / "set/work", shape) for shape in shapes):
        folder.mkdir(parents=True)
        (folder / "bend-1.npz").write_bytes(b"a variant")
    assert generate(CONFIG, tmp_path / "set", RunOptions()).complete
    assert not (tmp_path / "set/work/variants").exists()


def test_slices_together_make_the_same_data_set(tmp_path, reference):
    first = generate(CONFIG, tmp_path / "set", RunOptions(slice_index=0, slice_count=2))
    second = generate(CONFIG, tmp_path / "set", RunOptions(slice_index=1, slice_count=2))
    assert not first.complete and second.complete
    assert label_digests(tmp_path / "set") == reference


def test_running_again_does_nothing(tmp_path):
    generate(CONFIG, tmp_path / "set", RunOptions())
    before = {path: path.read_bytes() for path in (tmp_path / "set/shards").iterdir()}
    again = generate(CONFIG, tmp_path / "set", RunOptions())
    assert (again.made, again.already_there, again.complete) == (0, 7, True)
    assert {path: path.read_bytes() for path in (tmp_path / "set/shards").iterdir()} == before


@pytest.mark.parametrize(("how", "made"), [("truncated", 5), ("foreign", 5), ("flipped", 1), ("one scene gone", 1)])
def test_damage_costs_only_the_damaged_scenes_and_leaves_no_trace(tmp_path, how, made):
    generate(CONFIG, tmp_path / "set", RunOptions())
    shard = tmp_path / "set/shards/train-00000.h5"
    content = shard.read_bytes()
    if how in ("flipped", "one scene gone"):
        with h5py.File(shard, "r+") as file:
            name, group = next(iter(file["scenes"].items()))
            if how == "flipped":
                blob = group["images"][()]
                blob[len(blob) // 2] ^= 1
                group["images"][...] = blob
            else:
                del file["scenes"][name]
    else:
        shard.write_bytes(content[: len(content) // 2] if how == "truncated" else b"something else")
    again = generate(CONFIG, tmp_path / "set", RunOptions())
    assert again.made == made and again.already_there == 7 - made
    assert shard.read_bytes() == content


def test_a_crash_is_tried_once_more(tmp_path, monkeypatch, reference):
    monkeypatch.setenv("ODD_BENCH_TEST_FAULTS", json.dumps({planned()[1]: "crash once"}))
    summary = generate(CONFIG, tmp_path / "set", RunOptions())
    assert summary.quarantined == 0 and label_digests(tmp_path / "set") == reference
    assert read_description(tmp_path / "set").quality["second attempts"] == 1


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [("crash", "crashed", "exit code 11"), ("hang", "hung", "within 2 s"), ("garbage", "garbage", "Blender 4.5.3 LTS quits"),
     ("refuse", "refused", "No space"), ("error", "error", "No space")],
)  # fmt: skip
def test_a_lost_scene_is_quarantined_with_its_reason_and_the_rest_is_made(tmp_path, monkeypatch, fault, kind, reason):
    lost = planned()[2]
    monkeypatch.setenv("ODD_BENCH_TEST_FAULTS", json.dumps({lost: fault}))
    summary = generate(CONFIG, tmp_path / "set", RunOptions(limits=Limits(timeout_s=2.0)))
    entry = json.loads((tmp_path / "set/quarantine.jsonl").read_text())
    assert (entry["scene"], entry["kind"]) == (lost, kind) and reason in entry["message"]
    assert summary.complete and summary.made == 6 and summary.quarantined == 1
    assert read_description(tmp_path / "set").quality["quarantined"] == {kind: 1}


def test_a_quarantined_scene_is_made_on_request(tmp_path, monkeypatch, reference):
    monkeypatch.setenv("ODD_BENCH_TEST_FAULTS", json.dumps({planned()[2]: "refuse"}))
    generate(CONFIG, tmp_path / "set", RunOptions())
    monkeypatch.delenv("ODD_BENCH_TEST_FAULTS")
    assert generate(CONFIG, tmp_path / "set", RunOptions()).made == 0
    assert generate(CONFIG, tmp_path / "set", RunOptions(retry_quarantined=True)).complete
    assert label_digests(tmp_path / "set") == reference


def test_a_full_disk_stops_the_run_and_loses_nothing(tmp_path, monkeypatch, reference):
    monkeypatch.setenv("ODD_BENCH_TEST_FAULTS", json.dumps({planned()[3]: "full"}))
    with pytest.raises(DiskFull, match="No space left"):
        generate(CONFIG, tmp_path / "set", RunOptions())
    assert not (tmp_path / "set/quarantine.jsonl").exists()
    monkeypatch.delenv("ODD_BENCH_TEST_FAULTS")
    assert generate(CONFIG, tmp_path / "set", RunOptions()).already_there == 3
    assert label_digests(tmp_path / "set") == reference


@pytest.mark.parametrize("most_bytes", [4_096, 15_000, 20_000, 39_000])
def test_a_file_size_limit_ends_the_run_at_any_point_and_loses_nothing(tmp_path, reference, most_bytes):
    """Like a full disk, the limit affects the parent, its children and their logs."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        with pytest.raises((StorageError, DiskFull), match="found File too large"):
            generate(CONFIG, tmp_path / "set", RunOptions())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    summary = generate(CONFIG, tmp_path / "set", RunOptions())
    assert summary.complete and summary.quarantined == 0
    assert label_digests(tmp_path / "set") == reference


def test_a_full_log_does_not_hide_the_reason(monkeypatch):
    from odd_bench.generate import child

    class Full(io.StringIO):
        def write(self, text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sys, "stderr", Full())
    assert child._described(ValueError("a reason")) == "ValueError: a reason"


def test_a_child_that_does_not_start_stops_the_run_with_its_last_words(tmp_path, monkeypatch):
    monkeypatch.setenv("ODD_BENCH_TEST_FAULTS", json.dumps({"start": "crash"}))
    with pytest.raises(ChildStartError, match="no such device"):
        generate(CONFIG, tmp_path / "set", RunOptions())
    assert not (tmp_path / "set/quarantine.jsonl").exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_killed_at_any_moment_continues_to_the_same_data(tmp_path, reference, how):
    for scenes_before in (1, 3, 5):
        with _started(CONFIG, tmp_path / "set") as run:
            wait_for(lambda wanted=scenes_before: _scenes_there(tmp_path / "set") >= wanted)
            run.send_signal(how)
    generate(CONFIG, tmp_path / "set", RunOptions())
    assert label_digests(tmp_path / "set") == reference


@contextmanager
def _started(config, out: Path):
    """A slow run with two workers in a process of its own, which ends with the context."""
    script = (
        "import sys; from pathlib import Path; from odd_bench.generate import pool;"
        "from odd_bench.generate.config import from_mapping; from odd_bench.generate.run import RunOptions, generate;"
        "import json; pool.CHILD_COMMAND = tuple(json.loads(sys.argv[2]));"
        "generate(from_mapping(json.loads(sys.argv[3]), 'test'), Path(sys.argv[1]), RunOptions(workers=2))"
    )
    arguments = [str(out), json.dumps(FAKE), json.dumps(to_mapping(config))]
    environment = {**os.environ, "ODD_BENCH_TEST_PAUSE_S": "0.2"}
    run = subprocess.Popen([sys.executable, "-c", script, *arguments], env=environment, stderr=subprocess.DEVNULL)
    yield run
    run.wait(timeout=30)


def test_a_folder_of_another_seed_is_refused_and_the_seed_named(tmp_path):
    generate(CONFIG, tmp_path / "set", RunOptions())
    with pytest.raises(FolderError, match=r"another configuration \(seed = 0 there, 3 now\)"):
        generate(with_overrides(CONFIG, ["seed=3"]), tmp_path / "set", RunOptions())
    assert generate(with_overrides(CONFIG, ["render.device=cpu"]), tmp_path / "set", RunOptions()).complete


def test_meshes_without_an_up_axis_are_refused_before_anything_is_written(tmp_path):
    """The same command with another rest mode can then use the folder."""
    (tmp_path / "meshes").mkdir()
    (tmp_path / "meshes/box.ply").write_text("ply")
    with pytest.raises(LibraryError, match="no up axis"):
        generate(with_overrides(CONFIG, [f"assets={tmp_path / 'meshes'}"]), tmp_path / "set", RunOptions())
    assert not (tmp_path / "set/config.json").exists()


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(FolderError, match="no run of odd-bench made"):
        generate(CONFIG, tmp_path, RunOptions())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("there", "wanted", "meet"),
    [((0, 1), (0, 1), True), ((0, 1), (1, 2), True), ((0, 2), (0, 1), True), ((0, 2), (1, 2), False),
     ((0, 2), (1, 4), True), ((0, 2), (3, 4), False),
     ((0, 2), (0, 4), True), ((1, 3), (0, 2), False)],
)  # fmt: skip
def test_only_calls_that_share_a_shard_exclude_each_other(tmp_path, reference, there, wanted, meet):
    """The configuration has two shards, numbers 0 and 1."""
    folder, options = RunFolder(tmp_path / "set"), RunOptions(slice_index=wanted[0], slice_count=wanted[1])
    with folder.shards_locked(range(2)[there[0] :: there[1]]):
        if meet:
            with pytest.raises(FolderError, match="another run at work"):
                generate(CONFIG, tmp_path / "set", options)
        else:
            assert not generate(CONFIG, tmp_path / "set", options).complete
    assert generate(CONFIG, tmp_path / "set", RunOptions()).complete
    assert label_digests(tmp_path / "set") == reference


def _scenes_there(folder: Path) -> int:
    packed = sum(5 if path.name.startswith("train") else 2 for path in folder.glob("shards/*.h5"))
    return packed + len(list(folder.glob("work/staged/*.h5")))


def test_partial_files_of_a_killed_worker_are_gone_when_the_data_set_is_complete(tmp_path):
    generate(CONFIG, tmp_path / "set", RunOptions())
    half = tmp_path / "set/shards/train-00000.h5.4242.part"
    half.write_bytes(b"half a shard")
    generate(CONFIG, tmp_path / "set", RunOptions())
    assert not half.exists()


def test_no_environment_variable_reaches_the_processes_that_make_scenes():
    """A studio's colours, another language, decimal commas, threads that add in another order."""
    machine = {
        "OCIO": "/aces/config.ocio",
        "OCIO_ACTIVE_DISPLAYS": "x",
        "BLENDER_USER_SCRIPTS": "/s",
        "CYCLES_CPU_NO_AVX2": "1",
    }
    machine |= {"LANG": "de_DE.UTF-8", "LANGUAGE": "de", "LC_ALL": "tr_TR.ISO-8859-9", "PYTHONUTF8": "0"}
    machine |= {"OPENBLAS_NUM_THREADS": "64", "OMP_WAIT_POLICY": "ACTIVE", "OPENBLAS_CORETYPE": "Zen"}
    machine |= {"NPY_DISABLE_CPU_FEATURES": ""}
    kept = {"PATH": "/bin", "HOME": "/home/ann", "ODD_BENCH_LOCKS": "off", "CUDA_VISIBLE_DEVICES": "1"}
    plain, strange = pool.child_environment(kept), pool.child_environment({**kept, **machine})
    assert kept.items() <= plain.items() and {**strange, "LANG": ""} == {**plain, "LANG": ""}


def test_scenes_are_computed_without_instructions_that_only_newer_processors_have():
    """With AVX-512, sines and sums differ in their last digits, which may decide whether a scene is refused."""
    script = (
        "from numpy.core._multiarray_umath import __cpu_dispatch__, __cpu_features__ as has\n"
        "print(*filter(has.get, __cpu_dispatch__))"
    )
    used = subprocess.run(
        [sys.executable, "-c", script],
        env=pool.child_environment(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert not [name for name in used.stdout.split() if name.startswith("AVX512")]
