"""The metrics of one protocol, each as a value with its interval, or undefined with a reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from odd_bench.scoring.bootstrap import Estimate, estimate, resampled_auc, resampled_ranking, resampled_ratio
from odd_bench.scoring.judged import Judged
from odd_bench.scoring.metrics import auc, auc_by_scene

ONE_CLASS = "needs both anomalous and normal objects"
GIVEN = "the boxes are given"


def evaluate(judged: Judged, seconds: np.ndarray, told_count: bool, counts: np.ndarray) -> dict[str, Estimate]:
    """Every metric by name. seconds: (s,) per scene, NaN where not stated. counts: (resamples, clusters)."""
    return {
        **ranking_metrics(judged, counts),
        **label_metrics(judged, counts),
        **scene_metrics(judged, counts),
        **box_metrics(judged, told_count, counts),
        "seconds_per_scene": scene_mean(seconds, judged, counts, "the file does not state seconds"),
    }


def ranking_metrics(judged: Judged, counts: np.ndarray) -> dict[str, Estimate]:
    """AUC pooled and within the scene, AUPR and FPR at 95 % TPR. Unmatched objects rank worst."""
    rows = judged.counted
    label, clusters = judged.truth.label[rows], counts.shape[1]
    pooled = resampled_ranking(counts, judged.rank_score[rows], label, judged.truth.object_cluster[rows])
    inside = auc_by_scene(label, judged.rank_score[rows], judged.truth.scene[rows], judged.truth.scenes)
    prevalence = f"prevalence {label.mean():.4f}" if len(label) else ""
    within = scene_mean(inside, judged, counts, "no scene has both anomalous and normal objects")
    return {
        "auc": estimate(pooled.auc, clusters, ONE_CLASS),
        "auc_within_scene": replace(within, basis=f"{np.isfinite(inside).sum():,} scenes with both classes"),
        "aupr": replace(estimate(pooled.average_precision, clusters, "no anomalous object"), basis=prevalence),
        "fpr_at_95_tpr": estimate(pooled.fpr_at_95_tpr, clusters, ONE_CLASS),
    }


def label_metrics(judged: Judged, counts: np.ndarray) -> dict[str, Estimate]:
    """Metrics at the file's threshold. An unmatched object counts as labelled with the opposite of what it is."""
    label, answer, counted = judged.truth.label, judged.answer, judged.counted
    right, odd, said = counted & (answer == label), counted & (label == 1), counted & (answer == 1)

    def ratio(chosen: np.ndarray, among: np.ndarray) -> np.ndarray:
        return resampled_ratio(counts, cluster_sums(judged, chosen), cluster_sums(judged, among))

    recall, specificity = ratio(right & odd, odd), ratio(right & ~odd, counted & ~odd)
    hits = cluster_sums(judged, right & odd)
    f1 = resampled_ratio(counts, 2 * hits, cluster_sums(judged, odd) + cluster_sums(judged, said))
    clusters = counts.shape[1]
    return {
        "accuracy": estimate(ratio(right, counted), clusters, "no object counts"),
        "balanced_accuracy": estimate((recall + specificity) / 2, clusters, ONE_CLASS),
        "f1": estimate(f1, clusters, "no anomalous object, and none predicted"),
        "precision": estimate(ratio(right & said, said), clusters, "no object is labelled anomalous"),
        "recall": estimate(recall, clusters, "no anomalous object"),
    }


def scene_metrics(judged: Judged, counts: np.ndarray) -> dict[str, Estimate]:
    """Metrics with one value a scene."""
    scenes = counted_scenes(judged)
    wrong = judged.truth.count_by_scene(judged.counted & ~judged.correct)
    exact = np.where(scenes, wrong == 0, np.nan)
    odd = judged.truth.count_by_scene(judged.truth.label == 1) > 0
    top = scene_top_score(judged, odd)
    rows = np.flatnonzero(scenes)
    ranked = resampled_auc(counts, top[rows], odd[rows].astype(int), judged.truth.cluster[rows])
    needs_both = "needs scenes with and without an anomaly"
    return {
        "scene_exact_match": scene_mean(exact, judged, counts, "no scene counts"),
        "top1_hit": scene_mean(top1_hits(judged), judged, counts, "no scene has an anomaly"),
        "scene_auroc": estimate(ranked, counts.shape[1], needs_both),
    }


def box_metrics(judged: Judged, told_count: bool, counts: np.ndarray) -> dict[str, Estimate]:
    """How well the boxes fit; undefined where they are given."""
    if judged.protocol.boxes == "given":
        return {name: Estimate(None, reason=GIVEN) for name in ("ap50", "mean_iou", "count_accuracy")}
    matched = cluster_sums(judged, judged.counted & judged.matched)
    overlap = resampled_ratio(counts, cluster_sums(judged, judged.counted & judged.matched, judged.iou), matched)
    boxes = np.bincount(judged.submission.boxes.scene, minlength=judged.truth.scenes)
    objects = np.bincount(judged.truth.scene, minlength=judged.truth.scenes)
    same = np.where(counted_scenes(judged), boxes == objects, np.nan)
    told = Estimate(None, reason="the number of objects is given")
    return {
        "ap50": detection_ap(judged, counts),
        "mean_iou": estimate(overlap, counts.shape[1], "no object is matched"),
        "count_accuracy": told if told_count else scene_mean(same, judged, counts, "no scene counts"),
    }


def detection_ap(judged: Judged, counts: np.ndarray) -> Estimate:
    """AP of anomalies over all predicted boxes: right where the box is matched to an anomaly, all others are false."""
    if judged.protocol.iou_above is None:
        return Estimate(None, reason="needs an IoU gate; see detect")
    boxes, odd = judged.submission.boxes, judged.truth.label == 1
    hit = np.zeros(len(boxes), int)
    hit[judged.box_row[odd & judged.matched]] = 1
    missing = cluster_sums(judged, odd & ~judged.matched)
    ranked = resampled_ranking(counts, boxes.score, hit, judged.truth.cluster[boxes.scene], missing)
    return estimate(ranked.average_precision, counts.shape[1], "no anomalous object")


def scene_mean(values: np.ndarray, judged: Judged, counts: np.ndarray, undefined: str) -> Estimate:
    """Mean of (s,) values over the scenes that have one."""
    has = np.isfinite(values)
    cluster, clusters = judged.truth.cluster[has], counts.shape[1]
    sums = np.bincount(cluster, values[has], clusters)
    return estimate(resampled_ratio(counts, sums, np.bincount(cluster, minlength=clusters)), clusters, undefined)


def cluster_sums(judged: Judged, rows: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """(clusters,) number, or summed weight, of the chosen objects."""
    cluster = judged.truth.object_cluster[rows]
    return np.bincount(cluster, None if weight is None else weight[rows], judged.truth.clusters).astype(float)


def counted_scenes(judged: Judged) -> np.ndarray:
    """(s,) scenes with an object that counts."""
    return judged.truth.count_by_scene(judged.counted) > 0


def scene_top_score(judged: Judged, odd: np.ndarray) -> np.ndarray:
    """(s,) highest score of any box of the scene; without a box the worst rank: below if there is an anomaly, else above."""
    top = np.full(judged.truth.scenes, -np.inf)
    np.maximum.at(top, judged.submission.boxes.scene, judged.submission.boxes.score)
    return np.where(np.isneginf(top) & ~odd, np.inf, top)


def top1_hits(judged: Judged) -> np.ndarray:
    """(s,) 1 where the top object is anomalous, a fraction where several share the top, NaN without an anomaly."""
    truth, score = judged.truth, judged.rank_score
    top = np.full(truth.scenes, -np.inf)
    np.maximum.at(top, truth.scene, score)
    at_top = judged.counted & (score == top[truth.scene])
    shared, odd = truth.count_by_scene(at_top), truth.count_by_scene(at_top & (truth.label == 1))
    asked = truth.count_by_scene(judged.counted & (truth.label == 1)) > 0
    return np.divide(odd, shared, out=np.full(truth.scenes, np.nan), where=asked & (shared > 0))


def plain_values(judged: Judged) -> dict[str, float | None]:
    """The four main numbers without intervals, for reference rows."""
    rows = judged.counted
    label, score, answer = judged.truth.label[rows], judged.rank_score[rows], judged.answer[rows]
    inside = auc_by_scene(label, score, judged.truth.scene[rows], judged.truth.scenes)
    sides = [(answer == label)[label == side] for side in (1, 0)]
    return {
        "auc": defined(auc(label, score)),
        "auc_within_scene": defined(mean(inside[np.isfinite(inside)])),
        "accuracy": defined(mean(answer == label)),
        "balanced_accuracy": defined((mean(sides[0]) + mean(sides[1])) / 2),
    }


def mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def defined(value: float) -> float | None:
    """The value, or None where it is undefined."""
    return float(value) if np.isfinite(value) else None


def factors(judged: Judged) -> dict[str, float | None]:
    """AUC_detect = recall(anomalous) x recall(normal) x AUC(matched), the three factors and their product."""
    label, matched, counted = judged.truth.label, judged.matched, judged.counted
    parts = {
        "recall_anomalous": mean(matched[counted & (label == 1)]),
        "recall_normal": mean(matched[counted & (label == 0)]),
        "auc_matched": auc(label[counted & matched], judged.score[counted & matched]),
    }
    empty = 0.0 in (parts["recall_anomalous"], parts["recall_normal"])  # nothing matched: the product is 0 all the same
    product = 0.0 if empty else float(np.prod(list(parts.values())))
    return {name: defined(value) for name, value in {**parts, "product": product}.items()}
