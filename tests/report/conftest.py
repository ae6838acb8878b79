"""The small data set of the tests of scoring, and the way to score answers on it."""

from tests.scoring.conftest import data, scored, truth

__all__ = ["data", "scored", "truth"]
