"""Laws of the quick way into a file: it takes only files without a problem, and reads them as the explaining reader does."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_bench.scoring.prediction_file import read_document, valid_predictions
from odd_bench.scoring.strict_json import parse
from tests.scoring.test_mutations import mutate
from tests.scoring.worlds import make_truth, noisy_answers, write_predictions

FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBER = FINITE | st.integers(-(2**70), 2**70)
WHOLE = st.integers(0, 2**31 - 1)
NAME = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
BOX = st.tuples(*[NUMBER] * 3, *[st.floats(5e-324, 1e300) | st.integers(1, 2**70)] * 3).map(list)
MORE = {"label": st.sampled_from(["normal", "anomalous"]), "type": NAME | st.none(), "object": WHOLE}
YAW = st.floats(-2 * math.pi, 2 * math.pi) | st.integers(-6, 6)
SCENE = {
    "views": st.lists(WHOLE, max_size=4, unique=True),
    "seconds": st.floats(0, 1e9),
    "truth": st.text("0123", max_size=4),
}
HEADER = {
    "format": "odd-bench/predictions",
    "version": 1,
    "dataset": {"name": "toys", "version": "1.0.0", "split": "test-unseen", "digest": "sha256:00"},
    "threshold": None,
}


@st.composite
def documents(draw):
    """Valid files without warnings; every optional key may be there, in any order."""
    told = draw(st.booleans())
    required = {"score": NUMBER, "label": MORE["label"], **({"object": WHOLE} if told else {"box": BOX})}
    optional = {key: values for key, values in {"yaw": YAW, "box": BOX, **MORE}.items() if key not in required}
    entry = st.fixed_dictionaries(required, optional=optional).flatmap(shuffled)
    scene = st.fixed_dictionaries({"objects": st.lists(entry, max_size=4)}, optional=SCENE).flatmap(shuffled)
    method = {"name": draw(NAME), "gt_boxes": told, "note": draw(NAME)}
    return HEADER | {"method": method, "scenes": draw(st.dictionaries(NAME, scene, max_size=3))}


def shuffled(value: dict):
    return st.permutations(list(value.items())).map(dict)


def explained(text: str):
    document, problems = parse(text)
    return read_document(document, problems) if isinstance(document, dict) else (None, problems)


def assert_same(quick, slow):
    for field in dataclasses.fields(quick):
        if field.name != "boxes":
            assert getattr(quick, field.name) == getattr(slow, field.name), field.name
    for field in dataclasses.fields(quick.boxes):
        one, other = getattr(quick.boxes, field.name), getattr(slow.boxes, field.name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@settings(max_examples=150, deadline=None)
@given(documents(), st.booleans())
def test_valid_files_are_read_alike(document, escaped):
    text = json.dumps(document, ensure_ascii=escaped)
    quick, (slow, problems) = valid_predictions(text), explained(text)
    assert not problems
    if not any(":" in name for name in [*document["scenes"], *types(document)]) and "\\u003" not in text:
        assert quick is not None
    if quick is not None:
        assert_same(quick, slow)


def types(document) -> list[str]:
    scenes = document["scenes"].values()
    return [entry.get("type") or "" for scene in scenes for entry in scene["objects"]]


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """What PredictionWriter writes, with and without the true boxes."""
    folder, truth = tmp_path_factory.mktemp("valid"), make_truth(6, seed=2, per_shape=2)
    made = [
        write_predictions(folder / "p.json", truth, noisy_answers(truth, told=t), told=t).read_text()
        for t in (False, True)
    ]
    assert all(valid_predictions(text) is not None for text in made)
    return made


def test_damaged_files_taken_by_the_quick_way_have_no_problem(texts):
    rng, taken = np.random.default_rng(0), 0
    for number in range(2000):
        text = mutate(texts[number % 2], rng).decode(errors="replace")
        quick = valid_predictions(text)
        if quick is not None:
            slow, problems = explained(text)
            assert not problems
            assert_same(quick, slow)
            taken += 1
    assert 50 < taken < 1000


@pytest.mark.parametrize(
    "key", ["format", "threshold", "digest", "name", "gt_boxes", "scenes", "objects", "box", "score", "toys-banana"]
)
def test_a_key_that_stands_twice_is_left_to_be_explained(texts, key):
    text = texts[0]
    start = text.index(f'"{key}')
    end = text.index(":", start) + 2
    _, length = json.JSONDecoder().raw_decode(text[end:])
    twice = text[: end + length] + ", " + text[start:]
    assert json.loads(twice) == json.loads(text)
    assert valid_predictions(twice) is None
    assert any(problem.kind == "duplicates" for problem in explained(twice)[1])
