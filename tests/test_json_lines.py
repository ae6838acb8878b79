"""Lines that were written completely are read, wherever the file was torn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from odd_bench.json_lines import append_line, read_lines

values = st.lists(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5)), min_size=1, max_size=5)


@given(values, st.data())
def test_a_torn_file_loses_only_its_torn_line_and_can_grow(tmp_path_factory, written, data):
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    ends = [0]
    for value in written:
        append_line(path, value)
        ends.append(path.stat().st_size)
    assert list(read_lines(path)) == written
    cut = data.draw(st.integers(0, ends[-1]))
    path.write_bytes(path.read_bytes()[:cut])
    whole = [
        value for value, end in zip(written, ends[1:], strict=True) if end - 1 <= cut
    ]  # only the line end may be missing
    assert list(read_lines(path)) == whole
    append_line(path, {"after": 1})
    assert list(read_lines(path)) == [*whole, {"after": 1}]


def test_a_missing_file_has_no_lines_and_lines_without_an_object_are_dropped(tmp_path):
    assert list(read_lines(tmp_path / "none.jsonl")) == []
    (tmp_path / "a.jsonl").write_bytes(b'1\n[]\n{"a": 1}\n\xff\xfe\n' + b"[" * 100_000 + b"\n{}\n")
    assert list(read_lines(tmp_path / "a.jsonl")) == [{"a": 1}, {}]
