"""Detection of likely mistakes: boxes written with another convention, and inverted scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from odd_bench.scoring.bootstrap import Ranked, draw_resamples, estimate, resampled_auc
from odd_bench.scoring.matching import scene_pairs
from odd_bench.scoring.metrics import auc, pairs_within
from odd_bench.scoring.predictions import Boxes
from odd_bench.scoring.problems import Problem
from odd_bench.scoring.truth_table import TruthTable

SCENES_LOOKED_AT, BOXES_LOOKED_AT = 50, 500  # enough to detect a mistake that all boxes share
CLEAR_GAIN = 0.15
NO_FIT = 0.1
LIKE_THE_TRUTH = 0.99
FAR_BELOW = 0.35  # without an interval, scores count as inverted if the AUC is this far below 0.5
RESAMPLES = 500

Reading = Callable[[Boxes], Boxes]


def sizes(change: Callable[[np.ndarray], np.ndarray]) -> Reading:
    """A reading that changes the boxes (m, 6) and keeps the yaw."""
    return lambda boxes: replace(boxes, box=change(boxes.box))


READINGS: dict[str, tuple[Reading, str]] = {
    "x and y sizes are swapped": (
        sizes(lambda box: box[:, [0, 1, 2, 4, 3, 5]]),
        "Write the size along x first, then along y and z",
    ),
    "boxes are in millimetres": (sizes(lambda box: box / 1000), "Divide centre and size by 1000"),
    "boxes are in centimetres": (sizes(lambda box: box / 100), "Divide centre and size by 100"),
    "the centre is at the base": (sizes(lambda box: box + box[:, 5:] / 2 * np.eye(6)[2]), "Add half the height to z"),
    "sizes are half sizes": (sizes(lambda box: box * [1, 1, 1, 2, 2, 2]), "Write full sizes"),
    "sizes are twice too large": (sizes(lambda box: box / [1, 1, 1, 2, 2, 2]), "Halve the sizes"),
    "boxes are two corners": (
        sizes(lambda box: np.hstack([(box[:, :3] + box[:, 3:]) / 2, np.abs(box[:, 3:] - box[:, :3])])),
        "Write the centre, then the size",
    ),
    "boxes start at a corner": (
        sizes(lambda box: np.hstack([box[:, :3] + box[:, 3:] / 2, box[:, 3:]])),
        "Add half the size to the corner to get the centre",
    ),
    "the yaw is in degrees": (
        lambda boxes: replace(boxes, yaw_rad=np.deg2rad(boxes.yaw_rad)),
        "Multiply the yaw by pi / 180",
    ),
    "the yaw turns the other way": (
        lambda boxes: replace(boxes, yaw_rad=-boxes.yaw_rad),
        "The yaw is counter-clockwise seen from above",
    ),
    "boxes are axis-aligned": (
        lambda boxes: replace(boxes, yaw_rad=boxes.yaw_rad * np.nan),
        "Leave the yaw out: with a yaw the box is compared with the turned box of the object",
    ),
}


def diagnose(truth: TruthTable, boxes: Boxes, given_boxes: bool) -> list[Problem]:
    """Warnings about likely mistakes, from a sample of whole scenes spread over the split.

    boxes: the rows with six finite numbers and a score; boxes.scene indexes the scenes of the ground truth. The sample holds about
    SCENES_LOOKED_AT scenes, or fewer if they hold more than BOXES_LOOKED_AT boxes.
    """
    seen = np.intersect1d(boxes.scene, truth.scene)
    if not len(seen):
        return []
    seen = seen[:: 1 + max(len(seen) // SCENES_LOOKED_AT, len(boxes) // BOXES_LOOKED_AT)]
    truth, boxes = (table.rows(np.flatnonzero(np.isin(table.scene, seen))) for table in (truth, boxes))
    if given_boxes:
        return inverted_by_id(truth, boxes)
    return [*check_readings(truth, boxes), *inverted_scores(truth, boxes)]


def check_readings(truth: TruthTable, boxes: Boxes) -> list[Problem]:
    """A warning if the boxes fit clearly better in another reading, equal the ground truth, or are in a wrong frame."""
    best = best_iou(truth, boxes)
    as_written, met = float(best.mean()), best[best > 0.5]
    fits = {name: float(best_iou(truth, reading(boxes)).mean()) for name, (reading, _) in READINGS.items()}
    name = max(fits, key=fits.__getitem__)
    if fits[name] >= as_written + CLEAR_GAIN:
        expected, hint = f"{fits[name]:.2f}, which they would have if {name}", READINGS[name][1]
    elif len(met) and met.mean() > LIKE_THE_TRUTH:
        expected = "boxes that a method can predict"
        hint = (
            "Boxes this good are most likely the ground-truth ones: a method that is given them states gt_boxes: true"
        )
        found = f"boxes of mean IoU {met.mean():.3f}"
        return [Problem("boxes equal to the truth", "method.gt_boxes", found, expected, hint, warning=True)]
    elif as_written < NO_FIT and moved_rigidly(truth, boxes):
        expected = "boxes that fit: the distances between objects are right, their positions are wrong"
        hint = "It looks like another frame, such as that of a camera; boxes are in the world frame, z up"
    else:
        return []
    return [Problem("diagnosis", "scenes", f"boxes of mean IoU {as_written:.2f}", expected, hint, warning=True)]


def best_iou(truth: TruthTable, boxes: Boxes) -> np.ndarray:
    """The highest IoU (n,) of every object with any box."""
    fine = boxes.rows(np.flatnonzero((boxes.box[:, 3:] > 0).all(axis=1)))
    pairs = scene_pairs(truth, fine)
    best = np.zeros(len(truth.label))
    np.maximum.at(best, pairs.object_row, pairs.iou)
    return best


def moved_rigidly(truth: TruthTable, boxes: Boxes) -> bool:
    """Whether the distances between box centres agree with the ground truth in most scenes with the right number of boxes.

    Distances do not change under a rigid motion, so this detects a wrong frame without knowing the cameras.
    """
    agreeing = []
    for scene in np.unique(boxes.scene):
        centres = [truth.aabb[truth.scene == scene, :3], boxes.box[boxes.scene == scene, :3]]
        if len(centres[0]) == len(centres[1]) >= 3:
            true, predicted = (sorted_distances(points) for points in centres)
            agreeing.append(np.abs(predicted - true).mean() < 0.05 * true.mean())
    return len(agreeing) > 0 and float(np.mean(agreeing)) > 0.5


def sorted_distances(points: np.ndarray) -> np.ndarray:
    """Distances between all pairs of points, in ascending order."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    return np.sort(distances[np.triu_indices(len(points), 1)])


def inverted_scores(truth: TruthTable, boxes: Boxes) -> list[Problem]:
    """A warning if the scores look inverted. Each object takes the score of its best box with an IoU above 0.5."""
    pairs = scene_pairs(truth, boxes)
    best = np.lexsort((-pairs.iou, pairs.object_row))
    first = best[np.unique(pairs.object_row[best], return_index=True)[1]]
    first = first[pairs.iou[first] > 0.5]
    return inverted(truth, pairs.object_row[first], boxes.score[pairs.box_row[first]])


def inverted_by_id(truth: TruthTable, boxes: Boxes) -> list[Problem]:
    """A warning if the scores look inverted. Each object takes the score of the row that states its id."""
    object_row, box_row = pairs_within(truth.scene, boxes.scene, truth.scenes)
    same = truth.object_id[object_row] == boxes.object_id[box_row]
    return inverted(truth, object_row[same], boxes.score[box_row[same]])


def inverted(truth: TruthTable, rows: np.ndarray, score: np.ndarray) -> list[Problem]:
    """A warning if the whole interval of the AUC lies below 0.5 or, without one, if it is below 0.5 - FAR_BELOW."""
    if not auc(truth.label[rows], score) < 0.5:
        return []
    counts = draw_resamples(truth.clusters, RESAMPLES)
    found = estimate(resampled_auc(counts, Ranked(score, truth.label[rows], truth.object_cluster[rows])), "")
    if found.value is None or (found.value if found.high is None else found.high - FAR_BELOW) >= 0.5 - FAR_BELOW:
        return []
    bounds = "" if found.high is None else f" [{found.low:.3f}, {found.high:.3f}]"
    text = f"AUC {found.value:.3f}{bounds} of the matched objects"
    hint = "The scores look inverted: a higher score means more anomalous"
    return [Problem("diagnosis", "scenes", text, "an AUC above 0.5", hint, warning=True)]
