"""A dask cluster makes the same data as one process, whatever dies on the way. Workers and schedulers are real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from odd_bench.generate.run import RunOptions, Watcher, generate
from tests.generate.runs import CONFIG, label_digests, wait_for

pytest.importorskip("distributed")

from odd_bench.generate.cluster import ClusterError

PRELOAD = "tests.generate.fake_worker"


@pytest.fixture
def loopback():
    """An address on loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


class Cluster:
    """A scheduler and workers, each a process that can be killed."""

    def __init__(self, address: str):
        self.address, self.processes = address, []

    def start(self, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
        self.processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return self.processes[-1]

    def scheduler(self) -> subprocess.Popen:
        port = self.address.rpartition(":")[2]
        return self.start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard", "--no-show")

    def worker(self) -> subprocess.Popen:
        return self.start(
            "worker", self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard", "--preload", PRELOAD,
            "--local-directory", "/tmp/odd-bench-test-workers",
        )  # fmt: skip

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(loopback, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH")])))
    monkeypatch.setenv("ODD_BENCH_TEST_PAUSE_S", "0.5")
    made = Cluster(loopback)
    yield made
    made.end()


def staged(folder: Path) -> int:
    return len(list(folder.glob("work/staged/*.h5"))) + len(list(folder.glob("shards/*.h5")))


@pytest.mark.slow
def test_a_worker_and_the_scheduler_may_be_killed_mid_scene(tmp_path, reference, cluster):
    scheduler, first = cluster.scheduler(), cluster.worker()
    cluster.worker()
    told, notices = [], []
    watcher = Watcher(scene=lambda outcome, made, total: told.append((made, total)), notice=notices.append)
    options = RunOptions(scheduler=cluster.address)
    run = ThreadPoolExecutor(1).submit(generate, CONFIG, tmp_path / "set", options, watcher)
    wait_for(lambda: run.done() or staged(tmp_path / "set") >= 1)
    first.send_signal(signal.SIGKILL)
    wait_for(lambda: run.done() or staged(tmp_path / "set") >= 2)
    scheduler.send_signal(signal.SIGKILL)
    wait_for(lambda: run.done() or any("lost the scheduler" in notice for notice in notices))
    cluster.scheduler(), cluster.worker()
    summary = run.result(300)
    assert summary.complete and summary.quarantined == 0
    assert any("found the scheduler again" in notice for notice in notices)
    assert told[-1] == (7, 7) and [made for made, _ in told] == sorted(made for made, _ in told)
    assert label_digests(tmp_path / "set") == reference


@pytest.mark.slow
def test_a_local_cluster_of_processes_makes_the_same_data_and_keeps_no_children(tmp_path, reference):
    from distributed import Client, LocalCluster

    with LocalCluster(2, processes=True, threads_per_worker=1, dashboard_address=None, preload=[PRELOAD]) as local:
        options = RunOptions(scheduler=local.scheduler_address)
        for attempt in range(2):  # the workers serve several runs
            assert generate(CONFIG, tmp_path / f"set-{attempt}", options).complete
            assert label_digests(tmp_path / f"set-{attempt}") == reference
        with Client(local) as client:
            assert set(client.run(_children).values()) == {0}


def _children() -> int:
    from odd_bench.generate import pool

    return len(pool._live)


def test_a_scheduler_that_does_not_answer_is_named_in_one_line(tmp_path, loopback, monkeypatch):
    monkeypatch.setattr("odd_bench.generate.cluster.CONNECT_S", 0.5)
    for address in (loopback, "tcp://127.0.0.1", "nonsense"):
        with pytest.raises(ClusterError, match=f"--scheduler {address}: found no dask scheduler") as raised:
            generate(CONFIG, tmp_path / "set", RunOptions(scheduler=address))
        assert len(str(raised.value).splitlines()) == 1
