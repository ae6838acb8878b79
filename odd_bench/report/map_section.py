"""The section of the page about anomaly maps."""

from __future__ import annotations

from typing import Any

from odd_bench.report.html_table import table
from odd_bench.scoring.map_text import MAP_METRICS, coverage_text, domain_text
from odd_bench.scoring.summary import number
from odd_bench.scoring.text import html_text as escape

MEANING = (
    "Pixel AUROC: the probability that a changed pixel has a higher level than an unchanged one. AUPRO: the mean share of a "
    "changed patch above a threshold, averaged up to 5 % or 30 % false pixels. Highest pixel in change: the share of odd objects "
    "whose highest pixel is in the change or at most 3 pixels from it. A lost part counts where it would have been seen."
)


def map_section(part: dict[str, Any]) -> str:
    """A table for each set of pixels, or the reason why the maps were not scored."""
    if "reason" in part:
        return f"<h2>Anomaly maps</h2><p>Not scored: {escape(part['reason'])}.</p>"
    tables = "".join(domain_table(name, domain) for name, domain in part["domains"].items())
    return f'<h2>Anomaly maps</h2><p>{escape(coverage_text(part))}.</p><p class="soft">{MEANING}</p>{tables}'


def domain_table(name: str, domain: dict[str, Any]) -> str:
    rows = []
    for key, title in MAP_METRICS.items():
        found = domain["metrics"][key]
        interval = f"{number(found['low'])} to {number(found['high'])}" if found["low"] is not None else ""
        text = interval or found.get("reason", "")
        rows.append([title, number(found["value"]), text, number(domain["constant_map"][key])])
    head = ["metric", "value", "95 % interval, or the reason why there is none", "constant map"]
    return table(domain_text(name, domain), head, rows)
