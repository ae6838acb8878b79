"""Matching predicted boxes to objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.boxes import iou
from odd_bench.scoring.metrics import pairs_within
from odd_bench.scoring.predictions import Boxes
from odd_bench.scoring.protocol import Protocol
from odd_bench.scoring.truth_table import TruthTable

TIE = 1e-9  # of total IoU


@dataclass(frozen=True)
class Match:
    """The boxes matched to n objects. box_row: (n,), row of the box, -1 = unmatched. iou: (n,), IoU with it, 0 = unmatched."""

    box_row: np.ndarray
    iou: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """All pairs of an object and a box of the same scene. object_row, box_row, iou: (pairs,), sorted by box, then by object."""

    object_row: np.ndarray
    box_row: np.ndarray
    iou: np.ndarray


def canonical_rows(boxes: Boxes) -> np.ndarray:
    """Indices that sort the rows by scene, box, yaw, score, label and object, so that the order in the file does not matter."""
    keys = [boxes.object_id, boxes.label, boxes.score, boxes.yaw_rad, *boxes.box.T[::-1], boxes.scene]
    return np.lexsort(keys)


def scene_pairs(truth: TruthTable, boxes: Boxes, legacy: bool = False) -> Pairs:
    """IoU of every box with every object of its scene. boxes.scene: index into truth.scene_names.

    A box with a yaw is compared with the `obb` of the object, and a box without a yaw with its `aabb`. legacy: compare every box
    with the `legacy_box` instead.
    """
    object_row, box_row = pairs_within(truth.scene, boxes.scene, truth.scenes)
    turned = np.isfinite(boxes.yaw_rad)[box_row] & (not legacy)
    values = np.zeros(len(box_row))
    if not turned.all():
        gate = truth.legacy_box if legacy else truth.aabb
        values[~turned] = iou_of_near(boxes.box[box_row[~turned]], gate[object_row[~turned]])
    if turned.any():
        predicted = np.column_stack([boxes.box, boxes.yaw_rad])[box_row[turned]]
        values[turned] = iou_of_near(predicted, truth.obb[object_row[turned]])
    return Pairs(object_row, box_row, values)


def iou_of_near(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """IoU (k,) of k pairs of boxes. Pairs that are too far apart to touch get 0 without computing it."""
    reach = (lengths(predicted[:, 3:6]) + lengths(truth[:, 3:6])) / 2
    near = lengths(predicted[:, :3] - truth[:, :3]) < reach
    values = np.zeros(len(predicted))
    values[near] = iou(predicted[near], truth[near])
    return values


def lengths(vectors: np.ndarray) -> np.ndarray:
    """Lengths (k,) of vectors (k, 3); several times faster than np.linalg.norm over such a short axis."""
    x, y, z = vectors.T
    return np.sqrt(x * x + y * y + z * z)


def match(protocol: Protocol, truth: TruthTable, boxes: Boxes, legacy: bool = False) -> Match:
    """Match boxes to objects under a protocol. Boxes must be in canonical order, so that ties are resolved consistently."""
    if protocol.match == "object id":
        return match_by_id(truth, boxes)
    pairs = scene_pairs(truth, boxes, legacy)
    if protocol.match == "arg-max":
        return match_arg_max(truth, boxes, pairs)
    return match_one_to_one(truth, boxes, pairs, protocol.iou_above)


def match_by_id(truth: TruthTable, boxes: Boxes) -> Match:
    """Match each object to the box that states its id."""
    object_row, box_row = pairs_within(truth.scene, boxes.scene, truth.scenes)
    same = truth.object_id[object_row] == boxes.object_id[box_row]
    return filled(len(truth.label), object_row[same], box_row[same], np.ones(same.sum()))


def match_arg_max(truth: TruthTable, boxes: Boxes, pairs: Pairs) -> Match:
    """Match each object to the box of highest IoU.

    Among boxes of equal IoU (usually 0), the one with the nearest centre wins, then the one with the higher score, then the one
    labelled anomalous.
    """
    distance = lengths(truth.aabb[pairs.object_row, :3] - boxes.box[pairs.box_row, :3])
    score, label = boxes.score[pairs.box_row], boxes.label[pairs.box_row]
    order = np.lexsort((-label, -score, distance, -pairs.iou, pairs.object_row))
    first = order[np.unique(pairs.object_row[order], return_index=True)[1]]
    return filled(len(truth.label), pairs.object_row[first], pairs.box_row[first], pairs.iou[first])


def match_one_to_one(truth: TruthTable, boxes: Boxes, pairs: Pairs, iou_above: float) -> Match:
    """Match objects and boxes one to one with the Hungarian algorithm, for the maximum total IoU in each scene.

    Only pairs with an IoU above iou_above can match. Among assignments whose totals are equal to within 1e-9, the one whose boxes
    have the higher scores wins.
    """
    open_rows = np.flatnonzero(pairs.iou > iou_above)
    objects, rows, values = pairs.object_row[open_rows], pairs.box_row[open_rows], pairs.iou[open_rows]
    alone = (np.bincount(objects, minlength=len(truth.label))[objects] == 1) & (np.bincount(rows)[rows] == 1)
    crowded = np.unique(truth.scene[objects[~alone]])
    chosen = [np.flatnonzero(~np.isin(truth.scene[objects], crowded))]
    for some in split_by(truth.scene[objects], crowded):
        gain = values[some] + TIE * share_of_rank(boxes, rows[some])
        chosen.append(some[assigned(objects[some], rows[some], gain)])
    kept = np.concatenate(chosen)
    return filled(len(truth.label), objects[kept], rows[kept], values[kept])


def share_of_rank(boxes: Boxes, rows: np.ndarray) -> np.ndarray:
    """Ranks (k,) of the rows by score, scaled to [0, 1); among equal scores, the label `anomalous` ranks higher."""
    pairs = np.column_stack([boxes.score[rows], boxes.label[rows]])
    place = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
    return place / (place.max() + 1)


def assigned(objects: np.ndarray, boxes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Indices of the pairs in an optimal assignment. values: (k,), > 0, the gain of each pair."""
    from scipy.optimize import linear_sum_assignment

    _, object_at = np.unique(objects, return_inverse=True)
    _, box_at = np.unique(boxes, return_inverse=True)
    position = np.full((object_at.max() + 1, box_at.max() + 1), -1)
    position[object_at, box_at] = np.arange(len(values))
    gain = np.where(position >= 0, values[position], 0.0)
    taken = position[linear_sum_assignment(gain, maximize=True)]
    return taken[taken >= 0]


def split_by(group: np.ndarray, wanted: np.ndarray) -> list[np.ndarray]:
    """Indices of the members of each wanted group."""
    order = np.argsort(group, kind="stable")
    starts, ends = (np.searchsorted(group[order], wanted, side) for side in ("left", "right"))
    return [order[start:end] for start, end in zip(starts, ends, strict=True)]


def filled(objects: int, object_row: np.ndarray, box_row: np.ndarray, values: np.ndarray) -> Match:
    """The match of all objects from its pairs. values: IoU of each pair."""
    match_row, match_iou = np.full(objects, -1), np.zeros(objects)
    match_row[object_row], match_iou[object_row] = box_row, values
    return Match(match_row, match_iou)
