"""Laws of intervals: none for few shapes, none of zero width, and a p-value that agrees with the interval."""

import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import t as student

from benchmarks.coverage import WORLDS, simulate
from odd_bench.report.folder import write_report
from odd_bench.report.html_report import html_report
from odd_bench.report.leaderboard import leaderboard
from odd_bench.report.tables import markdown_report
from odd_bench.reproduce.markdown import markdown, section
from odd_bench.reproduce.results import Result
from odd_bench.reproduce.table import Row, Table
from odd_bench.scoring.bootstrap import Estimate, draw_resamples, resampled_ratio
from odd_bench.scoring.compare import compare, with_comparison
from odd_bench.scoring.interval import FEWEST, difference_test, interval
from odd_bench.scoring.score import Options, score_file
from odd_bench.scoring.split_table import split_table
from odd_bench.scoring.summary import summary
from tests.scoring.worlds import make_truth, noisy_answers, oracle_answers, save_truth, write_predictions

shares = st.lists(st.floats(0, 1), min_size=3, max_size=40)


@given(st.floats(0, 1), shares, st.integers(1, 200))
@example(2.2e-309, [0.0, 0.0, 1.0], FEWEST)  # the least value of the interval is below every float
def test_an_interval_contains_its_value_and_stays_between_0_and_1(value, replicates, shapes):
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
def test_p_is_below_five_per_cent_exactly_if_the_interval_excludes_zero(value, replicates, shapes):
    found = difference_test(value, np.array(replicates), shapes)
    if min(abs(found["low"]), abs(found["high"])) > 1e-9:
        assert (found["p"] < 0.05) == (found["low"] > 0 or found["high"] < 0)


def test_the_interval_of_a_mean_is_the_t_interval():
    """Clusters are equal and the mean is near one half, where the log-odds are almost straight."""
    right = np.random.default_rng(0).normal(0.5, 0.02, 15)
    replicates = resampled_ratio(draw_resamples(15, 20_000), right, np.ones(15)).values
    (low, high), _ = interval(replicates[0], replicates[1:], 15)
    expected = student.interval(0.95, 14, right.mean(), right.std(ddof=1) / np.sqrt(15))
    assert (low, high) == pytest.approx(expected, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("world", ["middling", "strong"])
@pytest.mark.parametrize("shapes", [10, 20, 75])
def test_simulated_intervals_contain_the_true_value(world, shapes):
    """In 93 to 97 % of cases, within the uncertainty of 600 draws (2.5 standard errors)."""
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
    """All estimates of a score document, including those of groups."""
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
    assert (
        "Ranked by value only: there are 3 base shapes, and a test needs 10." in text
        and "[" not in text.split("| 1 |")[1]
    )


RANGE = re.compile(r"\[[-+]?\d\.\d|\d\.\d+ to \d\.\d{4}|whisker\"/>|\bp (<|\d)")


def table_results(parts: dict) -> list[Result]:
    """Rows of a table of results, one seed each, from protocol parts by name."""
    return [Result(Row(name, "reference"), 0, "toys", "test", part, 1.0, 60.0, "") for name, part in parts.items()]


def texts_of_few(folder, first, second) -> dict[str, str]:
    """Everything that is written about two methods on a split of few shapes, without the names of its groups of magnitude."""
    compared = with_comparison(first, second)
    for name, scored in (("one", compared), ("two", second)):
        write_report(folder / "texts" / name, scored)
    texts = {name: (folder / "texts" / "one" / name).read_text() for name in ("report.html", "tables.md", "table.tex")}
    parts = {name: scored.document["result"]["protocols"] for name, scored in (("a", first), ("b", second))}
    results = table_results(parts)
    texts |= {
        "summary": summary(compared.document),
        "leaderboard": leaderboard(folder / "texts"),
        "reproduce": markdown(Table("t", "T", ("toys",), tuple(one.row for one in results)), results),
        "train": split_table({"test-unseen": first.document, "test-seen": second.document}),
    }
    names = [row["name"] for part in parts["a"].values() for row in part["breakdowns"] if " to " in row["name"]]
    return {place: re.sub("|".join(map(re.escape, names)), "", text) for place, text in texts.items()}


def test_no_text_about_few_shapes_has_a_range_or_a_p_and_all_give_the_reason(few, scored, truth):
    folder, (first, second) = few
    for name, text in texts_of_few(folder, first, second).items():
        assert not RANGE.search(text), (name, RANGE.search(text))
        assert "3 base shapes" in text and "needs 10" in text, name
        assert all("shape" in bar for bar in re.findall(r'<rect class="bar [^"]*bare".*?</text>', text)), name
    many = scored(noisy_answers(truth)).document  # the law can fail: with enough shapes there are ranges
    assert all(RANGE.search(text) for text in (summary(many), html_report(many), markdown_report(many)))


def test_a_row_of_few_shapes_is_marked_among_rows_with_brackets(few, scored, truth):
    _, (first, _) = few
    parts = {
        name: one.document["result"]["protocols"]
        for name, one in (("many", scored(noisy_answers(truth))), ("few", first))
    }
    *lines, note, _ = section("t", [(one, one.parts["detect"]) for one in table_results(parts)])
    brackets = {name: "[" in line for name in parts for line in lines if line.startswith(f"| {name}")}
    assert brackets == {"many": True, "few": False}
    assert "Brackets: 95%" in note
    assert "No brackets and no p: 3 base shapes, an interval needs 10: AUC of few, balanced accuracy of few." in note


def test_groups_of_few_shapes_have_no_interval_although_others_have(scored, truth):
    rows = scored(noisy_answers(truth)).document["result"]["protocols"]["detect"]["breakdowns"]
    with_interval = [row for row in rows if row["auc"]["low"] is not None]
    assert with_interval and all(row["auc"]["shapes"] >= FEWEST for row in with_interval)
    assert any(row["auc"]["shapes"] < FEWEST for row in rows)


def test_numbers_that_differ_only_by_rounding_have_no_interval_of_zero_width():
    (low, _), reason = interval(0.1, 0.1 + np.array([0, 1, -1, 2]) * 1e-17, 40, share=False)
    assert low is None and reason == "every resample gives this value"


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_values_of_0_and_1_have_no_interval_and_a_true_reason(value):
    (low, _), reason = interval(value, np.array([value, value, 0.7]), 40)
    assert low is None and "every resample" not in reason and "exactly 0 or 1" in reason


def test_a_perfect_score_has_no_interval_of_zero_width(scored, truth):
    for found in scored(oracle_answers(truth)).metrics["detect"].values():
        assert isinstance(found, Estimate) and found.low is None and found.reason
