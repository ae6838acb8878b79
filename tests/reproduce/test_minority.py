"""The minority measure: an oracle of the smaller group reaches 1, a constant separates nothing, and chance is as stated."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from odd_bench.reproduce.figures.minority import (
    checked_file,
    minority_row,
    series_note,
    whole_series,
)
from odd_bench.reproduce.figures.minority_scenes import Composition, compositions
from odd_bench.scoring.ground_truth import GroundTruth, digest
from tests.scoring.worlds import make_object, make_truth, oracle_answers, save_truth, write_predictions

OBJECTS, SPLIT = 6, "test-unseen"


def truth_of(twins: int, scenes: int) -> GroundTruth:
    """Scenes of six objects, each scene with its own shape; the first `twins` objects are the twins."""
    rng = np.random.default_rng(0)
    made = [
        replace(scene, shape=f"banana-{number:04d}", name=f"toys-banana-{number:04d}-{number:04d}",
                objects=tuple(make_object(rng, i, int(i < twins), OBJECTS) for i in range(OBJECTS)))
        for number, scene in enumerate(make_truth(scenes).scenes.values())
    ]  # fmt: skip
    return GroundTruth("parts-minority", "1.0.0", digest(made), {scene.name: scene for scene in made})


def row_of(folder: Path, twins: int, score, scenes: int = 12, lost: int = 0, told: bool = False):
    """The row of a composition. score: a function of the labels (n,) of a scene. lost: the boxes to leave out of every scene."""
    truth = truth_of(twins, scenes)
    data = save_truth(folder / f"data-{twins}", truth)
    answers = {
        name: (boxes[lost:], np.asarray(score(labels))[lost:], None if ids is None else ids[lost:])
        for name, (boxes, labels, ids) in oracle_answers(truth, told).items()
    }
    path = write_predictions(folder / f"{twins}.jsonl", truth, answers, SPLIT, told)
    checked = checked_file(path, data)
    return minority_row(Composition(twins, OBJECTS, data, None), checked, list(truth.scenes))


def smaller(twins: int):
    """1 for the objects of the smaller group."""
    return (lambda labels: labels) if 2 * twins <= OBJECTS else (lambda labels: 1 - labels)


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("twins", range(1, OBJECTS))
def test_an_oracle_of_the_smaller_group_reaches_one(tmp_path, twins, told):
    row = row_of(tmp_path, twins, smaller(twins), told=told)
    assert (row.ratio, row.scenes, row.apart.value) == (f"{twins}:{OBJECTS - twins}", 12, 1)
    assert row.auc is None if twins == 3 else row.auc.value == 1


@pytest.mark.parametrize("twins", range(1, OBJECTS))
def test_an_oracle_of_the_larger_group_scores_only_if_there_is_no_larger_group(tmp_path, twins):
    larger = row_of(tmp_path, twins, lambda labels: 1 - np.asarray(smaller(twins)(labels)))
    assert larger.apart.value == (twins == 3)
    assert twins == 3 or larger.auc.value == 0


@pytest.mark.parametrize("twins", range(1, OBJECTS))
def test_a_constant_separates_nothing(tmp_path, twins):
    row = row_of(tmp_path, twins, lambda labels: np.full(OBJECTS, 0.4))
    assert row.apart.value == 0
    assert twins == 3 or row.auc.value == 0.5


@pytest.mark.parametrize("twins", range(1, OBJECTS))
def test_random_scores_separate_groups_as_often_as_chance(tmp_path, twins):
    rng, scenes = np.random.default_rng(twins), 1500
    row = row_of(tmp_path, twins, lambda labels: rng.random(OBJECTS), scenes)
    assert abs(row.apart.value - row.chance) < 4 * np.sqrt(row.chance * (1 - row.chance) / scenes)
    assert twins == 3 or abs(row.auc.value - 0.5) < 0.05


@pytest.mark.parametrize("twins", range(1, OBJECTS))
def test_a_lost_object_is_on_the_wrong_side_of_either_group(tmp_path, twins):
    assert row_of(tmp_path, twins, smaller(twins), lost=1).apart.value == 0


def test_series_are_the_first_complete_ones_and_state_whether_the_twin_stays(tmp_path):
    checked = []
    for twins, scenes in ((1, 8), (2, 6)):
        truth = truth_of(twins, scenes)
        data = save_truth(tmp_path / f"data-{twins}", truth)
        checked.append(
            checked_file(write_predictions(tmp_path / f"{twins}.json", truth, oracle_answers(truth), SPLIT), data)
        )
    whole = whole_series(checked, 4)
    assert whole == [f"toys-banana-{number:04d}-{number:04d}" for number in range(4)]
    assert len(whole_series(checked, 40)) == 6
    assert "4 of the 9 requested series" in series_note(checked, whole, 9) and "4 of them show" in series_note(
        [checked[0], checked[0]], whole, 9
    )


def test_compositions_are_data_sets_that_differ_only_in_who_is_odd(tmp_path):
    found = compositions(tmp_path, 40)
    assert [one.ratio for one in found] == ["1:5", "2:4", "3:3", "4:2", "5:1"]
    assert len({one.folder for one in found}) == 5 and all(one.folder.parent == tmp_path for one in found)
    for one, other in pairwise(found):
        scene = replace(other.config.scene, odd_alike=one.twins)
        assert replace(other.config, name=one.config.name, scene=scene) == one.config
