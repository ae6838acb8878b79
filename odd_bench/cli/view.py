"""`odd-bench view`: parse options, make one call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def view(
    path: Annotated[Path, typer.Argument(help="A data set, run, detection or capture, or a prediction file.")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Data set of the predictions, or capture of the detection. Default: as recorded, else $ODD_BENCH_DATA or ./data."
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Only scenes of this split; for a run, which predictions to show.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the photographs, if the capture does not name it.")
    ] = None,
    scene: Annotated[
        list[str] | None, typer.Option(help="Name of the scene to begin with. With --record, repeatable.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="First port to try; the first free one from there is used.")
    ] = 8080,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the address and open no browser.")] = False,
    record: Annotated[Path | None, typer.Option(help="Write a page that needs no server to this .html file.")] = None,
    scenes: Annotated[int, typer.Option(min=1, help="Number of scenes to record, the worst first.")] = 6,
) -> None:
    """Look at scenes in the browser: cameras, pictures, true, found, missed and false boxes, suspicion."""
    from odd_bench.view.browser.opening import Wanted, open_collection

    collection = open_collection(path, Wanted(data, split, images))
    names = collection.chosen(scene or [], scenes)
    if record is None:
        from odd_bench.view.browser.serving import serve

        serve(collection, port, names[0], not no_open, typer.echo)
    else:
        from odd_bench.view.browser.recording import record as write_page

        written = write_page(collection, names, record)
        typer.echo(f"page: {written} ({written.stat().st_size / 1e6:.1f} MB, opens in any browser without a server)")
