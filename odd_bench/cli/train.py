"""`odd-bench train`: parse options, make one call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Set = Annotated[list[str] | None, typer.Option("--set", help="Change a key, e.g. train.batch=4. Repeatable.")]
Several = Annotated[list[Path], typer.Option("--data", help="Folder of a data set to learn from. Repeatable.")]


def train(
    model: Annotated[
        str, typer.Option(help="The method: reference, imvoxelnet, detr3d or colmap-dgcnn.")
    ] = "reference",
    config: Annotated[str, typer.Option(help="Named configuration: aligned, mini, paper, released or tiny.")] = "mini",
    data: Several = (Path("data/toys-mini"),),
    out: Annotated[Path | None, typer.Option(help="Folder of the run. Default: runs/MODEL-CONFIG-SEED.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the training. Default: that of the configuration.")
    ] = None,
    teacher_weights: Annotated[
        str | None, typer.Option(help="DINOv2: a checkout with weights, a file for timm, or a folder for transformers.")
    ] = None,
    backbone_weights: Annotated[
        str | None, typer.Option(help="Weights of the image network: imagenet, none or a file.")
    ] = None,
    start_from: Annotated[
        Path | None, typer.Option(help="Skip the first stage and take its weights from this run.")
    ] = None,
    init_from: Annotated[
        str | None,
        typer.Option(help="Start all stages from these weights: `both` as shipped, a .safetensors file or a run."),
    ] = None,
    devices: Annotated[
        str, typer.Option(help="Number of GPUs, or of processes on the CPU. Default: every GPU.")
    ] = "auto",
    overrides: Set = None,
) -> None:
    """Train a method, then predict and score every other split. If it is stopped, the same command resumes."""
    from odd_bench.methods import method_spec
    from odd_bench.training.run import train_run

    assignments = list(overrides or [])
    if seed is not None:
        assignments.append(f"train.seed={seed}")
    if teacher_weights is not None:
        assignments.append(f"model.teacher.weights={teacher_weights}")
    if backbone_weights is not None:
        assignments.append(f"model.backbone.weights={backbone_weights}")
    initial = None
    if init_from is not None:
        from odd_bench.weights import read_stored

        initial = read_stored(init_from, "--init-from")
    train_run(method_spec(model), config, list(data), out, assignments, start_from, devices, initial)
