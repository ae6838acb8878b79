"""Comparing two files: a file does not differ from itself, the sign follows the order, and ties share a rank."""

import numpy as np
import pytest
from scipy.stats import binomtest

from odd_bench.report.leaderboard import leaderboard
from odd_bench.scoring.compare import compare, mcnemar, told_apart, with_comparison
from odd_bench.scoring.document import write_score
from odd_bench.scoring.problems import ScoringError
from odd_bench.scoring.score import Options, score_file
from odd_bench.scoring.summary import sides_text
from tests.scoring.worlds import make_truth, noisy_answers, oracle_answers, save_truth, write_predictions


def test_a_file_does_not_differ_from_itself(scored, truth):
    first = scored(noisy_answers(truth))
    part = compare(first, first)["protocols"]["detect"]
    assert part["differences"]["auc"] == {"value": 0, "low": 0, "high": 0, "p": 1, "resolves": 0}
    assert part["mcnemar"] == {"only_first_right": 0, "only_second_right": 0, "p": 1}
    assert part["scenes"]["only_first_right"] == part["scenes"]["only_second_right"] == 0


def test_the_difference_changes_its_sign_with_the_order(scored, truth):
    first, second = scored(oracle_answers(truth)), scored(noisy_answers(truth), "second.json")
    there, back = compare(first, second)["protocols"], compare(second, first)["protocols"]
    for name in there:
        for metric, found in there[name]["differences"].items():
            other = back[name]["differences"][metric]
            assert (found["value"], found["low"]) == pytest.approx((-other["value"], -other["high"]))
            assert found["value"] > 0 and found["p"] < 0.05
            assert found["low"] <= found["value"] <= found["high"]


@pytest.mark.parametrize(
    ("one", "other", "ends"),
    [
        ("runs/a/test.json", "runs/b/test.json", ("a/test.json", "b/test.json")),
        ("runs/a/new.json", "runs/b/old.json", ("new.json", "old.json")),
        ("test.json", "runs/test.json", None),
        ("a/test.json", "a/test.json", ("test.json", "test.json")),
    ],
)
def test_files_of_equal_names_are_distinguished_by_their_folders(one, other, ends, tmp_path):
    found = told_apart(tmp_path / one, tmp_path / other)
    assert found == (ends or (f"{tmp_path.name}/test.json", "runs/test.json"))


@pytest.mark.parametrize("count", [0, 1, 3, 4])
def test_a_list_of_changed_scenes_ends_in_dots_only_if_more_follow(count):
    names = [f"scene {number}" for number in range(count)]
    scenes = {f"only_{side}_right": count for side in ("first", "second")}
    scenes |= {f"{side}_examples": names for side in ("first", "second")}
    text = sides_text({"first": "a", "second": "b"}, scenes)
    assert text.count("...") == (2 if count > 3 else 0) and text.count("scene") == 2 * min(count, 3)


def test_mcnemar_equals_the_binomial_test(scored, truth):
    first, second = (scored(noisy_answers(truth, seed), f"{seed}.json").judged["detect"] for seed in (1, 2))
    found = mcnemar(first, second)
    only = (found["only_first_right"], found["only_second_right"])
    assert only[0] == np.sum(first.correct & ~second.correct)
    assert found["p"] == pytest.approx(binomtest(only[0], sum(only)).pvalue)


def test_a_paired_difference_is_narrower_than_two_intervals(scored, truth):
    """The methods share most of their errors: the paired interval is narrower than that of either."""
    answers = noisy_answers(truth)
    rng = np.random.default_rng(0)
    close = {name: (boxes, s + rng.normal(0, 0.05, len(s)), None) for name, (boxes, s, _) in answers.items()}
    first, second = scored(answers), scored(close, "close.json")
    found = compare(first, second)["protocols"]["upstream"]["differences"]["auc"]
    own = first.metrics["upstream"]["auc"]
    assert found["high"] - found["low"] < 0.5 * (own.high - own.low)


def test_files_on_different_data_are_not_compared(scored, truth, tmp_path):
    other = make_truth(10, seed=9)
    folder = save_truth(tmp_path / "other", other)
    path = write_predictions(tmp_path / "other.json", other, noisy_answers(other))
    with pytest.raises(ScoringError, match=r"dataset\.digest"):
        compare(scored(noisy_answers(truth)), score_file(path, Options(folder, resamples=20)))


def test_files_without_a_shared_protocol_are_not_compared(scored, truth):
    told = scored(noisy_answers(truth, told=True), "told.json", told=True)
    with pytest.raises(ScoringError, match="no protocol applies to both"):
        compare(scored(noisy_answers(truth)), told)


def test_the_comparison_is_part_of_the_signed_document(scored, truth):
    first, second = scored(noisy_answers(truth)), scored(noisy_answers(truth, 2), "second.json")
    both = with_comparison(first, second)
    assert both.document["result"]["against"]["first"] == "test-net (predictions.json)"
    assert both.document["digest"] != first.document["digest"]


def test_the_leaderboard_ranks_and_groups_ties(scored, truth, tmp_path):
    rng = np.random.default_rng(0)
    middling = noisy_answers(truth)
    close = {name: (boxes, s + rng.normal(0, 0.01, len(s)), None) for name, (boxes, s, _) in middling.items()}
    for name, answers in (("best", oracle_answers(truth)), ("one", middling), ("two", close)):
        folder = tmp_path / "scores" / name
        folder.mkdir(parents=True)
        write_score(folder / "score.json", scored(answers, f"{name}.json").document)
    (tmp_path / "scores" / "unrelated.json").write_text("[1, 2")
    text = leaderboard(tmp_path / "scores")
    for protocol in ("detect", "upstream"):
        section = text.split(f"test-unseen: {protocol}")[1].split("\n## ")[0]
        rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| ") and "rank" not in line]
        assert [row[0].strip("| ") for row in rows] == ["1", "2", "2"]
        assert rows[0][-1].startswith("best/score.json")


def test_a_folder_without_scores_is_reported(tmp_path):
    with pytest.raises(ScoringError, match="no score file"):
        leaderboard(tmp_path)


def test_a_score_file_that_was_edited_is_not_ranked(scored, truth, tmp_path):
    path = tmp_path / "score.json"
    write_score(path, scored(noisy_answers(truth)).document)
    path.write_text(path.read_text().replace('"name": "test-net"', '"name": "best-net"'))
    with pytest.raises(ScoringError, match="changed after scoring"):
        leaderboard(tmp_path)
