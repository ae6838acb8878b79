"""The pose of an object does not reveal its label: a forest that sees where and how each object lies stays at chance.

The shapes are random point clouds, some with points pulled out or pushed in to make odd ones, dropped without a simulation; the
plan, the rest poses and the arrangement are the real ones.
"""

from functools import cache
from itertools import combinations

import numpy as np
import pytest

from odd_bench.generate.arrange import arranged, require_level, separations
from odd_bench.generate.config import RESTS, load_preset, with_overrides
from odd_bench.generate.plan import catalogue_of, plan_scene
from odd_bench.generate.resting import Rests
from odd_bench.geometry.hull import hull_points
from odd_bench.geometry.refusal import Refusal
from odd_bench.geometry.shape import Shape
from odd_bench.plan_line import PlanLine, Try
from tests.generate.clouds import cloud, solid, topple

SHAPES, SCENES_PER_SHAPE = 60, 4
CONFIG = with_overrides(
    load_preset("parts", "mini"), [f"scenes_per_shape={SCENES_PER_SHAPE}", "scene.no_anomaly_share=0"]
)


@pytest.mark.parametrize("mode", RESTS)
def test_a_forest_cannot_distinguish_odd_objects_by_their_poses(mode):
    low, high = bounds(*told(mode, as_planned))
    assert low < 0.5 < high and high - low < 0.15


@pytest.mark.parametrize("mode", ["upright", "shared"])
def test_a_forest_can_distinguish_odd_objects_that_come_to_rest_by_themselves(mode):
    assert bounds(*told(mode, resting_alone))[0] > 0.6


def as_planned(line: PlanLine, intact: Shape, odd: dict[int, Shape], rests: list[np.ndarray]) -> list[np.ndarray]:
    return arranged(line, intact.outline, [shape.outline for shape in odd.values()], rests)


def resting_alone(line, intact, odd, rests) -> list[np.ndarray]:
    """The wrong way: an odd object rests on the facets of its own hull."""
    own = {i: Rests(shape, 0, topple).pose(line.rest, line.objects[i].rest) for i, shape in odd.items()}
    return as_planned(line, intact, odd, [own.get(i, rest) for i, rest in enumerate(rests)])


def told(mode: str, arrange) -> tuple[np.ndarray, np.ndarray]:
    """For every odd object, how often the forest finds it odder than a normal one of its scene, and its shape.

    The forest judges shapes that it was not trained on. Objects are compared within a scene, because scenes of few objects have
    more odd ones.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import GroupKFold, cross_val_predict

    config = with_overrides(CONFIG, [f"scene.rest={mode}"])
    catalogue = catalogue_of(config)
    features, labels, scenes = [], [], []
    for index in range(SHAPES * SCENES_PER_SHAPE):
        number = index // SCENES_PER_SHAPE
        intact = cloud(number)
        line = plan_scene(config, catalogue, "train", index)
        rests = [rests_of(number).pose(line.rest, item.rest) for item in line.objects]
        odd = {
            i: odd_shape(intact, item.tries, rests[i], level=arrange is as_planned)
            for i, item in enumerate(line.objects)
            if item.label
        }
        features.append(seen(arrange(line, intact, odd, rests), intact, line.size_m))
        labels += [item.label for item in line.objects]
        scenes += [index] * len(rests)
    features, labels, scenes = np.concatenate(features), np.array(labels), np.array(scenes)
    forest = RandomForestClassifier(60, min_samples_leaf=4, class_weight="balanced", random_state=0)
    shapes = scenes // SCENES_PER_SHAPE
    scores = cross_val_predict(forest, features, labels, groups=shapes, cv=GroupKFold(5), method="predict_proba")[:, 1]
    wins = []
    for i in np.flatnonzero(labels):
        others = scores[(scenes == scenes[i]) & (labels == 0)]
        wins.append(np.mean((scores[i] > others) + 0.5 * (scores[i] == others)))
    return np.array(wins), shapes[labels == 1]


@cache
def rests_of(number: int) -> Rests:
    return Rests(cloud(number), number, topple)


def seen(poses: list[np.ndarray], intact: Shape, size_m: float) -> np.ndarray:
    """(objects, features): tilt, yaw, height, place and clearance of each object, also relative to its neighbours."""
    poses = np.array(poses)
    tilt = poses[:, 2, :3] / size_m  # world z in the frame of the object
    yaw = np.arctan2(poses[:, 1, 0], poses[:, 0, 0])
    outlines = [hull_points((intact.outline @ pose[:3, :3].T + pose[:3, 3])[:, :2]) for pose in poses]
    gaps = np.full((len(poses), len(poses)), 9.0)
    for i, j in combinations(range(len(poses)), 2):
        gaps[i, j] = gaps[j, i] = separations(outlines[i], outlines[j], np.zeros((1, 2)))[0]
    apart = np.linalg.norm(poses[:, None, :2, 3] - poses[None, :, :2, 3], axis=-1) + 9.0 * np.eye(len(poses))
    own = np.column_stack(
        [tilt, np.sin(yaw), np.cos(yaw), poses[:, 2, 3], np.linalg.norm(poses[:, :2, 3], axis=1), gaps.min(axis=1),
         np.sort(gaps, axis=1)[:, 1], apart.min(axis=1), np.arange(len(poses))]
    )  # fmt: skip
    beside = np.round(own - np.median(own, axis=0), 6)
    return np.hstack([own, beside, np.abs(beside)])


def bounds(wins: np.ndarray, shapes: np.ndarray) -> tuple[float, float]:
    """The interval that contains the mean of 99 % of the bootstrap samples of whole shapes; 0.5 is chance."""
    rng = np.random.default_rng(0)
    own = [wins[shapes == shape] for shape in np.unique(shapes)]
    draws = [np.concatenate([own[k] for k in rng.integers(len(own), size=len(own))]).mean() for _ in range(1000)]
    low, high = np.quantile(draws, [0.005, 0.995])
    return float(low), float(high)


def odd_shape(intact: Shape, tries: tuple[Try, ...], rotation: np.ndarray, level: bool) -> Shape:
    """The first planned try that stands level, or else the first try."""
    for attempt in tries if level else tries[:1]:
        rng = np.random.default_rng(attempt.seed)
        pulled = rng.random(len(intact.vertices)) < 0.15
        changed = solid(intact.vertices * np.where(pulled, rng.uniform(0.4, 1.4), 1.0)[:, None])
        try:
            require_level(changed.outline, intact.outline, rotation, 0.3)
        except Refusal:
            if level:
                continue
        return changed
    return intact  # this is as rare as the refusal of a scene
