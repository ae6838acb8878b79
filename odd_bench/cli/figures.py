"""`odd-bench reproduce views`, `counts`, `minority` and `correspondences`: parse options, make one call, print the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from odd_bench.reproduce.predicted import Source, Weights

KEPT = "finished predictions are kept; run the same command again to resume"
WeightsName = Annotated[
    str | None, typer.Option("--weights", help="Shipped weights by name, such as both, or a .safetensors file.")
]
Run = Annotated[str | None, typer.Option(help="Folder of a run of odd-bench train, instead of --weights.")]
Data = Annotated[Path | None, typer.Option(help="Folder of the data set. Default: the one that the run learnt from.")]
Split = Annotated[str, typer.Option(help="Split to predict.")]
ToldBoxes = Annotated[
    bool, typer.Option("--told-boxes", help="Give the method the ground-truth boxes (protocol classify).")
]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder of predictions, table and plot. Default: in runs/, named after weights, data and split."),
]
Views = Annotated[int | None, typer.Option(min=1, help="Number of views a scene. Default: as trained.")]


def views(
    weights: WeightsName = None,
    run: Run = None,
    data: Data = None,
    split: Split = "test-unseen",
    asked: Annotated[
        list[int] | None, typer.Option("--views", min=1, help="Number of views. Repeatable. Default: 1, 3, 5, 10, 20.")
    ] = None,
    given_boxes: ToldBoxes = False,
    out: Out = None,
) -> None:
    """Score a split with 1, 3, 5, 10 and 20 views; make a table with intervals and a plot (figure 5, left, of the paper)."""
    from odd_bench.reproduce.figures.plot import require_matplotlib
    from odd_bench.reproduce.figures.views import VIEWS, views_figure

    require_matplotlib()
    source = opened(weights, run, data, split, given_boxes)
    folder = out or named(source, "views")
    with written(folder):
        say(*views_figure(source, folder, asked or VIEWS, tracker()))


def counts(
    weights: WeightsName = None,
    run: Run = None,
    data: Data = None,
    split: Split = "test-unseen",
    views: Views = None,
    given_boxes: ToldBoxes = False,
    out: Out = None,
) -> None:
    """Score scenes by their number of objects; make a table with intervals and a plot (figure 5, right, of the paper)."""
    from odd_bench.reproduce.figures.counts import counts_figure
    from odd_bench.reproduce.figures.plot import require_matplotlib

    require_matplotlib()
    source = opened(weights, run, data, split, given_boxes)
    folder = out or named(source, "counts")
    with written(folder):
        say(*counts_figure(source, folder, views, tracker()))


def minority(
    weights: WeightsName = None,
    run: Run = None,
    data: Annotated[
        Path, typer.Option(help="Folder that holds the data sets; missing scenes are generated there.")
    ] = Path("data"),
    series: Annotated[int, typer.Option(min=1, help="Number of pairs of a shape and a near twin.")] = 40,
    views: Views = None,
    given_boxes: ToldBoxes = False,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes that generate scenes.")] = 1,
    out: Out = None,
) -> None:
    """Measure which of two groups of similar parts is scored as odd, from 1:5 to 5:1; make a table and a plot (figure 6).

    The command generates the data sets parts-minority-1of6-40 to -5of6-40 if they are missing.
    """
    from odd_bench.generate.progress import watched
    from odd_bench.reproduce.figures.minority import minority_figure
    from odd_bench.reproduce.figures.plot import require_matplotlib

    require_matplotlib()
    loaded = loaded_weights(weights, run, given_boxes)
    folder = out or Path("runs") / f"minority-{loaded.name}-{series}"
    with written(folder):
        say(*minority_figure(loaded, data, folder, series, watched, workers, views, tracker()))


def correspondences(
    weights: WeightsName = None,
    run: Run = None,
    data: Data = None,
    split: Split = "test-unseen",
    scene: Annotated[str | None, typer.Option(help="Name of a scene of the split. Default: its first scene.")] = None,
    out: Out = None,
) -> None:
    """Draw a scene in which equal colours mark corresponding points of its objects (figure 4 of the paper)."""
    from odd_bench.reproduce.figures.correspondences import correspondences_figure

    source = opened(weights, run, data, split, False)
    folder = out or named(source, "correspondences")
    with written(folder):
        say(*correspondences_figure(source, folder, scene))


def loaded_weights(weights: str | None, run: str | None, given_boxes: bool) -> Weights:
    """The weights that `--weights` or `--run` names. Raises WrongUse if both or neither are given."""
    from odd_bench.errors import WrongUse
    from odd_bench.reproduce.predicted import open_weights
    from odd_bench.training.freed_memory import keep_freed_memory

    if (weights is None) == (run is None):
        found = "neither --weights nor --run" if run is None else "both --weights and --run"
        raise WrongUse(f"reproduce: found {found}; expected one of them, for example --weights both")
    keep_freed_memory()
    return open_weights(weights, "--weights", given_boxes) if run is None else open_weights(run, "--run", given_boxes)


def opened(weights: str | None, run: str | None, data: Path | None, split: str, given_boxes: bool) -> Source:
    """The weights and the scenes to predict. Raises WrongUse if one of them does not exist."""
    from odd_bench.detect.command import data_of
    from odd_bench.reproduce.predicted import Source

    loaded = loaded_weights(weights, run, given_boxes)
    source = Source(loaded, data or data_of(Path(loaded.where), split, "reproduce"), split)
    source.dataset  # noqa: B018  reports a missing data set or split before anything is written
    return source


def named(source: Source, figure: str) -> Path:
    """The folder of a figure; figures of other weights or scenes have other folders."""
    return Path("runs") / f"{figure}-{source.weights.name}-{source.dataset.name}-{source.split}"


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """Check that the folder can be written; if the work inside is interrupted, say what is kept."""
    from odd_bench.atomic import prove_folder
    from odd_bench.errors import stoppable

    prove_folder(folder)
    with stoppable(folder, KEPT):
        yield


def tracker():
    """A function that shows a progress bar on the console."""
    from odd_bench.terminal import make_console, tracked

    console = make_console(stderr=True)
    return lambda items, what: tracked(items, what, console)


def say(text: str, files: list[Path]) -> None:
    """Print the page, then the paths of its files."""
    typer.echo(text)
    for file in files:
        typer.echo(f"wrote {file}")
