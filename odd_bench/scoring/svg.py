"""Four small plots as inline SVG: ROC curves, histograms, values with intervals, a map of cells. Colours come from the page's
style sheet, so a plot follows light and dark pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

PLOT = 300  # side of the square plots, and height of the histograms
LEFT, BOTTOM, TOP, RIGHT = 46, 40, 12, 12
ROW = 24
LABEL_WIDTH, BAR_WIDTH, NOTE_WIDTH = 190, 300, 170
CELL_WIDTH, CELL_HEIGHT = 78, 30


def roc_plot(curves: dict[str, Sequence[Sequence[float]]]) -> str:
    """ROC curves by name. Points are (false, true) positive rates."""
    width, height = LEFT + PLOT + RIGHT, TOP + PLOT + BOTTOM
    parts = [*frame(PLOT, PLOT), *unit_ticks(PLOT, PLOT)]
    parts.append(line(LEFT, TOP + PLOT, LEFT + PLOT, TOP, "guide"))
    for index, (name, points) in enumerate(curves.items()):
        path = " ".join(f"{LEFT + PLOT * x:.1f},{TOP + PLOT * (1 - y):.1f}" for x, y in points)
        parts.append(f'<polyline class="curve c{index}" points="{path}"/>')
        y = TOP + PLOT - 14 - 18 * (len(curves) - 1 - index)
        parts.append(line(LEFT + PLOT - 120, y - 4, LEFT + PLOT - 98, y - 4, f"curve c{index}"))
        parts.append(text(LEFT + PLOT - 92, y, name, "start"))
    parts += axis_names(PLOT, PLOT, "false positive rate", "true positive rate")
    return picture(width, height, parts, "ROC curves of " + ", ".join(curves))


def histogram_plot(edges: Sequence[float], normal: Sequence[int], anomalous: Sequence[int]) -> str:
    """Share of each class in each score bin, the two classes overlaid."""
    width, height = LEFT + PLOT + RIGHT, TOP + PLOT + BOTTOM
    shares = [np.asarray(counts, float) / max(sum(counts), 1) for counts in (normal, anomalous)]
    top = max(float(np.max(shares)), 1e-9) * 1.1
    parts = frame(PLOT, PLOT)
    step = PLOT / max(len(normal), 1)
    for name, share in zip(("normal", "anomalous"), shares, strict=True):
        for index, value in enumerate(share):
            bar = PLOT * value / top
            parts.append(rectangle(LEFT + index * step, TOP + PLOT - bar, step, bar, f"bar {name}"))
    for position in (0, 0.5, 1):
        value = edges[0] + position * (edges[-1] - edges[0])
        parts.append(text(LEFT + PLOT * position, TOP + PLOT + 16, f"{value:.3g}", "middle"))
        parts.append(text(LEFT - 6, TOP + PLOT * (1 - position) + 4, f"{top * position:.0%}", "end"))
    for index, name in enumerate(("normal", "anomalous")):
        parts.append(rectangle(LEFT + PLOT - 100, TOP + 8 + 18 * index, 12, 12, f"bar {name}"))
        parts.append(text(LEFT + PLOT - 82, TOP + 18 + 18 * index, name, "start"))
    parts += axis_names(PLOT, PLOT, "score", "share of the class")
    return picture(width, height, parts, "Histogram of scores by class")


def interval_plot(rows: Sequence[dict]) -> str:
    """One line a row: a bar from 0.5, the chance level, to the value, and its interval.

    rows: name, value, low, high (None where undefined), note, grey.
    """
    width, height = LABEL_WIDTH + BAR_WIDTH + NOTE_WIDTH, TOP + ROW * len(rows) + 24
    parts = []
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x = LABEL_WIDTH + BAR_WIDTH * tick
        parts.append(line(x, TOP, x, TOP + ROW * len(rows), "guide" if tick == 0.5 else "grid"))
        parts.append(text(x, TOP + ROW * len(rows) + 16, f"{tick:g}", "middle"))
    for index, row in enumerate(rows):
        parts += interval_row(row, TOP + ROW * index)
    return picture(width, height, parts, "Values with intervals by group")


def interval_row(row: dict, y: float) -> list[str]:
    style = "few" if row["grey"] else "value"
    parts = [text(LABEL_WIDTH - 8, y + 16, row["name"], "end", style)]
    if row["value"] is None:
        return [*parts, text(LABEL_WIDTH + 6, y + 16, "not defined", "start", "few")]
    left, right = sorted((LABEL_WIDTH + BAR_WIDTH / 2, LABEL_WIDTH + BAR_WIDTH * row["value"]))
    parts.append(rectangle(left, y + 5, right - left, ROW - 10, f"bar {style}"))
    if row["low"] is not None:
        low, high = (LABEL_WIDTH + BAR_WIDTH * row[side] for side in ("low", "high"))
        middle = y + ROW / 2
        parts += [line(low, middle, high, middle, "whisker")]
        parts += [line(x, middle - 4, x, middle + 4, "whisker") for x in (low, high)]
    return [*parts, text(LABEL_WIDTH + BAR_WIDTH + 10, y + 16, f"{row['value']:.3f}  {row['note']}", "start", style)]


def map_plot(
    rows: Sequence[str], columns: Sequence[str], cells: dict[tuple[str, str], tuple[float | None, int]]
) -> str:
    """A table of cells shaded by value: cells[row, column] = (value or None, number of objects behind it)."""
    width, height = LABEL_WIDTH + CELL_WIDTH * len(columns), TOP + CELL_HEIGHT * (len(rows) + 1)
    parts = []
    for index, name in enumerate(columns):
        parts.append(text(LABEL_WIDTH + CELL_WIDTH * (index + 0.5), TOP + 14, name, "middle"))
    for place, name in enumerate(rows):
        y = TOP + CELL_HEIGHT * place + 24
        parts.append(text(LABEL_WIDTH - 8, y + 19, name, "end"))
        for index, column in enumerate(columns):
            value, count = cells.get((name, column), (None, 0))
            parts += map_cell(LABEL_WIDTH + CELL_WIDTH * index, y, value, count)
    return picture(width, height, parts, "AUC by anomaly type and visibility")


def map_cell(x: float, y: float, value: float | None, count: int) -> list[str]:
    """A cell is deeper the further its value lies above chance, and red below it; few objects are outlined only."""
    if value is None:
        return [text(x + CELL_WIDTH / 2, y + 19, "·", "middle", "few")]
    style = "below" if value < 0.5 else "above"
    shade = 0.12 + 0.75 * min(abs(value - 0.5) * 2, 1)
    parts = [rectangle(x + 1, y + 1, CELL_WIDTH - 2, CELL_HEIGHT - 2, f"cell {style}", shade)]
    deep = "ondark" if shade > 0.55 else "value"
    parts.append(text(x + CELL_WIDTH / 2, y + 14, f"{value:.2f}", "middle", deep))
    return [*parts, text(x + CELL_WIDTH / 2, y + 25, f"n = {count:,}", "middle", f"small {deep}")]


def frame(width: float, height: float) -> list[str]:
    corners = [(LEFT, TOP, LEFT, TOP + height), (LEFT, TOP + height, LEFT + width, TOP + height)]
    return [line(*corner, "axis") for corner in corners]


def unit_ticks(width: float, height: float) -> Iterable[str]:
    for tick in (0, 0.25, 0.5, 0.75, 1):
        yield text(LEFT + width * tick, TOP + height + 16, f"{tick:g}", "middle")
        yield text(LEFT - 6, TOP + height * (1 - tick) + 4, f"{tick:g}", "end")


def axis_names(width: float, height: float, x_name: str, y_name: str) -> list[str]:
    middle = TOP + height / 2
    turned = (
        f'<text x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">{escape(y_name)}</text>'
    )
    return [text(LEFT + width / 2, TOP + height + 34, x_name, "middle"), turned]


def picture(width: float, height: float, parts: Iterable[str], title: str) -> str:
    body = "".join(parts)
    size = f'viewBox="0 0 {width:g} {height:g}" style="max-width:{width:g}px"'
    return f'<svg {size} role="img" aria-label="{escape(title)}">{body}</svg>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def rectangle(x: float, y: float, width: float, height: float, style: str, opacity: float | None = None) -> str:
    shade = "" if opacity is None else f' fill-opacity="{opacity:.2f}"'
    return f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"{shade}/>'


def text(x: float, y: float, content: str, anchor: str, style: str = "") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(content)}</text>'
