"""The main metrics of several splits of one run as a text table, one line per split and protocol."""

from __future__ import annotations

from typing import Any

from odd_bench.scoring.summary import METRIC_NAMES, interval_notes, metric_text, number

WITH_INTERVAL = ("auc", "balanced_accuracy")
ALONE = ("auc_within_scene", "accuracy", "boxes_per_object", "box_recall", "mean_iou")


def split_table(documents: dict[str, dict[str, Any]]) -> str:
    """The table as text. documents: score documents by split."""
    head = ["split", "protocol", *(METRIC_NAMES[name] for name in (*WITH_INTERVAL, *ALONE))]
    rows, found = [head], {}
    for split, document in documents.items():
        for protocol, part in document["result"]["protocols"].items():
            metrics = part["metrics"]
            texts = [metric_text(metrics[name]) for name in WITH_INTERVAL]
            found |= {f"{METRIC_NAMES[name]} ({split}, {protocol})": metrics[name] for name in WITH_INTERVAL}
            rows.append([split, protocol, *texts, *(number(metrics[name]["value"]) for name in ALONE)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = dict.fromkeys(document["result"]["interval"] for document in documents.values())
    return "\n".join([*lines, *notes, *interval_notes(found)])
