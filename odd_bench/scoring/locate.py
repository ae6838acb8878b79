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
    """The ground-truth file of the named data set, the one with the stated digest if there are several.

    data: a ground-truth file, or a folder that holds one, directly or up to two levels below. If None, the folders
    $ODD_BENCH_DATA and ./data are searched. Raises ScoringError if no file has that name.
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
    """Ground-truth files in a folder and up to two levels below, sorted by depth, then by path."""
    try:
        return [path for depth in ("", "*/", "*/*/") for path in sorted(root.glob(depth + FILE_NAME))]
    except OSError:
        return []


def header(path: Path) -> tuple[str, str]:
    """Name and digest of the data set from the first bytes of the file; empty strings if they are not there."""
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
    """Path of the anomaly maps of a prediction file: `test.maps.h5` for `test.json`."""
    name = predictions.name.removesuffix(".gz").removesuffix(".json").removesuffix(".jsonl")
    return predictions.with_name(f"{name}.maps.h5")


def maps_given(predictions: Path) -> Path | None:
    """The same path, or None if nothing exists there. Whether it is a regular file is checked when it is opened."""
    beside = maps_beside(predictions)
    return beside if os.path.lexists(beside) else None
