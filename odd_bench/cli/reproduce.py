"""`odd-bench reproduce`: options into one call, the table printed and written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def reproduce(
    table: Annotated[str, typer.Argument(help="table1, table2, teachers, table1-drafts or a file like them.")],
    config: Annotated[str, typer.Option(help="Named configuration of every method.")] = "mini",
    data: Annotated[Path, typer.Option(help="Folder that holds the data sets.")] = Path("data"),
    out: Annotated[
        Path | None, typer.Option(help="Folder of runs, scores and the table. Default: runs/TABLE-CONFIG.")
    ] = None,
    datasets: Annotated[
        list[str] | None, typer.Option("--dataset", help="Data set to use instead of the table's. Repeatable.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this row, by the name of its folder. Repeatable.")
    ] = None,
    devices: Annotated[str, typer.Option(help="How many GPUs.")] = "auto",
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="Override in every row, e.g. train.batch=4. Repeatable.")
    ] = None,
) -> None:
    """Reproduce a table of results: train, predict and score what is missing, then compare.

    The same command goes on where it was stopped.
    """
    from dataclasses import replace

    from odd_bench.errors import stoppable
    from odd_bench.reproduce.markdown import markdown
    from odd_bench.reproduce.results import Setup, carry_out
    from odd_bench.reproduce.table import load_table

    chosen = load_table(table).only(only or [])
    chosen = replace(chosen, datasets=tuple(datasets)) if datasets else chosen
    folder = out or Path("runs") / f"{chosen.name}-{config}"
    setup = Setup(data, folder, config, tuple(overrides or ()), devices)
    with stoppable(folder, "the same command goes on from there"):
        text = markdown(chosen, carry_out(chosen, setup, typer.echo))
    path = folder / f"{chosen.name}.md"
    path.write_text(text)
    typer.echo(text)
    typer.echo(f"wrote {path}")
