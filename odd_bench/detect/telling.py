"""The choice of views for pictures: they show the suspicious objects completely, from different sides."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.cameras import eye
from odd_bench.scene import Camera
from odd_bench.view.suspicion import Found, visibility

APART_DEG = 50.0  # views that are nearer to each other in azimuth add little
CALM_WEIGHT = 0.15  # weight of an object that is not suspicious, relative to one that is


def telling_views(cameras: list[Camera], found: Found, wanted: int) -> list[int]:
    """Indices of at most `wanted` cameras, the most informative first."""
    if not len(found):
        return [int(i) for i in np.unique(np.linspace(0, len(cameras) - 1, min(wanted, len(cameras))).round())]
    weights = CALM_WEIGHT + np.clip(found.scores / max(float(found.scores.max()), 1e-9), 0, 1) ** 4
    values = np.array([_value(camera, found, weights) for camera in cameras])
    azimuths = np.array([azimuth_of(camera, found.boxes[:, :3].mean(axis=0)) for camera in cameras])
    chosen: list[int] = []
    while len(chosen) < min(wanted, len(cameras)):
        apart = np.ones(len(cameras))
        for other in chosen:
            off = np.abs((azimuths - azimuths[other] + np.pi) % (2 * np.pi) - np.pi)
            apart = np.minimum(apart, np.clip(np.degrees(off) / APART_DEG, 0.02, 1))
        gain = values * apart
        gain[chosen] = -1
        chosen.append(int(np.argmax(gain)))
    return chosen


def best_views(cameras: list[Camera], boxes: np.ndarray, number: int, wanted: int) -> list[int]:
    """Cameras that show one object best, from different sides."""
    values = np.array([_shown(*visibility(camera, boxes))[number] for camera in cameras])
    azimuths = np.array([azimuth_of(camera, boxes[number, :3]) for camera in cameras])
    chosen: list[int] = []
    for candidate in np.argsort(-values, kind="stable"):
        off = [abs((azimuths[candidate] - azimuths[other] + np.pi) % (2 * np.pi) - np.pi) for other in chosen]
        if len(chosen) < wanted and all(np.degrees(one) > APART_DEG / 2 for one in off):
            chosen.append(int(candidate))
    return chosen


def azimuth_of(camera: Camera, middle: np.ndarray) -> float:
    """Azimuth of the camera around `middle`, radians."""
    away = eye(camera) - middle
    return float(np.arctan2(away[1], away[0]))


def _value(camera: Camera, found: Found, weights: np.ndarray) -> float:
    return float((weights * _shown(*visibility(camera, found.boxes))).sum())


def _shown(shares: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """(n,) how well each object is visible: mostly by its visible share, to a lesser extent by its size."""
    return shares**2 * np.sqrt(areas)
