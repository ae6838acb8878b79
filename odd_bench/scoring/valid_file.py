"""The quick way into a prediction file: msgspec checks keys, types and ranges while it parses.

It takes files without any problem and leaves all others to `prediction_file`, which reads them again and explains.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import UNSET, Meta, Struct, json

from odd_bench.scoring.predictions import LABELS, Boxes

NO_BOX = (math.nan,) * 6  # JSON has no NaN: what is absent cannot be mistaken for what is stated
ESCAPED_COLON = "\\u003"

Whole = Annotated[int, Meta(ge=0, lt=2**31)]
Size = Annotated[float, Meta(gt=0)]
Turn = Annotated[float, Meta(ge=-2 * math.pi, le=2 * math.pi)]


class Entry(Struct, forbid_unknown_fields=True, gc=False):
    """One object of a scene."""

    score: float
    box: tuple[float, float, float, Size, Size, Size] = NO_BOX
    yaw: Turn = math.nan
    label: Literal["normal", "anomalous"] = ""
    type: Any = UNSET
    object: Whole = -1


class Scene(Struct, forbid_unknown_fields=True):
    """One scene. None is what a file leaves out."""

    objects: list[Entry]
    views: list[Whole] | None = None
    seconds: Annotated[float, Meta(ge=0)] | None = None
    truth: str | None = None


class Document(Struct, forbid_unknown_fields=True):
    """The whole file, its header still to be checked."""

    format: Any
    version: Any
    dataset: dict[str, Any]
    method: dict[str, Any]
    scenes: dict[str, Scene]
    threshold: Any = None


def read_valid(text: str) -> tuple[Document, Boxes] | None:
    """A file whose scenes are valid and its rows; None where anything in them is unusual."""
    try:
        document = json.decode(text, type=Document)
    except (ValueError, RecursionError):
        return None
    scenes = list(document.scenes.values())
    entries = list(chain.from_iterable(scene.objects for scene in scenes))
    boxes = rows(entries, [len(scene.objects) for scene in scenes])
    told = document.method.get("gt_boxes", False)
    complete = (boxes.object_id >= 0).all() if told else np.isfinite(boxes.box).all()
    views_once = all(len(set(scene.views)) == len(scene.views) for scene in scenes if scene.views)
    keys = header_colons(document) + scene_keys(scenes) + entry_keys(entries, boxes)
    # Of a key that stands twice msgspec keeps the last; the colon of the other is in the text and nowhere else.
    keys_once = keys == text.count(":") and ESCAPED_COLON not in text
    return (document, boxes) if complete and views_once and keys_once else None


def rows(entries: list[Entry], counts: list[int]) -> Boxes:
    """All entries, one after another. counts: how many each scene has."""
    total, codes = len(entries), {"": -1, **{name: code for code, name in enumerate(LABELS)}}
    return Boxes(
        scene=np.repeat(np.arange(len(counts)), counts),
        number=np.arange(total) - np.repeat(np.cumsum(counts, dtype=int) - counts, counts),
        box=np.fromiter(chain.from_iterable([entry.box for entry in entries]), float, 6 * total).reshape(-1, 6),
        yaw_rad=np.fromiter([entry.yaw for entry in entries], float, total),
        score=np.fromiter([entry.score for entry in entries], float, total),
        label=np.fromiter([codes[entry.label] for entry in entries], int, total),
        object_id=np.fromiter([entry.object for entry in entries], int, total),
    )


def header_colons(document: Document) -> int:
    """Keys, and colons inside strings, of the header as it is usually written."""
    values = chain(document.dataset.values(), document.method.values())
    keys = len(Document.__struct_fields__) + len(document.dataset) + len(document.method)
    return keys + sum(value.count(":") for value in values if isinstance(value, str))


def scene_keys(scenes: list[Scene]) -> int:
    stated = chain.from_iterable((scene.views, scene.seconds, scene.truth) for scene in scenes)
    return 2 * len(scenes) + sum(value is not None for value in stated)


def entry_keys(entries: list[Entry], boxes: Boxes) -> int:
    types = sum(entry.type is not UNSET for entry in entries)
    columns = (boxes.box[:, 0], boxes.yaw_rad, boxes.score)
    stated = sum(np.isfinite(column).sum() for column in columns) + (boxes.label >= 0).sum()
    return int(stated + (boxes.object_id >= 0).sum()) + types
