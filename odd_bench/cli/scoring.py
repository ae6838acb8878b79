"""`odd-bench score` and `odd-bench leaderboard`: parse options, make one call, print one result."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from odd_bench.counted import counted


class Missing(StrEnum):
    """What to do with scenes of the split that are missing in the file."""

    error = "error"
    undetected = "undetected"


File = Annotated[Path, typer.Argument(help="Prediction file: .json, .json.gz or .jsonl.")]
Against = Annotated[
    Path | None, typer.Option(help="A second prediction file to compare with; differences are first minus second.")
]
Report = Annotated[
    Path | None, typer.Option(help="Folder to write score.json, report.html, tables.md and table.tex to.")
]
Data = Annotated[
    Path | None, typer.Option(help="Data set folder or ground-truth file. Default: $ODD_BENCH_DATA, then ./data.")
]
Check = Annotated[bool, typer.Option("--check", help="Only check the file and report its problems.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON: the score document, or the problems.")]
MissingScenes = Annotated[
    Missing, typer.Option(help="undetected: accept a file with missing scenes, and count their objects as undetected.")
]
Maps = Annotated[
    Path | None,
    typer.Option(help="File of anomaly maps. Default: NAME.maps.h5 next to the prediction file, if it exists."),
]
Legacy = Annotated[bool, typer.Option("--legacy-boxes", help="Compare with the boxes as published (imported data).")]


def score(
    predictions: File,
    against: Against = None,
    report: Report = None,
    data: Data = None,
    check: Check = False,
    as_json: Json = False,
    missing: MissingScenes = Missing.error,
    legacy_boxes: Legacy = False,
    maps: Maps = None,
) -> None:
    """Check a prediction file and score it under every protocol that applies, with intervals, groups and anomaly maps."""
    from odd_bench.scoring.quick import no_garbage_collection

    with no_garbage_collection():  # imports make many objects and leave no garbage
        from odd_bench.scoring.check import Options, check_file
        from odd_bench.scoring.problems import ScoringError, problems_json

    options = Options(data, missing is Missing.undetected, legacy_boxes)
    try:
        if check:
            print_check(check_file(predictions, options), as_json)
        else:
            print_score(predictions, against, report, options, maps, as_json)
    except ScoringError as error:
        if not as_json:
            raise
        typer.echo(json.dumps({"valid": False, "problems": problems_json(error.problems)}, indent=1))
        raise typer.Exit(error.exit_code) from error


def print_check(checked, as_json: bool) -> None:
    """Print the outcome of --check. Raises ScoringError if the file cannot be scored."""
    from odd_bench.scoring.problems import ScoringError, errors_in, problem_report, problems_json

    if errors_in(checked.problems):
        raise ScoringError(checked.problems)
    if as_json:
        typer.echo(json.dumps({"valid": True, "problems": problems_json(checked.problems)}, indent=1))
        return
    if checked.problems:
        typer.echo(problem_report(checked.problems), err=True)
    scenes, boxes = len(checked.predictions.scene_names), len(checked.predictions.boxes)
    typer.echo(f"ok: {counted(scenes, 'scene')}, {boxes:,} boxes; the file can be scored")


def print_score(
    path: Path, against: Path | None, report: Path | None, options, maps: Path | None, as_json: bool
) -> None:
    """Score, compare, write the report and print the summary."""
    from odd_bench.report.folder import write_report
    from odd_bench.report.map_scores import with_maps_of
    from odd_bench.scoring.compare import with_comparison
    from odd_bench.scoring.score import score_file
    from odd_bench.scoring.summary import summary

    scored = with_maps_of(score_file(path, options), maps)
    if against is not None:
        scored = with_comparison(scored, score_file(against, options))
    notes = []
    if report is not None:
        with explained_write(report):
            notes = write_report(report, scored)
    if as_json:
        json.dump(scored.document, sys.stdout, indent=1, sort_keys=True)
        typer.echo("")
    else:
        typer.echo(summary(scored.document) + "\n")
    for note in notes:
        typer.echo(note, err=as_json)


@contextmanager
def explained_write(path: Path) -> Iterator[None]:
    """Turn an OSError into an error for the user."""
    from odd_bench.errors import OddBenchError

    try:
        yield
    except OSError as error:
        raise OddBenchError(f"{path}: {error.strerror} -> a path that can be written. Choose another one") from error


def leaderboard(
    folder: Annotated[Path, typer.Argument(help="Folder with score.json files, at any depth.")],
    out: Annotated[Path | None, typer.Option(help="File to write. Default: leaderboard.md in the folder.")] = None,
) -> None:
    """Rank score files; methods that the paired test cannot tell apart share a rank."""
    from odd_bench.report.leaderboard import leaderboard as ranked

    path = out or folder / "leaderboard.md"
    text = ranked(folder)
    with explained_write(path):
        path.write_text(text)
    typer.echo(f"wrote {path}")
