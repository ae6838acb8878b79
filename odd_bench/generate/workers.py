"""The workers that make scenes: threads of this process, each with a child process, or those of a cluster (cluster.py)."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from odd_bench.data.outcome import Outcome
from odd_bench.generate.pool import Limits, end_children, make_in_child


class Workers(Protocol):
    """Makes planned scenes concurrently. slots: number of scenes at once, at least 1; it may change."""

    @property
    def slots(self) -> int: ...

    def submit(self, line: str) -> Future:
        """Submit a scene. The future ends when the scene is made or has failed."""

    def outcome(self, future: Future) -> Outcome | None:
        """The outcome of a scene whose future has ended; None if the scene was lost and must be submitted again."""

    def close(self) -> None:
        """Cancel all unfinished scenes and release all resources."""


class LocalWorkers:
    """Threads of this process with one child each. run: see pool.make_in_child."""

    def __init__(self, count: int, root: Path, limits: Limits, run: str):
        self.slots = count
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="worker")
        self._run, self._arguments = run, (str(root), limits, run)

    def submit(self, line: str) -> Future:
        return self._executor.submit(make_in_child, line, *self._arguments)

    def outcome(self, future: Future) -> Outcome | None:
        return future.result()

    def close(self) -> None:
        end_children(self._run)
        self._executor.shutdown(cancel_futures=True)
        end_children(self._run)  # a child may have started in between
