"""Cameras, poses and labels from the metadata of a published scene, made exact and compared with each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from odd_bench.published.names import base_name, type_of
from odd_bench.published.refused import Refused
from odd_bench.published.scene_folder import FLOOR, SCENE_3D, SceneFolder
from odd_bench.scene import Camera

EXACT = 1e-8  # a matrix that is nearer to a rotation is not changed
CLEARLY_OFF = 1e-4
UNUSABLE = 0.01
PLACE_M = 1e-3
ODD_PIXELS_SHARE = 0.1


@dataclass(frozen=True)
class PublishedObject:
    """One object in the metadata. mesh: base name of the source file. type: None for a normal object.
    legacy_box: (6,) origin and un-rotated size of the mesh, metres."""

    mesh: str
    type: str | None
    world_from_object: np.ndarray
    legacy_box: np.ndarray


def cameras_in(found: SceneFolder, corrected: Counter) -> tuple[Camera, ...]:
    """All cameras. Raises Refused if a pose is not a rigid motion."""
    height, width = found.images.shape[1:3]
    camera = found.scene3d["camera"]
    K = _matrix(camera.get("K"), (3, 3), "camera.K")
    poses = [_matrix(pose.get("rotation"), (4, 4), "camera.poses") for pose in camera["poses"]]
    return tuple(Camera(K, _rigid(pose, "camera", corrected, scaled=False), width, height) for pose in poses)


def objects_in(found: SceneFolder, corrected: Counter) -> list[PublishedObject]:
    """All objects except the floor, in the order of the masks. Raises Refused if metadata are damaged or contradictory."""
    objects = [_object(item, corrected) for item in found.scene3d["objects"] if item["name"] != FLOOR]
    _check_stated_labels(found, corrected)
    _check_odd_masks(found, np.array([one.type is not None for one in objects]), corrected)
    return objects


def _object(item: dict[str, Any], corrected: Counter) -> PublishedObject:
    name, path = item["name"], item.get("path")
    if not isinstance(path, str) or not path:
        raise Refused("damaged metadata", f"{SCENE_3D}: {name}.path is {path!r}; expected the object's source file")
    pose = _rigid(_matrix(item.get("rotation_matrix"), (4, 4), f"{name}.rotation_matrix"), name, corrected, scaled=True)
    if "location" in item:
        place = _matrix(item["location"], (3,), f"{name}.location")
        if np.abs(place - pose[:3, 3]).max() > PLACE_M:
            corrected["objects placed by location, not rotation_matrix"] += 1
            pose = np.vstack([np.column_stack([pose[:3, :3], place]), pose[3]])
    legacy = _matrix(item.get("bbox"), (2, 3), f"{name}.bbox").ravel()
    return PublishedObject(base_name(path), type_of(path), pose, np.concatenate([legacy[:3], np.abs(legacy[3:])]))


def _matrix(value: Any, shape: tuple[int, ...], where: str) -> np.ndarray:
    try:
        array = np.array(value, float)
    except (TypeError, ValueError) as error:
        raise Refused("damaged metadata", f"{SCENE_3D}: {where}: {error}") from error
    if array.shape != shape or not np.isfinite(array).all():
        raise Refused("damaged metadata", f"{SCENE_3D}: {where} has shape {array.shape}; expected finite {shape}")
    return array


def _rigid(pose: np.ndarray, where: str, corrected: Counter, scaled: bool) -> np.ndarray:
    """The nearest rigid motion, times one scale if `scaled`; matrices in single precision are slightly off."""
    linear = pose[:3, :3]
    scale = np.cbrt(np.linalg.det(linear)) if scaled else 1.0
    left, _, right = np.linalg.svd(linear)
    turn = left @ right
    error = np.abs(linear - scale * turn).max() / max(abs(scale), EXACT)
    if scale <= 0 or np.linalg.det(turn) < 0 or error > UNUSABLE or np.abs(pose[3] - [0, 0, 0, 1]).max() > EXACT:
        raise Refused("pose is not a similarity", f"{where}: off by {error:.2g}")
    if error < EXACT:
        return pose
    corrected["poses made exact"] += error > CLEARLY_OFF
    return np.vstack([np.column_stack([scale * turn, pose[:3, 3]]), [0, 0, 0, 1]])


def _check_stated_labels(found: SceneFolder, corrected: Counter) -> None:
    """`anomaly_labels` has 0 for an anomalous object; the file names decide. Raises Refused if the two contradict."""
    paths, stated = found.scene2d.get("blend_paths"), found.scene2d.get("anomaly_labels")
    if paths is None or stated is None:
        corrected["scenes without anomaly_labels, file names used"] += 1
        return
    odd = [type_of(str(path)) is not None for path in paths]
    if [value == 0 for value in stated] == odd:
        corrected["anomaly_labels inverted"] += 1
    elif [value == 1 for value in stated] == odd:
        corrected["anomaly_labels kept, since they were not inverted"] += 1
    else:
        raise Refused(
            "labels contradict", f"anomaly_labels {stated}, anomalous by file name {[int(one) for one in odd]}"
        )


def _check_odd_masks(found: SceneFolder, odd: np.ndarray, corrected: Counter) -> None:
    """Check that binary_labels/ shows exactly the objects that are odd by their file names."""
    if found.odd is None:
        corrected["scenes without binary_labels/, file names used"] += 1
        return
    named = np.concatenate([[False], odd])[found.instance]
    differ, area = int((named != found.odd).sum()), int((named | found.odd).sum())
    if differ > ODD_PIXELS_SHARE * area:
        detail = f"{differ:,} of {area:,} pixels of binary_labels/ differ from the objects anomalous by file name"
        raise Refused("labels contradict", detail)
