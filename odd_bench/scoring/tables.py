"""The numbers as Markdown and LaTeX tables, ready for a README or a paper."""

from __future__ import annotations

from typing import Any

from odd_bench.scoring.summary import METRIC_NAMES, number

TABLE_METRICS = (
    "auc",
    "auc_within_scene",
    "accuracy",
    "balanced_accuracy",
    "aupr",
    "f1",
    "scene_exact_match",
    "mean_iou",
)
LATEX_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
LATEX_SPECIAL |= {character: "\\" + character for character in "&%$#_{}"}


def markdown_report(document: dict[str, Any]) -> str:
    """Every protocol's metrics, then its breakdowns."""
    result = document["result"]
    dataset = result["dataset"]
    lines = [f"# {cell(result['method']['name'])} on {dataset['name']} {dataset['version']}, {dataset['split']}", ""]
    lines += [f"{dataset['scenes']:,} scenes, {dataset['objects']:,} objects. {result['interval']}.", ""]
    for name, part in result["protocols"].items():
        lines += [f"## {name}", "", part["rule"], "", "| metric | value | interval | note |", "|---|---|---|---|"]
        lines += [metric_row(name, key, value) for key, value in part["metrics"].items()]
        lines += [
            "",
            f"| {name}: group | objects | scenes | AUC | interval | recall or accuracy |",
            "|---|---|---|---|---|---|",
        ]
        lines += [group_row(row) for row in part["breakdowns"]]
        lines += ["", f"| {name}: reference | AUC | accuracy |", "|---|---|---|"]
        lines += [f"| {row} | {number(v['auc'])} | {number(v['accuracy'])} |" for row, v in part["reference"].items()]
        lines.append("")
    return "\n".join(lines)


def metric_row(protocol: str, name: str, estimate: dict[str, Any]) -> str:
    note = "; ".join(text for text in (estimate.get("basis"), estimate.get("reason")) if text)
    return f"| {METRIC_NAMES[name]} ({protocol}) | {number(estimate['value'])} | {interval(estimate)} | {note} |"


def group_row(row: dict[str, Any]) -> str:
    rate = "recall" if "recall" in row else "accuracy"
    few = " (few)" if row["grey"] else ""
    return (
        f"| {row['breakdown']}: {cell(row['name'])}{few} | {row['objects']:,} | {row['scenes']:,} | "
        f"{number(row['auc']['value'])} | {interval(row['auc'])} | {rate} {number(row[rate]['value'])} |"
    )


def interval(estimate: dict[str, Any]) -> str:
    return "" if estimate["low"] is None else f"{number(estimate['low'])} to {number(estimate['high'])}"


def cell(text: str) -> str:
    """Text that cannot break a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def latex_table(document: dict[str, Any]) -> str:
    """A booktabs table: one row a protocol, per cent with half-widths left to the caption."""
    result = document["result"]
    dataset = result["dataset"]
    head = " & ".join(["protocol", *(latex(METRIC_NAMES[name]) for name in TABLE_METRICS)])
    rows = [
        " & ".join([name, *(latex_number(part["metrics"][metric]) for metric in TABLE_METRICS)]) + r" \\"
        for name, part in result["protocols"].items()
    ]
    caption = (
        f"{latex(result['method']['name'])} on {latex(dataset['name'])} {latex(dataset['version'])}, "
        f"{latex(dataset['split'])}, in \\%. Small: {latex(result['interval'])}."
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


def latex_number(estimate: dict[str, Any]) -> str:
    if estimate["value"] is None:
        return "--"
    value = f"{100 * estimate['value']:.1f}"
    if estimate["low"] is None:
        return value
    return rf"{value} {{\scriptsize [{100 * estimate['low']:.1f}, {100 * estimate['high']:.1f}]}}"


def latex(text: str) -> str:
    """Text with LaTeX's special characters escaped."""
    return "".join(LATEX_SPECIAL.get(character, character) for character in " ".join(str(text).split()))
