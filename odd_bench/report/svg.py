"""Four small plots as inline SVG: ROC curves, histograms, values with intervals, and a map of cells. Colours come from the style
sheet of the page, so plots follow its light or dark mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from odd_bench.scoring.breakdown import GREY_BELOW as FEW

PLOT = 300  # side of the square plots, and height of the histograms
LEFT, BOTTOM, TOP, RIGHT = 56, 40, 30, 20
ROW, LABEL_WIDTH, BAR_WIDTH = 22, 136, 150
NOTE_WIDTHS = (46, 72, 84)  # value, number of objects, recall or accuracy
CELL_WIDTH, CELL_HEIGHT = 72, 36
LIGHTEST, DEEPEST = 0.10, 0.5  # opacity of cells: text on the deepest keeps a contrast of 4.5 to 1


def roc_plot(curves: dict[str, Sequence[Sequence[float]]]) -> str:
    """ROC curves by name. Points are (false positive rate, true positive rate)."""
    width, height = LEFT + PLOT + RIGHT, TOP + PLOT + BOTTOM
    parts = [*frame(PLOT, PLOT), *unit_ticks(PLOT, PLOT)]
    parts.append(line(LEFT, TOP + PLOT, LEFT + PLOT, TOP, "guide"))
    for index, (name, points) in enumerate(curves.items()):
        path = " ".join(f"{LEFT + PLOT * x:.1f},{TOP + PLOT * (1 - y):.1f}" for x, y in points)
        parts.append(f'<polyline class="curve c{index}" points="{path}"/>')
        x = LEFT + 110 * index
        parts += [line(x, 10, x + 22, 10, f"curve c{index}"), text(x + 28, 14, name, "start")]
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
        parts.append(text(LEFT - 6, TOP + PLOT * (1 - position) + 4, f"{100 * top * position:.2g}%", "end"))
    for index, name in enumerate(("normal", "anomalous")):
        x = LEFT + 110 * index
        parts += [rectangle(x, 4, 12, 12, f"bar {name}"), text(x + 18, 14, name, "start")]
    parts += axis_names(PLOT, PLOT, "score", "share of the class")
    return picture(width, height, parts, "Histogram of scores by class")


def interval_plot(rows: Sequence[dict]) -> str:
    """One line for each row: a bar from 0 to the value, its interval, and two notes.

    rows: name, value, low, high (None if undefined), notes (two strings), grey, short (why there is no interval).
    """
    width, height = LABEL_WIDTH + BAR_WIDTH + 10 + sum(NOTE_WIDTHS), ROW * len(rows) + 22
    parts = []
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x = LABEL_WIDTH + BAR_WIDTH * tick
        parts.append(line(x, 0, x, ROW * len(rows), "guide" if tick == 0.5 else "grid"))
        parts.append(text(x, ROW * len(rows) + 16, f"{tick:g}", "middle"))
    for index, row in enumerate(rows):
        parts += interval_row(row, ROW * index)
    return picture(width, height, parts, "Values with intervals by group")


def interval_row(row: dict, y: float) -> list[str]:
    style = "few" if row["grey"] else "value"
    parts = [text(LABEL_WIDTH - 8, y + 16, row["name"], "end", style)]
    if row["value"] is None:
        return [*parts, text(LABEL_WIDTH + 6, y + 16, "not defined", "start", "few")]
    bare = " bare" if row["low"] is None else ""
    parts.append(rectangle(LABEL_WIDTH, y + 4, BAR_WIDTH * row["value"], ROW - 8, f"bar {style}{bare}"))
    if row["low"] is not None:
        low, high = (LABEL_WIDTH + BAR_WIDTH * row[side] for side in ("low", "high"))
        middle = y + ROW / 2
        parts += [line(low, middle, high, middle, "whisker")]
        parts += [line(x, middle - 4, x, middle + 4, "whisker") for x in (low, high)]
    else:
        parts.append(reason_text(row["value"], y, row["short"]))
    left = LABEL_WIDTH + BAR_WIDTH + 10
    for note, width in zip((f"{row['value']:.3f}", *row["notes"]), NOTE_WIDTHS, strict=True):
        parts.append(text(left, y + 16, note, "start", style))
        left += width
    return parts


def reason_text(value: float, y: float, reason: str) -> str:
    """The reason, after the end of the bar, or before it if there is more space."""
    end = LABEL_WIDTH + BAR_WIDTH * value
    return text(end + 5, y + 16, reason, "start") if value < 0.6 else text(end - 5, y + 16, reason, "end")


def map_plot(
    rows: Sequence[str], columns: Sequence[str], cells: dict[tuple[str, str], tuple[float | None, int]]
) -> str:
    """A table of cells shaded by value: cells[row, column] = (value or None, number of objects)."""
    width, height = LABEL_WIDTH + CELL_WIDTH * len(columns), CELL_HEIGHT * (len(rows) + 1)
    parts = []
    for index, name in enumerate(columns):
        parts.append(text(LABEL_WIDTH + CELL_WIDTH * (index + 0.5), 18, name, "middle"))
    for place, name in enumerate(rows):
        y = CELL_HEIGHT * (place + 1)
        parts.append(text(LABEL_WIDTH - 8, y + 22, name, "end"))
        for index, column in enumerate(columns):
            value, count = cells.get((name, column), (None, 0))
            parts += map_cell(LABEL_WIDTH + CELL_WIDTH * index, y, value, count)
    return picture(width, height, parts, "AUC by anomaly type and visibility")


def map_cell(x: float, y: float, value: float | None, count: int) -> list[str]:
    """A cell is darker the further its value is from chance, red below chance, and grey if it rests on few objects."""
    if value is None:
        return [text(x + CELL_WIDTH / 2, y + 22, "·", "middle", "few")]
    style = "few" if count < FEW else "below" if value < 0.5 else "above"
    shade = LIGHTEST if count < FEW else LIGHTEST + (DEEPEST - LIGHTEST) * min(abs(value - 0.5) * 2, 1)
    parts = [rectangle(x + 1, y + 1, CELL_WIDTH - 2, CELL_HEIGHT - 2, f"cell {style}", shade)]
    parts.append(text(x + CELL_WIDTH / 2, y + 16, f"{value:.2f}", "middle", "value"))
    return [*parts, text(x + CELL_WIDTH / 2, y + 30, f"n = {count:,}", "middle", "small value")]


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
