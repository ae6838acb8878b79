"""The quick reader of prediction files without a fault of form: it decodes them into typed rows, then into columns.

Most files are of this kind. All others are left to `prediction_file`, which reads key by key and says what is wrong.

There are two readers for speed alone: no JSON library tells of a repeated key, msgspec and orjson keep the last one silently, and
reading key by key takes 0.9 times as long as `json.loads` and this 0.5 times, so that a whole check takes 1.1 times, not 1.4.
"""

from __future__ import annotations

import math
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import UNSET, Meta, Struct

from odd_bench.scoring.columns import places
from odd_bench.scoring.header import check_header, read_dataset, read_method, read_number
from odd_bench.scoring.predictions import LABELS, Boxes, Predictions
from odd_bench.scoring.problems import Problem
from odd_bench.scoring.strict_json import keys_and_colons, parse

NO_BOX = (math.nan,) * 6
CODES = {None: -1} | {name: code for code, name in enumerate(LABELS)}

FromZero = Annotated[int, Meta(ge=0, lt=2**31)]


class StoredBox(Struct, forbid_unknown_fields=True, gc=False):
    """An entry of `objects` as it stands in the file. None, here and below: the key is absent."""

    score: float
    box: tuple[float, float, float, float, float, float] | None = None
    yaw: float | None = None
    label: Literal["normal", "anomalous"] | None = None
    type: str | None = None
    object: FromZero | None = None


class StoredScene(Struct, forbid_unknown_fields=True):
    """A scene as it stands in a document, under its name."""

    objects: list[StoredBox]
    views: tuple[FromZero, ...] | None = None
    seconds: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    truth: str | None = None


class StoredLine(StoredScene, kw_only=True):
    """A scene as it stands in a file of lines."""

    scene: str


class StoredFile(Struct, forbid_unknown_fields=True):
    """A whole document."""

    format: Any
    version: Any
    dataset: Any
    method: Any
    scenes: dict[str, StoredScene]
    threshold: Any = UNSET


def read_document_quickly(text: str) -> Predictions | None:
    """The content of a JSON document; None where it has a fault of form, or may have one."""
    try:
        stored = msgspec.json.decode(text, type=StoredFile)
    except (ValueError, RecursionError):
        return None
    stated = msgspec.structs.asdict(stored) | {"scenes": {}}
    if stored.threshold is UNSET:
        del stated["threshold"]
    return read_quickly(text, stated, stored.scenes)


def read_lines_quickly(text: str) -> Predictions | None:
    """The same for a header line and one line per scene."""
    first, _, rest = text.partition("\n")
    stated, problems = parse(first)
    if problems or not isinstance(stated, dict):
        return None
    decode = msgspec.json.Decoder(StoredLine).decode
    try:
        scenes = [decode(line) for line in rest.split("\n") if line and not line.isspace()]
    except (ValueError, RecursionError):
        return None
    by_name = {scene.scene: scene for scene in scenes}
    return read_quickly(text, stated, by_name) if len(by_name) == len(scenes) else None


def read_quickly(text: str, stated: dict[str, Any], scenes: dict[str, StoredScene]) -> Predictions | None:
    """text: all that was decoded. stated: the keys above the scenes."""
    header, problems = stated | {"scenes": {}}, list[Problem]()
    problems += check_header(header)
    dataset, method = read_dataset(header, problems), read_method(header, problems)
    threshold = read_number(header, "threshold", "threshold", problems)
    if problems or any(scene.views and len(set(scene.views)) < len(scene.views) for scene in scenes.values()):
        return None
    keys = colons_of_keys(text, stated, scenes)
    boxes = read_boxes([scene.objects for scene in scenes.values()], keys, method.gt_boxes)
    if boxes is None:
        return None
    columns = (tuple(map(attrgetter(name), scenes.values())) for name in ("views", "seconds", "truth"))
    return Predictions(dataset, method, threshold, tuple(scenes), *columns, boxes)


def colons_of_keys(text: str, stated: dict[str, Any], scenes: dict[str, StoredScene]) -> int:
    """An upper bound of the number of keys in the boxes of a text: its colons without those of the other keys and of the
    strings.

    As in `repeats_no_key`, where the boxes have fewer keys than that, one may stand twice.
    """
    keys, colons = keys_and_colons(stated)
    keys += 2 * len(scenes)  # of each the name (in lines its key) and "objects"
    for name, scene in scenes.items():
        keys += 3 - (scene.views, scene.seconds, scene.truth).count(None)
        colons += name.count(":") + (scene.truth or "").count(":")
    return text.count(":") - keys - (0 if "\\" in text else colons)


def read_boxes(objects: list[list[StoredBox]], keys: int, told_boxes: bool) -> Boxes | None:
    """objects: of each scene. keys: how many they have together; None where they have fewer, and where a number is wrong."""
    scene, number = places(list(map(len, objects)))
    rows = list(chain.from_iterable(objects))
    score = np.fromiter(map(attrgetter("score"), rows), float, len(rows))
    yaw_rad = np.fromiter(map(attrgetter("yaw"), rows), float, len(rows))  # NumPy makes NaN of None
    sixes = list(map(attrgetter("box"), rows))
    if None in sixes:
        sixes = [NO_BOX if six is None else six for six in sixes]
    box = np.fromiter(chain.from_iterable(sixes), float, 6 * len(rows)).reshape(-1, 6)
    label, object_id = np.full(len(rows), -1), np.full(len(rows), -1)
    no_yaw, no_box = np.isnan(yaw_rad), np.isnan(box).all(axis=1)
    found = 3 * len(rows) - np.count_nonzero(no_yaw) - np.count_nonzero(no_box)
    if found < keys:  # the others are those of labels, types and object ids
        label = np.fromiter((CODES[item.label] for item in rows), int, len(rows))
        object_id = np.fromiter((-1 if item.object is None else item.object for item in rows), int, len(rows))
        types = sum(item.type is not None for item in rows)
        found += np.count_nonzero(label >= 0) + np.count_nonzero(object_id >= 0) + types
    right = np.isfinite(score).all() and (no_yaw | (np.abs(yaw_rad) <= 2 * math.pi)).all()
    right &= (no_box & told_boxes | np.isfinite(box).all(axis=1) & (box[:, 3:] > 0).all(axis=1)).all()
    right &= not told_boxes or (object_id >= 0).all()
    return Boxes(scene, number, box, yaw_rad, score, label, object_id) if right and found == keys else None
