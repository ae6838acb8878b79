"""`odd-bench generate`: build one configuration from the options, show progress, print one summary."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from odd_bench.cli.places import folder_of

app = typer.Typer(
    no_args_is_help=True, help="Make a data set: shapes, anomalies, settled scenes, pictures, labels, shards."
)

Preset = Annotated[
    str,
    typer.Option(
        help="nano, mini, draft, full, test256, tumbled-mini, tumbled-draft, for parts also minority; or a YAML file of your own."
    ),
]
Out = Annotated[Path | None, typer.Option(help="Folder of the data set. Default: data/NAME of the preset.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of every draw. Default: that of the preset.")]
Workers = Annotated[
    int,
    typer.Option(min=1, help="Number of processes. Each renders on all cores: more than 1 helps only on big machines."),
]
Categories = Annotated[str, typer.Option(help="Use only these categories, separated by commas.")]
Rest = Annotated[
    str | None,
    typer.Option(
        help="upright: as the shape settles upright; shared: one random pose a scene; tumbled: one for each object."
    ),
]
Device = Annotated[str | None, typer.Option(help="auto, cpu or gpu.")]
Assets = Annotated[
    Path | None,
    typer.Option(
        help="Folder of mesh files to use instead of procedural shapes; each sub-folder is a category.",
        callback=folder_of("mesh files"),
    ),
]
Floors = Annotated[
    Path | None,
    typer.Option(
        help="Folder of PBR texture sets to use instead of procedural floors.", callback=folder_of("texture sets")
    ),
]
Environments = Annotated[
    Path | None,
    typer.Option(
        help="Folder of .exr or .hdr files to use instead of Blender's environments.",
        callback=folder_of(".exr or .hdr files"),
    ),
]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="Change any key of the configuration: section.key=value. Repeatable.")
]
Scheduler = Annotated[
    str | None, typer.Option(help="Address of a dask scheduler, tcp://host:port; its workers must share --out.")
]
Timeout = Annotated[float, typer.Option(min=1.0, help="Time limit of a scene, in seconds.")]
Retry = Annotated[bool, typer.Option("--retry-quarantined", help="Try quarantined scenes of earlier calls again.")]
Slice = Annotated[str, typer.Option("--slice", help="i/n: make part i of n parts, for job arrays. i counts from 0.")]
Finish = Annotated[
    bool, typer.Option("--finish", help="Make no scenes: check what the slices made, and finish the data set.")
]


def _add_command(kind: str, description: str) -> None:
    """Add the command that makes data sets of one kind; all kinds take the same options."""

    @app.command(kind, help=description)
    def generate(
        preset: Preset = "mini",
        out: Out = None,
        seed: Seed = None,
        workers: Workers = 1,
        categories: Categories = "",
        rest: Rest = None,
        device: Device = None,
        assets: Assets = None,
        floors: Floors = None,
        environments: Environments = None,
        set_: Set = None,
        scheduler: Scheduler = None,
        slice_: Slice = "0/1",
        timeout: Timeout = 900.0,
        retry_quarantined: Retry = False,
        finish: Finish = False,
    ) -> None:
        from odd_bench.cli.generate_options import (
            chosen_config,
            named_by_change,
            parse_slice,
            plain_overrides,
            refuse_together,
        )
        from odd_bench.generate import run
        from odd_bench.generate.config import with_overrides
        from odd_bench.generate.pool import Limits
        from odd_bench.generate.progress import print_summary, watched
        from odd_bench.view.preview import write_preview

        named = {
            "seed": seed,
            "categories": [name.strip() for name in categories.split(",") if name.strip()] or None,
            "scene.rest": rest,
            "render.device": device,
            "assets": str(assets.absolute()) if assets else None,
            "floors": str(floors.absolute()) if floors else None,
            "environments": str(environments.absolute()) if environments else None,
        }
        chosen = chosen_config(kind, preset)
        config = named_by_change(with_overrides(chosen, plain_overrides(named) + (set_ or [])), chosen)
        index, count = parse_slice(slice_)
        refuse_together(finish, slice_, retry_quarantined)
        options = run.RunOptions(workers, Limits(timeout), scheduler, index, count, retry_quarantined, finish)
        folder = out or Path("data") / config.name
        with watched(config, folder) as watcher:
            summary = run.generate(config, folder, options, watcher)
        print_summary(summary)
        if summary.complete:
            typer.echo(f"preview: {write_preview(folder)}")


_add_command(
    "toys", "Generate procedural toys of 51 categories, as in ToysAD-8K; 12 categories are only in test-unseen."
)
_add_command(
    "parts",
    "Generate procedural mechanical parts, as in PartsAD-15K: 3 to 12 a scene, with near twins among the odd ones.",
)
