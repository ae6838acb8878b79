"""Scoring: write predictions from any training loop, check them and score them. It needs NumPy, SciPy and msgspec only.

- `writer`, `predictions`: writing a prediction file, and its content in memory;
- `prediction_file`, `source`, `strict_json`, `header`, `columns`, `quick`: reading a prediction file;
- `check`, `locate`, `validate`, `diagnose`, `overlap`, `problems`: comparing it with its ground truth and reporting problems;
- `ground_truth`, `truth_table`: the ground truth, as a file and as columns;
- `protocol`, `matching`, `judged`: the rules, which are stored in protocols/, and the matching of boxes to objects;
- `score`, `evaluate`, `metrics`, `breakdown`, `reference`: the metrics;
- `bootstrap`, `interval`, `compare`: confidence intervals, and tests of the difference between two files;
- `map_counts`, `map_metrics`, `map_text`: the metrics of anomaly maps;
- `document`, `summary`, `split_table`, `text`: score.json, and the output in the terminal.
"""

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
    """Import a name on first use, so that `odd-bench --help` does not wait for NumPy."""
    if name not in HOMES:
        raise AttributeError(f"odd_bench.scoring has no {name!r}; it has {', '.join(HOMES)}")
    return getattr(import_module(f"odd_bench.scoring.{HOMES[name]}"), name)
