"""Results as Markdown: one table for each data set, split and protocol, averaged over seeds, every row compared to the last."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from odd_bench.counted import counted
from odd_bench.report.tables import cell
from odd_bench.reproduce.results import Result
from odd_bench.reproduce.table import Table
from odd_bench.scoring.compare import paired_difference
from odd_bench.scoring.document import PAIRED_METRICS, packed, unpacked
from odd_bench.scoring.interval import FEWEST, LEVEL, interval, too_few
from odd_bench.scoring.protocol import METRICS_VERSION
from odd_bench.scoring.summary import METRIC_NAMES, interval_notes, metric_text, number, p_text, signed
from odd_bench.training.checkpoint import AND

HEAD = (
    "| method | AUC | balanced accuracy | boxes an object | recall | mean IoU | AUC against the last row | M parameters "
    "| training | s a scene |"
)
IN_BRACKETS = ("auc", "balanced_accuracy")
MEANS = ("boxes_per_object", "box_recall", "mean_iou", "seconds_per_scene")


def markdown(table: Table, results: list[Result]) -> str:
    """The whole document."""
    lines = [f"# {table.title}", ""]
    groups: dict[tuple[str, str, str], list[tuple[Result, dict[str, Any]]]] = defaultdict(list)
    for result in results:
        for protocol, part in result.parts.items():
            groups[result.dataset, result.split, protocol].append((result, part))
    for (dataset, split, protocol), found in groups.items():
        lines += section(f"{dataset}, {split}: {protocol}", found)
    return "\n".join(lines)


def section(title: str, found: list[tuple[Result, dict[str, Any]]]) -> list[str]:
    """One table, rows in the order of the results."""
    by_row: dict[str, list[tuple[Result, dict[str, Any]]]] = defaultdict(list)
    for result, part in found:
        by_row[result.row.name].append((result, part))
    means = {name: mean_part([part for _, part in seeds]) for name, seeds in by_row.items()}
    last = list(means.values())[-1]
    devices = AND.join(dict.fromkeys(name for result, _ in found for name in result.device.split(AND)))
    part = found[0][1]
    lines = [f"## {title}", "", part["rule"], "", HEAD, "|---" * (HEAD.count("|") - 1) + "|"]
    for name, seeds in by_row.items():
        difference = "" if means[name] is last else difference_text(paired_difference(means[name], last, "auc"))
        lines.append(line(name, [result for result, _ in seeds], means[name], difference))
    note = (
        f"{counted(part['scenes'], 'scene')}, {counted(part['objects'], 'object')}. "
        f"{brackets_note(means)} ±: standard deviation between seeds. "
        f"Metrics version {METRICS_VERSION}. Trained on {devices}."
    )
    return [*lines, "", note, ""]


def brackets_note(means: dict[str, dict[str, Any]]) -> str:
    """The meaning of the brackets of a table, and the reasons for missing ones. means: the parts of the rows."""
    found = {
        f"{METRIC_NAMES[key]} of {cell(name)}": bounds(part, key) for name, part in means.items() for key in IN_BRACKETS
    }
    notes = [f"No brackets and no p: {note}." for note in interval_notes(found)]
    shapes = sorted({part["metrics"][key]["shapes"] for part in means.values() for key in IN_BRACKETS})
    if shapes[-1] >= FEWEST:
        over = str(shapes[-1]) if len(shapes) == 1 else f"{max(shapes[0], FEWEST)} to {shapes[-1]}"
        notes.insert(
            0,
            f"Brackets: {LEVEL:.0%} interval of a cluster bootstrap over {over} base shapes, for the mean over seeds.",
        )
    return " ".join(notes)


def line(name: str, seeds: list[Result], part: dict[str, Any], difference: str) -> str:
    cells = [name if len(seeds) == 1 else f"{name} ({len(seeds)} seeds)", *(estimate(part, key) for key in IN_BRACKETS)]
    cells += [number(part["metrics"][metric]["value"]) for metric in ("boxes_per_object", "box_recall", "mean_iou")]
    seconds = part["metrics"]["seconds_per_scene"]["value"]
    minutes = np.mean([result.seconds for result in seeds]) / 60
    cells += [
        difference,
        f"{seeds[0].parameters:.1f}",
        f"{minutes:.0f} min",
        "" if seconds is None else f"{seconds:.3g}",
    ]
    return "| " + " | ".join(cell(text) for text in cells) + " |"


def mean_part(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean over the seeds of a row: values and resampled values are averaged, so that comparisons remain paired."""
    metrics = {name: mean_value([part["metrics"][name] for part in parts]) for name in (*PAIRED_METRICS, *MEANS)}
    replicates = {}
    for name in PAIRED_METRICS:
        packs = [part["replicates"][name] for part in parts]
        replicates[name] = None if None in packs else packed(np.mean([unpacked(pack) for pack in packs], axis=0))
    return {"metrics": metrics, "replicates": replicates}


def mean_value(found: list[dict[str, Any]]) -> dict[str, float | int | None]:
    """value: the mean, None unless every seed has one. spread: the standard deviation over seeds. shapes: fewest base shapes."""
    values, shapes = [one["value"] for one in found], min(one["shapes"] for one in found)
    if None in values:
        return {"value": None, "spread": None, "shapes": shapes}
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"value": float(np.mean(values)), "spread": spread, "shapes": shapes}


def estimate(part: dict[str, Any], metric: str) -> str:
    """`0.812 [0.790, 0.834] ±0.006`; without brackets if there are few base shapes."""
    found = bounds(part, metric)
    return metric_text(found) if found["spread"] is None else f"{metric_text(found)} ±{number(found['spread'])}"


def bounds(part: dict[str, Any], metric: str) -> dict[str, Any]:
    """value, spread, shapes, low and high of one metric. Without an interval, low and high are None with a reason."""
    found, pack = part["metrics"][metric], part["replicates"][metric]
    if found["value"] is None:
        return {**found, "low": None, "high": None, "reason": "undefined"}
    if pack is None:
        return {**found, "low": None, "high": None, "reason": too_few(found["shapes"])}
    (low, high), reason = interval(found["value"], unpacked(pack), found["shapes"])
    return {**found, "low": low, "high": high, "reason": reason}


def difference_text(found: dict[str, Any]) -> str:
    """`-0.0210 [-0.0402, -0.0018], p 0.0312`; the reason in place of a missing interval."""
    if found.get("low") is None:
        return f"{signed(found['value'])} ({found['reason']})"
    return f"{signed(found['value'])} [{signed(found['low'])}, {signed(found['high'])}], p {p_text(found['p'])}"
