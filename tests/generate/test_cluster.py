"""A dask cluster makes the same data as one process, whatever dies on the way. Workers and schedulers are real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from odd_bench.data.run_folder import FolderError
from odd_bench.errors import WrongUse
from odd_bench.generate.installation import installation
from odd_bench.generate.pool import ChildStartError, Limits
from odd_bench.generate.run import RunOptions, Watcher, generate
from tests.generate.runs import CONFIG, label_digests, wait_for

pytest.importorskip("distributed")

from odd_bench.generate import cluster as cluster_module
from odd_bench.generate.cluster import ClusterError
from odd_bench.generate.cluster_worker import make_on_worker

PRELOAD = "tests.generate.fake_worker"


@pytest.fixture
def loopback():
    """An address on loopback where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


class Cluster:
    """A scheduler and workers; each is a process that can be killed."""

    def __init__(self, address: str):
        self.address, self.processes = address, []

    def start(self, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
        self.processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return self.processes[-1]

    def scheduler(self, *arguments: str) -> subprocess.Popen:
        port = self.address.rpartition(":")[2]
        return self.start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard", "--no-show", *arguments)

    def worker(self, preload: str = PRELOAD) -> subprocess.Popen:
        return self.start(
            "worker", self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard", "--preload", preload,
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
    monkeypatch.setattr(cluster_module, "CONNECT_S", 240.0)  # a scheduler starts slowly on a busy machine
    made = Cluster(loopback)
    yield made
    made.end()


def staged(folder: Path) -> int:
    return len(list(folder.glob("work/staged/*.h5"))) + len(list(folder.glob("shards/*.h5")))


@pytest.mark.slow
def test_killing_a_worker_and_the_scheduler_during_a_scene_changes_no_data(tmp_path, reference, cluster):
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

    with LocalCluster(
        n_workers=2, processes=True, threads_per_worker=1, dashboard_address=":0", preload=[PRELOAD]
    ) as local:
        options = RunOptions(scheduler=local.scheduler_address)
        for attempt in range(2):  # workers may serve several runs
            assert generate(CONFIG, tmp_path / f"set-{attempt}", options).complete
            assert label_digests(tmp_path / f"set-{attempt}") == reference
        with Client(local) as client:
            assert set(client.run(_children).values()) == {0}


@pytest.mark.slow
def test_a_worker_without_the_package_stops_the_run_with_a_reason_and_a_scheduler_without_it_works(
    tmp_path, reference, cluster
):
    bare = tmp_path / "bare.py"
    bare.write_text(
        "import sys\n"
        "class Bare:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'odd_bench':\n"
        "            raise ModuleNotFoundError('No module named odd_bench')\n"
        "sys.meta_path.insert(0, Bare())\n"
    )
    cluster.scheduler("--preload", str(bare))
    worker = cluster.worker(str(bare))
    run = ThreadPoolExecutor(1).submit(generate, CONFIG, tmp_path / "set", RunOptions(scheduler=cluster.address))
    with pytest.raises(ClusterError, match="found ModuleNotFoundError: No module named odd_bench; expected the same"):
        run.result(300)
    assert worker.poll() is None  # a worker that ends silently would be waited for
    worker.kill()
    cluster.worker()
    assert generate(CONFIG, tmp_path / "set", RunOptions(scheduler=cluster.address)).complete
    assert label_digests(tmp_path / "set") == reference


def _children() -> int:
    from odd_bench.generate import pool

    return len(pool._live)


def test_a_scheduler_that_does_not_answer_is_reported_in_one_line(tmp_path, loopback, monkeypatch):
    monkeypatch.setattr("odd_bench.generate.cluster.CONNECT_S", 0.5)
    for address in (loopback, loopback.replace("tcp", "tls"), loopback.replace("tcp", "ws")):
        with pytest.raises(ClusterError, match=f"--scheduler {address}: found no dask scheduler") as raised:
            generate(CONFIG, tmp_path / "set", RunOptions(scheduler=address))
        assert len(str(raised.value).splitlines()) == 1
        assert ("certificates" in str(raised.value)) == address.startswith("tls")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(64), b"\xff" * 64])
def test_an_address_without_a_scheduler_is_reported_in_one_line(tmp_path, monkeypatch, answer):
    monkeypatch.setattr("odd_bench.generate.cluster.CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        server.settimeout(20)
        answering = pool.submit(_answer, server, answer)
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ClusterError, match="found no dask scheduler") as raised:
            generate(CONFIG, tmp_path / "set", RunOptions(scheduler=address))
        assert len(str(raised.value).splitlines()) == 1
        answering.result(20)


def _answer(server: socket.socket, content: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(content)
        connection.settimeout(1)
        with suppress(OSError):
            connection.recv(1 << 16)


@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "tcp://", "tcp://127.0.0.1", "http://127.0.0.1:8786", "tcp://127.0.0.1:port", "tcp://127.0.0.1:-5",
     "tcp://127.0.0.1:99999", "127.0.0.1:0", " tcp://127.0.0.1:8786", "tcp://127.0.0.1:8786/x", "inproc://x", "ucx://h:1", "a b:1"],
)  # fmt: skip
def test_an_invalid_address_is_wrong_use_before_anything_is_written(tmp_path, address):
    with pytest.raises(WrongUse, match="found no address; expected tcp://host:port"):
        generate(CONFIG, tmp_path / "set", RunOptions(scheduler=address))
    assert not (tmp_path / "set").exists()


def test_a_worker_of_another_installation_makes_nothing_and_is_reported():
    for name in installation():
        wanted = {**installation(), name: "of another day"}
        with pytest.raises(
            ChildStartError, match=f"worker on {os.uname().nodename}: found {name} .*, expected of another day"
        ):
            make_on_worker("no plan line", "no folder", {"of another day": 1}, "run", wanted)


@pytest.fixture
def local():
    """A cluster of processes without workers, to which workers can be added."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=0, processes=True, threads_per_worker=1, dashboard_address=":0", preload=[PRELOAD]
    ) as made:
        yield made


def test_missing_workers_are_reported_once_and_their_arrival_is_reported(tmp_path, local, monkeypatch):
    monkeypatch.setattr(cluster_module, "COUNT_EVERY_S", 0.0)
    notices = []
    workers = cluster_module.ClusterWorkers(local.scheduler_address, tmp_path, Limits(), "run", notices.append)
    assert [workers.slots for _ in range(20)] == [1] * 20
    assert (
        len(notices) == 1 and "no workers for" in notices[0] and f"dask worker {local.scheduler_address}" in notices[0]
    )
    monkeypatch.setattr(cluster_module, "REMIND_S", 0.0)
    assert workers.slots == 1 and len(notices) == 2  # repeated after a while
    local.scale(1)
    wait_for(lambda: workers.slots and "workers have joined: 1 scenes at once" in notices[-1])
    told = len(notices)
    assert workers.slots == 1 and len(notices) == told
    workers.close()


def test_a_hanging_worker_does_not_hold_up_a_stopped_run(tmp_path, local, monkeypatch):
    from distributed import Client

    monkeypatch.setattr(cluster_module, "CLOSE_S", 1.0)
    local.scale(1)
    with Client(local) as client:
        client.wait_for_workers(1)
        (process,) = client.run(os.getpid).values()
        notices = []
        workers = cluster_module.ClusterWorkers(local.scheduler_address, tmp_path, Limits(), "run", notices.append)
        os.kill(process, signal.SIGSTOP)
        try:
            workers.close()
        finally:
            os.kill(process, signal.SIGCONT)
    assert any("do not respond" in notice for notice in notices)


@pytest.mark.slow
def test_ctrl_c_ends_the_children_of_workers_and_keeps_other_runs_out_meanwhile(tmp_path, reference, local):
    from distributed import Client

    local.scale(2)
    options = RunOptions(scheduler=local.scheduler_address)

    def stop(outcome, made, total):
        with pytest.raises(FolderError, match="another run at work"):
            generate(CONFIG, tmp_path / "set", options)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(CONFIG, tmp_path / "set", options, Watcher(scene=stop))
    with Client(local) as client:
        assert set(client.run(_children).values()) == {0}
    both = [tmp_path / "set", tmp_path / "other"]  # two runs on one cluster at once
    with ThreadPoolExecutor(2) as pool:
        assert all(summary.complete for summary in pool.map(lambda out: generate(CONFIG, out, options), both))
    assert [label_digests(out) for out in both] == [reference, reference]
