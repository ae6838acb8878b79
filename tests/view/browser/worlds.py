"""Predictions for a small data set: every third box lost, one box too many, scores of the right tendency."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from odd_bench.data.folder import GROUND_TRUTH
from odd_bench.scoring import DatasetRef, Method, PredictionWriter, read_ground_truth


def write_answers(folder: Path, split: str) -> Path:
    """Predictions for a split of the data set in the folder, in a run beside its shards."""
    truth, rng = read_ground_truth(folder / GROUND_TRUTH), np.random.default_rng(3)
    path = folder / "run" / f"{split}.json"
    path.parent.mkdir()
    with PredictionWriter(path, DatasetRef(truth.name, truth.version, split, truth.digest), Method("test-net")) as out:
        for scene in truth.split(split):
            boxes = np.array([one.obb for one in scene.objects])
            scores = np.array([one.label for one in scene.objects]) * 0.6 + rng.uniform(0, 0.4, len(boxes))
            kept, extra = rng.random(len(boxes)) > 0.3, boxes[:1] + [0.9, 0, 0, 0, 0, 0, 0]
            out.add(scene.name, np.vstack([boxes[kept], extra]), np.append(scores[kept], 0.7))
    return path
