"""One scene folder in the published layout, read without corrections: pictures, depth, masks and the two metadata files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from odd_bench.data import damage
from odd_bench.data.codec import MAX_OBJECTS
from odd_bench.data.errors import DataError
from odd_bench.data.stored_scene import MOST_PIXELS
from odd_bench.names import name_problem
from odd_bench.published.exr import MOST_SIDE, read_depth
from odd_bench.published.refused import Refused

SCENE_3D, SCENE_2D = "scene3d.metadata.json", "scene2d.metadata.json"
PICTURES, DEPTH, DEPTH_PNG, ODD_MASKS, OBJECT_MASKS, ALL_MASKS = (
    "RGB", "depth_exr", "depth_png", "binary_labels", "segmentations", "masks",
)  # fmt: skip
FLOOR = "floor_object"
OBJECT_GREY = 205  # grey of an object in its mask, as in the published data
IS_OBJECT = 127  # pixels of a mask that are lighter show the object
OVERLAP_SHARE = 0.02
MOST_METADATA_BYTES = 1 << 22  # of one scene; published ones have about 20 kB


@dataclass(frozen=True)
class SceneFolder:
    """images: (views, h, w, 3) uint8. depth_m: (views, h, w) float32 planar z, 0 = background. instance: (views, h, w)
    uint8, i + 1 = object i. odd, masked: (views, h, w) bool as in binary_labels/ and masks/, None if these are missing.
    scene3d, scene2d: the metadata."""

    images: np.ndarray
    depth_m: np.ndarray
    instance: np.ndarray
    odd: np.ndarray | None
    masked: np.ndarray | None
    scene3d: dict[str, Any]
    scene2d: dict[str, Any]


def read_scene_folder(folder: Path) -> SceneFolder:
    """Read one folder. Raises Refused if a file is missing or damaged, or differs in size from the first picture."""
    scene3d, scene2d = read_json(folder / SCENE_3D), read_json(folder / SCENE_2D)
    names, views = _object_names(scene3d), _view_count(folder, scene3d)
    images = _images(folder, views)
    size = images.shape[1:3]
    depth_m = np.stack([read_depth(path, size) for path in _views(folder, DEPTH, views, ".exr")])
    odd, masked = (_masks_if_there(folder, kind, views, images) for kind in (ODD_MASKS, ALL_MASKS))
    return SceneFolder(images, depth_m, _instance(folder, names, views, images), odd, masked, scene3d, scene2d)


def _images(folder: Path, views: int) -> np.ndarray:
    first = picture(view_path(folder, PICTURES, 0))
    if views * first.shape[0] * first.shape[1] > MOST_PIXELS:
        raise Refused(
            "too large a picture", f"{views} views of {first.shape[:2]}; at most {MOST_PIXELS:,} pixels in all"
        )
    others = [picture(view_path(folder, PICTURES, view), first.shape[:2]) for view in range(1, views)]
    return np.stack([first, *others])


def view_path(folder: Path, kind: str, view: int, ending: str = ".png") -> Path:
    """The file of one view."""
    return folder / kind / f"{view:04d}{ending}"


def object_mask_path(folder: Path, name: str, view: int) -> Path:
    """The mask file of one object in one view."""
    return folder / OBJECT_MASKS / name / f"{name}_{view:04d}.png"


def read_json(path: Path) -> dict[str, Any]:
    """The content of a metadata file. Raises Refused."""
    try:
        found = damage.read_json(path, "a metadata file", "", MOST_METADATA_BYTES)
    except DataError as error:
        missing = isinstance(error.__cause__, FileNotFoundError)
        detail = path.name if missing else f"{path.name}: {error.found}"
        raise Refused("missing metadata" if missing else "damaged metadata", detail) from error
    if not isinstance(found, dict):
        raise Refused("damaged metadata", f"{path.name}: {type(found).__name__}; expected an object")
    return found


def picture(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """(h, w, 3) uint8 of a PNG of any mode. size: required height and width. Raises Refused before pixels are decoded."""
    name = "/".join(path.parts[-2:])
    try:
        damage.check_plain(path, "a PNG")
        with damage.reading(path, "a PNG", ""), Image.open(path, formats=("PNG",)) as image:
            found = image.size[::-1]
            if size is not None and found != size:
                raise Refused("sizes differ", f"{name}: {found}; pictures have {size}")
            if max(found) > MOST_SIDE:
                raise Refused("too large a picture", f"{name}: {found[0]:,} x {found[1]:,} pixels")
            return np.asarray(image.convert("RGB"))
    except DataError as error:
        kind = "missing views" if isinstance(error.__cause__, FileNotFoundError) else "unreadable picture"
        raise Refused(kind, name if kind == "missing views" else f"{name}: {error.found}") from error


def _object_names(scene3d: dict[str, Any]) -> list[str]:
    try:
        names = [str(item["name"]) for item in scene3d.get("objects", ()) if item["name"] != FLOOR]
    except (TypeError, KeyError) as error:
        raise Refused("damaged metadata", f"{SCENE_3D}: an object without {error}") from error
    if not names:
        raise Refused("no objects", f"{SCENE_3D} lists no objects")
    if len(set(names)) < len(names) or len(names) > MAX_OBJECTS or any(map(name_problem, names)):
        raise Refused(
            "damaged metadata", f"{SCENE_3D}: objects {names[:9]}; expected up to {MAX_OBJECTS} distinct names"
        )
    return names


def _view_count(folder: Path, scene3d: dict[str, Any]) -> int:
    """The number of views. Every camera needs a picture, and every picture a camera."""
    try:
        poses = len(scene3d["camera"]["poses"])
    except (TypeError, KeyError) as error:
        raise Refused("damaged metadata", f"{SCENE_3D}: no camera.poses") from error
    pictures = len(list((folder / PICTURES).glob("[0-9]*.png")))
    if not poses or pictures != poses:
        raise Refused("missing views", f"{pictures} pictures in {PICTURES}/, {poses} cameras")
    return poses


def _views(folder: Path, kind: str, views: int, ending: str) -> list[Path]:
    paths = [view_path(folder, kind, view, ending) for view in range(views)]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise Refused("missing views", f"{len(missing)} of {views} in {kind}/, the first is {missing[0]}")
    return paths


def _masks_if_there(folder: Path, kind: str, views: int, images: np.ndarray) -> np.ndarray | None:
    if not (folder / kind).is_dir():
        return None
    return np.stack(
        [picture(path, images.shape[1:3])[..., 0] > IS_OBJECT for path in _views(folder, kind, views, ".png")]
    )


def _instance(folder: Path, names: list[str], views: int, images: np.ndarray) -> np.ndarray:
    """(views, h, w) uint8: a partition from the masks of the objects. Where two overlap, the lighter one gets the pixel."""
    instance = np.zeros(images.shape[:3], np.uint8)
    for view in range(views):
        lightest = np.full(images.shape[1:3], IS_OBJECT, np.uint8)
        overlap = 0
        for i, name in enumerate(names):
            path = object_mask_path(folder, name, view)
            grey = picture(path, images.shape[1:3])[..., 0]
            overlap += int(((grey > IS_OBJECT) & (instance[view] > 0)).sum())
            wins = grey > lightest
            instance[view][wins], lightest[wins] = i + 1, grey[wins]
        if overlap > OVERLAP_SHARE * max((instance[view] > 0).sum(), 50):
            raise Refused("masks overlap", f"view {view}: {overlap} pixels belong to two objects")
    return instance
