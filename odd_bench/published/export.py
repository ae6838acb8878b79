"""Export of any data set as scene folders in the published layout, so that programs written for the published data can read it."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from odd_bench import __version__
from odd_bench.atomic import prove_folder, storage_errors
from odd_bench.data.errors import DataError
from odd_bench.data.reader import Dataset
from odd_bench.data.record import SceneRecord
from odd_bench.data.run_folder import refuse_data_set
from odd_bench.geometry.cameras import eye
from odd_bench.locking import locked
from odd_bench.names import name_problem
from odd_bench.published.agreement import world_points
from odd_bench.published.exr import write_depth
from odd_bench.published.names import file_name
from odd_bench.published.plan import SPLITS_FILE
from odd_bench.published.refused import Refused
from odd_bench.published.scene_folder import (
    ALL_MASKS,
    DEPTH,
    DEPTH_PNG,
    FLOOR,
    OBJECT_GREY,
    ODD_MASKS,
    PICTURES,
    SCENE_2D,
    SCENE_3D,
    object_mask_path,
    picture,
    read_json,
    view_path,
)
from odd_bench.published.scenes import check_record
from odd_bench.published.sidecar import FILE, document, write_sidecar
from odd_bench.published.splits import write_splits
from odd_bench.published.visual_box import Seen, stated_size
from odd_bench.scene import Scene, SceneObject

LOCK = ".export.lock"  # in the folder of the export; readers of scene folders ignore names that begin with a dot
OTHER_GREY = 1  # of everything else that the camera sees
FARTHEST_GREY = 65535


def export_dataset(
    dataset: Dataset, out: Path, names: Iterable[str], on_scene: Callable[[Path], None] = lambda f: None
) -> int:
    """Write the named scenes as folders, and `splits.json`; returns their number.

    A folder gets its final name when it is complete; an existing folder of the same scene is kept. Raises StorageError if nothing
    can be written, before the first scene if possible; InUse if another export is running there; FolderError if `out` is a data
    set; and DataError if the data set has no depth, a scene is inconsistent, two scenes would have the same folder, or the folder
    holds something else.
    """
    splits: dict[str, str] = {}
    refuse_data_set(out)
    prove_folder(out)
    with locked(out / LOCK):
        for name in names:
            scene = dataset.scene(name)
            folder = out / folder_name(scene)
            if problem := name_problem(folder.name):
                raise DataError(name, f"{problem}: {folder.name[:60]!r}", "a scene whose name can be that of a folder")
            if folder.name in splits:
                raise DataError(
                    folder,
                    f"a second scene for this folder, {name}",
                    "one scene for each folder",
                    "Export the splits one by one",
                )
            splits[folder.name] = scene.split
            if folder.exists():
                dataset.verify(name)
                _expect_same(folder, dataset, scene)
            else:
                record = dataset.record(name)
                _check(record)
                with storage_errors(folder, "space for a scene in a writable folder"):
                    _write_whole(folder, record)
            on_scene(folder)
        write_splits(out / SPLITS_FILE, splits)
    return len(splits)


def folder_name(scene: Scene) -> str:
    """The name of a scene folder: category, base shape up to the first dash, and the number of the scene."""
    if scene.is_published:
        return scene.name
    shape = scene.shape if scene.shape.startswith(scene.category) else f"{scene.category}-{scene.shape}"
    return f"{shape.replace('-', '_')}-{scene.name.rpartition('-')[2]}"


def _check(record: SceneRecord) -> None:
    """Raise DataError if the scene could not be imported again."""
    if record.depth_m is None:
        raise DataError(
            record.scene.name, "no depth", "a data set made with depth", "The layout needs a depth map for each view"
        )
    try:
        check_record(record)
    except Refused as refused:
        hint = "Run `odd-bench data validate` on the data set"
        raise DataError(record.scene.name, str(refused), "a consistent scene", hint) from refused


def _expect_same(folder: Path, dataset: Dataset, scene: Scene) -> None:
    """Raise DataError unless a folder holds this scene, judged by its `odd-bench.json` and its first picture."""
    try:
        same = read_json(folder / FILE) == document(scene)
        same = same and np.array_equal(picture(view_path(folder, PICTURES, 0)), dataset.image(scene.name, 0))
    except Refused:
        same = False
    if not same:
        raise DataError(
            folder,
            "that it holds something else",
            f"the scene {scene.name}, or no folder",
            "Give another folder with --out",
        )


def _write_whole(folder: Path, record: SceneRecord) -> None:
    part = folder.with_name(f".{folder.name}.part")  # no scene's name begins with a dot
    if part.exists():
        shutil.rmtree(part)
    write_scene_folder(part, folder.name, record)
    os.replace(part, folder)


def write_scene_folder(folder: Path, name: str, record: SceneRecord) -> None:
    """Write one scene. name: of the finished folder; the names of the objects' source files are derived from it."""
    objects = [f"object_{one.id}" for one in record.scene.objects]
    for kind in (PICTURES, DEPTH, DEPTH_PNG, ODD_MASKS, ALL_MASKS):
        (folder / kind).mkdir(parents=True)
    for object_name in (*objects, FLOOR):
        object_mask_path(folder, object_name, 0).parent.mkdir(parents=True)
    for view in range(len(record.images)):
        _write_view(folder, view, record, objects)
    paths = _source_files(name.partition("-")[0], record.scene)
    _write_json(folder / SCENE_3D, _scene3d(record, objects, paths))
    _write_json(folder / SCENE_2D, _scene2d(record, paths))
    write_sidecar(folder, record)


def _write_view(folder: Path, view: int, record: SceneRecord, objects: list[str]) -> None:
    image, instance, depth_m = record.images[view], record.instance[view], record.depth_m[view]
    opaque = np.full_like(image[..., :1], 255)
    Image.fromarray(np.concatenate([image, opaque], axis=-1)).save(view_path(folder, PICTURES, view))
    write_depth(view_path(folder, DEPTH, view, ".exr"), depth_m)
    scaled = np.where(depth_m > 0, depth_m / max(depth_m.max(), 1e-6) * (FARTHEST_GREY - 1), FARTHEST_GREY)
    Image.fromarray(scaled.astype(np.uint16)).save(view_path(folder, DEPTH_PNG, view))
    odd = np.array([0, *(one.label for one in record.scene.objects)], np.uint8)[instance]
    Image.fromarray(odd * np.uint8(255)).save(view_path(folder, ODD_MASKS, view))
    Image.fromarray((instance > 0) * np.uint8(255)).save(view_path(folder, ALL_MASKS, view))
    there = (instance > 0) | (depth_m > 0)
    for i, name in enumerate(objects):
        _write_mask(object_mask_path(folder, name, view), instance == i + 1, there)
    _write_mask(object_mask_path(folder, FLOOR, view), (instance == 0) & (depth_m > 0), there)


def _write_mask(path: Path, mask: np.ndarray, there: np.ndarray) -> None:
    grey = np.where(mask, OBJECT_GREY, OTHER_GREY * there).astype(np.uint8)
    Image.fromarray(np.dstack([grey, grey, grey, np.full_like(grey, 255)])).save(path)


def _source_files(shape: str, scene: Scene) -> list[str]:
    """File names that contain the anomaly type; every odd object has a separate mesh."""
    return [file_name(shape, one.type, one.id + 1) for one in scene.objects]


def _scene3d(record: SceneRecord, names: list[str], paths: list[str]) -> dict:
    scene = record.scene
    boxes = _published_boxes(record, paths)
    objects = [_object(one, *rest) for one, *rest in zip(scene.objects, names, paths, boxes, strict=True)]
    camera = {
        "K": scene.cameras[0].K.tolist(),
        "poses": [{"rotation": c.camera_from_world.tolist()} for c in scene.cameras],
    }
    size = [scene.cameras[0].width, scene.cameras[0].height]
    made = {"resolution": size, "views": len(scene.cameras), "exported_by": f"odd-bench {__version__}"}
    unknown = {"floor_pbr": None, "background_hdr": None}
    return {"objects": objects, "camera": camera, "scene": unknown, "rendering_info": made}


def _object(one: SceneObject, name: str, path: str, box: np.ndarray) -> dict:
    pose = one.world_from_object
    scale = float(np.cbrt(np.linalg.det(pose[:3, :3])))
    return {
        "name": name,
        "path": path,
        "rotation_matrix": pose.tolist(),
        "rotation_euler": _euler_xyz(pose[:3, :3] / scale),
        "location": pose[:3, 3].tolist(),
        "scale": [scale] * 3,
        "bbox": [box[:3].tolist(), box[3:].tolist()],
    }


def _euler_xyz(rotation: np.ndarray) -> list[float]:
    """Rotations about x, y and z, radians; the last is 0 where z and x are the same axis (gimbal lock)."""
    from scipy.spatial.transform import Rotation

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Gimbal lock", UserWarning)
        return Rotation.from_matrix(rotation).as_euler("xyz").tolist()


def _published_boxes(record: SceneRecord, paths: list[str]) -> np.ndarray:
    """(objects, 6) origin and un-rotated size of each mesh: as it was published, else as it can be seen."""
    scene = record.scene
    if scene.is_published:
        return np.stack([one.legacy_box for one in scene.objects])
    points = world_points(scene.cameras, record.depth_m)
    seen = []
    for one, path in zip(scene.objects, paths, strict=True):
        distances = [np.linalg.norm(eye(camera) - one.aabb[:3]) / camera.K[0, 0] for camera in scene.cameras]
        own = points[record.instance == one.id + 1]
        seen.append(Seen(path, one.world_from_object, np.zeros(3), own, float(np.median(distances))))
    sizes = [stated_size(one, seen, labelled.aabb) for one, labelled in zip(seen, scene.objects, strict=True)]
    origins = [one.world_from_object[:3, 3] for one in scene.objects]
    return np.column_stack([origins, sizes])


def _scene2d(record: SceneRecord, paths: list[str]) -> dict:
    labels = [1 - one.label for one in record.scene.objects]  # 0 = anomalous, as published
    odd = [one.id for one in record.scene.objects if one.label]
    boxes = {f"{view:04d}.png": [box for i in odd if (box := _picture_box(mask == i + 1))]
             for view, mask in enumerate(record.instance)}  # fmt: skip
    return {"blend_paths": paths, "anomaly_labels": labels, "bbox": boxes}


def _picture_box(mask: np.ndarray) -> list[int]:
    """First and last column and row of a mask as [x, y, x, y]; empty where nothing is visible."""
    rows, columns = np.nonzero(mask)
    return [int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())] if len(rows) else []


def _write_json(path: Path, document: dict) -> None:
    path.write_text(json.dumps(document) + "\n")
