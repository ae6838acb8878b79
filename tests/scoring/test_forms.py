"""Every allowed form of an entry reads back as written, and a single fault in it is found, in documents and in lines."""

import dataclasses
import json

import numpy as np
import pytest

from odd_bench.scoring.prediction_file import load_predictions, read_predictions
from odd_bench.scoring.predictions import DatasetRef, Method
from odd_bench.scoring.problems import errors_in
from odd_bench.scoring.writer import PredictionWriter

DATASET = DatasetRef("toys: test", "1.0.0", "test-unseen", "sha256:0")
BOX = np.array([[0, 0, 0.1, 0.3, 0.2, 0.2], [0.5, 0, 0.1, 0.3, 0.2, 0.2]])
SCORES = [0.25, 2.0]
FORMS = {
    "plain": {},
    "turned": {"yaws": [0.1, -0.2]},
    "labelled": {"labels": [0, 1]},
    "typed": {"types": [None, "crack"]},
    "of given objects": {"objects": [0, 1]},
    "all": {
        "yaws": [0.1, 0.2],
        "labels": [1, 0],
        "types": ["a", "b"],
        "objects": [3, 2],
        "seconds": 1,
        "views": [2, 0],
    },
}


def written(path, told=False, forms=FORMS, threshold=0.5) -> str:
    with PredictionWriter(path, DATASET, Method("net: large", gt_boxes=told), threshold) as out:
        for name, extra in forms.items():
            out.add(f"scene: {name}", BOX, SCORES, **extra)
        if not told:
            out.add("nothing", BOX[:0], [])
    return path.read_text()


def exact(predictions) -> str:
    """Every field to the last digit, including the types of arrays."""
    boxes = {name: (column.dtype, column.tolist()) for name, column in vars(predictions.boxes).items()}
    return repr((dataclasses.replace(predictions, boxes=None, sha256=""), boxes))


@pytest.mark.parametrize("ending", ["json", "jsonl"])
@pytest.mark.parametrize("forms", [[name] for name in FORMS] + [list(FORMS)], ids="+".join)
def test_every_form_reads_back(tmp_path, forms, ending):
    path = tmp_path / f"p.{ending}"
    told = forms == ["of given objects"]
    written(path, told, {form: FORMS[form] for form in forms})
    read = read_predictions(path)
    boxes, stated = read.boxes, [FORMS[form] for form in forms]
    expected = [value for one in stated for value in one.get("yaws", [np.nan, np.nan])]
    assert np.array_equal(boxes.yaw_rad, expected, equal_nan=True)
    assert boxes.label.tolist() == [value for one in stated for value in one.get("labels", [-1, -1])]
    assert boxes.object_id.tolist() == [value for one in stated for value in one.get("objects", [-1, -1])]
    assert boxes.score.tolist() == SCORES * len(forms) and np.array_equal(boxes.box, np.tile(BOX, (len(forms), 1)))
    assert read.views[: len(forms)] == tuple(tuple(one["views"]) if "views" in one else None for one in stated)
    assert read.seconds[: len(forms)] == tuple(one.get("seconds") for one in stated)


@pytest.mark.parametrize("threshold", [0.5, None])
def test_lines_and_documents_have_the_same_content(tmp_path, threshold):
    forms = FORMS if threshold is not None else {"all": FORMS["all"]}
    for ending in ("json", "jsonl"):
        written(tmp_path / f"p.{ending}", forms=forms, threshold=threshold)
    assert exact(read_predictions(tmp_path / "p.json")) == exact(read_predictions(tmp_path / "p.jsonl"))


def test_given_boxes_may_be_omitted(tmp_path):
    path = tmp_path / "p.json"
    with PredictionWriter(path, DATASET, Method("net", gt_boxes=True)) as out:
        out.add("a", None, [0.5, 1], objects=[1, 0])
    read = read_predictions(path).boxes
    assert np.isnan(read.box).all() and read.object_id.tolist() == [1, 0]


@pytest.mark.parametrize("change, kind, place", [
    (('"score": 2.0', '"score": 2.0, "score": 3'), "duplicates", "objects[1].score"),
    (('"score": 2.0', '"score": true'), "bool as number", "objects[1].score"),
    (('"score": 2.0', '"scorf": 2'), "unknown key", "objects[1].scorf"),
    (('"yaw": 0.1', '"yaw": null'), "wrong type", "objects[0].yaw"),
    (('"yaw": 0.1', '"yaw": 7'), "yaw", "objects[0].yaw"),
    (('"label": "normal"', '"label": "odd"'), "wrong type", "objects[0].label"),
    (("0.25", "1e999"), "not finite", "objects[0].score"),
    (('"seconds": 1.0', '"seconds": -1'), "wrong type", "seconds"),
    (('"seconds": 1.0', '"seconds": 1e10'), "wrong type", "seconds"),
    (('"views": [2, 0]', '"views": [2, 2]'), "duplicates", "views"),
    (('"version": 1,', '"version": true,'), "format", "version"),
    (('"threshold": 0.5', '"threshold": null, "threshold": 1'), "duplicates", "threshold"),
    (('"scene: plain"', '"scene: all"'), "duplicates", ""),
    (("0.3", "-0.3"), "size", "objects[0].box[3]"),
    (('"gt_boxes": false', '"gt_boxes": true'), "missing key", "objects[0].object"),
    (('"object": 3', '"object": 3.0'), "wrong type", "objects[0].object"),
])  # fmt: skip
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_a_single_fault_is_found_at_its_place(tmp_path, change, kind, place, ending):
    path = tmp_path / f"p.{ending}"
    faulty = written(path).replace(*change, 1)
    path.write_text(faulty)
    _, problems = load_predictions(path)
    assert any(problem.kind == kind and problem.path.endswith(place) for problem in errors_in(problems)), problems


def test_a_document_on_one_line_reads_like_one_on_many(tmp_path):
    path, folded = tmp_path / "p.json", tmp_path / "folded.json"
    folded.write_text(json.dumps(json.loads(written(path)), separators=(",", ":")))
    assert exact(read_predictions(path)) == exact(read_predictions(folded))
