"""The quick reader of prediction files answers as the slow one does, or not at all."""

import dataclasses

import numpy as np
import pytest

from odd_bench.scoring.faultless import read_document_quickly, read_lines_quickly
from odd_bench.scoring.prediction_file import check_labels, in_lines, read_slowly
from odd_bench.scoring.predictions import DatasetRef, Method
from odd_bench.scoring.writer import PredictionWriter
from tests.scoring.test_bad_files import FILES
from tests.scoring.test_mutations import mutate

DATASET = DatasetRef("toys: test", "1.0.0", "test-unseen", "sha256:0")
BOX = np.array([[0, 0, 0.1, 0.3, 0.2, 0.2], [0.5, 0, 0.1, 0.3, 0.2, 0.2]])
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
            out.add(f"scene: {name}", BOX, [0.25, 2], **extra)
        if not told:
            out.add("nothing", BOX[:0], [])
    return path.read_text()


def quickly(text: str, lines: bool):
    return read_lines_quickly(text) if lines else read_document_quickly(text)


def exact(predictions) -> str:
    """Every field to the last digit, types of arrays included."""
    boxes = {name: (column.dtype, column.tolist()) for name, column in vars(predictions.boxes).items()}
    return repr((dataclasses.replace(predictions, boxes=None), boxes))


def assert_same(text: str, lines: bool) -> bool:
    """Whether the quick reader answered; then the slow one says the same, and finds no fault that the quick way passed over."""
    found = quickly(text, lines)
    if found is None:
        return False
    slow, problems = read_slowly(text, lines)
    assert exact(found) == exact(slow)
    assert problems == check_labels(found, found.threshold is not None)
    return True


@pytest.mark.parametrize("ending", ["json", "jsonl"])
@pytest.mark.parametrize("form", FORMS)
def test_what_the_writer_writes_is_read_quickly(tmp_path, form, ending):
    told = "objects" in FORMS[form]
    text = written(tmp_path / f"p.{ending}", told, {form: FORMS[form]})
    assert assert_same(text, in_lines(text, ending == "jsonl"))


@pytest.mark.parametrize("threshold", [0.5, None])
def test_mixed_forms_are_read_quickly(tmp_path, threshold):
    assert assert_same(written(tmp_path / "p.json", threshold=threshold), lines=False)


def test_boxes_that_were_given_may_be_left_out(tmp_path):
    path = tmp_path / "p.json"
    with PredictionWriter(path, DATASET, Method("net", gt_boxes=True)) as out:
        out.add("a", None, [0.5, 1], objects=[1, 0])
    assert assert_same(path.read_text(), lines=False)


@pytest.mark.parametrize("change", [
    ('"score": 2.0', '"score": 2.0, "score": 3'), ('"score": 2.0', '"score": true'), ('"score": 2.0', '"scorf": 2'),
    ('"yaw": 0.1', '"yaw": null'), ('"yaw": 0.1', '"yaw": 7'), ('"label": "normal"', '"label": "odd"'), ("0.25", "1e999"),
    ('"seconds": 1.0', '"seconds": -1'),  ('"views": [2, 0]', '"views": [2, 2]'), ('"version": 1,', '"version": true,'),
    ('"threshold": 0.5', '"threshold": null, "threshold": 1'), ('"scene: plain"', '"scene: all"'), ("0.3", "-0.3"),
    ('"seconds": 1.0', '"seconds": 1e10'), ('"gt_boxes": false', '"gt_boxes": true'), ('"object": 3', '"object": 3.0'),
])  # fmt: skip
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_a_fault_is_left_to_the_slow_reader(tmp_path, change, ending):
    text = written(tmp_path / f"p.{ending}")
    faulty = text.replace(*change, 1)
    assert faulty != text
    assert quickly(faulty, ending == "jsonl") is None


def test_damaged_files_are_read_alike_or_left_to_the_slow_reader(tmp_path):
    rng, read = np.random.default_rng(3), 0
    texts = [
        written(
            tmp_path / f"{told}.{ending}",
            told,
            {form: FORMS[form] for form in FORMS if not told or "objects" in FORMS[form]},
        )
        for told in (False, True)
        for ending in ("json", "jsonl")
    ]
    for number in range(600):
        lines = number % 2 == 1
        text = texts[number % 4]
        if lines:
            parts = text.split("\n")
            place = int(rng.integers(len(parts) - 1))
            parts[place] = mutate(parts[place], rng).decode(errors="replace")
            read += assert_same("\n".join(parts), lines)
        else:
            read += assert_same(mutate(text, rng).decode(errors="replace"), lines)
    assert 20 < read < 580


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix in (".json", ".jsonl")], ids=lambda path: path.name
)
def test_bad_files_are_read_alike_or_left_to_the_slow_reader(path):
    text = path.read_bytes().decode(errors="replace")
    assert_same(text, in_lines(text, path.suffix == ".jsonl"))
