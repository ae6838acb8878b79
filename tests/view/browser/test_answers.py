"""The drawn states are those that the scorer counts, at every threshold."""

import numpy as np
import pytest

from odd_bench.scoring.score import Options, score_file
from odd_bench.view.browser.answers import PredictionsAlone
from odd_bench.view.browser.collection import BY_NAME, WORST_FIRST
from odd_bench.view.browser.opening import Wanted, open_collection
from odd_bench.view.browser.shown_box import count_states
from tests.scoring.worlds import make_truth, noisy_answers, oracle_answers, save_truth, write_predictions

THRESHOLDS = (-0.4, 0.2, 0.5, 0.9, 3.0)


@pytest.fixture(scope="module")
def truth():
    return make_truth(scenes=24)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, truth):
    return save_truth(tmp_path_factory.mktemp("data"), truth)


def opened(folder, truth, answers, tmp_path, **options):
    path = write_predictions(tmp_path / "answers.json", truth, answers, **options)
    return open_collection(path, Wanted(folder)), path


@pytest.mark.parametrize("told", [False, True], ids=["detect", "classify"])
@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_states_equal_those_of_the_scorer_at_any_threshold(folder, truth, tmp_path, told, threshold):
    answers = noisy_answers(truth, told=told)
    collection, _ = opened(folder, truth, answers, tmp_path, told=told)
    stated = write_predictions(tmp_path / "stated.json", truth, answers, told=told, threshold=threshold)
    judged = next(iter(score_file(stated, Options(folder, resamples=10)).judged.values()))
    for number, name in enumerate(judged.truth.scene_names):
        own, states = judged.truth.scene == number, count_states(collection.answers.boxes(name, threshold))
        odd = own & (judged.truth.label == 1)
        assert states["found"] == (odd & judged.correct).sum()
        assert states["missed"] + states["false"] == (own & ~judged.correct).sum() + judged.false_boxes[number]
        assert states["missed"] == (odd & ~judged.correct).sum() + (own & ~odd & ~judged.matched).sum()
        assert states["normal"] + states["odd"] + states["missed"] == own.sum()
        assert states["found"] + states["passed"] + states["false"] == len(answers[name][1])


def test_the_threshold_of_the_file_changes_nothing(folder, truth, tmp_path):
    collection, _ = opened(folder, truth, noisy_answers(truth), tmp_path, threshold=0.3)
    for name in collection.names:
        states = [[box.state for box in collection.answers.boxes(name, threshold)] for threshold in (None, 0.3)]
        assert states[0] == states[1]


def test_an_oracle_misses_nothing(folder, truth, tmp_path):
    collection, _ = opened(folder, truth, oracle_answers(truth), tmp_path)
    states = count_states(box for name in collection.names for box in collection.answers.boxes(name, None))
    labels = [item.label for scene in truth.scenes.values() for item in scene.objects]
    assert states == {"found": sum(labels), "odd": sum(labels), "normal": labels.count(0), "passed": labels.count(0)}


def test_scenes_have_the_order_of_the_report(folder, truth, tmp_path):
    collection, path = opened(folder, truth, noisy_answers(truth), tmp_path)
    part = score_file(path, Options(folder, resamples=10)).document["result"]["protocols"]["detect"]
    worst = [scene["name"] for scene in part["worst_scenes"]]
    assert collection.found("", WORST_FIRST, None)[: len(worst)] == worst
    assert len(worst) > 3


def test_the_search_requires_every_word_and_keeps_the_order(folder, truth, tmp_path):
    collection, _ = opened(folder, truth, noisy_answers(truth), tmp_path)
    found = collection.found("BANANA odd", BY_NAME, None)
    assert found == [
        name
        for name, scene in truth.scenes.items()
        if scene.category == "banana" and any(item.label for item in scene.objects)
    ]
    assert 0 < len(found) < len(collection.names)
    assert collection.found("no-such-word", BY_NAME, None) == []


def test_without_truth_every_box_is_flagged_or_passed_by_its_score(truth, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ODD_BENCH_DATA", raising=False)
    answers = noisy_answers(truth)
    path = write_predictions(tmp_path / "alone.json", truth, answers)
    collection = open_collection(path)
    assert isinstance(collection.answers, PredictionsAlone) and "--data" in collection.notes[0]
    for name, (_, scores, _) in answers.items():
        states = count_states(collection.answers.boxes(name, 0.7))
        assert (states["flagged"], states["passed"]) == (
            (np.asarray(scores) > 0.7).sum(),
            (np.asarray(scores) <= 0.7).sum(),
        )
