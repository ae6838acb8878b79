"""Common mistakes are recognised: boxes written in each wrong form are diagnosed as exactly that, and good boxes as nothing."""

import numpy as np
import pytest

from odd_bench.geometry.boxes import rotate_about_z
from odd_bench.scoring.score import Options, check_file
from tests.scoring.worlds import noisy_answers, oracle_answers, write_predictions


def turned_away(box):
    """Boxes in camera axes: x right, y down, z forward, one metre away."""
    return np.concatenate([rotate_about_z(box[:3], 0.4)[[0, 2, 1]] * [1, -1, 1] + [0.1, 0.2, 1.0], box[3:]])


SLIPS = {
    "x and y sizes are swapped": lambda b: b[[0, 1, 2, 4, 3, 5, 6]],
    "boxes are in millimetres": lambda b: np.append(b[:6] * 1000, b[6]),
    "boxes are in centimetres": lambda b: np.append(b[:6] * 100, b[6]),
    "the centre is at the base": lambda b: b - np.array([0, 0, b[5] / 2, 0, 0, 0, 0]),
    "sizes are half sizes": lambda b: b * [1, 1, 1, 0.5, 0.5, 0.5, 1],
    "sizes are twice too large": lambda b: b * [1, 1, 1, 2, 2, 2, 1],
    "boxes start at a corner": lambda b: np.concatenate([b[:3] - b[3:6] / 2, b[3:]]),
    "the yaw turns the other way": lambda b: b * [1, 1, 1, 1, 1, 1, -1],
    "their positions are wrong": turned_away,
}


def diagnoses(path, data):
    problems = check_file(path, Options(data)).problems
    return [str(problem) for problem in problems if problem.kind == "diagnosis"]


@pytest.mark.parametrize("slip", SLIPS)
def test_each_mistake_is_recognised(truth, data, tmp_path, slip):
    answers = {
        name: (np.array([SLIPS[slip](box) for box in boxes]), scores, None)
        for name, (boxes, scores, _) in oracle_answers(truth).items()
    }
    (found,) = diagnoses(write_predictions(tmp_path / "p.json", truth, answers), data)
    assert slip in found


def test_axis_aligned_boxes_with_a_yaw_of_zero_are_recognised(truth, data, tmp_path):
    answers = {
        name: (np.column_stack([boxes, np.zeros(len(boxes))]), scores, None)
        for name, (boxes, scores, _) in oracle_answers(truth, turned=False).items()
    }
    (found,) = diagnoses(write_predictions(tmp_path / "p.json", truth, answers), data)
    assert "boxes are axis-aligned" in found


@pytest.mark.parametrize("seed", range(3))
def test_good_and_mediocre_boxes_are_not_diagnosed(truth, data, tmp_path, seed):
    assert diagnoses(write_predictions(tmp_path / "p.json", truth, noisy_answers(truth, seed)), data) == []


@pytest.mark.parametrize("told", [False, True])
def test_inverted_scores_are_recognised(truth, data, tmp_path, told):
    path = write_predictions(tmp_path / "p.json", truth, oracle_answers(truth, told, inverted=True), told=told)
    (found,) = diagnoses(path, data)
    assert "inverted" in found
