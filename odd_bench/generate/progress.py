"""The display of a run: a progress bar, or plain lines if the output is no terminal, and a summary at the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from odd_bench.counted import counted
from odd_bench.data.outcome import Outcome
from odd_bench.errors import stoppable
from odd_bench.generate.call import RunSummary, Watcher
from odd_bench.generate.config import GenerateConfig
from odd_bench.shapes.library import Entry
from odd_bench.terminal import Told, make_bar, make_console

LINE_EVERY_S = 30.0


@contextmanager
def watched(config: GenerateConfig, out: Path) -> Iterator[Watcher]:
    """A watcher that displays a run. Ctrl-C and SIGTERM end the run with a message that tells how to continue."""
    console = make_console()
    scenes = sum(config.splits.values())
    console.print(
        f"{config.name}: {counted(scenes, 'scene')}, {config.orbit.views} views of {config.orbit.pixels} px -> {out}"
    )
    with stoppable(out, "finished scenes are kept; run the same command again to resume"), _bar(console) as bar:
        display = _Display(console, bar)
        yield Watcher(display, lambda entry: _show_asset(entry, console), display.show_stage, display.say)


class _Display:
    """Displays each scene. Speed and remaining time count from the end of the first scene, so they exclude the start."""

    def __init__(self, console: Console, bar: Progress):
        self._console, self._bar = console, bar
        self._task = bar.add_task("scenes", total=None, rate="starting")
        self._started = self._last_line = time.monotonic()
        self._stage = ""
        self._first: tuple[int, float] | None = None  # number of scenes at the first call, and its time

    def show_stage(self, stage: str, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total, rate=stage)
        self._started = time.monotonic()  # speed and remaining time count scenes alone
        if stage != self._stage and not self._console.is_terminal:
            self._console.print(f"{stage} ...")
        self._stage = stage

    def say(self, text: str) -> None:
        self._console.print(text, style="yellow")

    def __call__(self, outcome: Outcome, done: int, total: int) -> None:
        now = time.monotonic()
        left_s = (total - done) * self._seconds_a_scene(done, now)
        rate = f"{3600 / max(self._seconds_a_scene(done, now), 1e-3):.0f} scenes/h, {duration(left_s)} left"
        self._bar.update(self._task, completed=done, total=total, rate=rate)
        if outcome.kind:
            self.say(f"gave up {outcome.scene}: {outcome.kind}: {outcome.message}")
        early = done & (done - 1) == 0  # 1, 2, 4, 8 and so on
        if not self._console.is_terminal and (early or done == total or now - self._last_line > LINE_EVERY_S):
            self._console.print(f"{done}/{total} scenes, {rate}")
            self._last_line = now

    def _seconds_a_scene(self, done: int, now: float) -> float:
        if self._first is None:
            self._first = done, now
        scenes, since = done - self._first[0], self._first[1]
        return (now - since) / scenes if scenes else (now - self._started) / done


def duration(seconds: float) -> str:
    """A duration in seconds, minutes or hours, whichever is easiest to read."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _show_asset(entry: Entry, console: Console) -> None:
    if entry.reason:
        console.print(f"not used: {entry.path}: {entry.reason}: {entry.detail}", style="yellow")


def _bar(console: Console) -> Progress:
    return make_bar(
        BarColumn(), MofNCompleteColumn(), Told("rate"), TimeElapsedColumn(), console=console, transient=False
    )


def print_summary(summary: RunSummary) -> None:
    """Print the numbers of scenes of a run, its time by stage, and the refusals of anomalies by reason."""
    console = make_console()
    scenes = counted(summary.made, "scene")
    made = f"{scenes} made, {summary.already_there} already there, {summary.quarantined} given up"
    console.print(f"{made}, {summary.wall_s / 60:.1f} min")
    if summary.made:
        console.print(*(one for one in (_times(summary), _refusals(summary.refusals)) if one.row_count))
    if summary.tried_again_next_time:
        console.print(
            f"{summary.tried_again_next_time} of those given up ran out of time or were killed; the same command retries them"
        )
    if not summary.complete:
        console.print(
            f"{summary.folder}: not complete yet: the other slices are missing; the last one finishes the data set"
        )


def _times(summary: RunSummary) -> Table:
    table = Table("stage", "seconds per scene", "share", title="Time by stage", title_justify="left")
    total = sum(summary.seconds.values())
    for stage, seconds in summary.seconds.most_common():
        table.add_row(stage, f"{seconds / summary.made:.2f}", f"{seconds / total:.0%}")
    return table


def _refusals(refusals: Counter[str]) -> Table:
    table = Table("anomalies refused", "times", title="Quality", title_justify="left")
    for reason, times in refusals.most_common(12):
        table.add_row(reason, str(times))
    return table
