"""`odd-bench assets`: list, fetch, verify and show assets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from odd_bench.cli.places import folder_of

app = typer.Typer(
    no_args_is_help=True, help="List, fetch, verify and show shapes, environments and floors made by others."
)

Name = Annotated[str, typer.Argument(help="Name of a collection as `list` shows it, or a manifest of your own, .yaml.")]
To = Annotated[Path, typer.Option("--to", help="Folder of the collections; each has a sub-folder of its name.")]
FOLDER = Path("assets")


@app.command("list")
def list_(name: Annotated[str | None, typer.Argument(help="Show one collection with its entries.")] = None) -> None:
    """List all collections, or describe one: source, licence, how to get it, entries, checksums, splits."""
    from odd_bench.assets import listing
    from odd_bench.assets.manifest_file import load, names
    from odd_bench.terminal import make_console

    console = make_console()
    if name is None:
        console.print(listing.overview([load(name) for name in names()]))
    else:
        console.print(listing.details(load(name)))


@app.command()
def fetch(
    name: Name,
    to: To = FOLDER,
    only: Annotated[list[str] | None, typer.Option(help="Name of an entry. Repeatable. Default: all.")] = None,
    from_: Annotated[Path | None, typer.Option("--from", help="Folder in which you unpacked the collection.")] = None,
    most: Annotated[
        int | None, typer.Option(min=1, help="With --from: the most shapes to take, evenly spread.")
    ] = None,
) -> None:
    """Download, verify and record a collection, or prepare one that you unpacked. Exit code 1 if anything was refused."""
    from odd_bench.assets.fetch import READY, take_folder
    from odd_bench.assets.fetch import fetch as fetch_entries
    from odd_bench.assets.manifest_file import load
    from odd_bench.assets.progress import arranging, downloading

    manifest = load(name)
    folder = to / manifest.name
    if manifest.obtain in ("procedural", "bundled"):
        typer.echo(f"{manifest.title}: {manifest.steps[0]}")
        return
    if from_ is not None:
        with arranging() as progress:
            outcome = take_folder(manifest, from_, folder, most, progress)
    else:
        with downloading() as progress:
            outcome = fetch_entries(manifest, folder, tuple(only or ()), progress)
    for where, reason in outcome.failed.items():
        typer.secho(f"{where}: {reason}", fg="red", err=True)
    for where, missing in outcome.unpainted.items():
        typer.secho(f"{where}: textures missing: {missing}", fg="yellow", err=True)
    typer.echo(
        f"{folder}: {len(outcome.fetched):,} new, {len(outcome.kept):,} kept, {len(outcome.failed):,} refused, "
        f"{len(outcome.unpainted):,} with missing textures"
    )
    if (folder / READY).is_dir():
        typer.echo(f"use it with: odd-bench generate toys --assets {folder / READY}")
    if outcome.failed:
        raise typer.Exit(1)


@app.command()
def verify(name: Name, to: To = FOLDER) -> None:
    """Compare every file with the lock file; name every wrong, missing or unknown file. The exit code is 1 if there is one."""
    from odd_bench.assets.manifest_file import load
    from odd_bench.assets.verify import bundled_folder
    from odd_bench.assets.verify import verify as check

    manifest = load(name)
    if manifest.obtain == "procedural":
        typer.echo(f"{manifest.title}: procedural, nothing to verify")
        return
    folder = bundled_folder() if manifest.obtain == "bundled" else to / manifest.name
    verdict = check(manifest, folder)
    for problem in verdict.problems:
        typer.secho(problem, fg="red", err=True)
    absent = f", {len(verdict.absent):,} entries never fetched" if verdict.absent else ""
    typer.echo(f"{folder}: {verdict.files:,} files, {len(verdict.problems):,} problems{absent}")
    if verdict.problems:
        raise typer.Exit(1)


@app.command()
def preview(
    name: Name,
    sheet: Annotated[Path, typer.Option(help="Picture to write, .png.")],
    to: To = FOLDER,
    most: Annotated[int, typer.Option(min=1, help="The most assets to show, evenly spread.")] = 40,
) -> None:
    """Draw a sheet of a collection: its shapes, environments or floors. NAME may also be a folder of meshes."""
    from odd_bench.assets.manifest_file import load
    from odd_bench.view.assets_sheet import folder_tiles, manifest_tiles, save_sheet

    if Path(name).is_dir():
        tiles, refused = folder_tiles(Path(name), most)
    else:
        manifest = load(name)
        tiles, refused = manifest_tiles(manifest, to / manifest.name, most)
    for where, reason in refused.items():
        typer.secho(f"{where}: {reason}", fg="red", err=True)
    save_sheet(tiles, sheet)
    typer.echo(f"{sheet}: {len(tiles)} shown, {len(refused)} refused")
    if refused:
        raise typer.Exit(1)


@app.command()
def similar(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Folder of meshes, or the folder of a stored library.", callback=folder_of("meshes or of a library")
        ),
    ],
    sheet: Annotated[Path, typer.Option(help="Picture to write, .png.")],
    pairs: Annotated[int, typer.Option(min=1, help="Number of pairs to show, evenly spread.")] = 30,
    store: Annotated[Path | None, typer.Option(help="Where to store the library. Default: FOLDER-library.")] = None,
    teacher_weights: Annotated[
        Path | None, typer.Option(help="DINOv2 checkpoint. Default: features that need no weights.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change a bound, e.g. most_chamfer=0.03. Repeatable.")
    ] = None,
) -> None:
    """Find shapes that could be mistaken for one another, and draw pairs of them."""
    from odd_bench.assets.progress import library_with_progress, similar_with_progress
    from odd_bench.shapes.similar_config import config_from
    from odd_bench.view.similar_sheet import save_pairs

    config = config_from(set_ or [], teacher_weights)
    library = library_with_progress(folder, store or Path(f"{os.path.abspath(folder)}-library"))
    index = similar_with_progress(library, config)
    shown = save_pairs(lambda name: library.model(name).shape(), index, sheet, pairs)
    typer.echo(
        f"{len(index.names):,} shapes, {index.matched:,} with a similar one, {index.pairs:,} pairs; {sheet}: {shown} shown"
    )
