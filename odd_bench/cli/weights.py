"""`odd-bench weights`: list shipped weights, export those of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="List the shipped weights, or export those of a run.")


@app.command("list")
def list_weights() -> None:
    """List the weights that the package holds, one line each."""
    from odd_bench.detect.command import say_weights

    say_weights()


@app.command("export")
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run, or its checkpoint.")],
    name: Annotated[str, typer.Option(help="Name of the weights: NAME.safetensors and NAME.json.")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("weights"),
    half: Annotated[bool, typer.Option("--half", help="Store matrices with 16 bits, at half the size.")] = False,
    trained_on: Annotated[str, typer.Option(help="Description of the training data, for the model card.")] = "",
) -> None:
    """Export the weights of a run as safetensors with a model card."""
    from odd_bench.weights import export_weights

    facts = {"trained_on": trained_on} if trained_on else {}
    path = export_weights(run, name, out, half, facts)
    typer.echo(f"weights: {path} ({path.stat().st_size / 1e6:.1f} MB)\ncard: {path.with_suffix('.json')}")
