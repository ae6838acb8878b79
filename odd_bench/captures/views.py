"""The photographs that a method is given, and their crops: spread around the scene, upright, centred on the objects.

A method is trained on upright pictures whose cameras look at the centre of the objects, evenly spread around them, and which the
objects fill. Photographs are chosen and rotated about their camera centres to be similar.
"""

from __future__ import annotations

import numpy as np

from odd_bench.captures.capture import Capture
from odd_bench.captures.placing import Placement
from odd_bench.captures.resample import View, in_picture, seen_by
from odd_bench.geometry.cameras import look_at
from odd_bench.scene import Camera

FILL = 0.82  # share of the picture that the objects span, as in generated scenes, where it is 0.94 over 1.05 to 1.3
ELEVATIONS_DEG = (20.0, 55.0)  # approximate range of the cameras in generated scenes
STRAIGHT = 1e-3  # slope below which a camera counts as looking straight down
CUT_OFF = 3.0  # cost of a photograph that shows none of the objects, in steps between neighbours
OFF_ELEVATION = 0.02  # cost of a degree outside the elevations


def spread_choice(azimuths: np.ndarray, costs: np.ndarray, wanted: int) -> list[int]:
    """Indices of `wanted` photographs, evenly spread over a full turn, or of all if there are fewer; sorted by azimuth.

    azimuths: (n,) radians. costs: (n,) of each photograph, in steps between neighbours of an even spread.
    """
    count = min(wanted, len(azimuths))
    step = 2 * np.pi / count
    best, best_cost = list(range(count)), np.inf
    for start in azimuths:
        chosen, cost = [], 0.0
        for number in range(count):
            off = np.abs((azimuths - start - number * step + np.pi) % (2 * np.pi) - np.pi) / step
            total = off + costs
            total[chosen] = np.inf
            chosen.append(int(np.argmin(total)))
            cost += total[chosen[-1]]
        if cost < best_cost:
            best, best_cost = chosen, cost
    return sorted(best, key=lambda i: azimuths[i])


def choose_views(capture: Capture, placement: Placement, wanted: int) -> list[int]:
    """Indices of the photographs for the method."""
    eyes = scene_eyes(capture, placement)
    middle = outline_middle(placement)
    away = eyes - middle
    elevation = np.degrees(np.arctan2(away[:, 2], np.linalg.norm(away[:, :2], axis=1)))
    low, high = ELEVATIONS_DEG
    off = np.maximum(low - elevation, 0) + np.maximum(elevation - high, 0)
    shown = np.array([shown_share(capture, placement, number) for number in range(len(eyes))])
    costs = CUT_OFF * (1 - shown) + OFF_ELEVATION * off
    return spread_choice(np.arctan2(away[:, 1], away[:, 0]), costs, wanted)


def shown_share(capture: Capture, placement: Placement, number: int) -> float:
    """Share of the objects' outline that a photograph shows, in [0, 1]."""
    one = capture.photographs[number]
    pose = placement.camera_from_scene(one)
    return float(in_picture(one.lens, placement.outline @ pose[:3, :3].T + pose[:3, 3])[1].mean())


def scene_eyes(capture: Capture, placement: Placement) -> np.ndarray:
    """(n, 3) positions of the cameras, metres, scene."""
    return capture.eyes @ placement.scene_from_capture[:3, :3].T + placement.scene_from_capture[:3, 3]


def outline_middle(placement: Placement) -> np.ndarray:
    """(3,) centre of the outline."""
    return (placement.outline.min(axis=0) + placement.outline.max(axis=0)) / 2


def aimed_camera(eye: np.ndarray, outline: np.ndarray, pixels: int) -> Camera:
    """A square camera at `eye` (3,) that looks at the centre of the outline (k, 3), which fills its picture."""
    target = (outline.min(axis=0) + outline.max(axis=0)) / 2
    for _ in range(3):  # towards the centre of the outline in the picture
        pose = look_at(eye, _slanted(eye, target))
        seen = outline @ pose[:3, :3].T + pose[:3, 3]
        slopes = seen[:, :2] / np.maximum(seen[:, 2:], 1e-6)
        middle = (slopes.min(axis=0) + slopes.max(axis=0)) / 2
        target = eye + pose[:3, :3].T @ np.array([*middle, 1.0]) * np.median(seen[:, 2])
    focal = FILL * pixels / max(float(np.ptp(slopes, axis=0).max()), 1e-6)
    K = np.array([[focal, 0.0, pixels / 2], [0.0, focal, pixels / 2], [0.0, 0.0, 1.0]])
    return Camera(K, look_at(eye, _slanted(eye, target)), pixels, pixels)


def _slanted(eye: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The target, moved slightly if it is straight below, where upright is undefined."""
    away = target - eye
    least = STRAIGHT * np.linalg.norm(away)
    return target + [least, 0.0, 0.0] if np.linalg.norm(away[:2]) < least else target


def model_view(capture: Capture, placement: Placement, number: int, pixels: int) -> View:
    """A photograph as the method gets it. Raises CaptureError if the file cannot be read."""
    one, eye = capture.photographs[number], scene_eyes(capture, placement)[number]
    return seen_by(one, placement.camera_from_scene(one), aimed_camera(eye, placement.outline, pixels))
