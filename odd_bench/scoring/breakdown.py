"""Breakdowns: the main metrics for groups of anomalies, objects and scenes, which show where a method is strong or weak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from odd_bench.scoring.bootstrap import Estimate, Ranked, estimate, resampled_auc, resampled_ratio
from odd_bench.scoring.evaluate import ONE_CLASS, cluster_sums, ranked_objects
from odd_bench.scoring.judged import Judged
from odd_bench.scoring.metrics import auc
from odd_bench.scoring.truth_table import TruthTable

GREY_BELOW = 30
VISIBILITY_EDGES = (0.0, 0.1, 0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Group:
    """A named group of objects.

    breakdown: what the objects are grouped by. rows: (n,) bool, the members. anomalies_only: whether the members are anomalies, to
    be ranked against all normal objects of the same scenes.
    """

    breakdown: str
    name: str
    rows: np.ndarray
    anomalies_only: bool


@dataclass(frozen=True)
class BreakdownRow:
    """The metrics of one group.

    objects, scenes, false_boxes: numbers of its objects, of their scenes, and of false boxes in these. rate: recall of a group of
    anomalies, accuracy of any other group; rate_name says which. grey: whether it has fewer than GREY_BELOW objects. whole:
    whether the group contains all anomalies, or all objects, that the protocol counts.
    """

    breakdown: str
    name: str
    objects: int
    scenes: int
    auc: Estimate
    rate: Estimate
    rate_name: str
    grey: bool
    false_boxes: int
    whole: bool


def breakdown_rows(judged: Judged, groups: list[Group], counts: np.ndarray) -> list[BreakdownRow]:
    """One row per group, in the given order. Groups without a counted object are left out."""
    present = [group for group in groups if np.any(group.rows & judged.counted)]
    return [breakdown_row(judged, group, counts) for group in present]


def breakdown_row(judged: Judged, group: Group, counts: np.ndarray) -> BreakdownRow:
    truth, chosen = judged.truth, group.rows & judged.counted
    scenes = truth.count_by_scene(chosen) > 0
    false = np.zeros(truth.clusters)
    if not group.anomalies_only:
        false = np.bincount(truth.cluster, judged.false_boxes * scenes, truth.clusters)
    hits = resampled_ratio(counts, cluster_sums(judged, chosen & judged.correct), cluster_sums(judged, chosen) + false)
    total = judged.counted & (truth.label == 1) if group.anomalies_only else judged.counted
    return BreakdownRow(
        group.breakdown,
        group.name,
        int(chosen.sum()),
        int(np.count_nonzero(scenes)),
        estimate(resampled_auc(counts, compared(judged, group)), ONE_CLASS),
        estimate(hits, "no object counts"),
        "recall" if group.anomalies_only else "accuracy",
        bool(chosen.sum() < GREY_BELOW),
        int(judged.false_boxes[scenes].sum()),
        bool(chosen.sum() == total.sum()),
    )


def compared(judged: Judged, group: Group) -> Ranked:
    """What the AUC of a group ranks: its objects, the false boxes of their scenes and, for a group of anomalies, all normal objects
    of these scenes.
    """
    chosen = group.rows & judged.counted
    scenes = judged.truth.count_by_scene(chosen) > 0
    if group.anomalies_only:
        chosen = chosen | (judged.counted & (judged.truth.label == 0) & scenes[judged.truth.scene])
    return ranked_objects(judged, chosen, scenes)


def all_groups(truth: TruthTable, views: tuple[tuple[int, ...] | None, ...]) -> list[Group]:
    """The groups of every breakdown. views: (s,), the views that the method saw of each scene, None if not stated."""
    return [
        *named("anomaly type", truth.type, sorted(set(truth.type) - {""}), True),
        *visibility_groups(truth, views),
        *magnitude_groups(truth),
        *numbered("objects in the scene", np.bincount(truth.scene, minlength=truth.scenes)[truth.scene]),
        *numbered("anomalies in the scene", truth.count_by_scene(truth.label == 1)[truth.scene]),
        *named("category", truth.category[truth.scene], sorted(set(truth.category)), False),
        *named(
            "category in training", np.where(truth.known_category, "seen", "unseen")[truth.scene], ["seen", "unseen"]
        ),
        *numbered("views used", np.array([-1 if seen is None else len(seen) for seen in views], int)[truth.scene]),
    ]


def named(breakdown: str, values: np.ndarray, names: list[str], anomalies_only: bool = False) -> Iterator[Group]:
    """One group per name, of the objects with that value."""
    return (Group(breakdown, name, values == name, anomalies_only) for name in names)


def numbered(breakdown: str, values: np.ndarray) -> Iterator[Group]:
    """One group per distinct number; -1 = not stated."""
    names = {int(value): "not stated" if value < 0 else str(value) for value in np.unique(values)}
    return (Group(breakdown, name, values == value, False) for value, name in names.items())


def visibility_groups(truth: TruthTable, views: tuple[tuple[int, ...] | None, ...]) -> Iterator[Group]:
    """Groups of anomalies by the visible fraction of their changed region in the stated views."""
    visible = changed_visibility(truth, views)
    yield Group("changed region visible", "never", visible == 0, True)
    for low, high in pairwise(VISIBILITY_EDGES):
        rows = (visible > low) & (visible <= high)
        yield Group("changed region visible", f"{100 * low:.0f}-{100 * high:.0f} %", rows, True)


def changed_visibility(truth: TruthTable, views: tuple[tuple[int, ...] | None, ...]) -> np.ndarray:
    """Visible fraction (n,) of each changed region in the stated views; NaN for normal objects and if the pixels are not known.

    The visible pixels are summed over the stated views and divided by what the sum would be if each view showed as many as the
    best of all views.
    """
    pixels = truth.changed_pixels  # (n, views)
    declared = np.ones((truth.scenes, pixels.shape[1]), bool)
    for scene, seen in enumerate(views):
        if seen is not None:
            declared[scene] = np.isin(np.arange(pixels.shape[1]), seen)
    shown = np.sum(pixels * declared[truth.scene], axis=1)
    possible = pixels.max(axis=1, initial=0) * declared.sum(axis=1)[truth.scene]
    fraction = np.divide(shown, possible, out=np.zeros(len(shown)), where=possible > 0)
    known = (truth.label == 1) & np.isfinite(shown) & (pixels.shape[1] > 0)
    return np.where(known, fraction, np.nan)


def magnitude_groups(truth: TruthTable) -> Iterator[Group]:
    """Quartiles of the anomalies by size of the change. They are taken over the split and so do not depend on the method."""
    magnitude = truth.magnitude[truth.label == 1]
    edges = np.unique(np.quantile(magnitude, [0, 0.25, 0.5, 0.75, 1])) if len(magnitude) else np.zeros(0)
    bins = np.searchsorted(edges[1:-1], truth.magnitude, side="right")
    for number, (low, high) in enumerate(pairwise(edges)):
        yield Group("magnitude", f"{low:.3g} to {high:.3g}", (truth.label == 1) & (bins == number), True)


def type_by_visibility(judged: Judged, groups: list[Group]) -> list[dict]:
    """The AUC of every anomaly type at every visibility, with the number of anomalies it is computed from."""
    types = [group for group in groups if group.breakdown == "anomaly type"]
    visible = [group for group in groups if group.breakdown == "changed region visible"]
    return [map_cell(judged, kind, seen) for kind in types for seen in visible]


def map_cell(judged: Judged, kind: Group, seen: Group) -> dict:
    both = Group("", "", kind.rows & seen.rows, True)
    value = plain_auc(compared(judged, both))
    objects = int((both.rows & judged.counted).sum())
    return {"type": kind.name, "visible": seen.name, "objects": objects, "auc": value if np.isfinite(value) else None}


def plain_auc(ranked: Ranked) -> float:
    """The AUC without resamples; NaN if either class is absent."""
    scored = [np.count_nonzero(ranked.label == side) for side in (1, 0)]
    pairs = (scored[0] + ranked.missing.sum()) * (scored[1] + ranked.false.sum())
    if not pairs or not scored[0] * scored[1]:
        return 0.0 if pairs else float("nan")
    return auc(ranked.label, ranked.score) * scored[0] * scored[1] / float(pairs)
