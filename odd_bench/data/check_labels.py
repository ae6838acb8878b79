"""Checks of the labels of one scene: odd objects, masks, pixel counts and poses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from odd_bench.data.object_pixels import ObjectPixels
from odd_bench.data.record import CHANGED, LOST, UNCHANGED
from odd_bench.scene import ANOMALY_TYPES, PUBLISHED_TYPES, Scene, SceneObject
from odd_bench.scoring.problems import Problem

HINT = "Remove the shard and run the same generate command again"
RIGID = 1e-6


def check_labels(scene: Scene) -> Iterator[Problem]:
    """Check that labels, types and magnitudes agree, that anomalies are a minority, and that two normal objects remain."""
    for one in scene.objects:
        at = f"objects[{one.id}]"
        if one.label not in (0, 1):
            yield Problem("labels", f"{at}.label", str(one.label), "0 or 1", HINT)
        elif one.label == 0 and (one.type is not None or one.magnitude != 0 or one.changed_pixels.any()):
            found = f"type {one.type}, magnitude {one.magnitude:g}, {one.changed_pixels.sum()} changed pixels"
            yield Problem("labels", f"{at}.label", f"0 with {found}", "a normal object without a change", HINT)
        elif one.label == 1 and one.type not in ANOMALY_TYPES + PUBLISHED_TYPES:
            yield Problem("labels", f"{at}.type", repr(one.type), "an anomaly type for label 1", HINT)
        elif one.label == 1 and not one.changed_pixels.any():
            yield Problem("labels", f"{at}.changed_pixels", "none in any view", "a change that can be seen", HINT)
    odd = sum(one.label for one in scene.objects)
    if 2 * odd >= len(scene.objects) or len(scene.objects) - odd < 2:
        found = f"{odd} odd of {len(scene.objects)}"
        yield Problem("labels", "label", found, "fewer than half odd, at least two normal", HINT)


def check_masks(scene: Scene, instance: np.ndarray, change: np.ndarray) -> Iterator[Problem]:
    """Check that every pixel shows an existing object or none, and that every changed pixel shows an odd object.

    instance, change: (views, h, w) uint8.
    """
    if instance.max() > len(scene.objects):
        yield Problem("masks", "instance", f"id {instance.max()}", f"0 to {len(scene.objects)}", HINT)
        return
    if change.max() > LOST:
        yield Problem("masks", "change", f"value {change.max()}", f"0 to {LOST}", HINT)
    is_odd = np.array([0, *(one.label for one in scene.objects)], bool)
    changed = np.flatnonzero(change != UNCHANGED)
    wrong = changed[(change.flat[changed] == CHANGED) & ~is_odd[instance.flat[changed]]]
    if len(wrong):
        view = int(wrong[0] // change[0].size)
        yield Problem("masks", f"change[{view}]", f"{len(wrong)} changed pixels off odd objects", "none", HINT)
    if not is_odd.any() and (change == LOST).any():
        yield Problem("masks", "change", "lost surface in a scene without an odd object", "none", HINT)


def check_pixel_counts(scene: Scene, pixels: ObjectPixels, change: np.ndarray) -> Iterator[Problem]:
    """Check that the stored pixel counts equal those of the masks, and that no visible count exceeds the amodal count."""
    counts = pixels.counts()
    for one in scene.objects:
        counted = counts[one.id]
        yield from _differs(one, "visible_pixels", one.visible_pixels != counted, one.visible_pixels, counted, "= mask")
        bound = one.amodal_pixels
        yield from _differs(one, "amodal_pixels", one.visible_pixels > bound, bound, one.visible_pixels, ">= visible")
    changed = np.maximum([one.changed_pixels for one in scene.objects], 0)  # (objects, views); an unknown count is 0
    marked = np.array([np.count_nonzero(view) for view in change != UNCHANGED])
    # The changed regions of two odd objects may overlap in a view; the mask then shows only one of them.
    wrong = (changed.max(axis=0) > marked) | (changed.sum(axis=0) < marked)
    if wrong.any():
        view = int(wrong.argmax())
        found = f"{changed[:, view].tolist()} in view {view}"
        yield Problem("pixel counts", "changed_pixels", found, f"{marked[view]} marked in the change mask", HINT)


def _differs(one: SceneObject, field: str, wrong: np.ndarray, found, bound, relation: str) -> Iterator[Problem]:
    if wrong.any():
        view = int(wrong.argmax())
        path = f"objects[{one.id}].{field}[{view}]"
        yield Problem("pixel counts", path, str(found[view]), f"{relation} {bound[view]}", HINT)


def check_poses(scene: Scene) -> Iterator[Problem]:
    """Check that every world_from_object consists of a rotation, one positive scale and a translation."""
    for one in scene.objects:
        pose = one.world_from_object
        path = f"objects[{one.id}].world_from_object"
        if not np.isfinite(pose).all() or not np.array_equal(pose[3], [0, 0, 0, 1]):
            yield Problem("poses", path, f"last row {pose[3].tolist()}", "finite, last row 0 0 0 1", HINT)
            continue
        scale = np.cbrt(np.linalg.det(pose[:3, :3]))
        error = np.abs(pose[:3, :3].T @ pose[:3, :3] - scale**2 * np.eye(3)).max()
        if scale <= 0 or error > RIGID:
            yield Problem(
                "poses", path, f"scale {scale:.4g}, off by {error:.2g}", "a rotation times one positive scale", HINT
            )
