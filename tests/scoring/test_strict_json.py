"""Laws of reading JSON: the fast reader agrees with the slow one, and a repeated key is found anywhere."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from odd_bench.scoring.strict_json import explained, parse, repeats_no_key

TRICKS = st.sampled_from(['"', ":", '":', "\\", "\\u003a", "sha256:0", "{", "}", ",", "\u2028", "é", "\x7f"])
STRINGS = st.lists(st.one_of(st.text(max_size=3), TRICKS), max_size=4).map("".join)
NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))


class Pairs(list):
    """The members of an object in order, with or without repeated keys."""


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, STRINGS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(st.tuples(st.sampled_from(["a", "b", "c:d"]) | STRINGS, inner), max_size=4).map(Pairs),
    ),
    max_leaves=12,
)


def written(value, ascii_only, colon=":"):
    """The JSON text of a value whose objects are Pairs. colon: the text of a colon inside a string."""
    if isinstance(value, Pairs):
        members = (f"{written(name, ascii_only, colon)} : {written(item, ascii_only, colon)}" for name, item in value)
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(item, ascii_only, colon) for item in value) + "]"
    text = json.dumps(value, ensure_ascii=ascii_only)
    return text.replace(":", colon) if isinstance(value, str) else text


def repeated(value):
    """Whether some object names a key twice."""
    inner = [item for _, item in value] if isinstance(value, Pairs) else value if isinstance(value, list) else []
    names = [name for name, _ in value] if isinstance(value, Pairs) else []
    return len(set(names)) < len(names) or any(map(repeated, inner))


@given(VALUES, st.booleans(), st.sampled_from([":", "\\u003a"]))
@example(Pairs([("a", 1), ("a", ":")]), True, "\\u003a")
@example([Pairs([("a", Pairs([("b", 1), ("b", 2)]))])], True, ":")
@example(Pairs([("objects", [Pairs([("score", 1), ("score", 2)]), Pairs([("box", [])])])]), True, ":")
def test_the_fast_reader_agrees_with_the_slow_one_and_finds_every_repeated_key(value, ascii_only, colon):
    text = written(value, ascii_only, colon)
    found, slow = parse(text), explained(text, "")
    assert repr(found) == repr(slow)
    assert any(problem.kind == "duplicates" for problem in found[1]) == repeated(value)
    assert not (repeated(value) and repeats_no_key(text, slow[0]))


@given(st.text(max_size=12), st.integers(0, 40))
def test_both_readers_refuse_invalid_json_alike(noise, at):
    text = '{"a": [1, -2.5e3, null, "x\\n:y"], "b": {"c": true}}'
    text = text[:at] + noise + text[at:]
    assert repr(parse(text)) == repr(explained(text, ""))


def test_a_usual_file_is_read_by_the_fast_reader():
    """Digests and names with colons are unambiguous, so that the slow reader is not used."""
    scene = {"views": [0, 1], "seconds": 0.1, "objects": [{"box": [0.0] * 6, "score": 0.5}] * 3}
    document = {"dataset": {"digest": "sha256:00"}, "method": {"name": "net: large"}, "scenes": {"a": scene}}
    assert repeats_no_key(json.dumps(document), document)
