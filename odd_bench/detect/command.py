"""The work of the commands in odd_bench.cli.detect: read options, run, print the results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console

from odd_bench.atomic import prove_folder
from odd_bench.captures.colmap_process import EXHAUSTIVE, SEQUENTIAL
from odd_bench.captures.errors import CaptureError
from odd_bench.captures.opening import capture_name
from odd_bench.captures.placing import Wishes
from odd_bench.data.reader import open_dataset
from odd_bench.detect.page import summary
from odd_bench.detect.pictures import write_pictures
from odd_bench.detect.run import Detection, DetectOptions, detect
from odd_bench.errors import WrongUse, stoppable
from odd_bench.terminal import make_console, tracked
from odd_bench.training.freed_memory import keep_freed_memory
from odd_bench.training.learnt_from import remembered_data
from odd_bench.training.run import predict_run
from odd_bench.weights import load_weights, object_size_m, read_card, shipped

LARGEST_OBJECT_M = 100.0


def parse_wishes(region: str | None, floor: float | None, size_m: float | None, scale: float | None) -> Wishes:
    """The options about the scene, checked. Raises CaptureError if one is not valid."""
    for option, value in (("--object-size-m", size_m), ("--scale", scale)):
        if value is not None and not (np.isfinite(value) and 0 < value < np.inf):
            raise CaptureError(option, f"{value:g}", "a number above 0")
    if size_m is not None and size_m > LARGEST_OBJECT_M:
        raise CaptureError("--object-size-m", f"{size_m:g}", f"a size in metres, at most {LARGEST_OBJECT_M:g}")
    if floor is not None and not np.isfinite(floor):
        raise CaptureError("--floor", f"{floor:g}", "a finite number")
    return Wishes(floor, size_m, scale, None if region is None else _region(region))


def _region(text: str) -> tuple[float, float, float, float]:
    try:
        values = tuple(float(value) for value in text.split(","))
    except ValueError:
        values = ()
    if len(values) != 4 or not np.isfinite(values).all() or values[0] >= values[2] or values[1] >= values[3]:
        raise CaptureError(
            "--region", repr(text), "x0,y0,x1,y1 with x0 < x1 and y0 < y1", "Read the numbers off from-above.png"
        )
    return values


def detect_and_say(
    path: Path, weights: str, wishes: Wishes, images: Path | None, views: int | None, reconstruct: bool, matching: str | None,
    out: Path | None, overrides: list[str],
) -> None:  # fmt: skip
    """Detect with a line for each stage, then print what was found and where the page is."""
    if matching not in (None, EXHAUSTIVE, SEQUENTIAL):
        raise WrongUse(f"--matching: found {matching!r}; expected {EXHAUSTIVE} or {SEQUENTIAL}")
    keep_freed_memory()
    console = make_console()
    run, size_m = load_weights(weights, overrides), object_size_m(weights)
    folder = out or Path("detections") / capture_name(path)
    options = DetectOptions(wishes, images, views, reconstruct, matching)

    def report(line: str) -> None:
        console.print(f"  {line}", style="dim")

    with stoppable(folder, "a complete reconstruction is kept; run the same command again to use it"):
        found = detect(path, run, size_m, folder, options, report)
    say_detection(found, console)


def say_detection(result: Detection, console: Console) -> None:
    """Print notes, the summary, advice, and where the files are."""
    for note in result.notes:
        console.print(f"note: {note}")
    console.print(summary(result.found), style="bold")
    for one in result.tries:
        console.print(f"try: {one}")
    page, predictions, scene, *pictures = result.files
    spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.seconds.items())
    console.print(f"time: {spent}")
    for name, file in (
        ("page", page),
        ("pictures", pictures[0].parent),
        ("predictions", predictions),
        ("scene", scene),
    ):
        console.print(f"{name}: {file}")
    console.print(f"to look at it in the browser: odd-bench view {page.parent}")


def predict_and_draw(
    run: str | None, weights: str | None, split: str, views: int | None, data: Path | None, out: Path | None, report: Path | None,
    pictures: Path | None, precision: str, overrides: list[str], maps: bool = False,
) -> Path:  # fmt: skip
    """Predict one split with a run or weights, and draw pictures if asked; returns the prediction file.

    data: None for the data set that the run learnt from. Raises WrongUse if that is not known, StorageError if nothing can be
    written.
    """
    if (run is None) == (weights is None):
        raise WrongUse("predict: found " + ("neither RUN nor --weights" if run is None else "both RUN and --weights")
                       + "; expected one of them, for example `odd-bench predict --weights both --data DATA`")  # fmt: skip
    if pictures is not None:
        prove_folder(pictures)
    where, option = (run, "RUN") if run is not None else (weights, "--weights")
    loaded = load_weights(where, overrides, option)
    path = Path(where) if Path(where).exists() else Path("predictions") / str(where)
    data = data_of(Path(where), split) if data is None else data
    written = predict_run(loaded, path, split, views, data, out, report, precision, overrides, maps)
    if pictures is not None:
        console = make_console()
        page, *_ = write_pictures(written, open_dataset(data), pictures, lambda x: tracked(x, "drawing", console))
        console.print(f"pictures: {page}")
    return written


def data_of(run: Path, split: str, command: str = "predict") -> Path:
    """The data set that a run learnt from; of several, the one that has the split. Raises WrongUse unless there is exactly one.

    command: the name of the command, for messages.
    """
    known = remembered_data(run)
    fitting = [one for one in known if len(known) == 1 or split in open_dataset(one).splits]
    if len(fitting) == 1:
        return fitting[0]
    among = f"{len(fitting)} data sets with a split {split} among {', '.join(map(str, known))}"
    found = among if known else f"no data set that {run} learnt from"
    raise WrongUse(f"{command}: found {found}; expected one data set. Give its folder with --data")


def say_weights() -> None:
    """Print one line for each of the shipped weights, or that there are none."""
    console, found = make_console(), shipped()
    if not found:
        console.print("no weights ship with this build; `odd-bench weights export RUN --name NAME` exports your own")
    for name, file in found.items():
        card = read_card(file)
        megabytes, parameters = file.stat().st_size / 1e6, card.get("parameters", 0) / 1e6
        told = f"{card['model']} {card['config'].get('name', '')}, {parameters:.1f} M parameters, {megabytes:.1f} MB"
        console.print(f"{name}: {told}; {card.get('trained_on', 'training data not stated')}")
