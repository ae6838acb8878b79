"""However a file is damaged, the answer is a valid score or a list of problems with paths and hints, never a traceback."""

import copy
import json
import os
import time

import numpy as np
import pytest

from odd_bench.report.html_report import html_report
from odd_bench.scoring.prediction_file import load_predictions
from odd_bench.scoring.problems import ScoringError, errors_in, problem_report
from odd_bench.scoring.score import Options, score_file
from odd_bench.scoring.summary import summary
from tests.scoring.worlds import make_truth, noisy_answers, save_truth, write_predictions

MUTATIONS = int(os.environ.get("ODD_BENCH_MUTATIONS", "400"))
LONGEST_S = 2.0  # seconds of processor time
VALUES = [
    None, True, False, 0, 1, -1, 2**40, 10**400, 1e308, -1e-320, 0.5, "", "0.5", "anomalous", "\ud800", "ü|\n`<b>", [], {}, [1, 2],
    [0, 0, 0, 1, 1, 1], [[]], {"box": [1]}, {"a": {"a": {"a": 1}}}, "detect", 3.7, [True] * 6, [1e300] * 6, [1e-300] * 6,
]  # fmt: skip
BYTES = [
    b"",
    b"\x00",
    b"\xff",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"\\u0000",
    b"9" * 30,
]
NAMES = [
    "box",
    "yaw",
    "score",
    "label",
    "objects",
    "object",
    "views",
    "scenes",
    "threshold",
    "method",
    "x",
    "\ud800",
    "",
]


def mutate(text: str, rng: np.random.Generator) -> bytes:
    """Make one to three changes to the values of the document or to the bytes of the file."""
    if rng.random() < 0.3:
        data = text.encode()
        for _ in range(rng.integers(1, 4)):
            start = int(rng.integers(0, len(data)))
            end = start + int(rng.choice([0, 1, 2, 50, len(data)]))
            data = data[:start] + BYTES[rng.integers(len(BYTES))] + data[end:]
        return data
    document = json.loads(text)
    for _ in range(rng.integers(1, 4)):
        document = mutate_value(document, rng)
    return json.dumps(document).encode(errors="surrogatepass")


def mutate_value(value, rng: np.random.Generator):
    """The value with something in it replaced, removed, repeated or renamed; deep places are as likely as shallow ones."""
    if not isinstance(value, (dict, list)) or not value or rng.random() < 0.1:
        return copy.deepcopy(VALUES[rng.integers(len(VALUES))])
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[rng.integers(len(keys))]
    action = rng.random()
    if action < 0.7:
        value[key] = mutate_value(value[key], rng)
    elif action < 0.85:
        value.pop(key)
    elif isinstance(value, dict):
        value[NAMES[rng.integers(len(NAMES))]] = value.pop(key)
    else:
        value.append(value[key])
    return value


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    truth = make_truth(6, seed=2, per_shape=2)
    save_truth(folder, truth)
    texts = []
    for told in (False, True):
        path = write_predictions(folder / "p.json", truth, noisy_answers(truth, told=told), told=told)
        texts.append(path.read_text())
    return folder, texts


@pytest.mark.parametrize("count", [500, pytest.param(4_000, marks=pytest.mark.slow)])
def test_damaged_files_are_read_or_explained(small, count):
    """Only the reader, which is quick: every file is read or refused within a few times the duration for a whole file."""
    folder, texts = small
    outcomes = {"read": 0, "explained": 0}
    for number in range(count):
        rng = np.random.default_rng([7, number])
        path = folder / ("r.jsonl" if rng.random() < 0.2 else "r.json")
        path.write_bytes(mutate(texts[number % 2], rng))
        started = time.process_time()
        predictions, problems = load_predictions(path)
        assert time.process_time() - started < LONGEST_S, number
        assert predictions is not None or problems, number
        assert all(problem.path and problem.hint and problem.expected for problem in problems), number
        assert problem_report(problems).encode() or not problems
        outcomes["explained" if errors_in(problems) else "read"] += 1
    print(outcomes)
    assert min(outcomes.values()) > 0


def test_damaged_files_are_scored_or_explained(small):
    folder, texts = small
    rng = np.random.default_rng(0)
    outcomes = {"scored": 0, "explained": 0}
    for number in range(MUTATIONS):
        data = mutate(texts[number % 2], rng)
        path = folder / ("p.jsonl" if rng.random() < 0.05 else "p.json")
        path.write_bytes(data)
        try:
            scored = score_file(path, Options(folder, resamples=20))
        except ScoringError as error:
            assert error.exit_code == 2
            assert all(problem.path and problem.hint and problem.expected for problem in error.problems)
            outcomes["explained"] += 1
        else:
            json.dumps(scored.document, allow_nan=False)
            assert (summary(scored.document) + html_report(scored.document)).encode()
            outcomes["scored"] += 1
    print(outcomes)
    assert min(outcomes.values()) > 0
