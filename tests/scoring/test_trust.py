"""Files from others do not deceive: true boxes, distant boxes, edited scores, older rules, control characters."""

import copy
import dataclasses
import html
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.report.leaderboard import leaderboard
from odd_bench.report.tables import cell, markdown_report
from odd_bench.scoring.document import packed, signed_document, unpacked, write_score
from odd_bench.scoring.problems import Problem, ScoringError, problem_report
from odd_bench.scoring.score import Options, check_file, score_file
from odd_bench.scoring.summary import summary
from odd_bench.scoring.text import DIRECTION, ISOLATE, html_text, visible, visible_lines
from tests.scoring.worlds import make_truth, noisy_answers, oracle_answers, save_truth, write_predictions


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("told", [False, True])
def test_true_boxes_of_a_method_that_was_not_given_them_are_noticed(truth, data, tmp_path, turned, told):
    path = write_predictions(tmp_path / "p.json", truth, oracle_answers(truth, told, turned=turned), told=told)
    kinds = [problem.kind for problem in check_file(path, Options(data)).problems]
    assert ("boxes equal to the truth" in kinds) == (not told)


def with_far_boxes(truth, share, box):
    """The boxes of the oracle, of which the first ones, up to that share, are moved far away."""
    answers, moved = oracle_answers(truth), 0
    wanted = int(share * sum(len(scores) for _, scores, _ in answers.values()))
    for boxes, _, _ in answers.values():
        for row in range(len(boxes)):
            if moved < wanted:
                boxes[row], moved = box, moved + 1
    return answers, wanted


@pytest.mark.parametrize(
    "box", [[9, 0, 0, 1, 1, 1, 0], [1e300, 0, 0, 1e300, 1, 1e-300, 0], [0, 0, 0, 500, 500, 500, 1]]
)
def test_a_few_boxes_outside_the_scene_are_wrong_answers(scored, truth, box):
    answers, moved = with_far_boxes(truth, 0.02, box)
    found = scored(answers)
    assert moved > 0 and found.judged["detect"].false_boxes.sum() == moved
    assert (~found.judged["detect"].matched).sum() == moved
    assert any("box outside the scene" in line for line in found.document["result"]["warnings"])


def test_many_boxes_outside_the_scene_suggest_another_unit_or_frame(scored, truth):
    with pytest.raises(ScoringError, match="box outside the scene"):
        scored(with_far_boxes(truth, 0.1, [9, 0, 0, 1, 1, 1, 0])[0])


def edited(document, change):
    """The document after a change of its result, signed again, as anybody could."""
    result = copy.deepcopy(document["result"])
    change(result["protocols"]["detect"])
    return signed_document(result)


def raise_value(part):
    part["metrics"]["auc"].update(value=0.95, low=0.93, high=0.97)


def raise_value_and_factor(part):
    raise_value(part)
    part["factors"].update(product=0.95, normal_share=0.95)


def narrow(part):
    value = part["metrics"]["auc"]["value"]
    part["metrics"]["auc"].update(low=value - 0.001, high=value + 0.001)


def shift_replicates(part):
    part["replicates"]["auc"] = packed(np.clip(unpacked(part["replicates"]["auc"]) + 0.3, 0, 1))


def claim_more_shapes(part):
    part["metrics"]["auc"]["shapes"] = 1000


def drop_replicates(part):
    part["replicates"]["accuracy"] = None


@pytest.mark.parametrize(
    "change", [raise_value, raise_value_and_factor, narrow, shift_replicates, claim_more_shapes, drop_replicates]
)
def test_an_inconsistent_score_is_not_ranked(scored, truth, tmp_path, change):
    document = scored(noisy_answers(truth)).document
    write_score(tmp_path / "score.json", document)
    leaderboard(tmp_path)
    write_score(tmp_path / "score.json", edited(document, change))
    with pytest.raises(ScoringError, match="inconsistent score"):
        leaderboard(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda result: result.pop("dataset"),
        lambda result: result["method"].update(name=3),
        lambda result: result["dataset"].update(split=None),
        lambda result: result["protocols"]["detect"]["metrics"].pop("ap50"),
        lambda result: result["protocols"]["detect"]["metrics"]["accuracy"].update(value="1"),
        lambda result: result["protocols"]["detect"].pop("replicates"),
        lambda result: result["protocols"]["detect"]["metrics"]["ap50"].update(value=5),
        lambda result: result["protocols"]["detect"]["metrics"]["ap50"].update(value=-0.1),
        lambda result: result["protocols"]["detect"]["metrics"]["auc"].update(reason={}),
        lambda result: result["protocols"].update({"<script>": result["protocols"]["detect"]}),
        lambda result: result.update(protocols={}),
        lambda result: result.update(protocols=[]),
        lambda result: result.update(resamples=None),
    ],
)
def test_an_incomplete_score_is_explained(scored, truth, tmp_path, change):
    result = copy.deepcopy(scored(noisy_answers(truth)).document["result"])
    change(result)
    write_score(tmp_path / "score.json", signed_document(result))
    with pytest.raises(ScoringError, match="results that are not complete"):
        leaderboard(tmp_path)


def test_a_score_with_an_invalid_number_is_explained(scored, truth, tmp_path):
    path = tmp_path / "score.json"
    write_score(path, scored(noisy_answers(truth)).document)
    path.write_text(path.read_text().replace('"resamples": 200', '"resamples": NaN'))
    with pytest.raises(ScoringError, match="results that are not complete"):
        leaderboard(tmp_path)


def test_scores_of_an_older_version_are_listed_and_not_ranked(scored, truth, tmp_path):
    document = scored(noisy_answers(truth)).document
    old = signed_document({**document["result"], "metrics_version": 1, "method": {"name": "old-net"}}) | {"version": 1}
    write_score(tmp_path / "old.json", old)
    with pytest.raises(ScoringError, match="only score files of metrics before version 2"):
        leaderboard(tmp_path)
    write_score(tmp_path / "new.json", document)
    text = leaderboard(tmp_path)
    assert "old-net" not in text and "Not ranked: metrics before version 2" in text and "old.json" in text


TRICKS = [
    '<script>alert("x")</script>',
    "[click](javascript:alert(1))",
    "a|b",
    "`code`",
    "\x1b[31mred\x1b[0m",
    "one\ntwo",
    "\u202egnp.exe",
    "שלום",
    "\u2069\u202e",
    "bell\x07",
    "\x9b31m",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_names_are_shown_literally_in_terminal_markdown_and_page(scored, truth, tmp_path, trick):
    document = scored(noisy_answers(truth)).document
    result = document["result"]
    changed = {**result, "method": {**result["method"], "name": trick}}
    changed["dataset"] = {**result["dataset"], "name": trick, "version": trick}
    document = signed_document(changed)
    write_score(tmp_path / "score.json", document)
    for text in (summary(document), markdown_report(document), leaderboard(tmp_path)):
        assert not [c for c in text if unicodedata.category(c) == "Cc" and c != "\n"]
        assert not (set(text) & DIRECTION - {ISOLATE, "\u2069"})
        assert text.count(ISOLATE) == text.count("\u2069")
    for text in (markdown_report(document), leaderboard(tmp_path)):
        assert "<script>" not in text and "[click](" not in text
        tables = [line for line in text.splitlines() if line.startswith("| 1 |")]
        assert len({line.replace("\\|", "").count("|") for line in tables}) <= 1


@given(st.text(max_size=30))
def test_visible_text_has_one_line_and_no_control_characters(text):
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    isolated = shown.startswith(ISOLATE)
    assert not set(shown[isolated : len(shown) - isolated]) & DIRECTION
    assert html.unescape(html_text(text)) == shown
    shown.encode()
    assert "|" not in cell(text).replace("\\|", "")


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30))
def test_plain_text_is_shown_unchanged(text):
    assert visible(text) == " ".join(text.split())
    assert visible_lines(f"  {text}\n") == f"  {text}\n"


def test_problems_reach_the_terminal_without_control_characters():
    problem = Problem("format", "\x1b]0;title\x07.json", "a\x08", "b", "c")
    assert "\x1b" not in problem_report([problem]) and "\\x1b]0;title\\x07.json" in problem_report([problem])


def test_another_data_set_of_the_same_name_is_recognised(tmp_path):
    """Whether it was made with another seed, with other splits, or was changed is reported."""
    here, other = make_truth(8, seed=1), make_truth(8, seed=2)
    renamed = {name + "x": dataclasses.replace(scene, name=name + "x") for name, scene in other.scenes.items()}
    other = dataclasses.replace(other, scenes=renamed, digest="sha256:00")
    data = save_truth(tmp_path / "data", here)
    path = write_predictions(tmp_path / "p.json", other, oracle_answers(other))
    with pytest.raises(ScoringError, match="Another data set of this name: 8 of the file's 8 scenes are not in it"):
        score_file(path, Options(data))
    path = write_predictions(tmp_path / "q.json", other, oracle_answers(other), split="test-seen")
    with pytest.raises(ScoringError, match=r"(?s)Another data set of this name.*one of test-unseen\. Another data set"):
        score_file(path, Options(data))
