"""The scores as Markdown and LaTeX tables, ready for a README or a paper."""

from __future__ import annotations

from typing import Any

from odd_bench.counted import counted
from odd_bench.scoring.map_text import DOMAIN_NAMES, MAP_METRICS, coverage_text
from odd_bench.scoring.summary import METRIC_NAMES, dataset_text, interval_notes, number
from odd_bench.scoring.text import visible

TABLE_METRICS = (
    "auc",
    "balanced_accuracy",
    "auc_within_scene",
    "accuracy",
    "boxes_per_object",
    "box_recall",
    "box_precision",
    "ap50",
    "mean_iou",
)
PLAIN = ("boxes_per_object", "seconds_per_scene")  # not shares, so not in per cent
MARKDOWN_SPECIAL = {character: "\\" + character for character in "\\`*[]|"}
MARKDOWN_SPECIAL |= {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
LATEX_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
LATEX_SPECIAL |= {character: "\\" + character for character in "&%$#_{}"}


def markdown_report(document: dict[str, Any]) -> str:
    """The metrics of every protocol, each followed by its groups and reference rows."""
    result = document["result"]
    dataset = result["dataset"]
    lines = [f"# {cell(result['method']['name'])} on {cell(dataset_text(dataset))}, {cell(dataset['split'])}", ""]
    lines += [
        f"{counted(dataset['scenes'], 'scene')}, {counted(dataset['objects'], 'object')}. {result['interval']}.",
        "",
    ]
    for name, part in result["protocols"].items():
        lines += [f"## {name}", "", part["rule"], "", "| metric | value | interval | note |", "|---|---|---|---|"]
        lines += [metric_row(name, key, value) for key, value in part["metrics"].items()]
        lines += [
            "",
            f"| {name}: group | objects | scenes | AUC | interval | recall or accuracy |",
            "|---|---|---|---|---|---|",
        ]
        lines += [group_row(row) for row in part["breakdowns"]]
        keys = ("auc", "balanced_accuracy", "accuracy")
        lines += ["", f"| {name}: reference | {' | '.join(METRIC_NAMES[key] for key in keys)} |", "|---|---|---|---|"]
        for row, values in part["reference"].items():
            lines.append(f"| {row} | {' | '.join(number(values[key]) for key in keys)} |")
        lines.append("")
    return "\n".join([*lines, *(map_table(result["maps"]) if "maps" in result else [])])


def map_table(part: dict[str, Any]) -> list[str]:
    """The scores of anomaly maps, or the reason why there are none."""
    if "reason" in part:
        return ["## Anomaly maps", "", f"Not scored: {cell(part['reason'])}.", ""]
    lines = ["## Anomaly maps", "", f"{coverage_text(part)}.", ""]
    lines += ["| metric | pixels | value | interval | constant map |", "|---|---|---|---|---|"]
    for name, domain in part["domains"].items():
        for key, title in MAP_METRICS.items():
            found, constant = domain["metrics"][key], number(domain["constant_map"][key])
            lines.append(
                f"| {title} | {DOMAIN_NAMES[name]} | {number(found['value'])} | {interval_or_reason(found)} | {constant} |"
            )
    return [*lines, ""]


def metric_row(protocol: str, name: str, estimate: dict[str, Any]) -> str:
    note = "; ".join(text for text in (estimate.get("basis"), estimate.get("reason")) if text)
    return f"| {METRIC_NAMES[name]} ({protocol}) | {number(estimate['value'])} | {interval(estimate)} | {note} |"


def group_row(row: dict[str, Any]) -> str:
    rate = "recall" if "recall" in row else "accuracy"
    few = " (few)" if row["grey"] else ""
    return (
        f"| {row['breakdown']}: {cell(row['name'])}{few} | {row['objects']:,} | {row['scenes']:,} | "
        f"{number(row['auc']['value'])} | {interval_or_reason(row['auc'])} | {rate} {number(row[rate]['value'])} |"
    )


def interval(estimate: dict[str, Any]) -> str:
    return "" if estimate["low"] is None else f"{number(estimate['low'])} to {number(estimate['high'])}"


def interval_or_reason(estimate: dict[str, Any]) -> str:
    return interval(estimate) or estimate.get("reason", "")


def cell(text: str) -> str:
    """Text escaped for Markdown: no HTML, no link, no end of a table cell, no control character."""
    return "".join(MARKDOWN_SPECIAL.get(character, character) for character in visible(text))


def latex_table(document: dict[str, Any]) -> str:
    """A booktabs table: one row for each protocol, shares in per cent, intervals in small print."""
    result = document["result"]
    dataset = result["dataset"]
    head = " & ".join(["protocol", *(latex(METRIC_NAMES[name]) for name in TABLE_METRICS)])
    rows = [
        " & ".join([name, *(latex_number(part["metrics"][metric], metric) for metric in TABLE_METRICS)]) + r" \\"
        for name, part in result["protocols"].items()
    ]
    found = {
        f"{METRIC_NAMES[metric]} ({name})": part["metrics"][metric]
        for name, part in result["protocols"].items()
        for metric in TABLE_METRICS
    }
    notes = "".join(f" No interval: {latex(note)}." for note in interval_notes(found))
    caption = (
        f"{latex(result['method']['name'])} on {latex(dataset_text(dataset))}, "
        f"{latex(dataset['split'])}, in \\%. In small print: {latex(result['interval'])}.{notes}"
    )
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{caption}}}",
            rf"\begin{{tabular}}{{l{'r' * len(TABLE_METRICS)}}}",
            r"\toprule",
            head + r" \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def latex_number(estimate: dict[str, Any], metric: str) -> str:
    """A value with its interval; shares are in per cent."""
    if estimate["value"] is None:
        return "--"
    times, decimals = (1, 2) if metric in PLAIN else (100, 1)
    value, low, high = (
        None if estimate[key] is None else f"{times * estimate[key]:.{decimals}f}" for key in ("value", "low", "high")
    )
    return value if low is None else rf"{value} {{\scriptsize [{low}, {high}]}}"


def latex(text: str) -> str:
    """Text with LaTeX's special characters escaped."""
    return "".join(LATEX_SPECIAL.get(character, character) for character in visible(text))
