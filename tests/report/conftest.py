"""The small data set of the scoring tests, and a way to score answers on it."""

from tests.scoring.conftest import data, scored, truth

__all__ = ["data", "scored", "truth"]
