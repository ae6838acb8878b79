"""What an import shows: a bar while it runs; at its end how many scenes, what was corrected, what was refused and why."""

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
    """A function to be called after each scene, which shows how far an import is and every scene that is refused."""
    console = make_console()
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with make_bar(*columns, console=console) as bar:
        task = bar.add_task("scenes", total=None)

        def show(outcome: Imported, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if outcome.kind:
                console.print(f"refused {outcome.scene}: {outcome.kind}: {outcome.message}")

        with stoppable(out, "finished scenes are kept; the same command goes on from there"):
            yield show


def report_text(report: ImportReport, out: Path) -> str:
    """The whole report, for a terminal."""
    return "\n".join(_lines(report, out))


def _lines(report: ImportReport, out: Path) -> Iterator[str]:
    yield f"{out}: {counted(report.imported, 'scene')} imported, {report.new:,} of them now; {len(report.refused):,} refused"
    if report.corrected:
        yield "corrected or worth knowing"
        yield from (f"  {count:9,}  {name}" for name, count in report.corrected.items())
    straddling = report.listing.straddling
    yield from _names(
        f"{counted(len(straddling), 'base shape')} in two splits",
        [f"{s} ({', '.join(of)})" for s, of in straddling.items()],
    )
    yield from _names(
        f"{len(report.listing.unlisted):,} folders not in the split file, left out", report.listing.unlisted
    )
    yield from _names(
        f"without a folder: {counted(len(report.listing.absent), 'scene')} of the split file", report.listing.absent
    )
    scenes = defaultdict(list)
    for name, (kind, message) in report.refused.items():
        scenes[kind].append(f"{name}: {message}")
    if scenes:
        yield f"refused, all of them in {out / QUARANTINE}"
    for kind, found in sorted(scenes.items()):
        yield from (f"  {line}" for line in _names(f"{kind} ({len(found):,})", found))


def _names(heading: str, names: Collection[str]) -> Iterator[str]:
    """A heading and the first few names; nothing where there are none."""
    if names:
        yield heading
        yield from (f"    {name}" for name in list(names)[:SHOWN])
        if len(names) > SHOWN:
            yield f"    and {len(names) - SHOWN:,} more"
