"""Terminal output: consoles that print foreign text unchanged, and progress bars.

Files, scenes and data sets may have names such as `[red]x[/red]`, `[/]` and `:cake:`, which rich would interpret as markup; here
they are printed as names. No other file makes a console or a bar; a test checks this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TimeRemainingColumn
from rich.text import Text


def make_console(**options: Any) -> Console:
    """A console that interprets no markup and no emoji, highlights nothing, and does not wrap lines outside tables.

    options: those of rich's Console.
    """
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=True, **options)


class Told(ProgressColumn):
    """A field of a task, `description` or a custom one, printed unchanged."""

    def __init__(self, field: str = "description"):
        super().__init__()
        self.field = field

    def render(self, task: Task) -> Text:
        return Text(task.description if self.field == "description" else str(task.fields[self.field]))


def make_bar(*columns: ProgressColumn, console: Console | None = None, transient: bool = True) -> Progress:
    """A progress bar on the console, or on a new one if None; nothing is drawn if the console is not a terminal."""
    console = console or make_console()
    return Progress(*columns, console=console, transient=transient, disable=not console.is_terminal)


def tracked(items: Iterable[Any], what: str, console: Console | None = None, total: int | None = None) -> Iterable[Any]:
    """The items, with a progress bar and an ETA. total: their number, if they have no length. A single item has no bar."""
    if total is None:
        items = list(items)
        total = len(items)
    if total < 2:
        yield from items
        return
    with make_bar(Told(), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=console) as bar:
        yield from bar.track(items, total=total, description=what)
