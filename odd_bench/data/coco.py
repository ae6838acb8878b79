"""Export as COCO instances: one picture per view, one box and one mask per object that is visible in it.

The layout is that of Lin et al., "Microsoft COCO: Common Objects in Context" (2014), as pycocotools reads it: a mask is a list of
run lengths in column-major order, of which the first is background.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from odd_bench.atomic import prove_folder, write_atomically
from odd_bench.data.reader import Dataset
from odd_bench.data.run_folder import refuse_data_set
from odd_bench.scene import Scene, SceneObject

IMAGES, ANNOTATIONS = "images", "annotations"
CATEGORIES = [
    {"id": 1, "name": "normal", "supercategory": "object"},
    {"id": 2, "name": "anomalous", "supercategory": "object"},
]


def export_coco(dataset: Dataset, out: Path, names: Iterable[str]) -> int:
    """Write images/SCENE/VIEW.png, and one annotations/instances_SPLIT.json per split. Returns the number of scenes.

    Raises StorageError if `out` is not writable, FolderError if it is a data set, and DataError if a scene cannot be read.
    """
    refuse_data_set(out)
    prove_folder(out)
    documents: dict[str, dict[str, Any]] = {}
    written = set()
    for name in names:
        dataset.verify(name)
        scene = dataset.scene(name)
        document = documents.setdefault(scene.split, empty_document(dataset.name, scene.split))
        add_scene(document, dataset, scene, out / IMAGES)
        written.add(name)
    for split, document in documents.items():
        text = json.dumps(document, allow_nan=False) + "\n"
        (out / ANNOTATIONS).mkdir(exist_ok=True)
        write_atomically(out / ANNOTATIONS / f"instances_{split}.json", text.encode())
    return len(written)


def empty_document(dataset: str, split: str) -> dict[str, Any]:
    """A COCO document without images."""
    return {"info": {"description": f"{dataset}, {split}"}, "categories": CATEGORIES, "images": [], "annotations": []}


def add_scene(document: dict[str, Any], dataset: Dataset, scene: Scene, folder: Path) -> None:
    """Write the pictures of a scene below the folder and add its images and annotations to the document."""
    views = range(len(scene.cameras))
    (folder / scene.name).mkdir(parents=True, exist_ok=True)
    pictures, (instance, _) = dataset.images(scene.name, views), dataset.masks(scene.name, views)
    for view in views:
        file = f"{scene.name}/{view:03d}.png"
        write_atomically(folder / file, png(pictures[view]))
        image = {
            "id": len(document["images"]) + 1,
            "file_name": file,
            "width": scene.cameras[view].width,
            "height": scene.cameras[view].height,
            "scene": scene.name,
            "view": view,
        }
        document["images"].append(image)
        first = len(document["annotations"]) + 1
        found = annotations(scene, instance[view])
        document["annotations"] += [
            {"id": first + place, "image_id": image["id"], **one} for place, one in enumerate(found)
        ]


def annotations(scene: Scene, instance: np.ndarray) -> Iterator[dict[str, Any]]:
    """One annotation per object that the instance mask (h, w) shows, without the ids of annotation and image."""
    for one in scene.objects:
        mask = instance == one.id + 1
        if mask.any():
            yield {**annotation(mask), **labels(one)}


def annotation(mask: np.ndarray) -> dict[str, Any]:
    """Box, area and run lengths of a non-empty mask (h, w) bool. bbox: x, y, width and height in pixels."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return {
        "bbox": [x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y],
        "area": int(mask.sum()),
        "iscrowd": 0,
        "segmentation": {"size": list(mask.shape), "counts": run_lengths(mask)},
    }


def labels(one: SceneObject) -> dict[str, Any]:
    """The category, and three keys that COCO lacks: index and anomaly type of the object, and its obb (7,) in the world."""
    return {
        "category_id": one.label + 1,
        "object_id": one.id,
        "anomaly_type": one.type,
        "obb": [float(value) for value in one.obb],
    }


def run_lengths(mask: np.ndarray) -> list[int]:
    """Lengths of the runs of equal values in a mask (h, w) bool in column-major order. The first is of background, perhaps 0."""
    flat = mask.reshape(-1, order="F")
    ends = np.flatnonzero(np.diff(flat)) + 1
    edges = np.concatenate([[0], ends, [len(flat)]])
    lengths = np.diff(edges).tolist()
    return [0, *lengths] if flat[0] else lengths


def png(picture: np.ndarray) -> bytes:
    """Encode a picture (h, w, 3) uint8 as PNG, without loss."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
