"""Reading the header of a prediction file: format, data set, method and threshold."""

from __future__ import annotations

import json
import math
from typing import Any

from odd_bench.scoring.columns import FINITE_HINT, not_a_number, unknown_key
from odd_bench.scoring.predictions import FORMAT, VERSION, DatasetRef, Method
from odd_bench.scoring.problems import Problem, at, shown

TOP_KEYS = ("format", "version", "dataset", "method", "threshold", "scenes")
DATASET_KEYS = ("name", "version", "split", "digest")
METHOD_KEYS = ("name", "views", "gt_boxes", "gt_count", "seed")
METHOD_LEVELS = 8


def check_header(document: dict[str, Any]) -> list[Problem]:
    """Problems of format and version, unknown keys and missing keys."""
    problems = []
    if document.get("format") != FORMAT:
        hint = 'The first keys of the file are "format" and "version"'
        problems.append(Problem("format", "format", shown(document.get("format")), f'"{FORMAT}"', hint))
    if type(document.get("version")) is not int or document["version"] != VERSION:
        hint = "Write the file again with this odd-bench, or score it with the one that wrote it"
        problems.append(Problem("format", "version", shown(document.get("version")), str(VERSION), hint))
    problems += [unknown_key(at(key), key, TOP_KEYS) for key in document if key not in TOP_KEYS]
    missing = [key for key in ("dataset", "method", "scenes") if key not in document]
    return problems + [
        Problem("missing key", key, "nothing", "an object", "Compare with a file that `odd-bench predict` wrote")
        for key in missing
    ]


def read_dataset(document: dict[str, Any], problems: list[Problem]) -> DatasetRef | None:
    """The data set that the file states, or None if it cannot be read. Appends what it finds to problems."""
    dataset = document.get("dataset")
    if not isinstance(dataset, dict):
        if "dataset" in document:
            hint = "dataset has name, version, split and digest"
            problems.append(Problem("wrong type", "dataset", shown(dataset), "an object", hint))
        return None
    problems += [unknown_key(at("dataset", key), key, DATASET_KEYS) for key in dataset if key not in DATASET_KEYS]
    wrong = [key for key in DATASET_KEYS if not isinstance(dataset.get(key), str)]
    for key in wrong:
        hint = "Copy name, version and digest from dataset.json of the data set"
        kind = "wrong type" if key in dataset else "missing key"
        found = shown(dataset[key]) if key in dataset else "nothing"
        problems.append(Problem(kind, at("dataset", key), found, "a string", hint))
    return None if wrong else DatasetRef(*(dataset[key] for key in DATASET_KEYS))


def read_method(document: dict[str, Any], problems: list[Problem]) -> Method | None:
    """The method that the file states, or None if it cannot be read. Appends what it finds to problems."""
    method = document.get("method")
    if not isinstance(method, dict):
        if "method" in document:
            problems.append(Problem("wrong type", "method", shown(method), "an object", "method has at least a name"))
        return None
    found = method_problems(method)
    problems += found
    if found:
        return None
    stated = {key: method[key] for key in METHOD_KEYS if key in method}
    return Method(**stated, extra={key: value for key, value in method.items() if key not in METHOD_KEYS})


def method_problems(method: dict[str, Any]) -> list[Problem]:
    """Problems of the method: missing name, wrong types, and values that a report cannot show."""
    problems = []
    expected = {"name": (str, "a string"), "gt_boxes": (bool, "true or false"), "gt_count": (bool, "true or false")}
    for key, (kind, form) in expected.items():
        if key in method and not isinstance(method[key], kind):
            hint = "The table of results shows it; state what the method is given"
            problems.append(Problem("wrong type", at("method", key), shown(method[key]), form, hint))
    if "name" not in method:
        hint = "Name the method; the table of results shows this name"
        problems.append(Problem("missing key", "method.name", "nothing", "a string", hint))
    for key in ("views", "seed"):
        if method.get(key) is not None and type(method[key]) is not int:
            problems.append(not_a_number(at("method", key), method[key]))
    return problems + unshowable(method)


def unshowable(method: dict[str, Any]) -> list[Problem]:
    """The problem of a method that a report cannot show: very deep nesting, or text that is not valid Unicode."""
    if deeper_than(method, METHOD_LEVELS):
        hint = "Keep the settings of the method flat"
        return [Problem("format", "method", "very deep nesting", f"at most {METHOD_LEVELS} levels", hint)]
    try:
        json.dumps(method, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        hint = "It holds half of a surrogate pair; write the text again"
        return [Problem("format", "method", shown(method), "text that UTF-8 can hold", hint)]
    return []


def deeper_than(value: Any, levels: int) -> bool:
    """Whether lists and objects are nested more than this many levels deep."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(deeper_than(item, levels - 1) for item in inner)


def read_number(parent: dict[str, Any], key: str, path: str, problems: list[Problem]) -> float | None:
    """The finite number under a key, or None if there is none. Appends a problem if the value is anything else."""
    value = parent.get(key)
    if value is None:
        return None
    if type(value) not in (int, float):
        problems.append(not_a_number(path, value))
        return None
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        problems.append(Problem("not finite", path, shown(value), "a finite number", FINITE_HINT))
        return None
    return float(value)
