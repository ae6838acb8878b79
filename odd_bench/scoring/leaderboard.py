"""A leaderboard from score files: best first, methods that the data cannot tell apart sharing a rank."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from odd_bench.scoring.compare import paired_difference
from odd_bench.scoring.document import FORMAT, VERSION, signed_document
from odd_bench.scoring.problems import Problem, ScoringError
from odd_bench.scoring.summary import number, p_text
from odd_bench.scoring.tables import cell

SIGNIFICANT = 0.05
KEY_METRIC = "auc"

Entry = dict[str, Any]


def leaderboard(folder: Path) -> str:
    """Markdown of all score files below a folder: one table for each data set, split and protocol."""
    tables: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for path, result in read_scores(folder):
        dataset = result["dataset"]
        for protocol, part in result["protocols"].items():
            key = (dataset["name"], dataset["split"], protocol, dataset["version"], dataset["digest"])
            entry = {"path": path.relative_to(folder).as_posix(), "method": result["method"], "part": part}
            tables[*key, str(result["metrics_version"]), str(result["resamples"])].append(entry)
    return "\n".join(["# Leaderboard", "", *(line for key in sorted(tables) for line in table(key, tables[key]))])


def read_scores(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The results of every score file, in order of their paths; ScoringError names those that are damaged."""
    found, problems = [], []
    for path in sorted(folder.rglob("*.json")):
        try:
            document = json.loads(path.read_text())
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(document, dict) and document.get("format") == FORMAT:
            problem = score_problem(path, document)
            problems += [problem] if problem else []
            found += [] if problem else [(path, document["result"])]
    if not found and not problems:
        hint = "`odd-bench score predictions.json --report DIR` writes one"
        problems.append(Problem("format", str(folder), "no score file", "score.json files", hint))
    if problems:
        raise ScoringError(problems)
    return found


def score_problem(path: Path, document: dict[str, Any]) -> Problem | None:
    """Whether a score file can be ranked: of this version, and as it was written."""
    hint = "Score the predictions again with this version of odd-bench"
    if document.get("version") != VERSION:
        return Problem("format", str(path), f"version {document.get('version')}", f"version {VERSION}", hint)
    if document.get("digest") != signed_document(document.get("result"))["digest"]:
        return Problem(
            "digest mismatch", str(path), "results changed after scoring", "the file as it was written", hint
        )
    return None


def table(key: tuple[str, ...], entries: list[Entry]) -> list[str]:
    """One table, ranked by AUC."""
    name, split, protocol, version, digest, metrics_version, resamples = key
    lines = [f"## {name} {version}, {split}: {protocol}", "", f"{entries[0]['part']['rule']}", ""]
    lines += [
        "| rank | method | AUC | accuracy | AUC within scene | told | p against the first of the rank | file |",
        "|" + "---|" * 8,
    ]
    lines += [row(*ranked) for ranked in tie_groups(entries)]
    note = (
        f"Ground truth {digest[:19]}..., metrics version {metrics_version}. Methods of one rank do not differ from its "
        f"first (paired cluster bootstrap, {resamples} resamples, p >= {SIGNIFICANT})."
    )
    return [*lines, "", note, ""]


def tie_groups(entries: list[Entry]) -> list[tuple[int, Entry, float | None]]:
    """(rank, entry, p against the first of its rank). An entry joins the rank while it does not differ from its first."""
    ordered = sorted(
        entries, key=lambda entry: (-(value(entry, KEY_METRIC) or 0.0), entry["method"]["name"], entry["path"])
    )
    ranked: list[tuple[int, Entry, float | None]] = []
    first = None
    for place, entry in enumerate(ordered, start=1):
        p = None if first is None else paired_difference(first["part"], entry["part"], KEY_METRIC).get("p")
        if first is None or p is None or p < SIGNIFICANT:
            first, p, rank = entry, None, place
        ranked.append((rank, entry, p))
    return ranked


def row(rank: int, entry: Entry, p: float | None) -> str:
    method = entry["method"]
    told = (
        ", ".join(text for key, text in (("gt_boxes", "boxes"), ("gt_count", "count")) if method.get(key)) or "nothing"
    )
    main = entry["part"]["metrics"][KEY_METRIC]
    auc = number(main["value"]) + ("" if main["low"] is None else f" [{number(main['low'])}, {number(main['high'])}]")
    rest = " | ".join(number(value(entry, name)) for name in ("accuracy", "auc_within_scene"))
    name = cell(method["name"])
    return f"| {rank} | {name} | {auc} | {rest} | {told} | {'' if p is None else p_text(p)} | {cell(entry['path'])} |"


def value(entry: Entry, metric: str) -> float | None:
    return entry["part"]["metrics"][metric]["value"]
