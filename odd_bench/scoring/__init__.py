"""Scoring: write predictions from any training loop, check them, score them. Needs NumPy, SciPy and msgspec only."""

from __future__ import annotations

from importlib import import_module
from typing import Any

HOMES = {
    "DatasetRef": "predictions",
    "GroundTruth": "ground_truth",
    "Method": "predictions",
    "PredictionWriter": "writer",
    "Predictions": "predictions",
    "ScoringError": "problems",
    "read_ground_truth": "ground_truth",
    "read_predictions": "prediction_file",
}
__all__ = list(HOMES)


def __getattr__(name: str) -> Any:
    """Import a name when it is first used, so that `odd-bench --help` does not wait for NumPy."""
    if name not in HOMES:
        raise AttributeError(f"odd_bench.scoring has no {name!r}; it has {', '.join(HOMES)}")
    return getattr(import_module(f"odd_bench.scoring.{HOMES[name]}"), name)
