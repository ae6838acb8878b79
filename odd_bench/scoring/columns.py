"""The objects of a prediction file as columns. Each check runs over all objects at once, which is fast for large files."""

from __future__ import annotations

import math
from itertools import chain, compress
from operator import itemgetter
from typing import Any

import numpy as np

from odd_bench.scoring.predictions import LABELS, Boxes
from odd_bench.scoring.problems import Problem, at, shown

OBJECT_KEYS = ("box", "yaw", "score", "label", "type", "object")
ABSENT = object()
FINITE_HINT = "Did the network diverge? Scores and boxes are used as they are, never repaired"


class Columns:
    """The n objects of all scenes, in the order of the file.

    scene, number: (n,), index of their scene and position in its list. names: of the scenes. problems: those that the checks found.
    stated: all keys that occur.
    """

    def __init__(self, objects: list[dict[str, Any]], scene: np.ndarray, number: np.ndarray, names: list[str]):
        self.objects, self.scene, self.number, self.names = objects, scene, number, names
        self.problems: list[Problem] = []
        self.stated = set[str]().union(*objects)

    def path(self, row: int, *keys: str | int) -> str:
        return at("scenes", self.names[self.scene[row]], "objects", int(self.number[row]), *keys)

    def report(self, row: int, keys: tuple[str | int, ...], kind: str, found: str, expected: str, hint: str) -> None:
        self.problems.append(Problem(kind, self.path(row, *keys), found, expected, hint))

    def boxes(self, given_boxes: bool) -> Boxes:
        """Check every column and return the rows. A wrong value is added to `problems` and becomes NaN or -1 in the rows."""
        self.check_keys()
        self.check_types()
        return Boxes(
            scene=self.scene,
            number=self.number,
            box=self.box_column(given_boxes),
            yaw_rad=self.yaw_column(),
            score=self.number_column("score", required=True),
            label=self.label_column(),
            object_id=self.object_id_column(given_boxes),
        )

    def values(self, key: str) -> list[Any]:
        """The values of a key, ABSENT for objects without it."""
        try:
            return list(map(itemgetter(key), self.objects))
        except KeyError:
            return [item.get(key, ABSENT) for item in self.objects]

    def check_keys(self) -> None:
        unknown = self.stated - set(OBJECT_KEYS)
        for row in range(len(self.objects)) if unknown else ():
            for key in unknown & self.objects[row].keys():
                self.problems.append(unknown_key(self.path(row, key), key, OBJECT_KEYS))

    def check_types(self) -> None:
        """Check that kinds of anomaly are strings, although they are not scored."""
        for row, value in enumerate(self.values("type")) if "type" in self.stated else ():
            if value is not ABSENT and value is not None and not isinstance(value, str):
                self.report(
                    row, ("type",), "wrong type", shown(value), "a string", "Name the kind of anomaly, or leave it out"
                )

    def number_column(self, key: str, required: bool) -> np.ndarray:
        """The values (n,) float of a key; NaN if it is absent or wrong."""
        if not required and key not in self.stated:
            return np.full(len(self.objects), np.nan)
        values = self.values(key)
        if not set(map(type, values)) <= {float, int}:
            values = [self.checked_number(row, value, key, required) for row, value in enumerate(values)]
        column = to_floats(values)
        for row in np.flatnonzero(~np.isfinite(column)):
            if self.objects[row].get(key) is not None and values[row] is not ABSENT:
                self.report(row, (key,), "not finite", shown(values[row]), "a finite number", FINITE_HINT)
        return column

    def checked_number(self, row: int, value: Any, key: str, required: bool) -> Any:
        """The value if it is a number; otherwise report the problem and return ABSENT."""
        if value is ABSENT:
            if required:
                hint = f"Every object carries a {key}; a higher one means more anomalous"
                self.report(row, (key,), "missing key", "nothing", "a number", hint)
        elif type(value) not in (float, int):
            self.problems.append(not_a_number(self.path(row, key), value))
        else:
            return value
        return ABSENT

    def yaw_column(self) -> np.ndarray:
        yaw_rad = self.number_column("yaw", required=False)
        for row in np.flatnonzero(np.abs(yaw_rad) > 2 * math.pi):
            self.report(
                row, ("yaw",), "yaw", f"{yaw_rad[row]:.6g}", "-2 pi to 2 pi radians", "Degrees? Multiply by pi / 180"
            )
        return yaw_rad

    def box_column(self, given_boxes: bool) -> np.ndarray:
        """The boxes (n, 6) float; rows without a usable box are NaN."""
        values = self.values("box")
        right = np.ones(len(values), bool)
        if not (set(map(type, values)) <= {list} and set(map(len, values)) <= {6}):
            right = np.array([type(value) is list and len(value) == 6 for value in values])
        rows = np.flatnonzero(right)
        for row in np.flatnonzero(~right):
            self.report_box(int(row), values[row], given_boxes)
        flat = list(chain.from_iterable(values if right.all() else compress(values, right)))
        if not set(map(type, flat)) <= {float, int}:
            flat = [self.checked_entry(int(rows[i // 6]), i % 6, value) for i, value in enumerate(flat)]
        box = np.full((len(values), 6), np.nan)
        box[rows] = to_floats(flat).reshape(-1, 6)
        for row, entry in np.argwhere(~np.isfinite(box)):
            if right[row] and (value := flat[6 * int(np.searchsorted(rows, row)) + entry]) is not ABSENT:
                self.report(int(row), ("box", int(entry)), "not finite", shown(value), "a finite number", FINITE_HINT)
        for row, entry in np.argwhere(box[:, 3:] <= 0):
            hint = "box is centre x y z, then size along x, y, z; not two corners"
            self.report(int(row), ("box", 3 + int(entry)), "size", f"{box[row, 3 + entry]:.6g}", "a size > 0", hint)
        return box

    def report_box(self, row: int, value: Any, given_boxes: bool) -> None:
        form = "centre x y z, size x y z"
        if value is ABSENT:
            if not given_boxes:
                hint = f"box is {form} in metres, world, z up"
                self.report(row, ("box",), "missing key", "nothing", "six numbers", hint)
        elif isinstance(value, list):
            hint = "The yaw is a key of its own" if len(value) == 7 else f"box is {form}"
            self.report(row, ("box",), "wrong length", f"{len(value)} numbers", "six numbers", hint)
        else:
            self.report(row, ("box",), "wrong type", shown(value), "a list of six numbers", f"box is {form}")

    def checked_entry(self, row: int, entry: int, value: Any) -> Any:
        if type(value) in (float, int):
            return value
        self.problems.append(not_a_number(self.path(row, "box", entry), value))
        return ABSENT

    def label_column(self) -> np.ndarray:
        """The labels (n,): 1, 0, or -1 if the threshold decides."""
        if "label" not in self.stated:
            return np.full(len(self.objects), -1)
        codes = {ABSENT: -1, **{name: code for code, name in enumerate(LABELS)}}
        values = self.values("label")
        known = [isinstance(value, str) or value is ABSENT for value in values]
        column = [codes.get(value, -2) if fine else -2 for value, fine in zip(values, known, strict=True)]
        for row in np.flatnonzero(np.array(column, int) == -2):
            hint = "Leave the label out to have it set by score > threshold"
            self.report(int(row), ("label",), "wrong type", shown(values[row]), '"anomalous" or "normal"', hint)
        return np.maximum(np.array(column, int), -1)

    def object_id_column(self, given_boxes: bool) -> np.ndarray:
        """The object ids (n,) of a method that is given the boxes; -1 if not stated."""
        column = np.full(len(self.objects), -1)
        if "object" not in self.stated and not given_boxes:
            return column
        for row, value in enumerate(self.values("object")):
            if value is ABSENT and not given_boxes:
                continue
            if type(value) is int and 0 <= value < 2**31:
                column[row] = value
            else:
                found = "nothing" if value is ABSENT else shown(value)
                kind = (
                    "missing key" if value is ABSENT else "bool as number" if isinstance(value, bool) else "wrong type"
                )
                hint = "With gt_boxes every entry names the object it scores, by its id in the ground truth"
                self.report(row, ("object",), kind, found, "an object id, an integer from 0", hint)
        return column


def places(counts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Scene (n,) of every object and its position (n,) in the list of the scene. counts: number of objects in each scene."""
    scene = np.repeat(np.arange(len(counts)), counts)
    return scene, np.arange(len(scene)) - np.repeat(np.cumsum(counts, dtype=int) - counts, counts)


def to_floats(values: list[Any]) -> np.ndarray:
    """The values (n,) as float64. ABSENT becomes NaN, and an integer beyond the range of floats becomes infinity."""
    try:
        return np.fromiter(values, float, len(values))
    except (TypeError, OverflowError):
        return np.array([to_float(value) for value in values], float)


def to_float(value: Any) -> float:
    try:
        return math.nan if value is ABSENT else float(value)
    except OverflowError:
        return math.inf


def not_a_number(path: str, value: Any) -> Problem:
    """The problem of a value that is not a number. true is not a number in JSON, and is not accepted as 1."""
    if isinstance(value, bool):
        return Problem("bool as number", path, shown(value), "a number", "Write 1.0 or 0.0 if that is what is meant")
    hint = "Write the number without quotes" if isinstance(value, str) else "Write one plain number"
    return Problem("wrong type", path, shown(value), "a number", hint)


def unknown_key(path: str, key: str, known: tuple[str, ...]) -> Problem:
    """The problem of an unknown key, with the nearest known key as a hint."""
    from difflib import get_close_matches

    near = get_close_matches(key, known, n=1)
    hint = f'Did you mean "{near[0]}"?' if near else "Remove it"
    return Problem("unknown key", path, shown(key), f"one of {', '.join(known)}", hint)
