"""Additional files of an exported scene: names, boxes, pixel counts and change masks, which the published layout does not hold.

Programs for the published data ignore these files; with them, an import restores the scene exactly.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from odd_bench.data.record import SceneRecord
from odd_bench.names import name_problem
from odd_bench.published.refused import Refused
from odd_bench.published.scene_folder import picture, read_json, view_path
from odd_bench.scene import Scene, SceneObject

FILE, CHANGE = "odd-bench.json", "change"
FORMAT, VERSION = "odd-bench/scene-folder", 1
GREY_STEP = 100  # grey between UNCHANGED, CHANGED and LOST
NUMBERS = ("magnitude", "world_from_object", "aabb", "obb", "visible_pixels", "amodal_pixels", "changed_pixels")
SHAPES = {"world_from_object": (4, 4), "aabb": (6,), "obb": (7,)}  # the others are single numbers
PIXELS = ("visible_pixels", "amodal_pixels", "changed_pixels")  # one number for each view


def write_sidecar(folder: Path, record: SceneRecord) -> None:
    """Write `odd-bench.json` and `change/`."""
    (folder / FILE).write_text(json.dumps(document(record.scene)) + "\n")
    (folder / CHANGE).mkdir(exist_ok=True)
    for view, change in enumerate(record.change):
        Image.fromarray(change * np.uint8(GREY_STEP)).save(view_path(folder, CHANGE, view))


def document(scene: Scene) -> dict:
    """The content of `odd-bench.json` for a scene."""
    head = {"format": FORMAT, "version": VERSION, "name": scene.name, "category": scene.category, "shape": scene.shape}
    return {**head, "objects": [_as_json(one) for one in scene.objects]}


def read_names(folder: Path) -> dict | None:
    """Name, category and shape of the exported scene, None without a sidecar. Raises Refused."""
    if not (folder / FILE).exists():
        return None
    document = read_json(folder / FILE)
    if (document.get("format"), document.get("version")) != (FORMAT, VERSION):
        raise Refused("damaged metadata", f"{FILE}: another format; expected {FORMAT} version {VERSION}")
    names = {key: document.get(key) for key in ("name", "category", "shape")}
    for key, name in names.items():
        if problem := name_problem(name):
            raise Refused(
                "damaged metadata", f"{FILE}: {key} {str(name)[:60]!r} is {problem}; expected one path component"
            )
    return names


def read_sidecar(folder: Path, scene: Scene) -> tuple[tuple[SceneObject, ...], np.ndarray]:
    """The objects of a scene and its change masks, (views, h, w) uint8. Raises Refused."""
    try:
        listed = read_json(folder / FILE)["objects"]
        objects = tuple(_from_json(i, item, len(scene.cameras)) for i, item in enumerate(listed))
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Refused("damaged metadata", f"{FILE}: {type(error).__name__}: {error}") from error
    views = range(len(scene.cameras))
    size = scene.cameras[0].height, scene.cameras[0].width
    return objects, np.stack([picture(view_path(folder, CHANGE, view), size)[..., 0] // GREY_STEP for view in views])


def _as_json(one: SceneObject) -> dict:
    numbers = {key: np.asarray(getattr(one, key)).tolist() for key in NUMBERS}
    legacy = None if one.legacy_box is None else one.legacy_box.tolist()
    return {"label": one.label, "type": one.type, **numbers, "legacy_box": legacy}


def _from_json(i: int, item: dict, views: int) -> SceneObject:
    numbers = {key: _array(item, key, (views,) if key in PIXELS else SHAPES.get(key, ())) for key in NUMBERS}
    numbers["magnitude"] = float(numbers["magnitude"])
    legacy = None if item["legacy_box"] is None else _array(item, "legacy_box", (6,))
    if item["label"] not in (0, 1) or not isinstance(item["type"], str | None):
        raise ValueError(f"objects[{i}]: label {item['label']!r}, type {item['type']!r}")
    return SceneObject(id=i, label=int(item["label"]), type=item["type"], **numbers, legacy_box=legacy)


def _array(item: dict, key: str, shape: tuple[int, ...]) -> np.ndarray:
    array = np.array(item[key], int if key in PIXELS else float)
    if array.shape != shape:
        raise ValueError(f"{key} has shape {array.shape}; expected {shape}")
    return array
