"""The test whether a viewer can find the anomaly of an object: a visible patch of sufficient size and contrast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from odd_bench.anomalies.patches import largest_patch, picture
from odd_bench.anomalies.visible import Viewed
from odd_bench.data.views import TEST_VIEWS, spread_views
from odd_bench.generate.config import GenerateConfig
from odd_bench.generate.label import FARTHEST_M, TIE_M, Sight
from odd_bench.geometry.cameras import eye, project
from odd_bench.geometry.motion import transformed

LIGHT = np.array([0.45, 0.25, 0.86]) / np.linalg.norm([0.45, 0.25, 0.86])  # direction to the light, world
REFERENCE_PIXELS = 256  # side of the pictures for which `odd.min_patch_pixels` is given


@dataclass(frozen=True)
class Bounds:
    """The requirements for a view.

    pixels: smallest number of pixels of the largest patch. share: smallest size of this patch as a fraction of the object's amodal
    pixels. slide: see largest_patch; as a fraction of the object's side in the view.
    """

    pixels: float
    share: float
    slide: float

    @staticmethod
    def of(type: str, config: GenerateConfig) -> Bounds:
        """The requirements for an anomaly type."""
        scale = (config.orbit.pixels / REFERENCE_PIXELS) ** 2
        return Bounds(
            config.odd.min_patch_pixels * scale * config.anomalies.patch_factor(type),
            config.anomalies.least_patch(type),
            config.anomalies.slide_of(type),
        )


def is_seen(sight: Sight, index: int, config: GenerateConfig) -> bool:
    """Whether the change of the odd object `sight.posed[index]` is visible in one test view and in `odd.min_patch_views` views.

    The change must be visible in comparison with the intact shape, in every pose in which a viewer might compare the two; see
    alignment.py.
    """
    viewer = _Viewer(sight, index, config)
    least = config.odd.min_patch_views
    motions = sight.posed[index].variant.alignments
    return all(shows_enough(partial(viewer.shows, motion), len(sight.cameras), least) for motion in motions)


def shows_enough(shows: Callable[[int], bool], count: int, least: int) -> bool:
    """Whether one of the test views and at least `least` of all `count` views show a patch. Stops as soon as this is known."""
    test = spread_views(count, TEST_VIEWS)
    others = [view for view in range(count) if view not in test]
    left, shown = count, 0
    for views in (test, others):
        for view in views:
            left, shown = left - 1, shown + shows(view)
            if shown >= max(1, least):
                return True
            if shown + left < least:
                return False
        if not shown:
            return False
    return False


@dataclass(frozen=True)
class _Look:
    """One view of the odd object, in the window around it and the intact shape.

    own: (h, w) bool, the pixels of the object. nearest_m: (h, w) planar depth of the first surface, inf for none.
    directions: (h, w, 3) through the pixels. after: (h, w, 4) picture of the object. slide: in pixels, see largest_patch.
    least: smallest number of pixels of a visible patch.
    """

    own: np.ndarray
    nearest_m: np.ndarray
    directions: np.ndarray
    after: np.ndarray
    slide: int
    least: float


class _Viewer:
    """Compares one odd object with the intact shape in its place."""

    def __init__(self, sight: Sight, index: int, config: GenerateConfig):
        self._sight, self._item, self._index, self._config = sight, (item := sight.posed[index]), index, config
        self._odd, self._intact = Viewed(item.shape), Viewed(item.intact)
        self._outline = np.concatenate([item.world_outline(), transformed(item.intact.outline, item.world_from_object)])
        self._bounds = Bounds.of(item.variant.type, config)
        self._looks: dict[int, _Look] = {}

    def shows(self, motion: np.ndarray, view: int) -> bool:
        """Whether a view shows a large enough patch, compared with the intact shape moved by `motion` (4, 4) in its own frame."""
        if view not in self._looks:
            self._looks[view] = self._look(view)
        look, pose = self._looks[view], self._item.world_from_object @ motion
        distance, face = self._intact.cast(eye(self._sight.cameras[view]), look.directions, pose)
        there = (face >= 0) & (look.own | (distance < look.nearest_m - TIE_M))
        before = picture(self._intact.color(face[there], pose, LIGHT), there)
        return largest_patch(before, look.after, self._config.anomalies.contrast, look.slide) >= look.least

    def _look(self, view: int) -> _Look:
        camera, seen, pose = self._sight.cameras[view], self._sight.view(view), self._item.world_from_object
        corners, _ = project(camera, self._outline)
        slide = max(1, round(self._bounds.slide * float(np.ptp(corners, axis=0).max())))
        rows, columns = _window(corners, slide)
        directions = seen.directions[rows, columns]
        own = seen.hits.mesh[rows, columns] == self._index
        nearest_m = seen.nearest_m[rows, columns]
        nearest_m = np.where((nearest_m > 0) & (nearest_m < FARTHEST_M), nearest_m, np.inf)
        face = self._odd.cast(eye(camera), directions[own], pose)[1]
        own[own] = face >= 0
        after = picture(self._odd.color(face[face >= 0], pose, LIGHT), own)
        least = max(self._bounds.pixels, self._bounds.share * int(seen.alone[self._index]), 1)
        return _Look(own, nearest_m, directions, after, slide, least)


def _window(corners: np.ndarray, margin: int) -> tuple[slice, slice]:
    """Rows and columns that contain the pixels (n, 2) and a margin."""
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - margin, 0)
    high = np.ceil(corners.max(axis=0)).astype(int) + margin + 1
    return slice(low[1], max(high[1], 0)), slice(low[0], max(high[0], 0))
