"""`odd-bench reproduce`: make a table, given by name or file, or a figure; print and write the results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
import typer
from typer.core import TyperGroup

from odd_bench.cli.figures import correspondences, counts, minority, views

SHORT = "Make this table; train, predict and score what is missing."
TABLES = Path(__file__).parents[1] / "reproduce" / "tables"


class TablesAndFigures(TyperGroup):
    """A name that is not a command is taken as the file of a table, like those in the package."""

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        return super().get_command(context, name) or super().get_command(context, table_names()[0])


def table_names() -> list[str]:
    """Names of the tables in the package."""
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


app = typer.Typer(
    cls=TablesAndFigures,
    no_args_is_help=True,
    help="Reproduce a table (by name or from a .yaml file; trains what is missing) or a figure (from existing weights).",
)


def table(
    context: typer.Context,
    config: Annotated[str, typer.Option(help="Named configuration to use for every method.")] = "mini",
    data: Annotated[Path, typer.Option(help="Folder that holds the data sets.")] = Path("data"),
    out: Annotated[
        Path | None, typer.Option(help="Folder of runs, scores and the table. Default: runs/TABLE-CONFIG.")
    ] = None,
    datasets: Annotated[
        list[str] | None, typer.Option("--dataset", help="Data set to use instead of the table's. Repeatable.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Make only this row, given by the name of its folder. Repeatable.")
    ] = None,
    devices: Annotated[str, typer.Option(help="Number of GPUs, or of processes on the CPU.")] = "auto",
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="Change a key in every row, e.g. train.batch=4. Repeatable.")
    ] = None,
) -> None:
    """Reproduce a table of results: train, predict and score what is missing, then compare.

    If it is stopped, the same command resumes.
    """
    from dataclasses import replace

    from odd_bench.errors import stoppable
    from odd_bench.reproduce.markdown import markdown
    from odd_bench.reproduce.results import Setup, carry_out
    from odd_bench.reproduce.table import load_table

    chosen = load_table(context.info_name, FIGURES).only(only or [])
    chosen = replace(chosen, datasets=tuple(datasets)) if datasets else chosen
    folder = out or Path("runs") / f"{chosen.name}-{config}"
    setup = Setup(data, folder, config, tuple(overrides or ()), devices)
    with stoppable(folder, "run the same command again to resume"):
        text = markdown(chosen, carry_out(chosen, setup, typer.echo))
    path = folder / f"{chosen.name}.md"
    path.write_text(text)
    typer.echo(text)
    typer.echo(f"wrote {path}")


for name in table_names():
    app.command(name, short_help=SHORT, rich_help_panel="Tables")(table)
for figure in (views, counts, minority, correspondences):
    app.command(rich_help_panel="Figures")(figure)
FIGURES = tuple(figure.__name__ for figure in (views, counts, minority, correspondences))
