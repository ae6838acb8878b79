"""One call of `odd-bench generate`: how it is carried out, what it reports on the way, and what it did."""

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
    """How a run is carried out; none of it changes the data.

    workers: child processes. scheduler: address of a dask scheduler whose workers share the folder, None for this machine.
    slice_index, slice_count: the part of the shards that this call makes. retry_quarantined: try lost scenes again.
    only_finish: make nothing, but pack, check and describe what the slices have made.
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
    """What this call did. complete: the whole data set is there. seconds: spent by workers, a stage.

    tried_again_next_time: of the quarantined, those that the machine is to blame for.
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
    """Functions that are called on the way; those left out do nothing.

    scene: each scene, with the number done and the number wanted. asset: each mesh file read. stage: what goes on meanwhile, how
    much of it is done and in all. notice: one line for the user.
    """

    scene: Callable[[Outcome, int, int], None] = lambda outcome, done, total: None
    asset: Callable[[Entry], None] = lambda entry: None
    stage: Callable[[str, int, int], None] = lambda stage, done, total: None
    notice: Callable[[str], None] = lambda text: None


SILENT = Watcher()


@dataclass(frozen=True)
class Call:
    """One call at work on a folder. config: of the data set. summary: filled on the way."""

    config: GenerateConfig
    folder: RunFolder
    options: RunOptions
    watcher: Watcher
    summary: RunSummary
