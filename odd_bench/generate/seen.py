"""Whether a viewer of a scene finds what is odd about an object: patches with contrast, behind all that hides them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from odd_bench.anomalies.patches import largest_patch, picture
from odd_bench.anomalies.visible import Viewed
from odd_bench.data.views import TEST_VIEWS, spread_views
from odd_bench.generate.config import GenerateConfig
from odd_bench.generate.label import TIE_M, Labels, Posed, transformed
from odd_bench.geometry.cameras import eye, pixel_directions, project
from odd_bench.scene import Camera

LIGHT = np.array([0.45, 0.25, 0.86]) / np.linalg.norm([0.45, 0.25, 0.86])  # towards the light, world
REFERENCE_PIXELS = 256  # side of the pictures for which `odd.min_patch_pixels` is given


@dataclass(frozen=True)
class Bounds:
    """What a view must show. pixels: of the largest patch. share: the same, of the object's pixels if nothing hid it."""

    pixels: float
    share: float

    @staticmethod
    def of(type: str, config: GenerateConfig) -> Bounds:
        scale = (config.orbit.pixels / REFERENCE_PIXELS) ** 2
        return Bounds(
            config.odd.min_patch_pixels * scale * config.anomalies.patch_factor(type),
            config.anomalies.least_patch(type),
        )


def is_seen(
    posed: list[Posed], index: int, cameras: tuple[Camera, ...], labels: Labels, config: GenerateConfig
) -> bool:
    """Whether the change of the odd object `posed[index]` shows in one of the test views and in `odd.min_patch_views` of all.

    It must do so beside the intact shape in the same pose and in every pose in which a viewer might compare the two, see
    alignment.py.
    """
    item = posed[index]
    viewer = _Viewer(item, index, cameras, labels, config)
    return all(_suffices(viewer.shows(motion), config) for motion in item.variant.alignments)


def _suffices(shows: Iterator[tuple[bool, bool]], config: GenerateConfig) -> bool:
    """Whether enough views show the change; looks at no more of them than it takes. The test views come first."""
    in_test = in_all = 0
    for is_test, shown in shows:
        if not is_test and not in_test:
            return False
        in_test, in_all = in_test + (is_test and shown), in_all + shown
        if in_test and in_all >= config.odd.min_patch_views:
            return True
    return in_test > 0 and in_all >= config.odd.min_patch_views


class _Viewer:
    """Looks at one odd object and at the intact shape in its place."""

    def __init__(self, item: Posed, index: int, cameras: tuple[Camera, ...], labels: Labels, config: GenerateConfig):
        self._item, self._index, self._cameras, self._labels, self._config = item, index, cameras, labels, config
        self._odd, self._intact = Viewed(item.shape), Viewed(item.intact)
        self._outline = np.concatenate([item.world_outline(), transformed(item.intact.outline, item.world_from_object)])
        self._bounds = Bounds.of(item.variant.type, config)

    def shows(self, motion: np.ndarray) -> Iterator[tuple[bool, bool]]:
        """Of each view, the test views first: whether it is one, and whether it shows the change."""
        test = spread_views(len(self._cameras), TEST_VIEWS)
        others = [view for view in range(len(self._cameras)) if view not in test]
        for view in (*test, *others):
            amodal = int(self._labels.amodal[self._index, view])
            least = max(self._bounds.pixels, self._bounds.share * amodal, 1)
            yield view in test, self._patch(view, motion) >= least

    def _patch(self, view: int, motion: np.ndarray) -> int:
        """Pixels of the largest patch that differs from the intact shape, moved by `motion` (4, 4) in its own frame."""
        camera, anomalies, pose = self._cameras[view], self._config.anomalies, self._item.world_from_object
        corners, _ = project(camera, self._outline)
        slide = max(1, round(anomalies.slide * float(np.ptp(corners, axis=0).max())))
        window = _window(corners, slide)
        origin, directions = eye(camera), pixel_directions(camera)[window]
        own = self._labels.instance[view][window] == self._index + 1
        nearest_m = self._labels.depth_m[view][window]
        nearest_m = np.where(nearest_m > 0, nearest_m, np.inf)
        face = self._odd.cast(origin, directions[own], pose)[1]
        own[own] = face >= 0
        distance, ghost = self._intact.cast(origin, directions, pose @ motion)
        there = (ghost >= 0) & (own | (distance < nearest_m - TIE_M))
        before = picture(self._intact.color(ghost[there], pose @ motion, LIGHT), there)
        after = picture(self._odd.color(face[face >= 0], pose, LIGHT), own)
        return largest_patch(before, after, anomalies.contrast, slide)


def _window(corners: np.ndarray, margin: int) -> tuple[slice, slice]:
    """Rows and columns that hold the pixels (n, 2) and a margin."""
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - margin, 0)
    high = np.ceil(corners.max(axis=0)).astype(int) + margin + 1
    return slice(low[1], max(high[1], 0)), slice(low[0], max(high[0], 0))
