"""Figure 6: whether the smaller of two groups of similar shapes is scored as odd, whichever of the two it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb
from pathlib import Path

import numpy as np

from odd_bench.errors import OddBenchError
from odd_bench.reproduce.figures.minority_scenes import SPLIT, Composition, Watched, compositions, made
from odd_bench.reproduce.figures.page import Section, estimate_text, of_what, write_page
from odd_bench.reproduce.figures.plot import Axes, Series, with_interval, write_plot
from odd_bench.reproduce.predicted import Source, Track, Weights, predicted
from odd_bench.scoring.bootstrap import Estimate, draw_resamples, estimate
from odd_bench.scoring.check import Checked, Options, check_file
from odd_bench.scoring.evaluate import scene_auc, scene_mean
from odd_bench.scoring.judged import Judged, judge
from odd_bench.scoring.problems import ScoringError, errors_in
from odd_bench.scoring.protocol import load_protocol
from odd_bench.scoring.score import submission

SERIES = 40  # base shapes with one near twin each; the paper shows one
TITLE = "Minority of two similar shapes"
SURE = 1 - 1e-9  # an AUC of 1
RULE = (
    "Set apart: every member of the smaller group is scored above every member of the larger one; with equal groups, every member "
    "of one group above every member of the other. AUC: smaller group against larger group, within the scene. An object without a "
    "box counts as wrong, and a box without an object ranks above all objects. Chance: how often random scores set the group apart."
)


@dataclass(frozen=True)
class MinorityRow:
    """The scenes of one composition. apart: share in which the group is set apart. chance: that of random scores. auc: None for
    equal groups.
    """

    ratio: str
    scenes: int
    apart: Estimate
    auc: Estimate | None
    chance: float


def minority_figure(
    weights: Weights, parent: Path, folder: Path, series: int, watched: Watched, workers: int = 1,
    views: int | None = None, track: Track = lambda items, what: items,
) -> tuple[str, list[Path]]:  # fmt: skip
    """Generate and predict what is missing, then write table and plot. Returns the text of the page and the files, the page first.

    parent: folder of the data sets, one for each composition. series: number of scenes of each.
    """
    asked, source = [], None
    for composition in compositions(parent, series):
        source = Source(weights, made(composition, watched, workers), SPLIT)
        seen = views or min(weights.run.config.train.views, source.stored_views)
        source.require_views(seen)
        path = predicted(source, folder / composition.folder.name, seen, track)
        asked.append((composition, checked_file(path, source.data)))
    checked = [one for _, one in asked]
    whole = whole_series(checked, series)
    rows = [minority_row(composition, one, whole) for composition, one in asked]
    what = of_what(source, protocol_name(weights)).replace(source.dataset.name, "parts-minority")
    pictures = plotted(folder, what, rows)
    page = folder / "minority.md"
    return write_page(page, TITLE, [section(what, rows, series_note(checked, whole, series))], pictures), [
        page,
        *pictures,
    ]


def whole_series(checked: Sequence[Checked], most: int) -> list[str]:
    """Names of the first scenes, up to `most`, that exist in every composition. Raises OddBenchError if there are none."""
    names = set.intersection(*(set(one.table.scene_names) for one in checked))
    if not names:
        raise OddBenchError(
            "minority: found no scene that exists in all compositions; expected at least one. Ask for more with --series"
        )
    return sorted(names, key=lambda name: int(name.rpartition("-")[2]))[:most]  # in the order of the plan


def protocol_name(weights: Weights) -> str:
    return "classify" if weights.given_boxes else "detect"


def checked_file(path: Path, data: Path) -> Checked:
    """The checked prediction file. Raises ScoringError if it cannot be scored."""
    checked = check_file(path, Options(data))
    if errors_in(checked.problems):
        raise ScoringError(checked.problems)
    return checked


def minority_row(composition: Composition, checked: Checked, series: Sequence[str]) -> MinorityRow:
    """The share of scenes whose smaller group is set apart, and the mean AUC, over the scenes of these names."""
    twins, others = composition.twins, composition.objects - composition.twins
    ways = [judged_groups(checked, swapped) for swapped in sides(twins, others)]
    values = [scene_auc(one) for one in ways]  # (s,) each: the odd group above the other
    counts, used = draw_resamples(checked.table.clusters), np.isin(checked.table.scene_names, series)

    def mean_of(of_scenes: np.ndarray) -> Estimate:
        return estimate(scene_mean(np.where(used, of_scenes, np.nan), ways[0], counts), "no scene could be made")

    apart, chance = np.max(values, axis=0) > SURE, len(ways) / comb(composition.objects, min(twins, others))
    auc = mean_of(values[0]) if twins != others else None
    return MinorityRow(composition.ratio, int(used.sum()), mean_of(apart), auc, chance)


def sides(twins: int, others: int) -> tuple[bool, ...]:
    """The groups that may be the odd one: False, the twins; True, the others. With equal groups, both."""
    return (False, True) if twins == others else (twins > others,)


def judged_groups(checked: Checked, swapped: bool) -> Judged:
    """The judged predictions with the twins as odd objects or, if swapped, with all others."""
    table, method = checked.table, checked.predictions.method
    table = replace(table, label=1 - table.label) if swapped else table
    name = "classify" if method.gt_boxes else "detect"
    return judge(load_protocol(name), table, submission(checked.predictions, table))


def twin_sizes(checked: Checked) -> dict[str, float]:
    """The size of the change by scene, which distinguishes the twins of a shape."""
    table = checked.table
    return {
        name: float(table.magnitude[(table.scene == number) & (table.label == 1)].max())
        for number, name in enumerate(table.scene_names)
    }


def series_note(checked: Sequence[Checked], whole: Sequence[str], series: int) -> str:
    """The number of series, and the number of those that show the same twin in all compositions."""
    twins = [twin_sizes(one) for one in checked]
    same = sum(len({one[name] for one in twins}) == 1 for name in whole)
    return (
        f"{len(whole)} of the {series} requested series could be made; each is a base shape and a near twin in five compositions. "
        f"{same} of them show the same twin in all five; the others show another twin where a change would have been hidden. Twins "
        "are counted first: 2:4 means two near twins and four objects of the base shape."
    )


def section(what: str, rows: list[MinorityRow], note: str) -> Section:
    head = ["twins : others", "scenes", "smaller group set apart", "chance", "mean AUC, smaller above larger"]
    lines = [[one.ratio, str(one.scenes), estimate_text(one.apart), f"{one.chance:.4f}", auc_text(one)] for one in rows]
    return Section(what, RULE, head, lines, note)


def auc_text(row: MinorityRow) -> str:
    return "- (groups of equal size)" if row.auc is None else estimate_text(row.auc)


def plotted(folder: Path, what: str, rows: list[MinorityRow]) -> list[Path]:
    """Plot the shares by composition, together with chance."""
    series = [
        with_interval("smaller group set apart (for 3:3 either group)", [one.apart for one in rows]),
        Series("mean AUC, smaller above larger", [one.auc for one in rows]),
        Series("set apart by chance", [Estimate(one.chance) for one in rows], joined=False),
    ]
    ticks = [f"{one.ratio}\n(scenes: {one.scenes})" for one in rows]
    title = f"{TITLE}\n{what}"
    return write_plot(
        folder / "minority",
        Axes(title, "near twins : others in the scene (number)", "share of scenes; AUC", ticks, -0.02),
        series,
    )
