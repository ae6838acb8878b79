"""Figure 5, right: how the score depends on the number of objects of a scene."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from odd_bench.reproduce.figures.page import FACTORS, Section, estimate_text, factor_texts, of_what, write_page
from odd_bench.reproduce.figures.plot import Axes, Series, with_interval, write_plot
from odd_bench.reproduce.predicted import Source, Track, predicted, scored
from odd_bench.scoring.bootstrap import Estimate, draw_resamples
from odd_bench.scoring.breakdown import BreakdownRow, Group, breakdown_row
from odd_bench.scoring.evaluate import factors
from odd_bench.scoring.judged import Judged
from odd_bench.scoring.score import Scored

TITLE = "Number of objects in a scene"


@dataclass(frozen=True)
class CountRow:
    """The scenes with one number of objects. shapes: base shapes in them. factors: of the AUC, None if the protocol has none."""

    objects: int
    scenes: int
    shapes: int
    row: BreakdownRow
    factors: dict[str, float | None] | None


def counts_figure(
    source: Source, folder: Path, views: int | None = None, track: Track = lambda items, what: items
) -> tuple[str, list[Path]]:
    """Predict what is missing, score, write table and plot. Returns the text of the page and the files, the page first."""
    seen = views or min(source.weights.run.config.train.views, source.stored_views)
    source.require_views(seen)
    found = scored(predicted(source, folder, seen, track), source.data)
    rows = {name: count_rows(judged, resamples(found)) for name, judged in found.judged.items()}
    pictures = plotted(source, folder, rows)
    page = folder / "counts.md"
    tables = [section(source, found, name, seen, one) for name, one in rows.items()]
    return write_page(page, TITLE, tables, pictures), [page, *pictures]


def resamples(found: Scored) -> np.ndarray:
    """(resamples, clusters), the same as those of the scores."""
    return draw_resamples(found.checked.table.clusters)


def count_rows(judged: Judged, counts: np.ndarray) -> list[CountRow]:
    """One row for every number of objects that occurs, sorted; together they contain every scene once."""
    truth = judged.truth
    objects = np.bincount(truth.scene, minlength=truth.scenes)  # (s,)
    return [count_row(judged, objects, int(number), counts) for number in np.unique(objects)]


def count_row(judged: Judged, objects: np.ndarray, number: int, counts: np.ndarray) -> CountRow:
    truth, scenes = judged.truth, objects == number
    rows = scenes[truth.scene]
    group = Group("objects in the scene", str(number), rows, False)
    of_them = replace(judged, counted=judged.counted & rows, false_boxes=judged.false_boxes * scenes)
    shapes = len(np.unique(truth.cluster[scenes]))
    parts = factors(of_them) if judged.protocol.missed == "wrong" else None
    return CountRow(number, int(scenes.sum()), shapes, breakdown_row(judged, group, counts), parts)


def section(source: Source, found: Scored, protocol: str, views: int, rows: list[CountRow]) -> Section:
    part = found.document["result"]["protocols"][protocol]
    has_factors = rows[0].factors is not None
    head = ["objects", "scenes", "base shapes", "AUC", *(FACTORS.values() if has_factors else ()), "accuracy"]
    lines = [
        [str(one.objects), f"{one.scenes:,}", f"{one.shapes:,}", estimate_text(one.row.auc),
         *(factor_texts(one.factors) if has_factors else ()), estimate_text(one.row.rate)]
        for one in rows
    ]  # fmt: skip
    table, metrics = found.checked.table, found.metrics[protocol]
    lines.append(
        ["all", f"{table.scenes:,}", f"{table.clusters:,}", estimate_text(metrics["auc"]),
         *(factor_texts(part["factors"]) if has_factors else ()), estimate_text(metrics["accuracy"])]
    )  # fmt: skip
    note = f"{views} views at test. Intervals of few base shapes are wide; with fewer than ten there is no interval."
    return Section(of_what(source, protocol), part["rule"], head, lines, note)


def plotted(source: Source, folder: Path, rows: dict[str, list[CountRow]]) -> list[Path]:
    """Plot the AUC under the headline protocol and its factors."""
    protocol, found = next(iter(rows.items()))
    series = [with_interval("AUC", [one.row.auc for one in found])]
    if found[0].factors is not None:
        series += [Series(name, [Estimate(one.factors[key]) for one in found]) for key, name in FACTORS.items()]
    ticks = [f"{one.objects}\n(scenes: {one.scenes:,})" for one in found]
    title = f"{TITLE}\n{of_what(source, protocol)}"
    return write_plot(
        folder / "counts", Axes(title, "objects in a scene (number)", "AUC and its factors (share)", ticks), series
    )
