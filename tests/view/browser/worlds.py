"""Predictions for a small data set: some boxes lost, one extra, scores that are right on average, anomaly maps of two views."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from odd_bench.data.anomaly_maps import MapWriter
from odd_bench.data.folder import GROUND_TRUTH
from odd_bench.data.reader import Dataset, open_dataset
from odd_bench.scoring import DatasetRef, Method, PredictionWriter, read_ground_truth


def write_answers(folder: Path, split: str, boxes: bool = True) -> Path:
    """Write predictions for a split of the data set in the folder, to a run next to its shards. boxes: whether there are any."""
    truth, rng = read_ground_truth(folder / GROUND_TRUTH), np.random.default_rng(3)
    path = folder / "run" / f"{split}.json"
    path.parent.mkdir()
    with PredictionWriter(path, DatasetRef(truth.name, truth.version, split, truth.digest), Method("test-net")) as out:
        for scene in truth.split(split):
            true = np.array([one.obb for one in scene.objects])
            scores = np.array([one.label for one in scene.objects]) * 0.6 + rng.uniform(0, 0.4, len(true))
            kept, extra = rng.random(len(true)) > 0.3, true[:1] + [0.9, 0, 0, 0, 0, 0, 0]
            found, scored = np.vstack([true[kept], extra]), np.append(scores[kept], 0.7)
            out.add(scene.name, found if boxes else found[:0], scored if boxes else scored[:0])
    write_maps(open_dataset(folder), split, path.with_name(f"{split}.maps.h5"))
    return path


def write_maps(dataset: Dataset, split: str, path: Path) -> None:
    """Write maps that mark the odd objects in the first two views."""
    with MapWriter(path) as out:
        for name in dataset.scene_names(split):
            odd = [one.id + 1 for one in dataset.scene(name).objects if one.label]
            for view, mask in enumerate(dataset.masks(name, range(2))[0]):
                out.add(name, view, np.isin(mask, odd).astype(np.uint8) * 255)
