"""`odd-bench demo`: make scenes, find their odd objects, score and draw them, in one command."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

SPLIT, WEIGHTS = "test-unseen", "both"


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the scenes and all results.")] = Path("data/toys-demo"),
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a key of the preset, e.g. render.engine=draft. Repeatable."),
    ] = None,
) -> None:
    """Make four path-traced scenes, find their odd objects with the shipped weights, score, report and draw."""
    from odd_bench.detect.command import predict_and_draw
    from odd_bench.errors import Interrupted
    from odd_bench.generate.config import load_preset, with_overrides
    from odd_bench.generate.progress import print_summary, watched
    from odd_bench.generate.run import RunOptions, generate
    from odd_bench.view.preview import write_preview

    config = with_overrides(load_preset("toys", "demo"), overrides or [])
    with watched(config, out) as watcher:
        summary = generate(config, out, RunOptions(), watcher)
    print_summary(summary)
    if not summary.complete:
        raise Interrupted(f"{out}: the data set is not complete. Run the same command again to resume")
    preview = write_preview(out)
    report, pictures = out / "report", out / "found"
    predictions = predict_and_draw(
        None, WEIGHTS, SPLIT, None, out, out / "predictions.json", report, pictures, "32-true", []
    )
    for name, path in (
        ("scenes with ground truth", preview),
        ("found objects and suspicion", pictures / "index.html"),
        ("report", report / "report.html"),
        ("predictions", predictions),
    ):
        typer.echo(f"{name}: {path}")
    typer.echo(f"to look at the scenes in the browser: {program()} view {predictions}")


def program() -> str:
    """The command that runs this program: its name if the shell finds it, else as it was called."""
    if shutil.which("odd-bench"):
        return "odd-bench"
    return f"{sys.executable} -m odd_bench" if Path(sys.argv[0]).name == "__main__.py" else sys.argv[0]
