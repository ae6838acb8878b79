"""`odd-bench detect` and `odd-bench predict`: parse options, call, print results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Set = Annotated[
    list[str] | None, typer.Option("--set", help="Change a key, e.g. model.boxes.alpha_above=0.3. Repeatable.")
]


def detect(
    capture: Annotated[
        Path,
        typer.Argument(
            help="Folder of photographs, with cameras of COLMAP, nerfstudio or Polycam, or without cameras."
        ),
    ],
    weights: Annotated[
        str, typer.Option(help="Shipped weights by name, a run's folder or a .safetensors file.")
    ] = "both",
    reconstruct: Annotated[
        bool, typer.Option("--reconstruct", help="Reconstruct the cameras of the photographs with pycolmap.")
    ] = False,
    matching: Annotated[
        str | None, typer.Option(help="exhaustive or sequential. Default: by the number of photographs.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the photographs, if the capture does not name it.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="x0,y0,x1,y1 on the floor plan, see from-above.png.")] = None,
    floor: Annotated[
        float | None, typer.Option(help="Height of the floor along the up axis, in units of the capture.")
    ] = None,
    object_size_m: Annotated[
        float | None, typer.Option("--object-size-m", help="Largest side of an object, in metres.")
    ] = None,
    scale: Annotated[
        float | None, typer.Option(help="Metres per unit of the capture; 1 if the cameras are in metres.")
    ] = None,
    views: Annotated[
        int | None, typer.Option(min=1, help="Number of photographs for the method. Default: as trained.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results. Default: detections/NAME.")] = None,
    overrides: Set = None,
) -> None:
    """Find the odd object in your own photographs; write predictions, pictures with boxes and suspicion, and a page."""
    from odd_bench.detect.command import detect_and_say, parse_wishes

    wishes = parse_wishes(region, floor, object_size_m, scale)
    detect_and_say(capture, weights, wishes, images, views, reconstruct, matching, out, overrides or [])


def predict(
    run: Annotated[
        str | None, typer.Argument(help="Folder of a run, or a checkpoint; or give --weights instead.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="Shipped weights by name, a run's folder or a .safetensors file.")
    ] = None,
    split: Annotated[str, typer.Option(help="Split to predict.")] = "test-unseen",
    views: Annotated[int | None, typer.Option(min=1, help="Number of views a scene. Default: as trained.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the data set. Default: the one that the run learnt from.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Prediction file. Default: in the run's folder.")] = None,
    report: Annotated[Path | None, typer.Option(help="Also score, and write the report to this folder.")] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Draw every scene's boxes and suspicion into this folder.")
    ] = None,
    precision: Annotated[str, typer.Option(help="32-true or bf16-mixed.")] = "32-true",
    maps: Annotated[bool, typer.Option("--maps", help="Also write anomaly maps, next to the prediction file.")] = False,
    overrides: Set = None,
) -> None:
    """Predict a split with a run or weights; write a prediction file, and pictures if asked."""
    from odd_bench.detect.command import predict_and_draw

    predict_and_draw(run, weights, split, views, data, out, report, pictures, precision, overrides or [], maps)
