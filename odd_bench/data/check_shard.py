"""Everything that one shard alone can tell to be wrong, and what the whole data set must know about its scenes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np

from odd_bench.data import check_labels, check_views
from odd_bench.data.check_labels import HINT
from odd_bench.data.codec import depth_from_steps
from odd_bench.data.errors import DataError
from odd_bench.data.folder import split_of
from odd_bench.data.layout import read_images, read_masks, read_scene
from odd_bench.data.shards import open_shard, verify_scene
from odd_bench.scene import Scene
from odd_bench.scoring.ground_truth import scene_digest, truth_scene
from odd_bench.scoring.problems import Problem

BLANK_LEVELS = 2.0  # standard deviation in grey levels below which a picture shows nothing


@dataclass(frozen=True)
class SceneEntry:
    """What the checks across shards need of one scene. truth_digest: of its ground truth, as the ground-truth file has it."""

    name: str
    split: str
    category: str
    shape: str
    plan_sha256: str
    truth_digest: str


@dataclass(frozen=True)
class ShardReport:
    """shard: file name. readable: False where it could not be opened, so that its scenes are unknown."""

    shard: str
    readable: bool
    scenes: tuple[SceneEntry, ...]
    problems: tuple[Problem, ...]


def check_shard(path: Path, deep: bool = False) -> ShardReport:
    """Check every scene of one shard. deep: decode every picture too."""
    name = path.name
    try:
        with open_shard(path) as file:
            problems = list(_check_header(file, path))
            entries = []
            for scene_name, group in file["scenes"].items():
                entry, found = _check_scene(group, file.attrs["split"], deep)
                entries += [entry] if entry else []
                problems += [replace(one, path=f"{name}: {scene_name}/{one.path}") for one in found]
        return ShardReport(name, True, tuple(entries), tuple(problems))
    except DataError as error:
        return ShardReport(name, False, (), (Problem("shards", name, error.found, error.expected, error.hint),))


def _check_header(file: h5py.File, path: Path) -> Iterator[Problem]:
    if split_of(path) != file.attrs["split"]:
        yield Problem("shards", path.name, f"split {file.attrs['split']}", "the split of its file name", HINT)
    if not len(file["scenes"]):
        yield Problem("shards", path.name, "no scenes", "one or more", HINT)


def _check_scene(group: h5py.Group, split: str, deep: bool) -> tuple[SceneEntry | None, list[Problem]]:
    """The scene's entry, None where it cannot be read, and what is wrong with it; problem paths are fields."""
    problems = []
    try:
        verify_scene(group)
    except DataError as error:
        problem = _digest_problem(group, error)
        if problem.kind == "fields":
            return None, [problem]
        problems.append(problem)
    try:
        scene = read_scene(group)
        problems += _check_content(group, scene, deep)
        if scene.split != split:
            problems.append(Problem("splits", "split", scene.split, f"{split}, as the shard says", HINT))
        digest = scene_digest(truth_scene(scene))
    except (
        OSError,
        KeyError,
        ValueError,
        IndexError,
        TypeError,
        np.linalg.LinAlgError,
    ) as error:  # values out of all range
        return None, [*problems, Problem("fields", "", str(error), "fields that make sense", HINT)]
    return SceneEntry(
        scene.name, scene.split, scene.category, scene.shape, group.attrs["plan_sha256"], digest
    ), problems


def _digest_problem(group: h5py.Group, error: DataError) -> Problem:
    field = error.where.partition(group.name)[2].lstrip("/")
    return Problem("digests" if field else "fields", field, error.found, error.expected, HINT)


def _check_content(group: h5py.Group, scene: Scene, deep: bool) -> Iterator[Problem]:
    depth_m = depth_from_steps(group["depth"][()]) if "depth" in group else None
    yield from check_arrays(scene, *read_masks(group, range(len(scene.cameras))), depth_m)
    if deep:
        yield from _check_pictures(group, scene)


def check_arrays(
    scene: Scene, instance: np.ndarray, change: np.ndarray, depth_m: np.ndarray | None
) -> Iterator[Problem]:
    """What is wrong with the labels of one scene: instance, change (views, h, w) uint8, depth_m float32 metres or None."""
    yield from check_labels.check_labels(scene)
    yield from check_labels.check_masks(scene, instance, change)
    yield from check_labels.check_pixel_counts(scene, instance, change)
    yield from check_labels.check_poses(scene)
    camera_problems = list(check_views.check_cameras(scene))
    box_problems = list(check_views.check_boxes(scene))
    yield from camera_problems + box_problems
    if not camera_problems and not any("finite" in problem.expected for problem in box_problems):
        yield from check_views.check_silhouettes(scene, instance)
        if depth_m is not None:
            yield from check_views.check_depth(scene, instance, depth_m)


def _check_pictures(group: h5py.Group, scene: Scene) -> Iterator[Problem]:
    """Every picture decodes to the camera's size and shows something."""
    for view, camera in enumerate(scene.cameras):
        expected = (camera.height, camera.width, 3)
        try:
            picture = read_images(group, [view])[0]
        except (OSError, ValueError, SyntaxError) as error:
            yield Problem("pictures", f"images[{view}]", str(error), "a picture that decodes", HINT)
            continue
        if picture.shape != expected or picture.dtype != np.uint8:
            yield Problem("pictures", f"images[{view}]", f"{picture.dtype} {picture.shape}", f"uint8 {expected}", HINT)
        elif picture.std() < BLANK_LEVELS:
            yield Problem("pictures", f"images[{view}]", "one flat colour", "a picture of the scene", HINT)
