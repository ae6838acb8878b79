"""Figure 5, left: the score as a function of the number of test views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from odd_bench.counted import counted
from odd_bench.reproduce.figures.page import FACTORS, Section, estimate_text, factor_texts, of_what, write_page
from odd_bench.reproduce.figures.plot import Axes, Series, with_interval, write_plot
from odd_bench.reproduce.predicted import Source, Track, predicted, scored
from odd_bench.scoring.bootstrap import Estimate
from odd_bench.scoring.evaluate import factors
from odd_bench.scoring.score import Scored

VIEWS = (1, 3, 5, 10, 20)  # as in the paper
TITLE = "Number of views at test"


def views_figure(
    source: Source, folder: Path, views: Sequence[int] = VIEWS, track: Track = lambda items, what: items
) -> tuple[str, list[Path]]:
    """Predict what is missing, score, write table and plot. Returns the text of the page and the files, the page first."""
    asked = sorted(set(views))
    source.require_views(asked[-1])
    found = {count: scored(predicted(source, folder, count, track), source.data) for count in asked}
    pictures = plotted(source, folder, found)
    page = folder / "views.md"
    return write_page(page, TITLE, sections(source, found), pictures), [page, *pictures]


def protocols(found: dict[int, Scored]) -> Iterable[str]:
    """The protocols, the headline protocol first."""
    return next(iter(found.values())).judged


def sections(source: Source, found: dict[int, Scored]) -> list[Section]:
    """One table for each protocol, with one row for each number of views."""
    return [section(source, found, protocol) for protocol in protocols(found)]


def section(source: Source, found: dict[int, Scored], protocol: str) -> Section:
    parts = {count: one.document["result"]["protocols"][protocol] for count, one in found.items()}
    first = next(iter(parts.values()))
    has_factors = "factors" in first
    head = ["views", "AUC", *(FACTORS.values() if has_factors else ()), "balanced accuracy", "base shapes"]
    rows = []
    for count, one in found.items():
        metrics, part = one.metrics[protocol], parts[count]
        middle = factor_texts(part["factors"]) if has_factors else []
        rows.append(
            [str(count), estimate_text(metrics["auc"]), *middle, estimate_text(metrics["balanced_accuracy"]),
             str(metrics["auc"].shapes)]
        )  # fmt: skip
    asked = f"{counted(first['scenes'], 'scene')}, {counted(first['objects'], 'object')}"
    note = f"{asked}. The method was trained with {source.weights.run.config.train.views} views."
    return Section(of_what(source, protocol), first["rule"], head, rows, note)


def plotted(source: Source, folder: Path, found: dict[int, Scored]) -> list[Path]:
    """Plot the AUC under the headline protocol and its factors."""
    protocol = next(iter(protocols(found)))
    series = [with_interval("AUC", [one.metrics[protocol]["auc"] for one in found.values()])]
    by_views = [factors(one.judged[protocol]) for one in found.values()]
    if protocol == "detect":
        series += [Series(name, [Estimate(one[key]) for one in by_views]) for key, name in FACTORS.items()]
    title = f"{TITLE}\n{of_what(source, protocol)}"
    axes = Axes(title, "views of a scene at test (number)", "AUC and its factors (share)", [str(one) for one in found])
    return write_plot(folder / "views", axes, series)
