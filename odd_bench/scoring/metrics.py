"""Ranking metrics of scores against labels, with ties and weights. Only the order of scores counts; they may be infinite."""

from __future__ import annotations

import numpy as np


def auc(label: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Probability that a random anomaly scores above a random normal object, ties counting 1/2; NaN if either class is absent.

    label: (n,) 1 = anomalous. score: (n,). weight: (n,) >= 0, default 1.
    """
    positive, negative = tied_weights(label, score, weight)
    below = np.cumsum(negative) - negative / 2
    total = positive.sum() * negative.sum()
    return float(positive @ below / total) if total > 0 else float("nan")


def roc_curve(label: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates from (0, 0) to (1, 1), with one point per distinct score."""
    positive, negative = (side[::-1] for side in tied_weights(label, score, None))
    rates = [np.append(0.0, np.cumsum(side)) / max(side.sum(), 1) for side in (negative, positive)]
    return rates[0], rates[1]


def tied_weights(label: np.ndarray, score: np.ndarray, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Total weight of the anomalies and of the normal objects at each distinct score, in ascending order of the scores."""
    weight = np.ones(len(score)) if weight is None else np.asarray(weight, float)
    distinct, place = np.unique(score, return_inverse=True)
    positive = np.bincount(place, weight * (label == 1), len(distinct))
    return positive, np.bincount(place, weight * (label == 0), len(distinct))


def auc_by_scene(label: np.ndarray, score: np.ndarray, scene: np.ndarray, scenes: int) -> np.ndarray:
    """AUC within each scene, (scenes,); NaN for a scene that lacks one of the classes."""
    anomalies, normals = np.flatnonzero(label == 1), np.flatnonzero(label == 0)
    odd, usual = pairs_within(scene[anomalies], scene[normals], scenes)
    difference = compared(score[anomalies][odd], score[normals][usual])
    pairs = np.bincount(scene[anomalies][odd], minlength=scenes)
    right = np.bincount(scene[anomalies][odd], (difference + 1) / 2, scenes)
    return np.divide(right, pairs, out=np.full(scenes, np.nan), where=pairs > 0)


def compared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """1, 0 or -1 where a is above, equal to or below b. Equal infinities are ties; their difference would be NaN."""
    return (a > b).astype(int) - (a < b).astype(int)


def pairs_within(group_a: np.ndarray, group_b: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices (i, j) of all pairs with group_a[i] == group_b[j], ordered by j, then i. group_a must be sorted."""
    counts = np.bincount(group_a, minlength=groups)
    starts = np.cumsum(counts) - counts
    repeats = counts[group_b]
    j = np.repeat(np.arange(len(group_b)), repeats)
    within = np.arange(len(j)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return starts[group_b][j] + within, j
