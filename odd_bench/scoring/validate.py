"""Checking the scenes, objects, views and boxes of a prediction file against the ground truth."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches

import numpy as np

from odd_bench.scoring.ground_truth import GroundTruth, scene_digest
from odd_bench.scoring.predictions import Predictions
from odd_bench.scoring.problems import Problem, at, shown
from odd_bench.scoring.truth_table import TruthTable

NEAREST_NAMES_FOR = 5
SHOWN_DIGEST = 19
SCENE_MARGIN_M = 1.0
OUTSIDE_SHARE = 0.02  # of a file's boxes


def validate(predictions: Predictions, truth: GroundTruth, table: TruthTable, accept_missing: bool) -> list[Problem]:
    """All problems of the content of a file. table: the ground truth of the split that the file names."""
    digest = check_digest(predictions, truth)
    split = predictions.dataset.split
    if not table.scenes:
        splits = ", ".join(sorted({scene.split for scene in truth.scenes.values()}))
        hint = "Another data set has other splits; see the digest" if digest else "Name the split you predicted"
        return [*digest, Problem("format", "dataset.split", shown(split), f"one of {splits}", hint)]
    return [
        *digest,
        *check_scene_names(predictions, truth, table, accept_missing),
        *check_views(predictions, table),
        *(check_object_ids(predictions, table) if predictions.method.gt_boxes else ()),
        *check_inside(predictions, table),
        *check_constant(predictions),
    ]


def check_digest(predictions: Predictions, truth: GroundTruth) -> list[Problem]:
    """Check that the file was made for this ground truth."""
    name, stated = predictions.dataset.name, predictions.dataset.digest
    problems = []
    if name != truth.name:
        hint = "--data points at the ground truth of another data set"
        problems.append(Problem("digest mismatch", "dataset.name", shown(name), shown(truth.name), hint))
    if stated != truth.digest:
        expected = f"{truth.digest[:SHOWN_DIGEST]}... of {truth.name} {truth.version}"
        found, hint = shown(stated[:SHOWN_DIGEST] + "..."), changed_scenes(predictions, truth)
        problems.append(Problem("digest mismatch", "dataset.digest", found, expected, hint))
    return problems


def changed_scenes(predictions: Predictions, truth: GroundTruth) -> str:
    """A hint that says which scenes differ from those that the file was made for, according to the digests of its scenes.

    If most scenes do not exist, the file belongs to another data set of the same name, made with another seed or other counts.
    """
    unknown = sum(name not in truth.scenes for name in predictions.scene_names)
    if unknown > len(predictions.scene_names) / 2:
        return (
            f"Another data set of this name: {unknown:,} of the file's {len(predictions.scene_names):,} scenes are not in it. "
            "Point --data at the one the file was made for"
        )
    pairs = zip(predictions.scene_names, predictions.truth_digests, strict=True)
    carried = {name: stated for name, stated in pairs if stated is not None and name in truth.scenes}
    if not carried:
        return "Another version of the data set; predict again on this one (no scene of the file carries a digest to compare)"
    changed = [name for name, stated in carried.items() if stated != scene_digest(truth.scenes[name])]
    if not changed:
        return f"None of the {len(carried):,} scenes of the file has changed, others have; predict again to be sure"
    listed = ", ".join(shown(name) for name in changed[:5]) + (", ..." if len(changed) > 5 else "")
    return f"{len(changed):,} of {len(carried):,} scenes have changed: {listed}; predict these again"


def check_scene_names(
    predictions: Predictions, truth: GroundTruth, table: TruthTable, accept_missing: bool
) -> list[Problem]:
    """Check that the file contains the scenes of the split and no others."""
    known = set(table.scene_names)
    unknown = [name for name in predictions.scene_names if name not in known]
    stated = set(predictions.scene_names)
    missing = [name for name in table.scene_names if name not in stated]
    problems = [
        unknown_scene(name, truth, missing if number < NEAREST_NAMES_FOR else []) for number, name in enumerate(unknown)
    ]
    given_boxes = predictions.method.gt_boxes
    if not given_boxes and accept_missing:
        return problems
    hint = "Every scene of the split is scored; --missing undetected counts it as undetected"
    if given_boxes:
        hint = "A method that is given the boxes must score every object"
    return problems + [Problem("missing scene", at("scenes", name), "nothing", "an entry", hint) for name in missing]


def unknown_scene(name: str, truth: GroundTruth, missing: list[str]) -> Problem:
    elsewhere = truth.scenes.get(name)
    near = [] if elsewhere else get_close_matches(name, missing, n=1)
    hint = "Remove it, or name the split it belongs to"
    if elsewhere:
        hint = f"It belongs to the split {shown(elsewhere.split)}"
    elif near:
        hint = f"Did you mean {shown(near[0])}?"
    return Problem(
        "unknown scene", at("scenes", name), "a scene that is not in the split", "a scene of the split", hint
    )


def check_views(predictions: Predictions, table: TruthTable) -> list[Problem]:
    """Check that the stated views exist."""
    problems = []
    for name, views in zip(predictions.scene_names, predictions.views, strict=True):
        if views and table.views and max(views) >= table.views:
            hint = "Views are counted from 0, as in the data set"
            path = at("scenes", name, "views")
            problems.append(Problem("view", path, str(max(views)), f"views from 0 to {table.views - 1}", hint))
    return problems


def scene_in_truth(predictions: Predictions, table: TruthTable) -> np.ndarray:
    """Index (boxes,) of the scene of each box in the table, -1 if the table does not contain it."""
    index = {name: number for number, name in enumerate(table.scene_names)}
    scenes = np.array([index.get(name, -1) for name in predictions.scene_names], int)
    return scenes[predictions.boxes.scene] if len(scenes) else np.zeros(0, int)


def check_object_ids(predictions: Predictions, table: TruthTable) -> list[Problem]:
    """Check that a method that is given the boxes scores every object exactly once."""
    boxes, scene = predictions.boxes, scene_in_truth(predictions, table)
    valid = (scene >= 0) & (boxes.object_id >= 0)
    asked = Counter(zip(table.scene.tolist(), table.object_id.tolist(), strict=True))
    given = Counter(zip(scene[valid].tolist(), boxes.object_id[valid].tolist(), strict=True))
    listed = set(predictions.scene_names)
    problems = []
    for (number, item), count in given.items():
        path = at("scenes", table.scene_names[number], "objects")
        if (number, item) not in asked:
            hint = "Object ids are stored in the ground truth and in the shards"
            problems.append(Problem("unknown object", path, f"object {item}", "an object of the scene", hint))
        elif count > 1:
            problems.append(
                Problem("duplicates", path, f"object {item}, {count} times", "each object once", "Keep one")
            )
    for number, item in asked:
        name = table.scene_names[number]
        if (number, item) not in given and name in listed:
            path, hint = at("scenes", name, "objects"), "A method that is given the boxes must score every object"
            problems.append(Problem("missing object", path, f"no object {item}", "a score for every object", hint))
    return problems


def check_inside(predictions: Predictions, table: TruthTable) -> list[Problem]:
    """Check that boxes lie near the scene: within the bounds of its objects, enlarged by their diagonal, at least by a metre.

    Up to OUTSIDE_SHARE of the boxes may lie elsewhere: they are wrong predictions, and give warnings. If there are more, the file
    uses another unit or frame, and they give errors. In a scene without objects, which has no bounds, all boxes are false.
    """
    boxes, scene = predictions.boxes, scene_in_truth(predictions, table)
    low, high = scene_bounds(table)
    bounded = (scene >= 0) & np.isfinite(low).all(axis=1)[scene]
    placed = bounded & np.isfinite(boxes.box).all(axis=1)
    low, high = (np.where(np.isfinite(side), side, 0.0) for side in (low, high))
    reach = np.maximum(np.linalg.norm(high - low, axis=1), SCENE_MARGIN_M)
    outside = np.zeros(len(boxes), bool)
    for axis in range(3):  # by columns: eight times faster than by rows of three
        centre, size = boxes.box[:, axis], boxes.box[:, 3 + axis]
        outside |= (centre < (low[:, axis] - reach)[scene]) | (centre > (high[:, axis] + reach)[scene])
        outside |= size > (3 * reach)[scene]
    found = np.flatnonzero(placed & outside)
    few = len(found) <= OUTSIDE_SHARE * np.count_nonzero(placed)
    hint = "Boxes are in metres, in the world frame: centre, then size. Millimetres, or camera coordinates?"
    if few:
        hint = f"Up to {OUTSIDE_SHARE:.0%} of the boxes may lie outside; such a box matches no object"
    problems = []
    for row in found:
        name, place = predictions.scene_names[boxes.scene[row]], scene[row]
        path = at("scenes", name, "objects", int(boxes.number[row]), "box")
        bounds = f"near the objects, {numbers(low[place].round(2))} to {numbers(high[place].round(2))} m"
        problems.append(Problem("box outside the scene", path, numbers(boxes.box[row]), bounds, hint, few))
    return problems


def scene_bounds(table: TruthTable) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner (s, 3) of the objects of each scene, metres, world."""
    low, high = np.full((table.scenes, 3), np.inf), np.full((table.scenes, 3), -np.inf)
    np.minimum.at(low, table.scene, table.aabb[:, :3] - table.aabb[:, 3:] / 2)
    np.maximum.at(high, table.scene, table.aabb[:, :3] + table.aabb[:, 3:] / 2)
    return low, high


def numbers(values: np.ndarray) -> str:
    return "(" + ", ".join(f"{value + 0.0:.4g}" for value in values) + ")"


def check_constant(predictions: Predictions) -> list[Problem]:
    """A warning if all scores are equal."""
    score = predictions.boxes.score[np.isfinite(predictions.boxes.score)]
    if len(score) < 2 or score.min() < score.max():
        return []
    hint = "A constant score ranks nothing. Was the output rounded, or a label written?"
    return [Problem("constant score", "scenes", f"{score[0]:.6g} at every object", "scores that differ", hint, True)]
