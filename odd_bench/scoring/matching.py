"""The match of predicted boxes with objects."""

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
    """box_row: (n,) the row of the box that answers for each object, -1 for none. iou: (n,) with that box, 0 for none."""

    box_row: np.ndarray
    iou: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Every (object, box) pair of the same scene. object_row, box_row, iou: (pairs,); grouped by box, objects ascending."""

    object_row: np.ndarray
    box_row: np.ndarray
    iou: np.ndarray


def canonical_rows(boxes: Boxes) -> np.ndarray:
    """An order of the rows that does not depend on the order of the file: by scene, box, yaw, score, label, object."""
    keys = [boxes.object_id, boxes.label, boxes.score, boxes.yaw_rad, *boxes.box.T[::-1], boxes.scene]
    return np.lexsort(keys)


def scene_pairs(truth: TruthTable, boxes: Boxes, legacy: bool = False) -> Pairs:
    """IoU of every box with every object of its scene. boxes.scene: index into truth.scene_names.

    A box with a yaw is compared with the object's `obb`, one without with its `aabb`, or with `legacy_box` if asked.
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
    """(k,) IoU pair by pair; pairs farther apart than their diagonals reach are 0 without further work."""
    reach = (lengths(predicted[:, 3:6]) + lengths(truth[:, 3:6])) / 2
    near = lengths(predicted[:, :3] - truth[:, :3]) < reach
    values = np.zeros(len(predicted))
    values[near] = iou(predicted[near], truth[near])
    return values


def lengths(vectors: np.ndarray) -> np.ndarray:
    """(k,) of (k, 3); several times quicker than np.linalg.norm over so short an axis."""
    x, y, z = vectors.T
    return np.sqrt(x * x + y * y + z * z)


def match(protocol: Protocol, truth: TruthTable, boxes: Boxes, legacy: bool = False) -> Match:
    """The boxes that answer under a protocol. boxes must stand in canonical order, so that ties fall the same way."""
    if protocol.match == "object id":
        return match_by_id(truth, boxes)
    pairs = scene_pairs(truth, boxes, legacy)
    if protocol.match == "arg-max":
        return match_arg_max(truth, boxes, pairs)
    return match_one_to_one(truth, boxes, pairs, protocol.iou_above)


def match_by_id(truth: TruthTable, boxes: Boxes) -> Match:
    object_row, box_row = pairs_within(truth.scene, boxes.scene, truth.scenes)
    same = truth.object_id[object_row] == boxes.object_id[box_row]
    return filled(len(truth.label), object_row[same], box_row[same], np.ones(same.sum()))


def match_arg_max(truth: TruthTable, boxes: Boxes, pairs: Pairs) -> Match:
    """Highest IoU wins; among equal ones (most often: no overlap at all) the box with the nearest centre, then the higher score,
    then the label `anomalous`.
    """
    distance = lengths(truth.aabb[pairs.object_row, :3] - boxes.box[pairs.box_row, :3])
    score, label = boxes.score[pairs.box_row], boxes.label[pairs.box_row]
    order = np.lexsort((-label, -score, distance, -pairs.iou, pairs.object_row))
    first = order[np.unique(pairs.object_row[order], return_index=True)[1]]
    return filled(len(truth.label), pairs.object_row[first], pairs.box_row[first], pairs.iou[first])


def match_one_to_one(truth: TruthTable, boxes: Boxes, pairs: Pairs, iou_above: float) -> Match:
    """Hungarian algorithm: maximum total IoU per scene over the pairs above the gate; pairs at or below it cannot be matched.

    Among assignments of equal total, to 1e-9, the one whose boxes have the higher scores wins.
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
    """(k,) 0 for the lowest score among the rows to below 1 for the highest; of equal scores the label `anomalous` is higher."""
    pairs = np.column_stack([boxes.score[rows], boxes.label[rows]])
    place = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
    return place / (place.max() + 1)


def assigned(objects: np.ndarray, boxes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Positions of the pairs that an optimal assignment takes. values: (k,) > 0, what each pair is worth."""
    from scipy.optimize import linear_sum_assignment

    _, object_at = np.unique(objects, return_inverse=True)
    _, box_at = np.unique(boxes, return_inverse=True)
    position = np.full((object_at.max() + 1, box_at.max() + 1), -1)
    position[object_at, box_at] = np.arange(len(values))
    gain = np.where(position >= 0, values[position], 0.0)
    taken = position[linear_sum_assignment(gain, maximize=True)]
    return taken[taken >= 0]


def split_by(group: np.ndarray, wanted: np.ndarray) -> list[np.ndarray]:
    """Positions of each wanted group."""
    order = np.argsort(group, kind="stable")
    starts, ends = (np.searchsorted(group[order], wanted, side) for side in ("left", "right"))
    return [order[start:end] for start, end in zip(starts, ends, strict=True)]


def filled(objects: int, object_row: np.ndarray, box_row: np.ndarray, values: np.ndarray) -> Match:
    match_row, match_iou = np.full(objects, -1), np.zeros(objects)
    match_row[object_row], match_iou[object_row] = box_row, values
    return Match(match_row, match_iou)
