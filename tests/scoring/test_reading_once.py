"""Lines, documents, pipes and standard input: each form is recognised, read once, and an unread file is never `ok`."""

import gzip
import hashlib
import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from odd_bench.scoring import PredictionWriter, source
from odd_bench.scoring.prediction_file import load_predictions
from odd_bench.scoring.predictions import Method
from odd_bench.scoring.problems import ScoringError, errors_in
from odd_bench.scoring.score import Options, check_file, score_file
from odd_bench.scoring.source import read_source
from tests.scoring.worlds import dataset_ref, noisy_answers, write_predictions


def numbers(path, data):
    return score_file(path, Options(data, resamples=20)).document["result"]["protocols"]


@pytest.fixture(scope="module")
def work(truth, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    path = write_predictions(folder / "p.json", truth, noisy_answers(truth))
    return folder, path, numbers(path, data)


def as_lines(text: str) -> str:
    document = json.loads(text)
    scenes = document.pop("scenes")
    return "".join(
        json.dumps(line) + "\n" for line in (document, *({"scene": name, **scenes[name]} for name in scenes))
    )


FORMS = {
    "a document named as lines": ("w.jsonl", lambda text: text.encode()),
    "a document over many lines named as lines": (
        "x.jsonl",
        lambda text: json.dumps(json.loads(text), indent=1).encode(),
    ),
    "a gzipped document named as lines": ("w.jsonl.gz", lambda text: gzip.compress(text.encode())),
    "lines named as a document": ("l.json", lambda text: as_lines(text).encode()),
    "gzipped lines": ("l.jsonl.gz", lambda text: gzip.compress(as_lines(text).encode())),
    "gzipped without the name": ("g.json", lambda text: gzip.compress(text.encode())),
    "lines that end as on Windows": ("c.jsonl", lambda text: as_lines(text).replace("\n", "\r\n").encode()),
    "lines with blank ones behind": ("e.jsonl", lambda text: (as_lines(text) + "\n  \n\n").encode()),
    "lines without an end": ("n.jsonl", lambda text: as_lines(text).rstrip("\n").encode()),
    "lines with a byte order mark": ("b.jsonl", lambda text: b"\xef\xbb\xbf" + as_lines(text).encode()),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_recognised(work, data, form):
    folder, path, expected = work
    name, change = FORMS[form]
    (folder / name).write_bytes(change(path.read_text()))
    assert numbers(folder / name, data) == expected


@pytest.mark.parametrize("name", ["p.jsonl", "p.jsonl.gz", "p.json.gz"])
def test_the_form_of_a_written_file_follows_its_suffix(work, truth, data, name):
    folder, _, expected = work
    path = write_predictions(folder / name, truth, noisy_answers(truth))
    text = gzip.decompress(path.read_bytes()).decode() if name.endswith(".gz") else path.read_text()
    assert (len(text.splitlines()) == 1 + len(truth.scenes)) == (".jsonl" in name)
    assert numbers(path, data) == expected


@pytest.mark.parametrize("name", ["h.jsonl", "h.jsonl.gz"])
def test_a_header_alone_is_missing_every_scene(work, truth, data, name):
    folder = work[0]
    with PredictionWriter(folder / name, dataset_ref(truth), Method("died")):
        pass
    problems = check_file(folder / name, Options(data)).problems
    assert [problem.kind for problem in errors_in(problems)] == ["missing scene"] * len(truth.scenes)


@pytest.mark.parametrize("left", [1, 20, 400])
def test_a_truncated_last_line_is_reported(work, truth, data, left):
    folder, path, _ = work
    (folder / "cut.jsonl").write_text(as_lines(path.read_text())[: -1 - left])
    kinds = {problem.kind for problem in errors_in(check_file(folder / "cut.jsonl", Options(data)).problems)}
    assert kinds == {"format", "missing scene"}


def test_a_header_with_scenes_followed_by_lines_is_refused(work, data):
    folder, path, _ = work
    (folder / "both.jsonl").write_text(path.read_text() + "\n" + as_lines(path.read_text()).split("\n", 1)[1])
    with pytest.raises(ScoringError):
        score_file(folder / "both.jsonl", Options(data))


def test_a_pipe_and_standard_input_are_read_once(work, data, monkeypatch):
    folder, path, expected = work
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(path.read_bytes(),))
    writer.start()
    scored = score_file(pipe, Options(data, resamples=20))
    writer.join()
    stated = scored.document["result"]
    assert stated["protocols"] == expected
    assert stated["predictions"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    assert numbers(Path("-"), data) == expected


def test_files_over_the_limit_are_refused_while_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "LARGEST_FILE_BYTES", 2000)
    monkeypatch.setattr(source, "CHUNK_BYTES", 512)
    (tmp_path / "plain.json").write_bytes(b" " * 3000)
    (tmp_path / "bomb.json.gz").write_bytes(gzip.compress(b" " * 3000))
    for name in ("plain.json", "bomb.json.gz"):
        _, (problem,) = read_source(tmp_path / name)
        assert problem.found == "more than 1 GiB"

    class Endless(io.RawIOBase):
        read_bytes = 0

        def read(self, count=-1):
            self.read_bytes += count
            return b" " * count

    endless = Endless()
    with pytest.raises(source.Refused):
        list(source.counted(endless))
    assert endless.read_bytes < 3000


def test_a_device_of_zeros_is_refused_at_once():
    predictions, (problem,) = load_predictions(Path("/dev/zero"))
    assert predictions is None and problem.found == "zero bytes"


@pytest.mark.parametrize("split_at", [1, 60, 61, 62])
def test_a_byte_that_is_not_text_is_found_at_its_place(tmp_path, monkeypatch, split_at):
    """Also where a character of several bytes spans two chunks."""
    monkeypatch.setattr(source, "CHUNK_BYTES", split_at)
    (tmp_path / "good").write_text("x" * 60 + "ü" * 10)
    assert read_source(tmp_path / "good")[0].text == "x" * 60 + "ü" * 10
    (tmp_path / "bad").write_bytes(("x" * 60 + "ü").encode() + b"\xff")
    assert read_source(tmp_path / "bad")[1][0].found == "byte 0xff at offset 62"
    (tmp_path / "cut").write_bytes(("x" * 60 + "ü").encode()[:-1])
    assert read_source(tmp_path / "cut")[1][0].found == "byte 0xc3 at offset 60"
