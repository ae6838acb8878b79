"""A small data set on disk and a way to score answers on it."""

import pytest

from odd_bench.scoring.score import Options, score_file
from tests.scoring.worlds import make_truth, save_truth, write_predictions


@pytest.fixture(scope="session")
def truth():
    return make_truth(48)


@pytest.fixture(scope="session")
def data(truth, tmp_path_factory):
    return save_truth(tmp_path_factory.mktemp("data") / "toys-test", truth)


@pytest.fixture
def scored(truth, data, tmp_path):
    """Score answers as written by worlds.write_predictions."""

    def run(answers, name="predictions.json", options=None, **how):
        path = write_predictions(tmp_path / name, truth, answers, **how)
        return score_file(path, options or Options(data, resamples=200))

    return run
