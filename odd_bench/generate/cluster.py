"""Making scenes on the workers of a dask cluster, which share the run's folder with this process.

Workers may join, leave and die at any time: dask then gives their scenes to other workers. If the scheduler is lost, this process
waits until it returns at the same address, and submits all unfinished scenes again.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from operator import methodcaller
from pathlib import Path
from threading import Thread
from uuid import uuid4

from distributed import Client
from distributed import Future as Asked
from distributed.scheduler import KilledWorker

from odd_bench.data.outcome import Outcome
from odd_bench.errors import OddBenchError, WrongUse
from odd_bench.generate.installation import installation
from odd_bench.generate.pool import Limits, end_children
from odd_bench.plan_line import read_plan_line

ADDRESS = re.compile(r"(?:(?P<protocol>tcp|tls|ws|wss)://)?[^/\s]+:(?P<port>\d{1,5})/?")
ENCRYPTED = ("tls", "wss")
HIGHEST_PORT = 65535
CONNECT_S = 30.0
RECONNECT_S = 900.0  # longest wait for a lost scheduler
COUNT_EVERY_S = 5.0
REMIND_S = 300.0  # interval between notices that there are no workers
CLOSE_S = 10.0
MAKER = "odd_bench.generate.cluster_worker", "make_on_worker"


class ClusterError(OddBenchError):
    """The scheduler cannot be reached, or its workers cannot run this project. Finished scenes are kept."""


class ClusterWorkers:
    """The workers of a dask cluster, see workers.Workers.

    address: address of the scheduler. root: folder of the run. run: see pool.make_in_child. notice: called with a line for the
    user. Raises ClusterError if no scheduler responds.
    """

    def __init__(self, address: str, root: Path, limits: Limits, run: str, notice: Callable[[str], None]):
        self._address, self._run, self._notice = address, run, notice
        self._arguments = str(root), asdict(limits), run, dict(installation())
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it would report lost connections, as we do
        self._asked: dict[Future, Asked] = {}
        self._slots, self._counted = 1, float("-inf")
        self._alone_since, self._reminded = None, float("-inf")
        self._client = _connected(address, CONNECT_S)

    @property
    def slots(self) -> int:
        """Number of threads of all workers that are currently connected."""
        if time.monotonic() - self._counted > COUNT_EVERY_S:
            self._find_scheduler()
            try:
                threads = sum(self._client.nthreads().values())
            except Exception:  # the scheduler was just lost; the next submission reconnects
                return self._slots
            self._tell_of_workers(threads)
            self._slots, self._counted = max(1, threads), time.monotonic()
        return self._slots

    def submit(self, line: str) -> Future:
        self._find_scheduler()
        ours: Future = Future()
        asked = _submitted(self._client, line, *self._arguments)
        self._asked[ours] = asked
        asked.add_done_callback(lambda done: _settle(ours, done, read_plan_line(line).scene))
        return ours

    def outcome(self, future: Future) -> Outcome | None:
        del self._asked[future]
        return future.result()

    def close(self) -> None:
        """Cancel queued scenes and end the children on the workers. A cluster that does not respond is left as it is."""
        try:
            if self._client.status == "running":
                self._client.cancel(list(self._asked.values()))
                self._end_children()
            self._client.close(timeout=CLOSE_S)
        except Exception as error:  # the scheduler is lost: the children end with their workers
            self._notice(f"{self._address}: not closed cleanly: {type(error).__name__}: {error}")

    def _end_children(self) -> None:
        """End the children on all workers. Workers that do not respond in time, because their machine hangs, are ignored."""
        ending = Thread(target=_end_children_of, args=(self._client, self._run), daemon=True)
        ending.start()
        ending.join(CLOSE_S)
        if ending.is_alive():
            self._notice(f"{self._address}: some workers do not respond; their scenes end when they do")

    def _tell_of_workers(self, threads: int) -> None:
        """Notify the user when the last worker leaves, every REMIND_S while there are none, and when one joins."""
        now = time.monotonic()
        if threads:
            if self._alone_since is not None:
                self._notice(f"{self._address}: workers have joined: {threads} scenes at once")
            self._alone_since, self._reminded = None, float("-inf")
        elif now - self._reminded >= REMIND_S:
            self._alone_since, self._reminded = self._alone_since or now, now
            self._notice(
                f"{self._address}: no workers for {(now - self._alone_since) / 60:.0f} min; waiting for some. "
                f"`dask worker {self._address}` starts one; Ctrl-C ends this run and keeps finished scenes"
            )

    def _find_scheduler(self) -> None:
        """Wait until the scheduler is connected. Raises ClusterError if it does not return in time."""
        if self._client.status == "running":
            return
        self._notice(f"{self._address}: lost the scheduler; waiting up to {RECONNECT_S / 60:.0f} min for it to return")
        deadline = time.monotonic() + RECONNECT_S
        while self._client.status != "running":
            if self._client.status in ("closed", "closing"):
                try:
                    self._client = _connected(self._address, CONNECT_S)
                except ClusterError:
                    if time.monotonic() > deadline:
                        raise
            time.sleep(0.5)
        self._notice(f"{self._address}: found the scheduler again")


def _end_children_of(client: Client, run: str) -> None:
    with suppress(Exception):  # the connection was closed while a worker had not answered
        client.run(end_children, run, on_error="ignore")


def _submitted(client: Client, *arguments: object) -> Asked:
    """Submit a call of make_on_worker that consists of standard-library objects alone.

    A worker that cannot unpickle a task dies without an error message.
    """
    module, function = MAKER
    scene = f"scene-{uuid4().hex}"
    return client.get({scene: (methodcaller(function, *arguments), (import_module, module))}, scene, sync=False)


def check_address(address: str) -> None:
    """Raise WrongUse if a string is not the address of a scheduler."""
    found = ADDRESS.fullmatch(address)
    if not found or not 0 < int(found["port"]) <= HIGHEST_PORT:
        raise WrongUse(
            f"--scheduler {address!r}: found no address; expected tcp://host:port or tls://host:port. "
            "Hint: `dask scheduler` prints its address when it starts."
        )


def _connected(address: str, timeout_s: float) -> Client:
    try:
        return Client(address, timeout=timeout_s, set_as_default=False)
    except Exception as error:  # dask raises those of its transports, which all mean the same
        why = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:120]}"
        encrypted = ADDRESS.fullmatch(address)["protocol"] in ENCRYPTED
        hint = (
            "name certificates in dask's configuration, distributed.comm.tls"
            if encrypted
            else "`dask scheduler` starts one"
        )
        raise ClusterError(
            f"--scheduler {address}: found no dask scheduler ({why}); expected one at this address. "
            f"Hint: {hint}. Finished scenes are kept."
        ) from error


def _settle(ours: Future, asked: Asked, scene: str) -> None:
    """Pass on the result of a scene: its outcome, None if it was lost with the scheduler, or an error that ends the run."""
    try:
        if asked.status == "error":
            ours.set_result(_outcome_of(asked.exception(), scene))
        else:
            ours.set_result(asked.result() if asked.status == "finished" else None)
    except OddBenchError as error:
        ours.set_exception(error)
    except Exception:  # the connection broke while the result was fetched
        ours.set_result(None)


def _outcome_of(error: BaseException, scene: str) -> Outcome:
    """The outcome of a scene that killed several workers. Any other error of the workers is raised and ends the run."""
    if isinstance(error, KilledWorker):
        return Outcome(scene, "killed", f"the workers that made it died: {error}"[:300])
    if isinstance(error, OddBenchError):
        raise error
    why = " ".join(str(error).split())[:200]
    raise ClusterError(
        f"workers: found {type(error).__name__}: {why}; expected the same odd-bench as here on every worker. "
        "Hint: compare `odd-bench doctor` on both."
    ) from error
