"""Predicted boxes that overlap another box of their scene, a sign of several boxes per object."""

from __future__ import annotations

from typing import Any

import numpy as np

from odd_bench.geometry.boxes import iou
from odd_bench.scoring.predictions import Boxes

NAMED_SCENES = 5
OVERLAP = 0.5
NEIGHBOURS = 1000


def overlapping(boxes: Boxes, scene_names: tuple[str, ...]) -> dict[str, Any]:
    """Count the boxes that overlap another box of their scene with an IoU above 0.5, and the scenes that hold such boxes.

    boxes.scene: index into scene_names. A box without a yaw has yaw 0. `examples` lists the first NAMED_SCENES of these scenes.
    """
    flagged = overlapping_rows(boxes)
    scenes = np.unique(boxes.scene[flagged])
    examples = [scene_names[scene] for scene in scenes[:NAMED_SCENES]]
    return {"boxes": int(flagged.sum()), "scenes": len(scenes), "examples": examples}


def overlapping_rows(boxes: Boxes) -> np.ndarray:
    """Whether each box overlaps another box of its scene with an IoU above 0.5, (n,) bool.

    Boxes are convex and symmetric, so if two boxes have an IoU above one half, each contains the centre of the other. Only boxes
    near each other along x therefore need to be compared. The boxes are sorted by x, and each is compared with the next, the one
    after it, and so on, up to NEIGHBOURS of them. This bounds the work in a scene of many thousand boxes, some of which may then
    be missed.
    """
    obb = np.column_stack([boxes.box, np.nan_to_num(boxes.yaw_rad)])
    order = np.lexsort((obb[:, 0], boxes.scene))
    obb, scene = obb[order], boxes.scene[order]
    reach = np.sqrt(np.sum(obb[:, 3:5] ** 2, axis=1)) / 2
    flagged, near, step = np.zeros(len(obb), bool), np.arange(len(obb)), 0
    while len(near) and step < NEIGHBOURS:
        step += 1
        near = near[near + step < len(obb)]
        other = near + step
        close = (scene[other] == scene[near]) & (obb[other, 0] - obb[near, 0] <= reach[near])
        near, other = near[close], other[close]
        asked = ~(flagged[near] & flagged[other]) & (np.abs(obb[other, 1] - obb[near, 1]) <= reach[near])
        asked &= np.abs(obb[other, 2] - obb[near, 2]) <= obb[near, 5] / 2
        first, second = near[asked], other[asked]
        hit = iou(obb[first], obb[second]) > OVERLAP
        flagged[first[hit]] = flagged[second[hit]] = True
    found = np.zeros(len(obb), bool)
    found[order] = flagged
    return found
