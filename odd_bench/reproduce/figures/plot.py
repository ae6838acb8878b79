"""Plots of estimates with intervals, as SVG and PNG; colours differ in lightness, so plots can be printed in grey."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from odd_bench.atomic import write_atomically
from odd_bench.scoring.bootstrap import Estimate
from odd_bench.scoring.interval import LEVEL

INCHES = (6.4, 4.2)
DPI = 150
STYLES = (  # colour, marker, line: by lightness, shape and dashes
    {"color": "#000000", "marker": "o", "linestyle": "-"},
    {"color": "#b34700", "marker": "s", "linestyle": "--"},
    {"color": "#4d8fc4", "marker": "^", "linestyle": "-."},
    {"color": "#a0a0a0", "marker": "D", "linestyle": ":"},
)
SIDE_STEP = 0.05  # of the distance of two ticks, so that bars do not cover each other
SETTINGS = {"svg.hashsalt": "odd-bench", "svg.fonttype": "none", "font.size": 9}
NONE = "no interval"
ABOVE = 0.04  # of the height, above 1


@dataclass(frozen=True)
class Series:
    """One line of a plot: an estimate for every tick, None if there is none. joined: whether lines join the points."""

    name: str
    estimates: Sequence[Estimate | None]
    joined: bool = True


@dataclass(frozen=True)
class Axes:
    """title: what the values describe. x, y: names of the axes with their units. ticks: texts along x, evenly spaced.

    low: lower end of the y axis, which ends at 1; None = below all values.
    """

    title: str
    x: str
    y: str
    ticks: Sequence[str]
    low: float | None = None


def with_interval(name: str, estimates: Sequence[Estimate | None]) -> Series:
    """A series of values with intervals; its name says what the bars are, and why some or all of them are missing."""
    known = [one for one in estimates if one is not None and one.value is not None]
    reasons = {one.reason for one in known if one.low is None}
    bars = f"{LEVEL:.0%} interval by base shape" if len(known) > sum(one.low is None for one in known) else NONE
    if reasons:
        reason = reasons.pop() if len(reasons) == 1 else "see the table"
        bars += f": {reason}" if bars == NONE else f"; some without: {reason}"
    return Series(f"{name} ({bars})", estimates)


def require_matplotlib() -> None:
    """Raise ModuleNotFoundError before long work that needs matplotlib at its end."""
    import_module("matplotlib")


def write_plot(path: Path, axes: Axes, series: Sequence[Series]) -> list[Path]:
    """Write PATH.svg and PATH.png atomically. Returns both paths.

    Settings of the user for matplotlib have no effect, no window is opened, and the same values give the same bytes.
    """
    from matplotlib import rc_context, rcParamsDefault

    files = [path.with_name(f"{path.name}.{kind}") for kind in ("svg", "png")]
    with rc_context({**{key: rcParamsDefault[key] for key in rcParamsDefault if key != "backend"}, **SETTINGS}):
        drawn = draw(axes, series)
        for file in files:
            content = io.BytesIO()
            metadata = {"Date": None} if file.suffix == ".svg" else {"Software": None}
            drawn.savefig(content, format=file.suffix[1:], dpi=DPI, metadata=metadata)
            write_atomically(file, content.getvalue())
    return files


def draw(axes: Axes, series: Sequence[Series]) -> Any:
    """The matplotlib figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, layout="constrained")
    plot = figure.add_subplot()
    for number, one in enumerate(series):
        add_series(plot, one, number, SIDE_STEP * (number - (len(series) - 1) / 2))
    plot.set_title(axes.title, fontsize=9, wrap=True)
    plot.set_xlabel(axes.x)
    plot.set_ylabel(axes.y)
    plot.set_xticks(range(len(axes.ticks)), axes.ticks)
    plot.set_xlim(-0.5, len(axes.ticks) - 0.5)
    low = plot.get_ylim()[0] if axes.low is None else axes.low
    plot.set_yticks([tick for tick in plot.get_yticks() if low <= tick < 1 + ABOVE / 100])
    plot.set_ylim(low, 1 + ABOVE * (1 - low))
    plot.grid(axis="y", color="#d8d8d8", linewidth=0.6)
    plot.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=1 if len(series) < 4 else 2, frameon=False)
    return figure


def add_series(plot: Any, series: Series, number: int, aside: float) -> None:
    """Add points, with bars from low to high if there is an interval. aside: shift along x, in ticks."""
    style = STYLES[number % len(STYLES)]
    known = [(place, one) for place, one in enumerate(series.estimates) if one is not None and one.value is not None]
    places = [place + aside for place, _ in known]
    values = [one.value for _, one in known]
    bars = [
        [0.0 if one.low is None else max(one.value - one.low, 0.0) for _, one in known],
        [0.0 if one.high is None else max(one.high - one.value, 0.0) for _, one in known],
    ]
    line = style["linestyle"] if series.joined else "none"
    look = {**style, "linestyle": line, "markersize": 4.5, "linewidth": 1.2}
    if any(map(any, bars)):
        plot.errorbar(places, values, yerr=bars, label=series.name, capsize=3, elinewidth=1, **look)
    else:
        plot.plot(places, values, label=series.name, **look)
