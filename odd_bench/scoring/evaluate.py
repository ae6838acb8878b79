"""The metrics of one protocol: each has a value with an interval, or is undefined with a reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.scoring.bootstrap import (
    Estimate,
    Ranked,
    Resampled,
    estimate,
    resampled_auc,
    resampled_ranking,
    resampled_ratio,
)
from odd_bench.scoring.judged import Judged
from odd_bench.scoring.metrics import auc, auc_by_scene

ONE_CLASS = "needs both anomalous and normal objects"
GIVEN = "the boxes are given"
BOX_METRICS = ("ap50", "box_recall", "box_precision", "boxes_per_object", "mean_iou", "count_accuracy")
RECALL_FOR_FPR = 0.95


def evaluate(judged: Judged, seconds: np.ndarray, given_count: bool, counts: np.ndarray) -> dict[str, Estimate]:
    """All metrics by name. seconds: (s,), time per scene, NaN if not stated. counts: (resamples, clusters), the resamples."""
    return {
        **ranking_metrics(judged, counts),
        **label_metrics(judged, counts),
        **scene_metrics(judged, counts),
        **box_metrics(judged, given_count, counts),
        "seconds_per_scene": estimate(
            scene_mean(seconds, judged, counts), "the file does not state seconds", share=False
        ),
    }


def ranking_metrics(judged: Judged, counts: np.ndarray) -> dict[str, Estimate]:
    """AUC over all objects and within scenes, AUPR, and FPR at 95 % TPR. Unmatched objects and false boxes rank worst."""
    label = judged.truth.label[judged.counted]
    pooled = resampled_ranking(counts, ranked_objects(judged, judged.counted))
    inside = scene_auc(judged)
    within = estimate(scene_mean(inside, judged, counts), "no scene has both anomalous and normal objects")
    total = len(label) + judged.false_boxes.sum()
    prevalence = f"prevalence {label.sum() / total:.4f}" if total else ""
    missed = mean(~judged.matched[judged.counted & (judged.truth.label == 1)])
    unreached = f"{missed:.1%} of the anomalous objects are missed, 95 % cannot be found: then it is 1"
    return {
        "auc": estimate(pooled.auc, ONE_CLASS),
        "auc_within_scene": replace(within, basis=f"{np.isfinite(inside).sum():,} scenes with both classes"),
        "aupr": replace(estimate(pooled.average_precision, "no anomalous object"), basis=prevalence),
        "fpr_at_95_tpr": replace(
            estimate(pooled.fpr_at_95_tpr, ONE_CLASS), basis=unreached if missed > 1 - RECALL_FOR_FPR else None
        ),
    }


def ranked_objects(judged: Judged, chosen: np.ndarray, scenes: np.ndarray | None = None) -> Ranked:
    """The ranking of the chosen objects. Missed anomalies rank below matched objects, missed normal objects and false boxes above.

    scenes: (s,) bool, the scenes whose false boxes count; None = all.
    """
    truth, rows = judged.truth, chosen & judged.matched
    missed, odd = chosen & ~judged.matched, truth.label == 1
    false = judged.false_boxes if scenes is None else judged.false_boxes * scenes
    first = cluster_sums(judged, missed & ~odd) + np.bincount(truth.cluster, false, truth.clusters)
    return Ranked(
        judged.rank_score[rows],
        truth.label[rows],
        truth.object_cluster[rows],
        cluster_sums(judged, missed & odd),
        first,
    )


def scene_auc(judged: Judged) -> np.ndarray:
    """AUC (s,) within each scene, with false boxes as normal objects; NaN if its objects are all of one class."""
    truth, rows = judged.truth, judged.counted
    inside = auc_by_scene(truth.label[rows], judged.rank_score[rows], truth.scene[rows], truth.scenes)
    normals = truth.count_by_scene(rows & (truth.label == 0))
    return inside * normals / np.maximum(normals + judged.false_boxes, 1)


def label_metrics(judged: Judged, counts: np.ndarray) -> dict[str, Estimate]:
    """Metrics of the labels. An unmatched object counts as wrongly labelled, a false box as a normal object labelled anomalous."""
    label, answer, counted = judged.truth.label, judged.answer, judged.counted
    right, odd, said = counted & (answer == label), counted & (label == 1), counted & (answer == 1)
    false = np.bincount(judged.truth.cluster, judged.false_boxes, judged.truth.clusters)

    def ratio(chosen: np.ndarray, among: np.ndarray, extra: np.ndarray | float = 0.0) -> Resampled:
        return resampled_ratio(counts, cluster_sums(judged, chosen), cluster_sums(judged, among) + extra)

    recall, specificity = ratio(right & odd, odd), ratio(right & ~odd, counted & ~odd, false)
    balanced = Resampled((recall.values + specificity.values) / 2, min(recall.shapes, specificity.shapes))
    hits = cluster_sums(judged, right & odd)
    f1 = resampled_ratio(counts, 2 * hits, cluster_sums(judged, odd) + cluster_sums(judged, said) + false)
    return {
        "balanced_accuracy": estimate(balanced, ONE_CLASS),
        "accuracy": estimate(ratio(right, counted, false), "no object counts"),
        "f1": estimate(f1, "no anomalous object, and none predicted"),
        "precision": estimate(ratio(right & said, said, false), "no object is labelled anomalous"),
        "recall": estimate(recall, "no anomalous object"),
    }


def scene_metrics(judged: Judged, counts: np.ndarray) -> dict[str, Estimate]:
    """Metrics that have one value per scene."""
    scenes = counted_scenes(judged)
    wrong = judged.truth.count_by_scene(judged.counted & ~judged.correct) + judged.false_boxes
    exact = np.where(scenes, wrong == 0, np.nan)
    odd = judged.truth.count_by_scene(judged.truth.label == 1) > 0
    top = scene_top_score(judged, odd)
    rows = np.flatnonzero(scenes)
    ranked = Ranked(top[rows], odd[rows].astype(int), judged.truth.cluster[rows])
    return {
        "scene_exact_match": estimate(scene_mean(exact, judged, counts), "no scene counts"),
        "top1_hit": estimate(scene_mean(top1_hits(judged), judged, counts), "no scene has an anomaly"),
        "scene_auroc": estimate(resampled_auc(counts, ranked), "needs scenes with and without an anomaly"),
    }


def box_metrics(judged: Judged, given_count: bool, counts: np.ndarray) -> dict[str, Estimate]:
    """How well the boxes fit, and whether there is one per object. Undefined if the boxes are given."""
    if judged.protocol.boxes == "given":
        return {name: Estimate(None, reason=GIVEN) for name in BOX_METRICS}
    truth, found = judged.truth, judged.counted & judged.matched
    matched, objects = cluster_sums(judged, found), cluster_sums(judged, judged.counted)
    boxes = np.bincount(judged.submission.boxes.scene, minlength=truth.scenes)
    drawn = np.bincount(truth.cluster, boxes, truth.clusters)
    same = np.where(counted_scenes(judged), boxes == np.bincount(truth.scene, minlength=truth.scenes), np.nan)
    overlap = resampled_ratio(counts, cluster_sums(judged, found, judged.iou), matched)
    per_object = estimate(resampled_ratio(counts, drawn, objects), "no object counts", share=False)
    gate = Estimate(None, reason="needs an IoU gate; see detect")
    gated = judged.protocol.iou_above is not None
    unasked = Estimate(None, reason="the number of objects is given")
    return {
        "ap50": detection_ap(judged, counts) if gated else gate,
        "box_recall": estimate(resampled_ratio(counts, matched, objects), "no object counts") if gated else gate,
        "box_precision": estimate(resampled_ratio(counts, matched, drawn), "no box in the file") if gated else gate,
        "boxes_per_object": per_object,
        "mean_iou": estimate(overlap, "no object is matched"),
        "count_accuracy": unasked if given_count else estimate(scene_mean(same, judged, counts), "no scene counts"),
    }


def detection_ap(judged: Judged, counts: np.ndarray) -> Estimate:
    """Average precision of anomalies over all predicted boxes by score. Only boxes matched to an anomaly are right."""
    boxes, odd = judged.submission.boxes, judged.truth.label == 1
    hit = np.zeros(len(boxes), int)
    hit[judged.box_row[odd & judged.matched]] = 1
    missing = cluster_sums(judged, odd & ~judged.matched)
    ranked = Ranked(boxes.score, hit, judged.truth.cluster[boxes.scene], missing)
    return estimate(resampled_ranking(counts, ranked).average_precision, "no anomalous object")


def scene_mean(values: np.ndarray, judged: Judged, counts: np.ndarray) -> Resampled:
    """The mean of values (s,) over the scenes where they are finite."""
    has = np.isfinite(values)
    cluster, clusters = judged.truth.cluster[has], counts.shape[1]
    sums = np.bincount(cluster, values[has], clusters)
    return resampled_ratio(counts, sums, np.bincount(cluster, minlength=clusters))


def cluster_sums(judged: Judged, rows: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Number or total weight (clusters,) of the chosen objects in each cluster. rows: (n,) bool. weight: (n,)."""
    cluster = judged.truth.object_cluster[rows]
    return np.bincount(cluster, None if weight is None else weight[rows], judged.truth.clusters).astype(float)


def counted_scenes(judged: Judged) -> np.ndarray:
    """Whether a scene has an object that counts, (s,) bool."""
    return judged.truth.count_by_scene(judged.counted) > 0


def scene_top_score(judged: Judged, odd: np.ndarray) -> np.ndarray:
    """Highest score (s,) of the boxes of each scene. A scene without boxes ranks worst: lowest if it has an anomaly,
    highest otherwise.
    """
    top = np.full(judged.truth.scenes, -np.inf)
    np.maximum.at(top, judged.submission.boxes.scene, judged.submission.boxes.score)
    return np.where(np.isneginf(top) & ~odd, np.inf, top)


def top1_hits(judged: Judged) -> np.ndarray:
    """Whether a matched anomaly ranks highest among the objects and false boxes of a scene, (s,): 1 or 0, or a fraction if several
    share the highest score; NaN if the scene has no anomaly. A missed anomaly is never a hit.
    """
    truth, score = judged.truth, judged.rank_score
    top = np.full(truth.scenes, -np.inf)
    np.maximum.at(top, truth.scene, score)
    top[judged.false_boxes > 0] = np.inf
    at_top = judged.counted & (score == top[truth.scene])
    shared = truth.count_by_scene(at_top) + judged.false_boxes
    hits = truth.count_by_scene(at_top & (truth.label == 1) & judged.matched)
    asked = truth.count_by_scene(judged.counted & (truth.label == 1)) > 0
    return np.divide(hits, shared, out=np.full(truth.scenes, np.nan), where=asked & (shared > 0))


def plain_values(judged: Judged) -> dict[str, float | None]:
    """The four main metrics without intervals, for reference rows."""
    rows, false = judged.counted, int(judged.false_boxes.sum())
    label, score, answer = judged.truth.label[rows], judged.rank_score[rows], judged.answer[rows]
    inside, normals = scene_auc(judged), int((label == 0).sum())
    recall, right = mean(answer[label == 1] == 1), int((answer == label).sum())
    specificity = share((answer[label == 0] == 0).sum(), normals + false)
    return {
        "auc": defined(auc(label, score) * share(normals, normals + false)),
        "auc_within_scene": defined(mean(inside[np.isfinite(inside)])),
        "accuracy": defined(share(right, len(label) + false)),
        "balanced_accuracy": defined((recall + specificity) / 2),
    }


def mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def share(some: float, of: float) -> float:
    return float(some) / float(of) if of else float("nan")


def defined(value: float) -> float | None:
    """The value, or None if it is not finite."""
    return float(value) if np.isfinite(value) else None


def factors(judged: Judged) -> dict[str, float | None]:
    """The factors of AUC_detect and their product: recall(anomalous) x matched normals / (normals + false boxes) x AUC(matched)."""
    label, matched, counted = judged.truth.label, judged.matched, judged.counted
    normals = counted & (label == 0)
    parts = {
        "recall_anomalous": mean(matched[counted & (label == 1)]),
        "normal_share": share((normals & matched).sum(), normals.sum() + judged.false_boxes.sum()),
        "auc_matched": auc(label[counted & matched], judged.score[counted & matched]),
    }
    shares = parts["recall_anomalous"], parts["normal_share"]
    # without a matched object of one class, AUC(matched) is undefined, but the product is 0
    nothing_matched = np.isfinite(shares).all() and 0 in shares
    product = 0.0 if nothing_matched else float(np.prod(list(parts.values())))
    return {name: defined(value) for name, value in {**parts, "product": product}.items()}
