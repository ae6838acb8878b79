"""Laws of the prediction file: it reads back as written, in every form, and fits the published schema."""

import gzip
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import odd_bench.scoring
from odd_bench.scoring import DatasetRef, Method, PredictionWriter, ScoringError, read_predictions
from odd_bench.scoring.ground_truth import scene_digest
from tests.scoring.worlds import dataset_ref, make_truth

DATASET = DatasetRef("toys-test", "1.0.0", "test-unseen", "sha256:0")
SCHEMA = json.loads((Path(odd_bench.scoring.__file__).parent / "predictions.schema.json").read_text())
BOXES = np.array([[0, 0, 0.1, 0.3, 0.2, 0.2, 0.5], [0.5, 0, 0.1, 0.3, 0.2, 0.2, -0.5]])


def write(path, method=None, truth=None):
    with PredictionWriter(
        path, DATASET, method or Method("net", views=5, seed=0, extra={"note": "x"}), 0.4, truth
    ) as out:
        out.add("a", BOXES, [0.1, 0.9], views=[0, 3], seconds=0.5, types=[None, "crack"])
        out.add("b", np.zeros((0, 6)), [])
        out.add("c", BOXES[:, :6], [1, 2], labels=[0, 1])
    return path


@pytest.mark.parametrize("name", ["p.json", "p.json.gz", "p.jsonl"])
def test_written_predictions_read_back(tmp_path, name):
    read = read_predictions(write(tmp_path / name))
    assert read.dataset == DATASET
    assert read.method == Method("net", views=5, seed=0, extra={"note": "x"})
    assert (read.threshold, read.scene_names) == (0.4, ("a", "b", "c"))
    assert read.views == ((0, 3), None, None)
    assert read.seconds == (0.5, None, None)
    np.testing.assert_array_equal(read.boxes.scene, [0, 0, 2, 2])
    np.testing.assert_array_equal(read.boxes.box[:2], BOXES[:, :6])
    np.testing.assert_array_equal(read.boxes.yaw_rad, [0.5, -0.5, np.nan, np.nan])
    np.testing.assert_array_equal(read.boxes.score, [0.1, 0.9, 1, 2])
    np.testing.assert_array_equal(read.predicted_label(), [0, 1, 0, 1])


def test_gzipped_lines_read_like_plain_lines(tmp_path):
    plain = write(tmp_path / "p.jsonl")
    packed = tmp_path / "q.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_predictions(packed).scene_names == ("a", "b", "c")


def test_written_files_fit_the_schema(tmp_path):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(write(tmp_path / "p.json").read_text()), SCHEMA)


@pytest.mark.parametrize("change", [
    lambda d: d.update(format="other"), lambda d: d.update(version=2), lambda d: d.update(tresh=1), lambda d: d.pop("scenes"),
    lambda d: d["dataset"].pop("digest"), lambda d: d["method"].pop("name"), lambda d: d["scenes"].update(a=[]),
    lambda d: d["scenes"]["a"].pop("objects"), lambda d: d["scenes"]["a"].update(views=[0, 0]),
    lambda d: d["scenes"]["a"].update(seconds=-1), lambda d: d["scenes"]["a"].update(truth=["0" * 16]),
    lambda d: d["scenes"]["a"]["objects"][0].update(type=[[]]), lambda d: d["scenes"]["a"]["objects"][0].update(label=None),
    lambda d: d["scenes"]["a"].update(seconds=1e308), lambda d: d["scenes"]["a"]["objects"][0].update(box=[1, 2, 3]),
    lambda d: d["scenes"]["a"]["objects"][0].pop("score"), lambda d: d["scenes"]["a"]["objects"][0].update(score=True),
    lambda d: d["scenes"]["a"]["objects"][0].update(label="odd"), lambda d: d["scenes"]["a"]["objects"][0].update(yaw=7),
    lambda d: d["scenes"]["a"]["objects"][0].update(lable="normal"), lambda d: d.update(threshold="0.5"),
])  # fmt: skip
def test_schema_and_reader_refuse_the_same_files(tmp_path, change):
    path = write(tmp_path / "p.json")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)
    with pytest.raises(ScoringError):
        read_predictions(path)


def test_lines_can_be_continued_after_a_crash(tmp_path):
    path = tmp_path / "p.jsonl"
    out = PredictionWriter(path, DATASET, Method("net"))
    out.add("a", BOXES, [0.1, 0.9])
    path.write_text(path.read_text() + '{"scene": "b", "obj')
    again = PredictionWriter(path, DATASET, Method("net"))
    assert again.done == {"a"}
    again.add("b", BOXES, [0.2, 0.8])
    assert read_predictions(path).scene_names == ("a", "b")
    with pytest.raises(ValueError, match="another run"):
        PredictionWriter(path, DATASET, Method("other"))


def test_continuing_a_file_never_rewrites_its_complete_lines(tmp_path, monkeypatch):
    """A second crash, while the cut line of the first one is removed, would lose whatever is being rewritten."""

    def crash(path, text):
        path.open("w").close()
        raise OSError("no space left on device")

    path = tmp_path / "p.jsonl"
    PredictionWriter(path, DATASET, Method("net")).add("a", BOXES, [0.1, 0.9])
    complete = path.read_bytes()
    path.write_bytes(complete + b'{"scene": "b", "obj')
    monkeypatch.setattr(Path, "write_text", crash)
    PredictionWriter(path, DATASET, Method("net"))
    assert path.read_bytes() == complete


def test_an_interrupted_json_file_is_not_written(tmp_path):
    path = tmp_path / "p.json"
    with pytest.raises(KeyboardInterrupt), PredictionWriter(path, DATASET, Method("net")) as out:
        out.add("a", BOXES, [0.1, 0.9])
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_scenes_carry_the_digest_of_their_truth(tmp_path):
    truth = make_truth(2)
    path = tmp_path / "p.json"
    with PredictionWriter(path, dataset_ref(truth), Method("net"), truth=truth) as out:
        for name in truth.scenes:
            out.add(name, np.zeros((0, 6)), [])
    assert read_predictions(path).truth_digests == tuple(scene_digest(scene) for scene in truth.scenes.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"boxes": BOXES, "scores": [1.0]}, "scene 'a': boxes must be"),
        ({"boxes": BOXES[:, :5], "scores": [1, 2]}, "scene 'a': boxes must be"),
        ({"boxes": BOXES, "scores": [1, np.nan]}, "scene 'a': score must be finite"),
        ({"boxes": BOXES, "scores": [1, 2], "labels": [1]}, "scene 'a': scores has 2 entries"),
    ],
)
def test_the_writer_refuses_what_the_reader_refuses(tmp_path, arguments, message):
    with PredictionWriter(tmp_path / "p.json", DATASET, Method("net")) as out, pytest.raises(ValueError, match=message):
        out.add("a", **arguments)


def test_adding_a_scene_twice_is_refused(tmp_path):
    with PredictionWriter(tmp_path / "p.json", DATASET, Method("net")) as out:
        out.add("a", BOXES, [1, 2])
        with pytest.raises(ValueError, match="added before"):
            out.add("a", BOXES, [1, 2])


def test_empty_lines_are_skipped_anywhere_and_null_is_not_a_scene(tmp_path):
    path = write(tmp_path / "p.jsonl")
    text = path.read_text()
    path.write_text("\n \r\n" + text.replace("\n", "\r\n\n"))
    assert read_predictions(path).scene_names == ("a", "b", "c")
    path.write_text(text + "null\n")
    with pytest.raises(ScoringError, match="line 5: null -> a JSON object"):
        read_predictions(path)


def test_a_long_name_is_shortened_in_messages(tmp_path):
    path = write(tmp_path / "p.json")
    document = json.loads(path.read_text())
    document["scenes"]["x" * 100_000] = []
    path.write_text(json.dumps(document))
    with pytest.raises(ScoringError) as caught:
        read_predictions(path)
    assert len(str(caught.value)) < 500
