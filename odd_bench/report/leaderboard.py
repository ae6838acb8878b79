"""A leaderboard of score files: the best first; methods that do not differ significantly share a rank."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from odd_bench.counted import counted
from odd_bench.report.tables import PLAIN, TABLE_METRICS, cell
from odd_bench.scoring.compare import paired_difference
from odd_bench.scoring.document import FORMAT, PAIRED_METRICS, VERSION, signed_document, unpacked
from odd_bench.scoring.interval import FEWEST, interval
from odd_bench.scoring.problems import Problem, ScoringError
from odd_bench.scoring.protocol import METRICS_VERSION, PROTOCOLS
from odd_bench.scoring.source import read_source
from odd_bench.scoring.summary import METRIC_NAMES, dataset_text, interval_notes, number, p_text

SIGNIFICANT = 0.05
KEY_METRIC = "auc"
BESIDE = tuple(name for name in TABLE_METRICS if name not in (KEY_METRIC, "mean_iou"))
TOLERANCE = 1e-6  # for values that are written with 9 decimals
SPREADS = 4  # standard deviations; a value further from the mean of its resamples does not belong to them
AGAIN = "Score the predictions again with this version of odd-bench"

Entry = dict[str, Any]


@dataclass(frozen=True)
class ScoreFiles:
    """The score files below a folder. found: paths and results that can be ranked. older: paths of an older metrics version."""

    found: list[tuple[Path, dict[str, Any]]]
    older: list[Path]


def leaderboard(folder: Path) -> str:
    """Markdown of all score files below a folder: one table for each data set, split and protocol."""
    tables: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    files = read_scores(folder)
    for path, result in files.found:
        dataset = result["dataset"]
        for protocol, part in result["protocols"].items():
            key = (dataset["name"], dataset["split"], protocol, dataset["version"], dataset["digest"])
            entry = {"path": path.relative_to(folder).as_posix(), "result": result, "part": part}
            tables[*key, str(result["resamples"])].append(entry)
    lines = ["# Leaderboard", "", *(line for key in sorted(tables) for line in table(key[2], tables[key]))]
    return "\n".join([*lines, *older_note(folder, files.older)])


def older_note(folder: Path, older: list[Path]) -> list[str]:
    """The lines about files that are not ranked, with the reason."""
    if not older:
        return []
    listed = "".join(f"- {cell(path.relative_to(folder).as_posix())}\n" for path in older)
    return [
        f"## Not ranked: metrics before version {METRICS_VERSION}",
        "",
        f"These scores follow other rules and cannot be compared. {AGAIN}.",
        "",
        listed,
    ]


def read_scores(folder: Path) -> ScoreFiles:
    """Every score file, sorted by path. Raises ScoringError, which names the damaged files."""
    found, older, problems = [], [], []
    for path in sorted(path for path in folder.rglob("*.json") if path.is_file()):
        document = json_object(path)
        if document.get("format") != FORMAT:
            continue
        if metrics_version(document) < METRICS_VERSION:
            older.append(path)
            continue
        problem = score_problem(path, document)
        problems += [problem] if problem else []
        found += [] if problem else [(path, document["result"])]
    if not found and not problems:
        hint = "`odd-bench score predictions.json --report DIR` writes one"
        found_text = f"only score files of metrics before version {METRICS_VERSION}" if older else "no score file"
        problems.append(Problem("format", str(folder), found_text, "score.json files", AGAIN if older else hint))
    if problems:
        raise ScoringError(problems)
    return ScoreFiles(found, older)


def json_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty if there is none."""
    source, _ = read_source(path)
    try:
        document = json.loads(source.text) if source else {}
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def metrics_version(document: dict[str, Any]) -> int:
    """The metrics version of the file; the current one if it states none, so that the digest reveals the damage."""
    result = document.get("result")
    version = result.get("metrics_version") if isinstance(result, dict) else None
    return version if type(version) is int else METRICS_VERSION


def score_problem(path: Path, document: dict[str, Any]) -> Problem | None:
    """The problem of a score file, None if it has this version, is unchanged, and its values fit its resamples."""
    if document.get("version") != VERSION or metrics_version(document) != METRICS_VERSION:
        found = f"version {document.get('version')}, metrics version {metrics_version(document)}"
        return Problem("format", str(path), found, f"version {VERSION}, metrics version {METRICS_VERSION}", AGAIN)
    whole = "the unchanged file"
    try:
        if document.get("digest") != signed_document(document.get("result"))["digest"]:
            return Problem("digest mismatch", str(path), "results changed after scoring", whole, AGAIN)
        check_complete(document["result"])
        parts = document["result"]["protocols"].items()
        wrong = [
            f"{name}.{key}" for name, part in parts for key in (*PAIRED_METRICS, "factors") if not holds(part, key)
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        return Problem("format", str(path), "results that are not complete", whole, AGAIN)
    if not wrong:
        return None
    expected = "values that agree with their resamples and factors"
    return Problem("inconsistent score", str(path), ", ".join(wrong), expected, AGAIN)


def check_complete(result: dict[str, Any]) -> None:
    """Raise KeyError or TypeError if something that a table needs is missing: known protocols, texts, and values that a metric can
    have, or null.
    """
    texts = [result["dataset"][key] for key in ("name", "version", "split", "digest")]
    texts += [result["method"]["name"], *(part["rule"] for part in result["protocols"].values())]
    found = [(name, part["metrics"][name]) for part in result["protocols"].values() for name in (KEY_METRIC, *BESIDE)]
    texts += [estimate["reason"] for _, estimate in found if "reason" in estimate]
    known = bool(result["protocols"]) and result["protocols"].keys() <= set(PROTOCOLS)
    right = all(isinstance(text, str) for text in texts)
    if not known or not right or not all(possible(name, estimate["value"]) for name, estimate in found):
        raise TypeError
    int(result["resamples"])


def possible(metric: str, value: Any) -> bool:
    """Whether a metric can have a value: a share, null, or for some metrics any number from 0."""
    largest = math.inf if metric in PLAIN else 1
    return value is None or (type(value) in (int, float) and 0 <= value <= largest)


def holds(part: dict[str, Any], key: str) -> bool:
    """Whether a metric fits its resampled values and its interval follows from them; for `factors`, whether their product is the
    AUC.
    """
    if key == "factors":
        return "factors" not in part or close(part["factors"]["product"], part["metrics"]["auc"]["value"])
    found, pack = part["metrics"][key], part["replicates"][key]
    value, shapes = found["value"], found["shapes"]
    if value is None or pack is None:
        return pack is None and found["low"] is None and (value is None or shapes < FEWEST)
    replicates = unpacked(pack)
    finite = replicates[np.isfinite(replicates)]
    bounds, _ = interval(value, replicates, shapes)
    stated = (found["low"], found["high"])
    near = not len(finite) or abs(value - finite.mean()) <= SPREADS * finite.std() + TOLERANCE
    return bool(near) and all(close(*pair) for pair in zip(bounds, stated, strict=True))


def close(a: float | None, b: float | None) -> bool:
    return a is b if a is None or b is None else abs(a - b) <= TOLERANCE


def table(protocol: str, entries: list[Entry]) -> list[str]:
    """One table, ranked by AUC."""
    dataset, result = entries[0]["result"]["dataset"], entries[0]["result"]
    head = [
        "rank",
        "method",
        "AUC",
        *(METRIC_NAMES[name] for name in BESIDE),
        "given",
        "p compared with the first of the rank",
        "file",
    ]
    lines = [f"## {cell(dataset_text(dataset))}, {cell(dataset['split'])}: {protocol}", ""]
    lines += [cell(entries[0]["part"]["rule"]), "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    ranked = tie_groups(entries)
    lines += [row(*some) for some in ranked]
    shapes = min(entry["part"]["metrics"][KEY_METRIC]["shapes"] for entry in entries)
    tested = (
        f"Methods of one rank do not differ significantly from its first (paired cluster bootstrap, "
        f"{result['resamples']} resamples, p >= {SIGNIFICANT})."
    )
    if shapes < FEWEST:
        tested = f"Ranked by value only: there are {counted(shapes, 'base shape')}, and a test needs {FEWEST}."
    digest = cell(dataset["digest"][:19])
    found = {f"{name_of(entry)} ({entry['path']})": entry["part"]["metrics"][KEY_METRIC] for entry in entries}
    notes = "".join(f" No interval: {cell(note)}." for note in interval_notes(found))
    return [*lines, "", f"Ground truth {digest}..., metrics version {result['metrics_version']}. {tested}{notes}", ""]


def tie_groups(entries: list[Entry]) -> list[tuple[int, Entry, float | None]]:
    """(rank, entry, p compared with the first of the rank). An entry joins a rank unless it differs from the first of it."""
    ordered = sorted(entries, key=lambda entry: (-(value(entry, KEY_METRIC) or 0.0), name_of(entry), entry["path"]))
    ranked: list[tuple[int, Entry, float | None]] = []
    first = None
    for place, entry in enumerate(ordered, start=1):
        p = None if first is None else paired_difference(first["part"], entry["part"], KEY_METRIC).get("p")
        if first is None or p is None or p < SIGNIFICANT:
            first, p, rank = entry, None, place
        ranked.append((rank, entry, p))
    return ranked


def row(rank: int, entry: Entry, p: float | None) -> str:
    method = entry["result"]["method"]
    given = [text for key, text in (("gt_boxes", "boxes"), ("gt_count", "count")) if method.get(key)]
    main = entry["part"]["metrics"][KEY_METRIC]
    auc = number(main["value"]) + ("" if main["low"] is None else f" [{number(main['low'])}, {number(main['high'])}]")
    rest = [number(value(entry, name)) for name in BESIDE]
    tested = "" if p is None else p_text(p)
    cells = [str(rank), cell(name_of(entry)), auc, *rest, ", ".join(given) or "nothing", tested, cell(entry["path"])]
    return f"| {' | '.join(cells)} |"


def name_of(entry: Entry) -> str:
    return entry["result"]["method"]["name"]


def value(entry: Entry, metric: str) -> float | None:
    return entry["part"]["metrics"][metric]["value"]
