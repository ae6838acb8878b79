"""Laws of intervals: none of few shapes, none without width, and a p-value that agrees with the interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from benchmarks.coverage import WORLDS, simulate
from odd_bench.report.folder import write_report
from odd_bench.report.leaderboard import leaderboard
from odd_bench.scoring.bootstrap import Estimate, draw_resamples, resampled_ratio
from odd_bench.scoring.compare import compare
from odd_bench.scoring.interval import FEWEST, difference_test, interval
from odd_bench.scoring.score import Options, score_file
from odd_bench.scoring.summary import summary
from tests.scoring.worlds import make_truth, noisy_answers, oracle_answers, save_truth, write_predictions

shares = st.lists(st.floats(0, 1), min_size=3, max_size=40)


@given(st.floats(0, 1), shares, st.integers(1, 200))
def test_an_interval_holds_its_value_and_stays_among_shares(value, replicates, shapes):
    (low, high), reason = interval(value, np.array(replicates), shapes)
    if low is None:
        assert reason
    else:
        assert shapes >= FEWEST
        assert 0 <= low <= value + 1e-12 and value - 1e-12 <= high <= 1
        assert low < high


@given(st.integers(1, FEWEST - 1), shares)
def test_fewer_than_ten_shapes_have_neither_interval_nor_p(shapes, replicates):
    assert interval(0.5, np.array(replicates), shapes)[0] == (None, None)
    found = difference_test(0.1, np.array(replicates), shapes)
    assert found.keys() == {"value", "reason"} and f"needs {FEWEST}" in found["reason"]


@given(st.floats(-0.5, 0.5), st.lists(st.floats(-1, 1), min_size=3, max_size=40), st.integers(FEWEST, 200))
def test_p_is_below_five_per_cent_where_the_interval_leaves_zero_out(value, replicates, shapes):
    found = difference_test(value, np.array(replicates), shapes)
    if min(abs(found["low"]), abs(found["high"])) > 1e-9:
        assert (found["p"] < 0.05) == (found["low"] > 0 or found["high"] < 0)


def test_the_interval_of_a_mean_is_students():
    """Equal clusters: the corrected bootstrap of a mean near one half is the t interval, up to the bend of the log-odds."""
    right = np.random.default_rng(0).normal(0.5, 0.02, 15)
    replicates = resampled_ratio(draw_resamples(15, 20_000), right, np.ones(15)).values
    (low, high), _ = interval(replicates[0], replicates[1:], 15)
    expected = student.interval(0.95, 14, right.mean(), right.std(ddof=1) / np.sqrt(15))
    assert (low, high) == pytest.approx(expected, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("world", ["middling", "strong"])
@pytest.mark.parametrize("shapes", [10, 20, 75])
def test_simulated_intervals_hold_the_true_value(world, shapes):
    """93 to 97 %, and as much as 600 draws leave open (2.5 standard errors)."""
    for _, held, null in simulate(WORLDS[world], shapes, 600):
        assert 0.93 - 0.025 <= held <= 0.97 + 0.02
        assert null <= 0.05 + 0.025


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Two methods on a split of three base shapes."""
    folder = tmp_path_factory.mktemp("few")
    truth = make_truth(12, per_shape=4)
    options = Options(save_truth(folder / "data", truth), resamples=50)
    paths = [write_predictions(folder / f"{seed}.json", truth, noisy_answers(truth, seed)) for seed in (1, 2)]
    return folder, [score_file(path, options) for path in paths]


def estimates(value):
    """Every estimate of a score document, groups included."""
    if isinstance(value, dict):
        if "low" in value:
            yield value
        for item in value.values():
            yield from estimates(item)
    elif isinstance(value, list):
        for item in value:
            yield from estimates(item)


def test_a_split_of_three_shapes_has_values_and_reasons_everywhere(few):
    folder, (first, second) = few
    found = list(estimates(first.document["result"]["protocols"]))
    assert len(found) > 60
    for one in found:
        assert one["low"] is None and one["high"] is None and one["reason"]
    assert "no intervals: 3 base shapes, an interval needs 10" in summary(first.document)
    part = compare(first, second)["protocols"]["detect"]
    assert all("p" not in one and one["reason"] for one in part["differences"].values())
    assert part["mcnemar"]["p"] is None
    for name, scored in (("a", first), ("b", second)):
        write_report(folder / "scores" / name, scored)
    text = leaderboard(folder / "scores")
    assert "Ranked by value alone: 3 base shapes, a test needs 10." in text and "[" not in text.split("| 1 |")[1]


def test_groups_of_few_shapes_have_no_interval_beside_others_that_have(scored, truth):
    rows = scored(noisy_answers(truth)).document["result"]["protocols"]["detect"]["breakdowns"]
    with_interval = [row for row in rows if row["auc"]["low"] is not None]
    assert with_interval and all(row["auc"]["shapes"] >= FEWEST for row in with_interval)
    assert any(row["auc"]["shapes"] < FEWEST for row in rows)


def test_equal_numbers_that_rounding_parts_have_no_interval_without_width():
    (low, _), reason = interval(0.1, 0.1 + np.array([0, 1, -1, 2]) * 1e-17, 40, share=False)
    assert low is None and reason == "every resample gives this value"


def test_a_perfect_score_has_no_interval_without_width(scored, truth):
    for found in scored(oracle_answers(truth)).metrics["detect"].values():
        assert isinstance(found, Estimate) and found.low is None and found.reason
