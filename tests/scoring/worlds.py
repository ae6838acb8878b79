"""Small artificial data sets for the scoring tests: real geometry, a truth file, and predictions of any quality."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.boxes import aabb_from_boxes, rotate_about_z
from odd_bench.scene import ANOMALY_TYPES
from odd_bench.scoring.ground_truth import FILE_NAME, GroundTruth, TruthObject, TruthScene, digest, write_ground_truth
from odd_bench.scoring.predictions import DatasetRef, Method
from odd_bench.scoring.writer import PredictionWriter

VIEWS = 20


def make_truth(
    scenes: int = 40,
    seed: int = 0,
    counts: tuple[int, int] = (3, 6),
    per_shape: int = 4,
    splits: tuple[str, ...] = ("test-unseen",),
) -> GroundTruth:
    """A data set whose scenes hold objects next to each other on the floor; a tenth of the scenes has no anomaly."""
    rng = np.random.default_rng(seed)
    made = [make_scene(rng, index, counts, per_shape, splits) for index in range(scenes)]
    return GroundTruth("toys-test", "1.0.0", digest(made), {scene.name: scene for scene in made})


def make_scene(rng, index: int, counts: tuple[int, int], per_shape: int, splits: tuple[str, ...]) -> TruthScene:
    count = int(rng.integers(counts[0], counts[1] + 1))
    odd = 0 if rng.random() < 0.1 else int(rng.integers(1, (count - 1) // 2 + 1))
    labels = rng.permutation(np.arange(count) < odd).astype(int)
    shape = index // per_shape
    category = ("banana", "key", "robot", "whale")[shape % 4]
    objects = tuple(make_object(rng, i, int(label), count) for i, label in enumerate(labels))
    return TruthScene(
        f"toys-{category}-{shape:04d}-{index:04d}",
        splits[shape % len(splits)],
        category,
        f"{category}-{shape:04d}",
        objects,
    )


def make_object(rng, number: int, label: int, count: int) -> TruthObject:
    angle = 2 * np.pi * number / count
    size = rng.uniform([0.25, 0.1, 0.05], [0.35, 0.2, 0.15])
    centre = [0.9 * np.cos(angle), 0.9 * np.sin(angle), size[2] / 2]
    obb = np.round(np.concatenate([centre, size, [rng.uniform(0, np.pi)]]), 6)
    changed = np.maximum(rng.integers(-40, 60, VIEWS), 0) if label else np.zeros(VIEWS, int)
    return TruthObject(
        id=number,
        aabb=tuple(np.round(aabb_from_boxes(obb), 6).tolist()),
        obb=tuple(obb.tolist()),
        label=label,
        type=str(rng.choice(ANOMALY_TYPES)) if label else None,
        magnitude=round(float(rng.uniform(0.01, 0.2)), 6) if label else 0.0,
        visible_fraction=tuple(np.round(np.minimum(rng.uniform(0.3, 2.0, VIEWS), 1.0), 4).tolist()),
        changed_pixels=tuple(changed.tolist()),
    )


def moved_box(box: tuple[float, ...], turn_rad: float, shift_m: np.ndarray) -> tuple[float, ...]:
    """A (7,) obb after the world is turned about +z and shifted."""
    centre = rotate_about_z(np.array(box[:3]), turn_rad) + shift_m
    return (*centre.tolist(), *box[3:6], box[6] + turn_rad)


def dataset_ref(truth: GroundTruth, split: str = "test-unseen") -> DatasetRef:
    return DatasetRef(truth.name, truth.version, split, truth.digest)


def write_predictions(path, truth: GroundTruth, answers, split: str = "test-unseen", told: bool = False, threshold=0.5):
    """Write a file with one row per answer. answers: {scene name: (boxes (n, 6 or 7), scores (n,), object ids or None)}."""
    method = Method("test-net", gt_boxes=told)
    with PredictionWriter(path, dataset_ref(truth, split), method, threshold) as out:
        for name, (boxes, scores, objects) in answers.items():
            out.add(name, boxes, scores, objects=objects)
    return path


def oracle_answers(truth: GroundTruth, told: bool = False, inverted: bool = False, turned: bool = True):
    """The ground truth as predictions, or its opposite."""
    answers = {}
    for scene in truth.scenes.values():
        boxes = np.array([item.obb if turned else item.aabb for item in scene.objects])
        scores = np.array([item.label != inverted for item in scene.objects], float)
        answers[scene.name] = (boxes, scores, [item.id for item in scene.objects] if told else None)
    return answers


def noisy_answers(truth: GroundTruth, seed: int = 1, told: bool = False, turned: bool = True):
    """Predictions of medium quality: some boxes lost, shifted or made up, and scores that are right on average."""
    rng = np.random.default_rng(seed)
    answers = {}
    for name, (boxes, scores, objects) in oracle_answers(truth, told, turned=turned).items():
        scores = scores + rng.normal(0, 0.8, len(scores))
        if told:
            answers[name] = (boxes, scores, objects)
            continue
        kept = np.flatnonzero(rng.random(len(scores)) > 0.1)
        moved = boxes[kept] + np.pad(rng.normal(0, 0.015, (len(kept), 3)), ((0, 0), (0, boxes.shape[1] - 3)))
        extra = boxes[: rng.integers(0, 2)] + np.eye(boxes.shape[1])[0] * 0.5
        answers[name] = (np.vstack([moved, extra]), np.append(scores[kept], rng.normal(size=len(extra))), None)
    return answers


def save_truth(folder, truth: GroundTruth):
    """The truth file in a folder of its own, as `odd-bench generate` leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_ground_truth(folder / FILE_NAME, truth.name, truth.version, truth.scenes.values())
    return folder
