"""Progress bars for work that takes longer than two seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from odd_bench.shapes.library import INDEX, Entry, Library, ingest, open_library
from odd_bench.terminal import Told, make_bar

if TYPE_CHECKING:
    from odd_bench.shapes.similar_config import SimilarConfig
    from odd_bench.shapes.similar_index import SimilarIndex


@contextmanager
def downloading() -> Iterator[Callable[[str, int, int | None], None]]:
    """A function to call with an entry, the bytes received and the total; it updates a progress bar."""
    with make_bar(Told(), BarColumn(), DownloadColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("connecting")
        yield lambda entry, received, total: bar.update(task, description=entry, completed=received, total=total)


@contextmanager
def arranging() -> Iterator[Callable[[int, int], None]]:
    """A function to call with the numbers of finished and of all shapes; it updates a progress bar."""
    with counting("shapes") as (bar, task):
        yield lambda done, total: bar.update(task, completed=done, total=total)


def library_with_progress(folder: Path, store: Path) -> Library:
    """The library that is stored in a folder, or that of a folder of meshes; changed files are read again."""
    if (folder / INDEX).exists():
        return open_library(folder)
    with counting("reading meshes") as (bar, task):

        def show(entry: Entry) -> None:
            bar.advance(task)
            if entry.reason:
                bar.console.print(f"not used: {entry.path}: {entry.reason}: {entry.detail}", style="yellow")
            elif entry.missing:
                bar.console.print(f"textures missing: {entry.path}: {entry.missing}", style="yellow")

        return ingest(folder, store, progress=show)


@contextmanager
def counting(what: str) -> Iterator[tuple[Progress, TaskID]]:
    """A progress bar that counts items, and its task."""
    columns: tuple[ProgressColumn, ...] = (
        Told("what"),
        Told(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with make_bar(*columns) as bar:
        yield bar, bar.add_task("", total=None, what=what)


def similar_with_progress(library: Library, config: SimilarConfig) -> SimilarIndex:
    """The index of similar shapes of a library, with a progress bar for each stage."""
    from odd_bench.shapes.similar_index import index_library

    with counting("similar shapes") as (bar, task):
        return index_library(
            library,
            config,
            progress=lambda stage, done, total: bar.update(task, description=stage, completed=done, total=total),
        )
