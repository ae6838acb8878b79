"""Reading a prediction file (`.json` or `.jsonl`, plain or gzipped) and reporting all its problems at once."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from odd_bench.scoring.columns import Columns, places, unknown_key
from odd_bench.scoring.header import check_header, read_dataset, read_method, read_number
from odd_bench.scoring.predictions import DatasetRef, Method, Predictions
from odd_bench.scoring.problems import Problem, ScoringError, at, errors_in, shown
from odd_bench.scoring.source import read_source
from odd_bench.scoring.strict_json import JSON_HINT, REPEATED_HINT, RepeatedKeys, parse

LONGEST_S = 1e9  # for one scene; sums of longer times could overflow
SCENE_KEYS = ("views", "seconds", "objects", "truth")
THRESHOLD_HINT = "State the one you chose on the validation split; it is never tuned here"


def read_predictions(path: str | Path) -> Predictions:
    """Read a prediction file. Raises ScoringError with every problem of form. `validate` compares it with the ground truth."""
    predictions, problems = load_predictions(Path(path))
    if predictions is None or errors_in(problems):
        raise ScoringError(problems)
    return predictions


def load_predictions(path: Path) -> tuple[Predictions | None, list[Problem]]:
    """Read what can be read of a prediction file, and collect every problem of form.

    The predictions are None if the header cannot be read. path: `-` = standard input. The file is read once, so it may be a pipe.
    """
    source, problems = read_source(path, pipes=True)
    if source is None:
        return None, problems
    predictions, problems = read_text(source.text, path.name.removesuffix(".gz").endswith(".jsonl"))
    return (None if predictions is None else replace(predictions, sha256=source.sha256)), problems


def read_text(text: str, named_lines: bool) -> tuple[Predictions | None, list[Problem]]:
    """What can be read of the text of a file, and every problem of form. named_lines: whether its name ends in `.jsonl`."""
    document, problems = parse_lines(text) if in_lines(text, named_lines) else parse(text)
    if document is None and problems:
        return None, problems
    if not isinstance(document, dict):
        return None, [*problems, Problem("format", at(), shown(document), "a JSON object", JSON_HINT)]
    return read_document(document, problems)


def in_lines(text: str, named_lines: bool) -> bool:
    """Whether a text consists of JSON lines, according to its content: the first line is then a header without `scenes`.

    named_lines: whether the name of the file ends in `.jsonl`. A header alone is then a file of lines without scenes.
    """
    first, _, rest = text.lstrip().partition("\n")
    if (not rest or rest.isspace()) and not named_lines:
        return False
    header = first_line(first)
    if header is None:
        return named_lines and first.strip() not in ("{", "")
    return "scenes" not in header


def first_line(line: str) -> dict[str, Any] | None:
    """The JSON object in a line, or None if the line is not a complete object."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def parse_lines(text: str) -> tuple[Any, list[Problem]]:
    """Parse a header line followed by one line per scene, into the same document as that of a .json file."""
    header, scenes, problems = None, RepeatedKeys(), []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        value, found = parse(line, f"line {number}")
        problems += found
        if value is None:
            problems += [] if found else [Problem("format", f"line {number}", "null", "a JSON object", JSON_HINT)]
            continue
        if header is None:
            header = value
        elif not isinstance(value, dict) or not isinstance(value.get("scene"), str):
            hint = 'Each line after the header is {"scene": name, "objects": [...]}'
            problems.append(Problem("format", f"line {number}", shown(value), "a scene with its name", hint))
        elif value["scene"] in scenes:
            path = f"line {number}"
            problems.append(Problem("duplicates", path, shown(value["scene"]), "one line per scene", REPEATED_HINT))
        else:
            scenes[value.pop("scene")] = value
    return {**header, "scenes": dict(scenes)} if isinstance(header, dict) else header, problems


def read_document(document: dict[str, Any], problems: list[Problem]) -> tuple[Predictions | None, list[Problem]]:
    """Read and check a document: the header first, then the scenes."""
    problems = [*problems, *check_header(document)]
    if any(problem.kind == "format" and problem.path in ("format", "version") for problem in problems):
        return None, problems
    dataset, method = read_dataset(document, problems), read_method(document, problems)
    threshold = read_number(document, "threshold", "threshold", problems)
    scenes = document.get("scenes", {})
    if not isinstance(scenes, dict):
        hint = 'scenes is {"name": {"objects": [...]}, ...}'
        problems.append(Problem("wrong type", "scenes", shown(scenes), "an object by scene name", hint))
        scenes = {}
    given_boxes = bool(method and method.gt_boxes)
    predictions = read_scenes(scenes, dataset, method, threshold, given_boxes, problems)
    problems += check_labels(predictions, document.get("threshold") is not None)
    return (predictions if dataset and method else None), without_repeats(problems)


def without_repeats(problems: list[Problem]) -> list[Problem]:
    """The first problem of each kind and path. For example, both the parser and the column report a NaN."""
    return list({(problem.kind, problem.path): problem for problem in reversed(problems)}.values())[::-1]


def read_scenes(
    scenes: dict[str, Any],
    dataset: DatasetRef | None,
    method: Method | None,
    threshold: float | None,
    given_boxes: bool,
    problems: list[Problem],
) -> Predictions:
    """Read and check the scenes. Appends what it finds to problems; the predictions hold what could be read."""
    names = list(scenes)
    entries = [check_scene(name, scenes[name], problems) for name in names]
    columns = object_columns(names, [entry["objects"] for entry in entries], problems)
    boxes = columns.boxes(given_boxes)
    problems += columns.problems
    return Predictions(
        dataset or DatasetRef("", "", "", ""),
        method or Method(""),
        threshold,
        tuple(names),
        tuple(entry["views"] for entry in entries),
        tuple(entry["seconds"] for entry in entries),
        tuple(entry["truth"] for entry in entries),
        boxes,
    )


def object_columns(names: list[str], objects: list[list[Any]], problems: list[Problem]) -> Columns:
    """The entries of all scenes as columns. Entries that are not JSON objects are reported and left out."""
    flat = list(chain.from_iterable(objects))
    scene, number = places([len(entries) for entries in objects])
    all_right = set(map(type, flat)) <= {dict}
    strange = [] if all_right else [row for row, item in enumerate(flat) if not isinstance(item, dict)]
    for row in strange:
        path = at("scenes", names[scene[row]], "objects", int(number[row]))
        problems.append(Problem("wrong type", path, shown(flat[row]), "an object", "An entry has box and score"))
    if strange:
        kept = np.setdiff1d(np.arange(len(flat)), strange)
        flat, scene, number = [flat[row] for row in kept], scene[kept], number[kept]
    return Columns(flat, scene, number, names)


def check_scene(name: str, scene: Any, problems: list[Problem]) -> dict[str, Any]:
    """The entry of one scene with all keys. Wrong values are reported and replaced by empty ones."""
    entry: dict[str, Any] = {"objects": [], "views": None, "seconds": None, "truth": None}
    if not isinstance(scene, dict):
        hint = 'A scene is {"objects": [...]}; "objects" is [] if nothing was detected'
        problems.append(Problem("wrong type", at("scenes", name), shown(scene), "an object", hint))
        return entry
    if not scene.keys() <= set(SCENE_KEYS):
        unknown = [key for key in scene if key not in SCENE_KEYS]
        problems += [unknown_key(at("scenes", name, key), key, SCENE_KEYS) for key in unknown]
    objects = scene.get("objects")
    if isinstance(objects, list):
        entry["objects"] = objects
    else:
        kind, found = ("wrong type", shown(objects)) if "objects" in scene else ("missing key", "nothing")
        hint = "Write [] if nothing was detected"
        problems.append(Problem(kind, at("scenes", name, "objects"), found, "a list of objects", hint))
    entry["views"] = check_views(name, scene.get("views"), problems)
    entry["seconds"] = check_seconds(name, scene, problems)
    entry["truth"] = check_truth(name, scene.get("truth"), problems)
    return entry


def check_truth(name: str, stated: Any, problems: list[Problem]) -> str | None:
    if stated is None or isinstance(stated, str):
        return stated
    hint = "PredictionWriter(..., truth=...) writes it; leave it out otherwise"
    problems.append(Problem("wrong type", at("scenes", name, "truth"), shown(stated), "16 hex digits", hint))
    return None


def check_seconds(name: str, scene: dict[str, Any], problems: list[Problem]) -> float | None:
    stated = scene.get("seconds")
    if stated is None or (type(stated) is float and 0 <= stated <= LONGEST_S):
        return stated
    path = at("scenes", name, "seconds")
    seconds = read_number(scene, "seconds", path, problems)
    if seconds is None or 0 <= seconds <= LONGEST_S:
        return seconds
    hint, expected = (
        "Time of one scene on your machine",
        "seconds >= 0" if seconds < 0 else f"at most {LONGEST_S:g} seconds",
    )
    problems.append(Problem("wrong type", path, shown(seconds), expected, hint))
    return None


def check_views(name: str, views: Any, problems: list[Problem]) -> tuple[int, ...] | None:
    if views is None:
        return None
    numbers = isinstance(views, list) and set(map(type, views)) <= {int}
    numbers = numbers and min(views, default=0) >= 0 and max(views, default=0) < 2**31
    if numbers and len(set(views)) == len(views):
        return tuple(views)
    booleans = isinstance(views, list) and bool in set(map(type, views))
    kind = "duplicates" if numbers else "bool as number" if booleans else "wrong type"
    expected = "each view once" if numbers else "a list of view numbers from 0"
    hint = "views lists the views the method saw"
    problems.append(Problem(kind, at("scenes", name, "views"), shown(views), expected, hint))
    return None


def check_labels(predictions: Predictions, threshold_stated: bool) -> list[Problem]:
    """Check that labels and threshold together state what is anomalous; a warning for each label that contradicts them."""
    boxes, threshold = predictions.boxes, predictions.threshold
    rows = np.flatnonzero(boxes.label < 0)
    if threshold is None:
        if threshold_stated or not len(rows):
            return []
        path = at("scenes", predictions.scene_names[boxes.scene[rows[0]]], "objects", int(boxes.number[rows[0]]))
        found = f"no threshold, and no label at {path}"
        return [Problem("missing key", "threshold", found, "a number, or a label at every object", THRESHOLD_HINT)]
    against = np.flatnonzero((boxes.label >= 0) & np.isfinite(boxes.score) & (boxes.label != (boxes.score > threshold)))
    return [label_warning(predictions, int(row)) for row in against]


def label_warning(predictions: Predictions, row: int) -> Problem:
    boxes = predictions.boxes
    path = at("scenes", predictions.scene_names[boxes.scene[row]], "objects", int(boxes.number[row]), "label")
    side = "above" if boxes.score[row] > predictions.threshold else "not above"
    found = f"{'anomalous' if boxes.label[row] else 'normal'} at score {boxes.score[row]:.6g}"
    hint = "The label counts for accuracy, the score for AUC; leave one out if they should agree"
    expected = f"a label that agrees: the score is {side} the threshold {predictions.threshold:.6g}"
    return Problem("label against threshold", path, found, expected, hint, warning=True)
