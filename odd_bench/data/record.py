"""A scene record: everything the data set keeps of one scene, decoded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.scene import Scene

UNCHANGED, CHANGED, LOST = 0, 1, 2


@dataclass(frozen=True)
class SceneRecord:
    """One scene with its pictures and labels.

    images: (views, h, w, 3) uint8 sRGB. instance: (views, h, w) uint8, 0 = background, i + 1 = object i, visible surface.
    change: (views, h, w) uint8, UNCHANGED, CHANGED (visible surface of an odd object that is new, moved or recoloured) or LOST
    (no such surface any more: the pixel would show the intact object's lost surface). depth_m: (views, h, w) float32 planar z in
    metres, 0 where nothing was hit, or None if the data set leaves depth out.
    plan_sha256: digest of the line of plan.jsonl that the scene was made from.
    """

    scene: Scene
    images: np.ndarray
    instance: np.ndarray
    change: np.ndarray
    depth_m: np.ndarray | None
    plan_sha256: str
