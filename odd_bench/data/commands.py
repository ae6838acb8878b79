"""`odd-bench data`: look into a data set, check it, draw it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Look into a data set, check it, draw it.")

Folder = Annotated[Path, typer.Argument(help="Folder of the data set, as given to generate with --out.")]


@app.command()
def info(folder: Folder) -> None:
    """Splits, scenes, objects, anomaly types, sizes, and the counters of the run that made it."""
    from rich.console import Console

    from odd_bench.data.info import gather, tables

    Console().print(tables(gather(folder)))


@app.command()
def validate(
    folder: Folder,
    deep: Annotated[bool, typer.Option("--deep", help="Decode every picture too.")] = False,
) -> None:
    """Check every invariant; name the shard, scene and field of all that fails. Exit code 1 if anything does."""
    from rich.progress import track

    from odd_bench.data import validate as checks
    from odd_bench.scoring.problems import problem_report

    result = checks.validate(
        folder, deep, lambda shards: track(shards, "checking", disable=len(shards) < 2, transient=True)
    )
    if result.problems:
        typer.echo(problem_report(list(result.problems)))
        typer.echo(f"{folder}: {len(result.problems):,} problems in {result.scenes:,} scenes, {result.shards} shards")
        raise typer.Exit(1)
    typer.echo(f"{folder}: {result.scenes:,} scenes in {result.shards} shards, no problem found")


@app.command()
def preview(
    folder: Folder,
    scene: Annotated[list[str] | None, typer.Option(help="Name of a scene. Repeatable.")] = None,
    split: Annotated[str | None, typer.Option(help="Only scenes of this split.")] = None,
    scenes: Annotated[int, typer.Option(min=1, help="How many scenes, evenly spread.")] = 12,
    page: Annotated[
        bool, typer.Option("--page", help="One picture of many scenes instead of a sheet a scene.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Pictures alone, without boxes and outlines.")] = False,
) -> None:
    """Draw contact sheets into the folder's preview/: views, boxes, odd objects, changed regions."""
    from odd_bench.data.reader import open_dataset
    from odd_bench.view.preview import spread, write_page, write_sheets

    dataset = open_dataset(folder)
    names = scene or spread(dataset.scene_names(split), scenes)
    for path in [write_page(dataset, names, plain)] if page else write_sheets(dataset, names, plain):
        typer.echo(path)
