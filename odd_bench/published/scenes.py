"""A published scene as a record: its faults are corrected and counted, or the scene is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from odd_bench.data.check_shard import check_arrays
from odd_bench.data.record import UNCHANGED, SceneRecord
from odd_bench.geometry.boxes import iou
from odd_bench.geometry.cameras import eye
from odd_bench.plan_line import PlannedScene
from odd_bench.published import sidecar
from odd_bench.published.agreement import check_agreement, floor_height, follow_depth, trusted, world_points
from odd_bench.published.amodal import amodal_pixels
from odd_bench.published.metadata import PublishedObject, cameras_in, objects_in
from odd_bench.published.refused import Refused
from odd_bench.published.scene_folder import ALL_MASKS, SceneFolder, read_scene_folder
from odd_bench.published.visual_box import MeasuredBox, Seen, measure_boxes
from odd_bench.scene import Camera, Scene, SceneObject

FLOOR_SHIFT_M = 5e-4
SAME_AZIMUTH_RAD = 1e-3
GATE_IOU = 0.5
MASKS_SHARE = 0.02
UNKNOWN = -1


def published_record(folder: Path, planned: PlannedScene, plan_sha256: str) -> tuple[SceneRecord, Counter]:
    """Read one scene folder. Returns the record and the number of corrections by kind.

    Raises Refused if a file is missing or damaged, or if labels, masks, depth and cameras contradict each other.
    """
    corrected: Counter = Counter()
    found = read_scene_folder(folder)
    cameras, objects = cameras_in(found, corrected), objects_in(found, corrected)
    if not found.instance.any():
        raise Refused("no objects", "none is visible in any view")
    scene = Scene(planned.scene, planned.split, planned.category, planned.shape, cameras, ())
    if sidecar.read_names(folder):
        record = _exported(folder, found, scene, objects, plan_sha256)
    else:
        record = _measured(found, scene, objects, plan_sha256, corrected)
        _count_traps(found, record, corrected)
    check_record(record)
    return record, corrected


def check_record(record: SceneRecord) -> None:
    """Raise Refused if `odd-bench data validate` would find a problem in the scene."""
    problem = next(check_arrays(record.scene, record.instance, record.change, record.depth_m), None)
    if problem is not None:
        raise Refused(f"invalid {problem.kind}", f"{problem.path}: {problem.found}; expected {problem.expected}")


def _exported(
    folder: Path, found: SceneFolder, scene: Scene, named: list[PublishedObject], plan_sha256: str
) -> SceneRecord:
    """A scene that odd-bench exported."""
    objects, change = sidecar.read_sidecar(folder, scene)
    if [one.type for one in objects] != [one.type for one in named]:
        raise Refused(
            "labels contradict", f"{sidecar.FILE} has types {[one.type for one in objects]}, but file names have others"
        )
    if change.shape != found.instance.shape:
        raise Refused("sizes differ", f"{sidecar.CHANGE}/: {change.shape}; pictures have {found.instance.shape}")
    return SceneRecord(
        replace(scene, objects=objects), found.images, found.instance, change, found.depth_m, plan_sha256
    )


def _measured(
    found: SceneFolder, scene: Scene, objects: list[PublishedObject], plan_sha256: str, corrected: Counter
) -> SceneRecord:
    """A scene whose boxes and pixel counts are measured from its views."""
    points = world_points(scene.cameras, found.depth_m)
    height = floor_height(found.instance, found.depth_m, points)
    if abs(height) > FLOOR_SHIFT_M:
        corrected["scenes moved so that the floor is at z = 0"] += 1
        scene, objects = _lowered(scene, objects, height)
        points[..., 2] -= height
    check_agreement(found.instance, found.depth_m, points)
    boxes = _boxes(found.instance, found.depth_m, points, scene.cameras, objects)
    instance, depth_m, moved = follow_depth(
        found.instance, found.depth_m, points, [(box.aabb, box.obb) for box in boxes]
    )
    corrected["outline pixels assigned to the surface of their depth"] += moved
    corrected["objects larger than their stated size, with boxes from the views alone"] += sum(
        not box.fits for box in boxes
    )
    labelled = tuple(
        _scene_object(i, one, box, points[instance == i + 1], scene.cameras, instance, depth_m)
        for i, (one, box) in enumerate(zip(objects, boxes, strict=True))
    )
    change = np.full(instance.shape, UNCHANGED, np.uint8)
    return SceneRecord(replace(scene, objects=labelled), found.images, instance, change, depth_m, plan_sha256)


def _lowered(scene: Scene, objects: list[PublishedObject], height_m: float) -> tuple[Scene, list[PublishedObject]]:
    """Cameras and objects moved down by `height_m`, so that the floor is at z = 0."""
    down = np.eye(4)
    down[2, 3] = -height_m
    up = np.linalg.inv(down)
    cameras = tuple(replace(camera, camera_from_world=camera.camera_from_world @ up) for camera in scene.cameras)
    shift = np.array([0, 0, -height_m, 0, 0, 0])
    moved = [
        replace(one, world_from_object=down @ one.world_from_object, legacy_box=one.legacy_box + shift)
        for one in objects
    ]
    return replace(scene, cameras=cameras), moved


def _boxes(
    instance: np.ndarray, depth_m: np.ndarray, points: np.ndarray, cameras: tuple[Camera, ...], objects
) -> list[MeasuredBox]:
    good = trusted(instance, depth_m)
    seen = []
    for i, one in enumerate(objects):
        own = points[good & (instance == i + 1)]
        if len(own) < 4:
            raise Refused("hidden object", f"{one.mesh}, object {i}: only {len(own)} pixels in all views together")
        pixel_m = float(
            np.median([np.linalg.norm(eye(camera) - own.mean(axis=0)) / camera.K[0, 0] for camera in cameras])
        )
        seen.append(Seen(one.mesh, one.world_from_object, one.legacy_box[3:], own, pixel_m))
    return measure_boxes(seen)


def _scene_object(i, one: PublishedObject, box: MeasuredBox, points, cameras, instance, depth_m) -> SceneObject:
    return SceneObject(
        id=i,
        label=int(one.type is not None),
        type=one.type,
        magnitude=0.0,
        world_from_object=one.world_from_object,
        aabb=box.aabb,
        obb=box.obb,
        visible_pixels=(instance == i + 1).sum(axis=(1, 2)),
        amodal_pixels=amodal_pixels(points, i, cameras, instance, depth_m),
        changed_pixels=np.full(len(cameras), UNKNOWN if one.type else 0),
        legacy_box=one.legacy_box,
    )


def _count_traps(found: SceneFolder, record: SceneRecord, corrected: Counter) -> None:
    """Count properties of the published data that users should know, even if nothing was corrected."""
    scene = record.scene
    if found.masked is None:
        corrected[f"scenes without {ALL_MASKS}/, rebuilt from the objects' masks"] += 1
    elif (found.masked != (found.instance > 0)).sum() > MASKS_SHARE * (found.instance > 0).sum():
        corrected[f"scenes whose {ALL_MASKS}/ disagrees with the objects' masks, rebuilt"] += 1
    legacy, aabb = (np.stack([getattr(one, name) for one in scene.objects]) for name in ("legacy_box", "aabb"))
    corrected["boxes recomputed"] += len(aabb)
    corrected[f"published boxes with an IoU below {GATE_IOU} with the recomputed ones"] += int(
        (iou(legacy, aabb) < GATE_IOU).sum()
    )
    corrected["scenes with two views at the same azimuth"] += _shares_azimuth(scene)


def _shares_azimuth(scene: Scene) -> bool:
    """Whether two cameras have the same azimuth around the origin."""
    eyes = np.array([eye(camera) for camera in scene.cameras])
    azimuths = np.sort(np.arctan2(eyes[:, 1], eyes[:, 0]))
    return bool(np.diff(azimuths, append=azimuths[0] + 2 * np.pi).min() < SAME_AZIMUTH_RAD)
