"""Metrics of anomaly maps from counts by level, with intervals over base shapes.

AUROC: the chance that a changed pixel has a higher level than an unchanged one, ties one half. AUPRO (Bergmann et al., MVTec AD,
2021): the mean share of a changed patch above a threshold against the share of unchanged pixels above it, the area up to a share of
5 or 30 % divided by this share; between thresholds the curve is straight, as in anomalib.
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
    """The metrics of every domain. resamples: (b, clusters) how often each base shape is drawn."""
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
    """(b,) of counts (b, LEVELS) by level; NaN without one of the classes."""
    below = np.cumsum(unchanged, axis=1) - unchanged / 2
    return divide((changed * below).sum(axis=1), changed.sum(axis=1) * unchanged.sum(axis=1))


def aupro(overlap: np.ndarray, unchanged: np.ndarray, limit: float) -> np.ndarray:
    """(b,) areas below the curve up to `limit` of the unchanged pixels, divided by it.

    overlap: (b, LEVELS) mean share of a patch at each level, a row sums to 1; NaN without a patch. unchanged: (b, LEVELS) pixels.
    """
    false = above(divide(unchanged, unchanged.sum(axis=1, keepdims=True)))
    right = above(overlap)
    width = np.diff(false)
    part = np.clip(limit - false[:, :-1], 0, width)  # of each step, what lies below the limit
    end = right[:, :-1] + np.diff(right) * np.divide(part, width, out=np.zeros_like(width), where=width > 0)
    return (part * (right[:, :-1] + end) / 2).sum(axis=1) / limit


def above(shares: np.ndarray) -> np.ndarray:
    """(b, LEVELS + 1) what lies at or above each threshold, from the highest, which nothing reaches, to the lowest."""
    summed = np.cumsum(shares[:, ::-1], axis=1)
    return np.concatenate([np.zeros((len(shares), 1)), summed], axis=1)


def constant_map(counts: MapCounts, domain: int) -> dict[str, float | None]:
    """The scores of a map of one level: the reference row."""
    objects = counts.objects[domain].sum()
    hit = counts.chance[domain].sum() / objects if objects else None
    return {"pixel_auroc": 0.5, **{name: limit / 2 for name, limit in LIMITS.items()}, "peak_in_change": hit}


def domain_part(counts: MapCounts, domain: int, metrics: dict[str, Estimate], as_json: Any) -> dict[str, Any]:
    """One domain of a score document. as_json: makes an entry of an estimate."""
    return {
        "metrics": {name: as_json(value) for name, value in metrics.items()},
        "constant_map": constant_map(counts, domain),
        "patches": int(counts.patches[domain].sum()),
        "odd_objects": int(counts.objects[domain].sum()),
        "odd_objects_unseen": int(counts.unseen[domain].sum()),
        "changed_pixels": int(counts.changed[domain].sum()),
        "unchanged_pixels": int(counts.unchanged[domain].sum()),
    }
