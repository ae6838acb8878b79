"""A scene record: all decoded data of one scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.scene import Scene

UNCHANGED, CHANGED, LOST = 0, 1, 2


@dataclass(frozen=True)
class SceneRecord:
    """One scene with its pictures and labels.

    images: (views, h, w, 3) uint8 sRGB.
    instance: (views, h, w) uint8, the visible object: 0 = background, i + 1 = object i.
    change: (views, h, w) uint8. CHANGED: the pixel shows a surface of an odd object that is new, moved or recoloured. LOST: the
    pixel would show a surface of the intact object that the odd object lacks. UNCHANGED: all other pixels.
    depth_m: (views, h, w) float32, planar depth in metres, 0 where nothing was hit; None if depth is not stored.
    plan_sha256: digest of the line of plan.jsonl from which the scene was made.
    """

    scene: Scene
    images: np.ndarray
    instance: np.ndarray
    change: np.ndarray
    depth_m: np.ndarray | None
    plan_sha256: str
