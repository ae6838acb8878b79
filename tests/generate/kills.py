"""Kills runs at random moments and continues them: `python -m tests.generate.kills --kills 100`.

Every round starts a data set in a new folder, kills its processes a few times, lets the same command finish, and compares all
bytes with an undisturbed run. Moments are drawn over the stages of a run: start-up, scenes, packing, finishing. Victims are the
run itself, one of two slices, a worker's child and, on a cluster, a worker or the scheduler.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from odd_bench.data.run_folder import FolderError
from odd_bench.generate import pool
from odd_bench.generate.run import RunOptions, generate
from tests.generate.runs import CONFIG, FAKE, label_digests, wait_for

STAGES = ("start-up", "scenes", "packing", "finishing")
MODES = ("local", "slices", "cluster")
KILLS_A_ROUND = 3
PAUSE_S = "0.05"  # duration of a fake scene
QUIET_S = 60.0  # a stage that does not start within this time is over


class Cluster:
    """A dask scheduler and workers on loopback; each is a process that can be killed and started again."""

    def __init__(self, workers: int = 2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler = self.start_scheduler()
        self.workers = [self.start_worker() for _ in range(workers)]

    def start_scheduler(self) -> subprocess.Popen:
        return _dask("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--no-show")

    def start_worker(self) -> subprocess.Popen:
        preload = ("--preload", "tests.generate.fake_worker", "--local-directory", tempfile.gettempdir())
        return _dask("worker", self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard", *preload)

    def kill_worker(self) -> None:
        """Kill a worker and start another one."""
        _kill(self.workers.pop(0))
        self.workers.append(self.start_worker())

    def kill_scheduler(self) -> None:
        """Kill the scheduler, whose workers die without it, and start all again at the same address."""
        for process in (self.scheduler, *self.workers):
            _kill(process)
        self.scheduler, self.workers = self.start_scheduler(), [self.start_worker() for _ in self.workers]

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            _kill(process)


def _dask(kind: str, *arguments: str) -> subprocess.Popen:
    paths = [os.getcwd(), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip


def _kill(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


def forked(work: Callable[[], None]) -> int:
    """Run the function in a copy of this process, which has already imported everything; returns the process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        work()
        code = 0
    except FolderError:
        code = 2
    finally:
        os._exit(code)


def run_slice(out: Path, options: RunOptions) -> Callable[[], None]:
    return lambda: generate(CONFIG, out, options)


def stage_has_come(stage: str, out: Path, chance: random.Random) -> Callable[[], bool]:
    """Whether a run in the folder has reached a random moment of the stage."""
    staged, begun = chance.randint(1, 6), time.monotonic() + chance.uniform(0, 0.4)
    if stage == "start-up":
        return lambda: time.monotonic() > begun
    if stage == "scenes":
        return lambda: len(list(out.glob("work/staged/*.h5"))) >= staged
    if stage == "packing":
        pattern = chance.choice(["shards/*.part", "shards/*.h5"])
        return lambda: any(out.glob(pattern))
    pattern = chance.choice(["ground_truth.json.gz*", "dataset.json*", "work/finish.lock"])
    return lambda: any(out.glob(pattern))


def kill_once(mode: str, stage: str, out: Path, cluster: Cluster | None, chance: random.Random) -> str:
    """Start the command and kill something when the moment has come.

    Returns what was killed, or an empty text if the run was over before.
    """
    parts = [RunOptions(workers=2)]
    if mode == "slices":
        parts = [RunOptions(slice_index=number, slice_count=2) for number in range(2)]
    if mode == "cluster":
        parts = [RunOptions(scheduler=cluster.address)]
    runs = [forked(run_slice(out, options)) for options in parts]
    came, deadline = stage_has_come(stage, out, chance), time.monotonic() + QUIET_S
    while not came() and time.monotonic() < deadline and _alive(runs):
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.02))
    victim = chance.choice(
        {"local": ["run", "child"], "slices": ["run", "slice"], "cluster": ["run", "worker", "scheduler"]}[mode]
    )
    was_over = not _alive(runs)
    if victim == "child":
        _kill_a_child(chance)
    if victim == "worker":
        cluster.kill_worker()
    if victim == "scheduler":
        cluster.kill_scheduler()
    if victim in ("run", "slice"):
        for run in runs if victim == "run" else [chance.choice(runs)]:
            _signal(run)
    for run in runs:
        _reap(run)
    return "" if was_over else victim


def _kill_a_child(chance: random.Random) -> None:
    """Kill a stand-in for Blender, if one is at work."""
    mine, mark = [], f"ODD_BENCH_TEST_KILLS={os.getpid()}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if FAKE[1].encode() in (process / "cmdline").read_bytes() and mark in (process / "environ").read_bytes():
                mine.append(int(process.name))
        except OSError:  # it has ended, or belongs to somebody else
            continue
    if mine:
        _signal(chance.choice(mine))


def _signal(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


_ended: set[int] = set()


def _alive(runs: list[int]) -> bool:
    return any(run not in _ended and not _has_ended(run) for run in runs)


def _has_ended(run: int) -> bool:
    done, _ = os.waitpid(run, os.WNOHANG)
    if done:
        _ended.add(run)
    return bool(done)


def _reap(run: int, timeout_s: float = 600.0) -> None:
    if run not in _ended:
        wait_for(lambda: _has_ended(run), timeout_s)


def kill_often(kills: int, seed: int, folder: Path, told: Callable[[str], None] = print) -> Counter[str]:
    """Kill `kills` times; returns the counts by `mode: stage: victim`. Raises AssertionError if bytes differ at the end."""
    os.environ |= {"ODD_BENCH_TEST_PAUSE_S": PAUSE_S, "ODD_BENCH_TEST_KILLS": str(os.getpid())}
    pool.CHILD_COMMAND = FAKE
    generate(CONFIG, folder / "reference", RunOptions())
    reference, chance, killed = label_digests(folder / "reference"), random.Random(seed), Counter()
    clusters: list[Cluster] = []
    try:
        for number in range(10 * kills):
            if killed.total() >= kills:
                break
            mode, out = MODES[number % len(MODES)], folder / f"round-{number}"
            if mode == "cluster" and not clusters:
                clusters.append(Cluster())
            for stage in sorted(chance.choices(STAGES, k=KILLS_A_ROUND), key=STAGES.index):
                victim = kill_once(mode, stage, out, clusters[0] if clusters else None, chance)
                killed[f"{mode}: {stage}: {victim}"] += bool(victim)
            finishing = forked(run_slice(out, RunOptions()))
            _reap(finishing)
            assert label_digests(out) == reference, f"round {number}, {mode}: other bytes"
            assert not list(out.rglob("*.part")), f"round {number}, {mode}: {list(out.rglob('*.part'))}"
            told(f"{killed.total()} kills, round {number} ({mode}): the same bytes")
    finally:
        for cluster in clusters:
            cluster.end()
    return +killed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for what, often in sorted(kill_often(asked.kills, asked.seed, Path(scratch)).items()):
            print(f"{what}: {often}")
