"""What the published layout has no place for: our own names, boxes, pixel counts and change masks, beside it in a folder.

Programs for the published data do not look at these files; with them a scene comes back from its folder as it was.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from PIL import Image

from odd_bench.data.record import SceneRecord
from odd_bench.published.refused import Refused
from odd_bench.published.scene_folder import picture, read_json, view_path
from odd_bench.scene import Scene, SceneObject

FILE, CHANGE = "odd-bench.json", "change"
FORMAT, VERSION = "odd-bench/scene-folder", 1
GREY_STEP = 100  # grey between UNCHANGED, CHANGED and LOST
NUMBERS = ("magnitude", "world_from_object", "aabb", "obb", "visible_pixels", "amodal_pixels", "changed_pixels")
SAFE_NAME = re.compile(r"\w[\w-]*")
COUNTS = ("visible_pixels", "amodal_pixels", "changed_pixels")


def write_sidecar(folder: Path, record: SceneRecord) -> None:
    """Write `odd-bench.json` and `change/`."""
    scene = record.scene
    head = {"format": FORMAT, "version": VERSION, "name": scene.name, "category": scene.category, "shape": scene.shape}
    document = {**head, "objects": [_as_json(one) for one in scene.objects]}
    (folder / FILE).write_text(json.dumps(document) + "\n")
    (folder / CHANGE).mkdir(exist_ok=True)
    for view, change in enumerate(record.change):
        Image.fromarray(change * np.uint8(GREY_STEP)).save(view_path(folder, CHANGE, view))


def read_names(folder: Path) -> dict | None:
    """Name, category and shape that the scene had, None without a sidecar. Raises Refused."""
    if not (folder / FILE).exists():
        return None
    document = read_json(folder / FILE)
    if (document.get("format"), document.get("version")) != (FORMAT, VERSION):
        raise Refused("damaged metadata", f"{FILE}: another format; expected {FORMAT} version {VERSION}")
    names = {key: str(document.get(key)) for key in ("name", "category", "shape")}
    for key, name in names.items():
        if not SAFE_NAME.fullmatch(name):  # a file will be called so
            raise Refused(
                "damaged metadata", f"{FILE}: {key} {name!r}; expected letters, digits, dashes and underscores"
            )
    return names


def read_sidecar(folder: Path, scene: Scene) -> tuple[tuple[SceneObject, ...], np.ndarray]:
    """The objects of a scene and its change masks, (views, h, w) uint8. Raises Refused."""
    try:
        objects = tuple(_from_json(i, item) for i, item in enumerate(read_json(folder / FILE)["objects"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("damaged metadata", f"{FILE}: {type(error).__name__}: {error}") from error
    views = range(len(scene.cameras))
    return objects, np.stack([picture(view_path(folder, CHANGE, view))[..., 0] // GREY_STEP for view in views])


def _as_json(one: SceneObject) -> dict:
    numbers = {key: np.asarray(getattr(one, key)).tolist() for key in NUMBERS}
    legacy = None if one.legacy_box is None else one.legacy_box.tolist()
    return {"label": one.label, "type": one.type, **numbers, "legacy_box": legacy}


def _from_json(i: int, item: dict) -> SceneObject:
    numbers = {key: np.array(item[key], int if key in COUNTS else float) for key in NUMBERS}
    numbers["magnitude"] = float(item["magnitude"])
    legacy = None if item["legacy_box"] is None else np.array(item["legacy_box"], float)
    return SceneObject(id=i, label=int(item["label"]), type=item["type"], **numbers, legacy_box=legacy)
