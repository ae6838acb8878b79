"""`odd-bench data`: inspect, validate, draw, import and export data sets."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from odd_bench.cli.places import file_of, folder_of
from odd_bench.counted import counted

app = typer.Typer(no_args_is_help=True, help="Inspect, validate, draw, import and export data sets.")

MADE_BY = "`odd-bench generate` and `odd-bench data import` make one"
Folder = Annotated[
    Path,
    typer.Argument(
        help="Folder of the data set, as given to generate with --out.", callback=folder_of("a data set", MADE_BY)
    ),
]


@app.command()
def info(folder: Folder) -> None:
    """Print splits, scenes, objects, anomaly types, sizes, and the counters of the run that made the data set."""
    from odd_bench.data.info import gather, tables
    from odd_bench.terminal import make_console

    make_console().print(tables(gather(folder)))


@app.command()
def validate(
    folder: Folder,
    deep: Annotated[bool, typer.Option("--deep", help="Also decode every picture.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of processes. Default: one per processor core.")
    ] = None,
) -> None:
    """Check every invariant; name the shard, scene and field of every failure. The exit code is 1 if there is one."""
    from odd_bench.data import validate as checks
    from odd_bench.scoring.problems import problem_report
    from odd_bench.terminal import tracked

    result = checks.validate(
        folder,
        deep,
        lambda reports, count: tracked(reports, "checking", total=count),
        workers or len(os.sched_getaffinity(0)),
    )
    scenes, shards = counted(result.scenes, "scene"), counted(result.shards, "shard")
    if result.problems:
        typer.echo(problem_report(list(result.problems)))
        typer.echo(f"{folder}: {counted(len(result.problems), 'problem')} in {scenes}, {shards}")
        raise typer.Exit(1)
    typer.echo(f"{folder}: {scenes} in {shards}, no problems found")


@app.command()
def preview(
    folder: Folder,
    scene: Annotated[list[str] | None, typer.Option(help="Name of a scene. Repeatable.")] = None,
    split: Annotated[str | None, typer.Option(help="Only scenes of this split.")] = None,
    scenes: Annotated[int, typer.Option(min=1, help="Number of scenes, evenly spread.")] = 12,
    page: Annotated[
        bool, typer.Option("--page", help="Draw one picture of many scenes instead of one sheet per scene.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Draw pictures without boxes and outlines.")] = False,
    blind: Annotated[
        bool,
        typer.Option(
            "--blind", help="Draw every object enlarged, without marks; preview/blind-key.json says which are odd."
        ),
    ] = False,
) -> None:
    """Draw contact sheets into the folder's preview/: views, boxes, odd objects, changed regions."""
    from odd_bench.data.reader import open_dataset
    from odd_bench.view.blind import write_blind
    from odd_bench.view.preview import spread, write_page, write_sheets

    dataset = open_dataset(folder)
    names = scene or spread(dataset.scene_names(split), scenes)
    if blind:
        pages, key = write_blind(dataset, names)
        typer.echo("\n".join(str(path) for path in (*pages, key)))
        return
    for path in [write_page(dataset, names, plain)] if page else write_sheets(dataset, names, plain):
        typer.echo(path)


@app.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(
            help="Folder of the unpacked scene folders.",
            callback=folder_of("scene folders", "Unpack the archive first"),
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the data set, for example toysad8k or partsad15k.")],
    out: Annotated[Path | None, typer.Option(help="Folder of the data set. Default: data/NAME.")] = None,
    splits: Annotated[
        Path | None,
        typer.Option(help="Your copy of the released split JSON.", callback=file_of("your copy of the split file")),
    ] = None,
    picture: Annotated[str, typer.Option(help="jpeg, or png for pictures exactly as published.")] = "jpeg",
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    retry_refused: Annotated[
        bool, typer.Option("--retry-refused", help="Read scenes again that an earlier call refused.")
    ] = False,
) -> None:
    """Import scene folders of ToysAD-8K or PartsAD-15K, or exported ones. The exit code is 1 if any is refused."""
    from odd_bench.data.codec import CodecConfig
    from odd_bench.published.plan import SPLITS_FILE, ImportConfig
    from odd_bench.published.report import report_text, watched
    from odd_bench.published.run import import_folders

    beside = source / SPLITS_FILE
    config = ImportConfig(name, source, splits or (beside if beside.exists() else None), codec=CodecConfig(picture))
    folder = out or Path("data") / name
    with watched(folder) as on_scene:
        report = import_folders(config, folder, workers, retry_refused, on_scene)
    typer.echo(report_text(report, folder))
    if report.refused:
        raise typer.Exit(1)


class Format(StrEnum):
    """Layouts that scenes can be exported to."""

    scene_folders = "scene-folders"
    coco = "coco"


@app.command()
def export(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="Folder that the scenes are written to.")],
    format: Annotated[
        Format, typer.Option(help="Layout of the published data sets, or COCO instances.")
    ] = Format.scene_folders,
    scene: Annotated[list[str] | None, typer.Option(help="Name of a scene. Repeatable.")] = None,
    split: Annotated[str | None, typer.Option(help="Only scenes of this split.")] = None,
) -> None:
    """Export scenes in the layout of the published data (folders of PNG and EXR files), or as COCO instances for pycocotools."""
    from odd_bench.data.reader import open_dataset
    from odd_bench.terminal import tracked

    dataset = open_dataset(folder)
    names = scene or dataset.scene_names(split)
    if format is Format.coco:
        from odd_bench.data.coco import export_coco

        count = export_coco(dataset, out, tracked(names, "exporting"))
        typer.echo(f"{out}: {counted(count, 'scene')} as COCO instances, images/ and annotations/")
        return
    from odd_bench.published.export import export_dataset

    count = export_dataset(dataset, out, tracked(names, "exporting"))
    typer.echo(f"{out}: {count:,} scene folders")
