"""Checks of a single shard, and the facts about its scenes that the checks of the whole data set need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import h5py
import numpy as np

from odd_bench.data import check_labels, check_views
from odd_bench.data.check_labels import HINT
from odd_bench.data.codec import DEPTH_STEP_M
from odd_bench.data.damage import Inaccessible, reading
from odd_bench.data.errors import DataError
from odd_bench.data.fields import scene_names, text
from odd_bench.data.folder import split_of
from odd_bench.data.object_pixels import ObjectPixels
from odd_bench.data.shards import opened, stored_scene, verify_scene
from odd_bench.data.stored_scene import Labels, StoredScene
from odd_bench.scene import Scene
from odd_bench.scoring.ground_truth import scene_digest, truth_scene
from odd_bench.scoring.problems import Problem

DIGESTS = ("label_sha256", "image_sha256")
BLANK_LEVELS = 2.0  # a picture whose standard deviation, in grey levels, is smaller counts as blank


@dataclass(frozen=True)
class SceneEntry:
    """The facts about a scene that the checks across shards need. truth_digest: digest of its entry in the ground-truth file."""

    name: str
    split: str
    category: str
    shape: str
    plan_sha256: str
    truth_digest: str


@dataclass(frozen=True)
class ShardReport:
    """The result of checking one shard.

    shard: name of the file. readable: False if the file could not be opened; its scenes are then unknown.
    accessible: False if the file is in use or may not be read; it may then be undamaged.
    """

    shard: str
    readable: bool
    scenes: tuple[SceneEntry, ...]
    problems: tuple[Problem, ...]
    accessible: bool = True


def check_shard(path: Path, deep: bool = False) -> ShardReport:
    """Check every scene of a shard. Problems are reported, never raised. deep: whether to decode every picture, too."""
    name = path.name
    try:
        with opened(path) as file:
            split = text(file, "split")
            problems, entries = list(_check_header(file, path, split)), []
            for scene_name in scene_names(file):
                entry, found = _check_scene(file, scene_name, split, deep)
                entries += [entry] if entry else []
                problems += [replace(one, path=f"{name}: {scene_name}/{one.path}") for one in found]
        return ShardReport(name, True, tuple(entries), tuple(problems))
    except DataError as error:
        problem = Problem("shards", name, error.found, error.expected, error.hint)
        return ShardReport(name, False, (), (problem,), accessible=not isinstance(error, Inaccessible))


def check_shards(paths: Sequence[Path], deep: bool = False, workers: int = 1) -> Iterator[ShardReport]:
    """Check shards and yield one report for each, in order. workers: number of processes.

    A shard that crashes the process that reads it is reported, too.
    """
    if workers == 1 or len(paths) < 2:
        yield from (check_shard(path, deep) for path in paths)
        return
    with ProcessPoolExecutor(min(workers, len(paths)), mp_context=get_context("spawn")) as executor:
        futures = [executor.submit(check_shard, path, deep) for path in paths]
        for path, future in zip(paths, futures, strict=True):
            try:
                yield future.result()
            except BrokenProcessPool:
                yield _checked_alone(path, deep)


def _checked_alone(path: Path, deep: bool) -> ShardReport:
    """The report of one shard, read in a process of its own. If that process crashes, this file is the cause."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        try:
            return executor.submit(check_shard, path, deep).result()
        except BrokenProcessPool:
            problem = Problem(
                "shards", path.name, "a file that crashes the process that reads it", "a whole shard", HINT
            )
            return ShardReport(path.name, False, (), (problem,))


def _check_header(file: h5py.File, path: Path, split: str) -> Iterator[Problem]:
    if split_of(path) != split:
        yield Problem("shards", path.name, f"split {split}", "the split of its file name", HINT)
    for name in ("codec", "dataset"):
        try:
            text(file, name)
        except DataError as error:
            yield Problem("shards", path.name, f"{name}: {error.found}", error.expected, HINT)
    if not scene_names(file):
        yield Problem("shards", path.name, "no scenes", "one or more", HINT)


def _check_scene(file: h5py.File, name: str, split: str, deep: bool) -> tuple[SceneEntry | None, list[Problem]]:
    """The entry of a scene, or None if it cannot be read, and its problems. The paths of problems are names of fields."""
    problems = []
    try:
        stored = stored_scene(file, name)
        try:
            labels = stored.labels()
            verify_scene(stored, labels)
        except DataError as error:
            problem = _digest_problem(error, name)
            if problem.kind == "fields":
                return None, [problem]
            problems.append(problem)
        scene = stored.scene
        with reading(name, "fields that make sense"):
            problems += _check_content(stored, scene, labels, deep)
            digest = scene_digest(truth_scene(scene))
    except DataError as error:
        return None, [*problems, _digest_problem(error, name)]
    if scene.split != split:
        problems.append(Problem("splits", "split", scene.split, f"{split}, as the shard says", HINT))
    entry = SceneEntry(name, scene.split, scene.category, scene.shape, stored.text("plan_sha256"), digest)
    return entry, problems


def _digest_problem(error: DataError, name: str) -> Problem:
    field = error.where.partition(f"/scenes/{name}")[2].lstrip("/")
    if field in DIGESTS:
        return Problem("digests", field, error.found, error.expected, HINT)
    return Problem("fields", "", f"{field}: {error.found}" if field else error.found, error.expected, HINT)


def _check_content(stored: StoredScene, scene: Scene, labels: Labels, deep: bool) -> Iterator[Problem]:
    yield from check_arrays(scene, labels.instance, labels.change, labels.depth_steps, DEPTH_STEP_M)
    if deep:
        yield from _check_pictures(stored, scene)


def check_arrays(
    scene: Scene, instance: np.ndarray, change: np.ndarray, depth: np.ndarray | None, step_m: float = 1.0
) -> Iterator[Problem]:
    """Problems of the labels of one scene.

    instance, change: (views, h, w) uint8. depth: (views, h, w) planar depth in units of step_m metres, or None.
    """
    yield from check_labels.check_labels(scene)
    mask_problems = list(check_labels.check_masks(scene, instance, change))
    yield from mask_problems
    if any(problem.path == "instance" for problem in mask_problems):  # some pixels show objects that do not exist
        return
    pixels = ObjectPixels(instance, len(scene.objects))
    yield from check_labels.check_pixel_counts(scene, pixels, change)
    yield from check_labels.check_poses(scene)
    camera_problems = list(check_views.check_cameras(scene))
    box_problems = list(check_views.check_boxes(scene))
    yield from camera_problems + box_problems
    if not camera_problems and not any("finite" in problem.expected for problem in box_problems):
        yield from check_views.check_silhouettes(scene, pixels)
        if depth is not None:
            yield from check_views.check_depth(scene, pixels, depth, step_m)


def _check_pictures(stored: StoredScene, scene: Scene) -> Iterator[Problem]:
    """Check that every picture decodes to the size of its camera and is not blank."""
    for view in range(len(scene.cameras)):
        try:
            picture = stored.images([view])[0]
        except DataError as error:
            yield Problem("pictures", f"images[{view}]", error.found, error.expected, HINT)
            continue
        if picture.std() < BLANK_LEVELS:
            yield Problem("pictures", f"images[{view}]", "one flat colour", "a picture of the scene", HINT)
