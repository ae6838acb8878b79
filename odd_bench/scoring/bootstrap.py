"""Uncertainty: resample whole base shapes, because the scenes of one shape succeed and fail together.

A resample is a vector c of how often each cluster was drawn. For sums, the resampled ratio is c'num / c'den. For the AUC,
V[i, j] counts the pairs (anomaly of cluster i, normal of cluster j) ranked right, ties 1/2; then AUC = 1'V1 / (P N) and a
resample is c'Vc / (c'p c'n). Counts are halves and integers well below 2**53, so every sum is exact and the replicates
do not depend on the number of threads. Undefined replicates (a resample without one of the classes) are NaN and left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
SEED = 20240
LEVEL = 0.95
COUNT = np.float32  # holds counts and halves up to 8 million exactly, in half the memory traffic of float64


@dataclass(frozen=True)
class Estimate:
    """A value with its interval. value is None where it is undefined, and `reason` says why; low, high likewise.

    replicates: (resamples,) the resampled values, NaN where undefined. basis: what the value is over, where that needs saying.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None
    replicates: np.ndarray | None = None
    basis: str | None = None


def draw_resamples(clusters: int, resamples: int = RESAMPLES, seed: int = SEED) -> np.ndarray:
    """(resamples, clusters) how often each cluster is drawn; the same for every file scored on the same split."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, max(clusters, 1), (resamples, clusters))
    flat = np.bincount((drawn + clusters * np.arange(resamples)[:, None]).ravel(), minlength=resamples * clusters)
    return flat.reshape(resamples, clusters).astype(np.float64)


def estimate(resampled: np.ndarray, clusters: int, undefined: str) -> Estimate:
    """Value and percentile interval of (1 + resamples,) numbers; NaN becomes None with the reason `undefined`."""
    value, replicates = resampled[0], resampled[1:]
    if not np.isfinite(value):
        return Estimate(None, reason=undefined)
    finite = replicates[np.isfinite(replicates)]
    if clusters < 2 or len(finite) < len(replicates) / 2:
        return Estimate(float(value), reason="too few base shapes for an interval", replicates=replicates)
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(value), float(low), float(high), None, replicates)


def resampled_ratio(counts: np.ndarray, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Sum of numerators over sum of denominators, both (clusters,): (1 + resamples,), first the value."""
    drawn = with_original(counts)
    return divide(drawn @ numerator, drawn @ denominator)


@dataclass(frozen=True)
class RankingResamples:
    """Ranking metrics of one set of objects, each as (1 + resamples,): first the value, then the replicates."""

    auc: np.ndarray
    average_precision: np.ndarray
    fpr_at_95_tpr: np.ndarray


def resampled_ranking(
    counts: np.ndarray, score: np.ndarray, label: np.ndarray, cluster: np.ndarray, missing: np.ndarray | None = None
) -> RankingResamples:
    """AUC, average precision and false positive rate at 95 % recall of (n,) scores in every resample.

    Walks once down the scores, each step adding one object to all resamples: c'Vc is summed in that order, and V, which
    has the square of the number of clusters entries, is never stored. cluster: (n,) column of counts of each object.
    missing: (clusters,) anomalies to be found that stand in no row (for detections); they count against recall.
    """
    drawn = with_original(counts)
    anomalies, normals = (drawn @ np.bincount(cluster[label == side], minlength=counts.shape[1]) for side in (1, 0))
    to_find = anomalies if missing is None else anomalies + drawn @ missing
    found, wrong, area = (np.zeros(len(drawn)) for _ in range(3))
    false = np.zeros(len(drawn), COUNT)
    false_at_recall = np.where(to_find > 0, normals, np.nan)
    for odd, usual in tied_rows(np.ascontiguousarray(drawn.T, COUNT), score, label, cluster):
        if odd is not None:
            np.copyto(false_at_recall, false if usual is None else false + usual, where=found < 0.95 * to_find)
            wrong += odd * (false if usual is None else false + usual / 2)
            found += odd
        if usual is not None:
            false += usual
        if odd is not None:
            area += odd * found / np.maximum(found + false, 1)
    false_at_recall[found < 0.95 * to_find] = normals[found < 0.95 * to_find]
    pairs = anomalies * normals
    return RankingResamples(divide(pairs - wrong, pairs), divide(area, to_find), divide(false_at_recall, normals))


def resampled_auc(counts: np.ndarray, score: np.ndarray, label: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """The AUC of `resampled_ranking` alone, for the many groups that need no more: (1 + resamples,)."""
    drawn = with_original(counts)
    anomalies, normals = (drawn @ np.bincount(cluster[label == side], minlength=counts.shape[1]) for side in (1, 0))
    wrong, false = np.zeros(len(drawn)), np.zeros(len(drawn), COUNT)
    for odd, usual in tied_rows(np.ascontiguousarray(drawn.T, COUNT), score, label, cluster):
        if odd is not None:
            wrong += odd * (false if usual is None else false + usual / 2)
        if usual is not None:
            false += usual
    return divide(anomalies * normals - wrong, anomalies * normals)


def tied_rows(
    drawn: np.ndarray, score: np.ndarray, label: np.ndarray, cluster: np.ndarray
) -> Iterator[tuple[np.ndarray | None, np.ndarray | None]]:
    """For each distinct score from the top: how often its anomalies, and its normals, are drawn, None where there are none."""
    order = np.argsort(-score, kind="stable")
    falling = score[order]
    last = np.append(falling[1:] != falling[:-1], True)[: len(order)].tolist()
    sums: list[np.ndarray | None] = [None, None]
    for row_cluster, side, closes in zip(cluster[order].tolist(), label[order].tolist(), last, strict=True):
        row = drawn[row_cluster]
        sums[side] = row if sums[side] is None else sums[side] + row
        if closes:
            yield sums[1], sums[0]
            sums = [None, None]


def with_original(counts: np.ndarray) -> np.ndarray:
    """The resamples (b, clusters) behind one row of ones, the data itself: (1 + b, clusters)."""
    return np.concatenate([np.ones((1, counts.shape[1])), counts])


def divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the denominator is 0."""
    out = np.full(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)), np.nan)
    return np.divide(numerator, denominator, out=out, where=np.asarray(denominator) > 0)
