"""One call of `odd-bench generate`: its options, its callbacks and its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from odd_bench.data.outcome import Outcome
from odd_bench.data.run_folder import RunFolder
from odd_bench.generate.config import GenerateConfig
from odd_bench.generate.pool import Limits
from odd_bench.shapes.library import Entry


@dataclass(frozen=True)
class RunOptions:
    """Options of a call. None of them changes the data.

    workers: number of child processes. limits: time limits of the child processes. scheduler: address of a dask scheduler whose
    workers share the folder; None = this machine. slice_index, slice_count: the part of the shards that this call makes.
    retry_quarantined: whether to try scenes in quarantine again. only_finish: whether to make no scenes, but pack, check and
    describe those that the slices have made.
    """

    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    scheduler: str | None = None
    slice_index: int = 0
    slice_count: int = 1
    retry_quarantined: bool = False
    only_finish: bool = False


@dataclass
class RunSummary:
    """The result of a call.

    made, already_there, quarantined: numbers of scenes. tried_again_next_time: number of quarantined scenes that failed because of
    the machine. complete: whether the data set is complete. seconds: time of the workers by stage. refusals: number by reason.
    """

    folder: Path
    made: int = 0
    already_there: int = 0
    quarantined: int = 0
    tried_again_next_time: int = 0
    complete: bool = False
    wall_s: float = 0.0
    seconds: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Watcher:
    """Callbacks of a run. The defaults do nothing.

    scene: called for each scene, with the number of scenes done and wanted. asset: called for each mesh file read. stage: called
    with the name of the current stage, the steps done, and the number of steps. notice: called with one line for the user.
    """

    scene: Callable[[Outcome, int, int], None] = lambda outcome, done, total: None
    asset: Callable[[Entry], None] = lambda entry: None
    stage: Callable[[str, int, int], None] = lambda stage, done, total: None
    notice: Callable[[str], None] = lambda text: None


SILENT = Watcher()


@dataclass(frozen=True)
class Call:
    """One call that works in a folder. config: configuration of the data set. summary: filled during the run."""

    config: GenerateConfig
    folder: RunFolder
    options: RunOptions
    watcher: Watcher
    summary: RunSummary
