"""Cluster bootstrap: resample whole base shapes, because the results of the scenes of one shape are correlated.

A resample is a vector c that states how often each cluster was drawn. A ratio of sums becomes c'num / c'den. For the AUC, let
V[i, j] be the number of pairs (anomaly of cluster i, normal object of cluster j) in the right order, ties counting 1/2, and let p
and n be the numbers of anomalies and normal objects of each cluster. The AUC is 1'V1 / (1'p 1'n), and that of a resample is
c'Vc / (c'p c'n). All counts are multiples of 1/2 well below 2**53, so every sum is exact, and the replicates do not depend on the
number of threads. An undefined replicate (of a resample without one of the classes) is NaN and ignored.

`interval` computes an interval from the resampled values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from odd_bench.scoring.interval import FEWEST, interval, too_few

RESAMPLES = 2000
SEED = 20240
COUNT = np.float32  # exact for multiples of 1/2 up to 8 million, with half the memory traffic of float64


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval.

    value, low, high: None if undefined; `reason` then says why. replicates: (resamples,), the resampled values, NaN if undefined;
    None if there are too few shapes. shapes: number of base shapes that contribute to the value. basis: a remark on what the
    value is computed from, if one is needed.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None
    replicates: np.ndarray | None = None
    shapes: int = 0
    basis: str | None = None


@dataclass(frozen=True)
class Resampled:
    """One metric. values: (1 + resamples,), the value, then the replicates. shapes: number of clusters that contribute to it."""

    values: np.ndarray
    shapes: int


def draw_resamples(clusters: int, resamples: int = RESAMPLES, seed: int = SEED) -> np.ndarray:
    """How often each cluster is drawn, (resamples, clusters). The result is the same for every file scored on the same split."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, max(clusters, 1), (resamples, clusters))
    flat = np.bincount((drawn + clusters * np.arange(resamples)[:, None]).ravel(), minlength=resamples * clusters)
    return flat.reshape(resamples, clusters).astype(np.float64)


def estimate(resampled: Resampled, undefined: str, share: bool = True) -> Estimate:
    """The value and its interval. undefined: the reason to give if the value is NaN. share: whether the metric lies in [0, 1]."""
    value, shapes = resampled.values[0], resampled.shapes
    if not np.isfinite(value):
        return Estimate(None, reason=undefined, shapes=shapes)
    if shapes < FEWEST:
        return Estimate(float(value), reason=too_few(shapes), shapes=shapes)
    replicates = resampled.values[1:]
    bounds, reason = interval(value, replicates, shapes, share)
    return Estimate(float(value), *bounds, reason, replicates, shapes)


def resampled_ratio(counts: np.ndarray, numerator: np.ndarray, denominator: np.ndarray) -> Resampled:
    """The ratio of two sums in every resample. numerator, denominator: (clusters,), their sums in each cluster."""
    drawn = with_original(counts)
    return Resampled(divide(drawn @ numerator, drawn @ denominator), int(np.count_nonzero(denominator)))


@dataclass(frozen=True)
class Ranked:
    """n scores to be ranked. score, label, cluster: (n,), label 1 = anomalous, cluster = column of the counts.

    missing: (clusters,), number of anomalies without a score, which rank below all others and are never found. false: (clusters,),
    number of normal objects without a score, which rank above all others. Each is None if there are none.
    """

    score: np.ndarray
    label: np.ndarray
    cluster: np.ndarray
    missing: np.ndarray | None = None
    false: np.ndarray | None = None


@dataclass(frozen=True)
class RankingResamples:
    """The ranking metrics of one set of objects in every resample."""

    auc: Resampled
    average_precision: Resampled
    fpr_at_95_tpr: Resampled


def resampled_ranking(counts: np.ndarray, ranked: Ranked) -> RankingResamples:
    """AUC, average precision and false positive rate at 95 % recall in every resample.

    Objects are added to all resamples one by one, in descending order of their scores, and c'Vc is summed in this order. V, which
    has one entry per pair of clusters, is never stored.
    """
    drawn = with_original(counts)
    (found_all, normals_all), (missing, first), (both, anomalous_shapes) = class_sums(drawn, ranked)
    anomalies, normals = found_all + missing, normals_all + first
    found, area = np.zeros(len(drawn)), np.zeros(len(drawn))
    wrong, false = missing * normals, first.astype(COUNT)
    false_at_recall = np.where(anomalies > 0, normals, np.nan)
    for odd, usual in tied_rows(drawn, ranked):
        if odd is not None:
            np.copyto(false_at_recall, false if usual is None else false + usual, where=found < 0.95 * anomalies)
            wrong += odd * (false if usual is None else false + usual / 2)
            found += odd
        if usual is not None:
            false += usual
        if odd is not None:
            area += odd * found / np.maximum(found + false, 1)
    short = found < 0.95 * anomalies
    false_at_recall[short] = normals[short]
    pairs = anomalies * normals
    return RankingResamples(
        Resampled(divide(pairs - wrong, pairs), both),
        Resampled(divide(area, anomalies), anomalous_shapes),
        Resampled(divide(false_at_recall, normals), both),
    )


def resampled_auc(counts: np.ndarray, ranked: Ranked) -> Resampled:
    """Only the AUC of `resampled_ranking`, for the many groups that need nothing else."""
    drawn = with_original(counts)
    (found_all, normals_all), (missing, first), (both, _) = class_sums(drawn, ranked)
    anomalies, normals = found_all + missing, normals_all + first
    wrong, false = missing * normals, first.astype(COUNT)
    for odd, usual in tied_rows(drawn, ranked):
        if odd is not None:
            wrong += odd * (false if usual is None else false + usual / 2)
        if usual is not None:
            false += usual
    pairs = anomalies * normals
    return Resampled(divide(pairs - wrong, pairs), both)


def class_sums(drawn: np.ndarray, ranked: Ranked) -> tuple[tuple, tuple, tuple[int, int]]:
    """The numbers of anomalies and normal objects in each resample, first of those with a score, then of those without.

    The third result is a pair: the number of clusters that contribute to the AUC, which is the smaller of the numbers of clusters
    with anomalies and with normal objects; and the number of clusters with anomalies.
    """
    clusters = drawn.shape[1]
    scored = [np.bincount(ranked.cluster[ranked.label == side], minlength=clusters) for side in (1, 0)]
    extra = [np.zeros(clusters) if some is None else some for some in (ranked.missing, ranked.false)]
    shapes = [int(np.count_nonzero(one + other)) for one, other in zip(scored, extra, strict=True)]
    sums = [tuple(drawn @ one for one in pair) for pair in (scored, extra)]
    return sums[0], sums[1], (min(shapes), shapes[0])


def tied_rows(drawn: np.ndarray, ranked: Ranked) -> Iterator[tuple[np.ndarray | None, np.ndarray | None]]:
    """For each distinct score, in descending order: how often its anomalies and its normal objects are drawn, None if absent."""
    columns = np.ascontiguousarray(drawn.T, COUNT)
    order = np.argsort(-ranked.score, kind="stable")
    falling, cluster, label = ranked.score[order], ranked.cluster[order], ranked.label[order]
    last = np.append(falling[1:] != falling[:-1], True)[: len(order)].tolist()
    sums: list[np.ndarray | None] = [None, None]
    for row_cluster, side, closes in zip(cluster.tolist(), label.tolist(), last, strict=True):
        row = columns[row_cluster]
        sums[side] = row if sums[side] is None else sums[side] + row
        if closes:
            yield sums[1], sums[0]
            sums = [None, None]


def with_original(counts: np.ndarray) -> np.ndarray:
    """The resamples (b, clusters) preceded by a row of ones, which stands for the data itself: (1 + b, clusters)."""
    return np.concatenate([np.ones((1, counts.shape[1])), counts])


def divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """The quotient; NaN if the denominator is 0."""
    out = np.full(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)), np.nan)
    return np.divide(numerator, denominator, out=out, where=np.asarray(denominator) > 0)
