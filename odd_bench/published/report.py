"""The output of an import: a progress bar, and a report of the scenes, the corrections, and the refusals with reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn, TimeRemainingColumn

from odd_bench.counted import counted
from odd_bench.data.folder import QUARANTINE
from odd_bench.errors import stoppable
from odd_bench.published.finish import ImportReport
from odd_bench.published.run import Imported
from odd_bench.terminal import make_bar, make_console

SHOWN = 10


@contextmanager
def watched(out: Path) -> Iterator[Callable[[Imported, int, int], None]]:
    """A function to call after each scene; it shows the progress of an import and every refused scene."""
    console = make_console()
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with make_bar(*columns, console=console) as bar:
        task = bar.add_task("scenes", total=None)

        def show(outcome: Imported, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if outcome.kind:
                console.print(f"refused {outcome.scene}: {outcome.kind}: {outcome.message}")

        with stoppable(out, "finished scenes are kept; run the same command again to resume"):
            yield show


def report_text(report: ImportReport, out: Path) -> str:
    """The whole report, for a terminal."""
    return "\n".join(_lines(report, out))


def _lines(report: ImportReport, out: Path) -> Iterator[str]:
    yield (
        f"{out}: {counted(report.imported, 'scene')} imported, {report.new:,} of them in this call; "
        f"{len(report.refused):,} refused"
    )
    if report.corrected:
        yield "corrections and remarks"
        yield from (f"  {count:9,}  {name}" for name, count in report.corrected.items())
    straddling = report.listing.straddling
    yield from _names(
        f"{counted(len(straddling), 'base shape')} in two splits",
        [f"{s} ({', '.join(of)})" for s, of in straddling.items()],
    )
    yield from _names(
        f"{counted(len(report.listing.unlisted), 'folder')} left out: not in the split file",
        report.listing.unlisted,
    )
    yield from _names(
        f"{counted(len(report.listing.absent), 'scene')} of the split file without a folder", report.listing.absent
    )
    scenes = defaultdict(list)
    for name, (kind, message) in report.refused.items():
        scenes[kind].append(f"{name}: {message}")
    if scenes:
        yield f"refused scenes (the full list is in {out / QUARANTINE})"
    for kind, found in sorted(scenes.items()):
        yield from (f"  {line}" for line in _names(f"{kind} ({len(found):,})", found))


def _names(heading: str, names: Collection[str]) -> Iterator[str]:
    """A heading and the first few names; nothing if there are none."""
    if names:
        yield heading
        yield from (f"    {name}" for name in list(names)[:SHOWN])
        if len(names) > SHOWN:
            yield f"    and {len(names) - SHOWN:,} more"
