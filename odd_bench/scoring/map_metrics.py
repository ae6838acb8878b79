"""Metrics of anomaly maps, computed from counts of pixels by level, with intervals over base shapes.

AUROC is the probability that a changed pixel has a higher level than an unchanged one, ties counting one half. AUPRO (Bergmann et
al., MVTec AD, 2021) is an area below a curve. For each threshold, the curve plots the mean share of a changed patch at or above it
against the share of unchanged pixels at or above it (the false positive rate). The area is taken up to a false positive rate of 5
or 30 % and divided by this limit. The curve is linear between thresholds, as in anomalib.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from odd_bench.scoring.bootstrap import Estimate, Resampled, divide, estimate, resampled_ratio, with_original
from odd_bench.scoring.map_counts import DOMAINS, MapCounts

LIMITS = {"aupro_05": 0.05, "aupro_30": 0.30}
NO_PIXELS = "needs both changed and unchanged pixels"
NO_OBJECT = "no odd object whose change is seen"


def map_metrics(counts: MapCounts, resamples: np.ndarray) -> dict[str, dict[str, Estimate]]:
    """The metrics of every domain. resamples: (b, clusters), how often each base shape is drawn."""
    return {name: domain_metrics(counts, place, resamples) for place, name in enumerate(DOMAINS)}


def domain_metrics(counts: MapCounts, domain: int, resamples: np.ndarray) -> dict[str, Estimate]:
    changed, unchanged, patches = counts.changed[domain], counts.unchanged[domain], counts.patches[domain]
    drawn = with_original(resamples)
    shapes = int(min(np.count_nonzero(changed.any(axis=1)), np.count_nonzero(unchanged.any(axis=1))))
    negatives = drawn @ unchanged
    values = {"pixel_auroc": auroc(drawn @ changed, negatives)}
    overlap = divide(drawn @ counts.overlap[domain], (drawn @ patches)[:, None])
    values |= {name: aupro(overlap, negatives, limit) for name, limit in LIMITS.items()}
    found = {name: estimate(Resampled(value, shapes), NO_PIXELS) for name, value in values.items()}
    hits = resampled_ratio(resamples, counts.hits[domain], counts.objects[domain])
    return {**found, "peak_in_change": estimate(hits, NO_OBJECT)}


def auroc(changed: np.ndarray, unchanged: np.ndarray) -> np.ndarray:
    """AUROC (b,) of counts (b, LEVELS) of pixels by level; NaN if either class is absent."""
    below = np.cumsum(unchanged, axis=1) - unchanged / 2
    return divide((changed * below).sum(axis=1), changed.sum(axis=1) * unchanged.sum(axis=1))


def aupro(overlap: np.ndarray, unchanged: np.ndarray, limit: float) -> np.ndarray:
    """Area (b,) below the curve up to a false positive rate of `limit`, divided by it.

    overlap: (b, LEVELS), mean share of a patch at each level; a row sums to 1, or is NaN if there is no patch. unchanged:
    (b, LEVELS), number of unchanged pixels.
    """
    false = above(divide(unchanged, unchanged.sum(axis=1, keepdims=True)))
    right = above(overlap)
    width = np.diff(false)
    part = np.clip(limit - false[:, :-1], 0, width)  # part of each step below the limit
    end = right[:, :-1] + np.diff(right) * np.divide(part, width, out=np.zeros_like(width), where=width > 0)
    return (part * (right[:, :-1] + end) / 2).sum(axis=1) / limit


def above(shares: np.ndarray) -> np.ndarray:
    """The share at or above each threshold, (b, LEVELS + 1), from a threshold above all levels down to the lowest."""
    summed = np.cumsum(shares[:, ::-1], axis=1)
    return np.concatenate([np.zeros((len(shares), 1)), summed], axis=1)


def constant_map(counts: MapCounts, domain: int) -> dict[str, float | None]:
    """The metrics of a map that has one level everywhere, for the reference row."""
    objects = counts.objects[domain].sum()
    hit = counts.chance[domain].sum() / objects if objects else None
    return {"pixel_auroc": 0.5, **{name: limit / 2 for name, limit in LIMITS.items()}, "peak_in_change": hit}


def domain_part(counts: MapCounts, domain: int, metrics: dict[str, Estimate], as_json: Any) -> dict[str, Any]:
    """The entry of one domain in a score document. as_json: converts an estimate to an entry."""
    return {
        "metrics": {name: as_json(value) for name, value in metrics.items()},
        "constant_map": constant_map(counts, domain),
        "patches": int(counts.patches[domain].sum()),
        "odd_objects": int(counts.objects[domain].sum()),
        "odd_objects_unseen": int(counts.unseen[domain].sum()),
        "changed_pixels": int(counts.changed[domain].sum()),
        "unchanged_pixels": int(counts.unchanged[domain].sum()),
    }
