"""What the user reads while a command works: foreign text as it is, and bars for what takes longer.

Files, scenes and data sets are called as somebody else liked. `[red]x[/red]`, `[/]` and `:cake:` mean something to rich; here they
are names. No other file makes a console or a bar, and a test reads that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TimeRemainingColumn
from rich.text import Text


def make_console(**options: Any) -> Console:
    """A console that finds no markup, no emoji and nothing to highlight in what it prints, and leaves lines whole outside tables.

    options: as of rich's Console.
    """
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=True, **options)


class Told(ProgressColumn):
    """A field of a task, `description` or one of its own, as it is."""

    def __init__(self, field: str = "description"):
        super().__init__()
        self.field = field

    def render(self, task: Task) -> Text:
        return Text(task.description if self.field == "description" else str(task.fields[self.field]))


def make_bar(*columns: ProgressColumn, console: Console | None = None, transient: bool = True) -> Progress:
    """A bar of the columns on the console, its own where None; nothing is drawn where nobody watches."""
    console = console or make_console()
    return Progress(*columns, console=console, transient=transient, disable=not console.is_terminal)


def tracked(items: Iterable[Any], what: str, console: Console | None = None, total: int | None = None) -> Iterable[Any]:
    """The items, under a bar with an ETA. total: how many, where they cannot be counted; a single one needs no bar."""
    if total is None:
        items = list(items)
        total = len(items)
    if total < 2:
        yield from items
        return
    with make_bar(Told(), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=console) as bar:
        yield from bar.track(items, total=total, description=what)
