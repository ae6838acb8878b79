"""Predicted boxes that overlap another box of their scene: more than one box per object."""

from __future__ import annotations

from typing import Any

import numpy as np

from odd_bench.geometry.boxes import iou
from odd_bench.scoring.predictions import Boxes

NAMED_SCENES = 5
OVERLAP = 0.5
NEIGHBOURS = 1000


def overlapping(boxes: Boxes, scene_names: tuple[str, ...]) -> dict[str, Any]:
    """Number of boxes that overlap another of their scene by more than IoU 0.5, number of such scenes, and the first of these.

    boxes.scene: index into scene_names. A box without a yaw has the yaw 0.
    """
    flagged = overlapping_rows(boxes)
    scenes = np.unique(boxes.scene[flagged])
    examples = [scene_names[scene] for scene in scenes[:NAMED_SCENES]]
    return {"boxes": int(flagged.sum()), "scenes": len(scenes), "examples": examples}


def overlapping_rows(boxes: Boxes) -> np.ndarray:
    """(n,) whether a box overlaps another of its scene by more than IoU 0.5.

    Of two boxes whose IoU is above one half each holds the centre of the other (boxes are convex and symmetric), so that only boxes
    near each other along x are compared: each with the next one, the one after it, and so on, of those sorted by x, but no more
    than NEIGHBOURS of them. This bounds the work in a scene of many thousand boxes, of which some may then go unnamed.
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
