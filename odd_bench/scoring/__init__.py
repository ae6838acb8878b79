"""Scoring: write predictions from any training loop, check them, score them. Needs NumPy, SciPy and msgspec only.

- `writer`, `predictions`: a prediction file written, and in memory;
- `prediction_file`, `source`, `strict_json`, `header`, `columns`, `quick`: a prediction file read;
- `check`, `locate`, `validate`, `diagnose`, `overlap`, `problems`: what is wrong with it, beside its ground truth;
- `ground_truth`, `truth_table`: the truth, in its file and as columns;
- `protocol`, `matching`, `judged`: the rules, which stand in protocols/, and which box answers for which object;
- `score`, `evaluate`, `metrics`, `breakdown`, `reference`: the numbers;
- `bootstrap`, `interval`, `compare`: how sure they are, and whether two files differ;
- `map_counts`, `map_metrics`, `map_text`: the numbers of anomaly maps;
- `document`, `summary`, `split_table`, `text`: score.json, and what the terminal shows.
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
    """Import a name when it is first used, so that `odd-bench --help` does not wait for NumPy."""
    if name not in HOMES:
        raise AttributeError(f"odd_bench.scoring has no {name!r}; it has {', '.join(HOMES)}")
    return getattr(import_module(f"odd_bench.scoring.{HOMES[name]}"), name)
