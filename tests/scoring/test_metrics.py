"""Ranking metrics equal those of scikit-learn, including ties and weights; the resampled forms equal the plain ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from odd_bench.scoring.bootstrap import (
    Ranked,
    draw_resamples,
    estimate,
    resampled_auc,
    resampled_ranking,
    resampled_ratio,
)
from odd_bench.scoring.metrics import auc, auc_by_scene, pairs_within, roc_curve

case = st.tuples(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 12))


def draw(seed: int, count: int, levels: int):
    """Labels with both classes, scores with ties, integer weights, clusters."""
    rng = np.random.default_rng(seed)
    label = np.append([0, 1], rng.integers(0, 2, count))
    return label, rng.integers(0, levels, count + 2) / 7.0, rng.integers(1, 4, count + 2), rng.integers(0, 5, count + 2)


@given(case)
def test_metrics_equal_scikit_learn_with_ties_and_weights(drawn):
    label, score, weight, _ = draw(*drawn)
    for weights in (None, weight, weight / 3.7):
        expected = sklearn_metrics.roc_auc_score(label, score, sample_weight=weights)
        assert auc(label, score, weights) == pytest.approx(expected, abs=1e-12)


@given(case)
def test_the_roc_curve_equals_scikit_learn(drawn):
    label, score, _, _ = draw(*drawn)
    expected = sklearn_metrics.roc_curve(label, score, drop_intermediate=False)
    np.testing.assert_allclose(roc_curve(label, score), expected[:2], atol=1e-12)


@given(case)
def test_auc_is_invariant_to_monotone_maps(drawn):
    label, score, _, _ = draw(*drawn)
    assert auc(label, np.exp(3 * score) - 5) == auc(label, score)
    assert auc(label, -score) == pytest.approx(1 - auc(label, score), abs=1e-12)


@given(case)
@settings(max_examples=50)
def test_resamples_equal_the_metric_of_repeated_objects(drawn):
    """A resample that draws a cluster twice equals the data with the objects of that cluster twice."""
    label, score, _, cluster = draw(*drawn)
    counts = draw_resamples(5, resamples=10, seed=drawn[0])
    ranked = Ranked(score, label, cluster)
    found = resampled_ranking(counts, ranked)
    for row, weight in enumerate([np.ones(5), *counts]):
        repeats = weight[cluster].astype(int)
        repeated_label, repeated_score = np.repeat(label, repeats), np.repeat(score, repeats)
        if len(np.unique(repeated_label)) < 2:
            assert np.isnan(found.auc.values[row])
            continue
        assert found.auc.values[row] == pytest.approx(auc(repeated_label, repeated_score), abs=1e-12)
        assert found.average_precision.values[row] == pytest.approx(
            sklearn_metrics.average_precision_score(repeated_label, repeated_score), abs=1e-12
        )
        false, true = roc_curve(repeated_label, repeated_score)
        assert found.fpr_at_95_tpr.values[row] == pytest.approx(false[np.argmax(true >= 0.95)], abs=1e-12)
    np.testing.assert_array_equal(resampled_auc(counts, ranked).values, found.auc.values)


@given(case, st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_missing_anomalies_rank_last_and_false_normals_first(drawn, seed):
    """Missing anomalies are never found, below all others; false normals are normal objects above all others."""
    label, score, _, cluster = draw(*drawn)
    rng = np.random.default_rng(seed)
    missing, false = rng.integers(0, 4, 5), rng.integers(0, 4, 5)
    counts = draw_resamples(5, resamples=10, seed=1)
    found = resampled_ranking(counts, Ranked(score, label, cluster, missing, false))
    added = [np.repeat(np.arange(5), some) for some in (missing, false)]
    label = np.concatenate([label, np.ones(missing.sum(), int), np.zeros(false.sum(), int)])
    score = np.concatenate([score, np.full(missing.sum(), -np.inf), np.full(false.sum(), np.inf)])
    plain = resampled_ranking(counts, Ranked(score, label, np.concatenate([cluster, *added])))
    np.testing.assert_allclose(found.auc.values, plain.auc.values, atol=1e-12)
    np.testing.assert_allclose(found.fpr_at_95_tpr.values, plain.fpr_at_95_tpr.values, atol=1e-12)
    ranked = np.isfinite(score) | (label == 0)
    hits, finite = (
        label[ranked],
        np.minimum(score[ranked], 99),
    )  # scikit-learn accepts no infinity; 99 is above all others
    expected = sklearn_metrics.average_precision_score(hits, finite)
    expected *= hits.sum() / label.sum()  # over all anomalies, not only those with a score
    assert found.average_precision.values[0] == pytest.approx(expected, abs=1e-12)


@given(case)
@settings(max_examples=50)
def test_resamples_equal_the_quadratic_form(drawn):
    """AUC = c'Vc / (c'p c'n), with V[i, j] the pairs (anomaly of cluster i, normal of cluster j) ranked right, ties 1/2."""
    label, score, _, cluster = draw(*drawn)
    counts = draw_resamples(5, resamples=20, seed=1)
    wins = np.zeros((5, 5))
    for i in np.flatnonzero(label == 1):
        for j in np.flatnonzero(label == 0):
            wins[cluster[i], cluster[j]] += (score[i] > score[j]) + (score[i] == score[j]) / 2
    anomalies, normals = (np.bincount(cluster[label == side], minlength=5) for side in (1, 0))
    pairs = (counts @ anomalies) * (counts @ normals)
    expected = np.einsum("bi,ij,bj->b", counts, wins, counts)[pairs > 0] / pairs[pairs > 0]
    found = resampled_auc(counts, Ranked(score, label, cluster)).values[1:]
    np.testing.assert_allclose(found[pairs > 0], expected, atol=1e-12)


@given(case)
def test_auc_within_scene_is_the_auc_of_each_scene(drawn):
    label, score, _, scene = draw(*drawn)
    found = auc_by_scene(label, score, np.sort(scene), 5)
    scene = np.sort(scene)
    for index in range(5):
        expected = auc(label[scene == index], score[scene == index])
        assert found[index] == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_infinite_scores_of_the_same_sign_are_ties():
    assert auc_by_scene(np.array([1, 0]), np.array([np.inf, np.inf]), np.zeros(2, int), 1)[0] == 0.5
    assert auc(np.array([1, 0]), np.array([-np.inf, -np.inf])) == 0.5


@given(st.lists(st.integers(0, 4), max_size=12), st.lists(st.integers(0, 4), max_size=12))
def test_pairs_within_are_all_pairs(group_a, group_b):
    group_a, group_b = np.sort(np.array(group_a, int)), np.array(group_b, int)
    i, j = pairs_within(group_a, group_b, 5)
    expected = {(a, b) for a in range(len(group_a)) for b in range(len(group_b)) if group_a[a] == group_b[b]}
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == expected
    assert len(i) == len(expected)


def test_the_bootstrap_error_of_a_mean_equals_its_formula():
    """The standard error of a share p over n independent clusters of one object is sqrt(p (1 - p) / n)."""
    rng = np.random.default_rng(0)
    right = (rng.random(400) < 0.7).astype(float)
    counts = draw_resamples(400, resamples=20_000, seed=3)
    replicates = resampled_ratio(counts, right, np.ones(400)).values[1:]
    expected = np.sqrt(right.mean() * (1 - right.mean()) / 400)
    assert replicates.std() == pytest.approx(expected, rel=0.03)


def test_the_clustered_error_does_not_shrink_with_repeated_objects():
    """Ten equal objects per cluster carry the information of one."""
    rng = np.random.default_rng(0)
    right = (rng.random(100) < 0.7).astype(float)
    counts = draw_resamples(100)
    single = resampled_ratio(counts, right, np.ones(100)).values[1:].std()
    tenfold = resampled_ratio(counts, 10 * right, 10 * np.ones(100)).values[1:].std()
    assert tenfold == pytest.approx(single)


def test_intervals_of_random_labels_contain_one_half():
    """Of 500 draws of labels that are independent of the scores, 95 % +- 2 % of the intervals contain 0.5."""
    held = 0
    for seed in range(500):
        rng = np.random.default_rng(seed)
        cluster = np.repeat(np.arange(120), 4)
        label, score = (rng.random(480) < 0.3).astype(int), rng.normal(size=480)
        counts = draw_resamples(120, resamples=1000, seed=seed)
        found = estimate(resampled_auc(counts, Ranked(score, label, cluster)), "")
        held += found.low <= 0.5 <= found.high
    assert 0.93 <= held / 500 <= 0.97


def test_equal_seeds_give_equal_resamples():
    np.testing.assert_array_equal(draw_resamples(30), draw_resamples(30))
    assert np.all(draw_resamples(30).sum(axis=1) == 30)
