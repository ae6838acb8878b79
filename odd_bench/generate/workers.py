"""Who makes the scenes: threads of this process, each with a child, or the workers of a cluster (cluster.py)."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from odd_bench.data.outcome import Outcome
from odd_bench.generate.pool import Limits, end_children, make_in_child


class Workers(Protocol):
    """Makes planned scenes at the same time. slots: how many at once, at least 1; it may change."""

    @property
    def slots(self) -> int: ...

    def submit(self, line: str) -> Future:
        """Begin a scene; the future ends however the scene does."""

    def outcome(self, future: Future) -> Outcome | None:
        """What became of a scene whose future has ended; None if the scene was lost on the way and is to be submitted again."""

    def close(self) -> None:
        """Give up what is not finished and let go of everything."""


class LocalWorkers:
    """Threads of this process; each keeps one child. run: see pool.make_in_child."""

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
        end_children(self._run)  # and one that was being started
