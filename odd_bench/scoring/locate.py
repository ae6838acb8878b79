"""Find the ground truth that a prediction file was made for."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from pathlib import Path

from odd_bench.plain_file import open_plain
from odd_bench.scoring.ground_truth import FILE_NAME
from odd_bench.scoring.predictions import DatasetRef
from odd_bench.scoring.problems import Problem, ScoringError, shown

ENVIRONMENT = "ODD_BENCH_DATA"
HEADER_BYTES = 2000


def find_ground_truth(dataset: DatasetRef, data: Path | None) -> Path:
    """The ground-truth file of that name, and of that digest where there are several; ScoringError where there is none.

    data: a ground-truth file or a folder that holds one, itself or up to two levels down. Without it the folders
    $ODD_BENCH_DATA and ./data are searched.
    """
    roots = search_roots(data)
    found = {path: header(path) for root in roots for path in candidates(root)}
    if data is not None and data.is_file():
        return data
    named = [path for path, (name, _) in found.items() if name == dataset.name]
    exact = [path for path in named if found[path][1] == dataset.digest]
    if not named:
        raise not_found(dataset, roots, sorted({name for name, _ in found.values() if name}))
    return (exact or named)[0]


def search_roots(data: Path | None) -> list[Path]:
    if data is not None:
        return [data]
    stated = os.environ.get(ENVIRONMENT)
    return [*([Path(stated)] if stated else []), Path("data")]


def candidates(root: Path) -> list[Path]:
    """Ground-truth files in a folder and two levels below, in order of their paths."""
    try:
        return [path for depth in ("", "*/", "*/*/") for path in sorted(root.glob(depth + FILE_NAME))]
    except OSError:
        return []


def header(path: Path) -> tuple[str, str]:
    """Name and digest as the first bytes of the file state them; empty where they do not."""
    try:
        with open_plain(path) as packed, gzip.open(packed) as file:
            text = file.read(HEADER_BYTES).decode(errors="replace")
    except (OSError, EOFError, zlib.error):
        return "", ""
    name, stated = (re.search(rf'"{key}":\s*"([^"\\]*)"', text) for key in ("name", "digest"))
    return (name[1] if name else "", stated[1] if stated else "")


def not_found(dataset: DatasetRef, roots: list[Path], names: list[str]) -> ScoringError:
    places = ", ".join(str(root) for root in roots)
    found = f"no {FILE_NAME} of {shown(dataset.name)} in {places}" + (f"; only {', '.join(names)}" if names else "")
    hint = f"Point --data or ${ENVIRONMENT} at the folder of the data set"
    return ScoringError([Problem("ground truth", "dataset.name", found, "the ground truth of the data set", hint)])


def maps_beside(predictions: Path) -> Path:
    """Where the anomaly maps of a prediction file stand: `test.json` has `test.maps.h5`."""
    name = predictions.name.removesuffix(".gz").removesuffix(".json").removesuffix(".jsonl")
    return predictions.with_name(f"{name}.maps.h5")


def maps_given(predictions: Path) -> Path | None:
    """The same, None where nothing stands there. What stands there and is no file is an error of whoever opens it."""
    beside = maps_beside(predictions)
    return beside if os.path.lexists(beside) else None
