"""Configurations are read as people write them, and ambiguous ones are refused by name."""

import json
from dataclasses import dataclass, field

import pytest
import yaml

from odd_bench.configuration import ConfigError, Configurations, assign, build, read_mapping
from odd_bench.strict_yaml import read_yaml
from tests.damaged_files import alarm


@dataclass(frozen=True)
class Part:
    rate: float = 0.1
    steps: int = 10
    names: tuple[str, ...] = ("a",)


@dataclass(frozen=True)
class Whole:
    name: str = "whole"
    part: Part = field(default_factory=Part)


@pytest.mark.parametrize("text", ["1e-4", "1E-4", "1.0e-4", "+1e-4", "0.0001", "100e-6", ".1e-3"])
def test_numbers_are_read_as_people_write_them(text):
    assert read_yaml(text) == 1e-4
    assert assign(Whole(), [f"part.rate={text}"]).part.rate == 1e-4
    assert build(Whole, read_yaml(f"part: {{rate: {text}}}"), "here").part.rate == 1e-4


@pytest.mark.parametrize("text", ["7", "7.0", "0.7e1", "70e-1"])
def test_a_whole_number_may_be_written_as_a_float(text):
    steps = assign(Whole(), [f"part.steps={text}"]).part.steps
    assert (steps, type(steps)) == (7, int)
    rate = assign(Whole(), [f"part.rate={text}"]).part.rate
    assert (rate, type(rate)) == (7.0, float)


@pytest.mark.parametrize("text", ["1e", "e4", "1e-4x", "a1e4", "0x1e4z", "toys-1e4"])
def test_texts_are_not_converted(text):
    assert read_yaml(text) == text


@pytest.mark.parametrize(("text", "value"), [("12", 12), ("1.5", 1.5), ("true", True), ("null", None), ("0x1e", 30)])
def test_other_values_are_read_as_in_yaml(text, value):
    assert read_yaml(text) == value == yaml.safe_load(text)


@pytest.mark.parametrize("letter", ["\u2603", "\U0001f600", "a\U0001f600b\U0001f601"])
def test_letters_that_json_writes_as_two_halves_are_whole(letter):
    assert read_yaml(json.dumps({"name": letter})) == {"name": letter} == read_yaml(yaml.safe_dump({"name": letter}))


NUMBERS = ("9" * 500, "0x" + "f" * 500, "1" + ":59" * 1_000_000, "1e" + "9" * 500, "!!int 1" + ":59" * 200)
ODD = ("!!bool x", "!!map [1]", "!!seq {a: 1}", '!!int ""', "!!float x", "!!timestamp x", '!!binary "@"', "!!set [a]", "2026-99-99",
       "0o9", '"\\ud800"', "!other x", "=", "<<", "[" * 3000)  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:8])
def test_a_number_too_long_to_be_meant_is_refused_before_it_is_worked_out(number):
    with alarm(60), pytest.raises(yaml.YAMLError, match="a number of"):
        read_yaml(f"seed: {number}")


@pytest.mark.parametrize("text", ODD, ids=lambda text: text[:12])
def test_a_value_that_is_none_is_read_as_text_or_refused_in_one_way(tmp_path, text):
    (tmp_path / "a.yaml").write_text(f"name: {text}")
    try:
        build(Whole, read_mapping(tmp_path / "a.yaml", "a file", "keys"), "a")
    except ConfigError as error:
        assert len(str(error).splitlines()) == 1 and "expected" in str(error)


def test_a_long_value_is_told_by_its_beginning():
    with pytest.raises(ConfigError) as caught:
        build(Whole, {"part": [1] * 100_000}, "a")
    assert "a: part: found [1, 1" in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["a: 1\na: 2", "{a: 1, a: 2}", "b: {a: [1], a: [2]}", "- a: 1\n  a: 1"])
def test_a_repeated_key_is_refused_by_name(text):
    with pytest.raises(yaml.YAMLError, match="key 'a' twice"):
        read_yaml(text)


def test_merged_keys_may_be_overridden():
    assert read_yaml("base: &b {a: 1, c: 3}\nmine: {<<: *b, a: 2}")["mine"] == {"a": 2, "c": 3}


BOMB = "a0: &a0 [1, 1]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
MERGED = "a0: &a0 {k0: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 12))


def test_repeatedly_merged_mappings_stay_small_or_are_refused():
    """PyYAML 6.0.4 merges a key once; earlier versions write out every merge."""
    try:
        value = read_yaml(MERGED)
    except yaml.YAMLError as error:
        assert "keys" in str(error)
    else:
        assert all(len(one) == 1 for one in value.values())


@pytest.mark.parametrize(("text", "found"), [(BOMB, "aliases that expand"), ("&a [*a]", "an alias that contains")])
def test_a_small_text_that_stands_for_millions_of_values_is_refused(text, found):
    with pytest.raises(yaml.YAMLError, match=found):
        read_yaml(text)


def test_a_byte_order_mark_and_windows_line_ends_are_ignored(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeffname: x\r\npart:\r\n  rate: 1e-4\r\n".encode())
    assert build(Whole, read_mapping(path, "a file", "keys"), "a").part.rate == 1e-4


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 50_000, b"a: [", b"a: &a [*a", b"- 1", b"", b"a: 1\na: 2",
                                     b"!!python/object:os.system x", b"a: 2026-99-99", b"x" * (1 << 23)])  # fmt: skip
def test_unusable_files_are_reported(tmp_path, content):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"a\.yaml: found"):
        read_mapping(path, "a file", "keys")


@pytest.mark.parametrize("values", [{1: 2}, {None: 1}, {"nam": 1}, {"part": 3}, {"part": {"names": "abc"}}, 3, [1]])
def test_wrong_keys_and_values_are_reported(values):
    with pytest.raises(ConfigError, match="here"):
        build(Whole, values, "here")


@pytest.mark.parametrize("name", ["../../victim", "/tmp/victim", "..", "a/b", "a\\b", ""])
def test_a_name_that_is_a_path_is_refused(name):
    from odd_bench.reproduce.table import from_mapping

    with pytest.raises(ConfigError, match="expected one path component"):
        Configurations(Whole, "odd_bench", lambda config, where: None).from_mapping({"name": name}, "here")
    row = {"name": "a", "model": "reference"}
    good = {"name": "t", "title": "t", "datasets": ["d"], "rows": [row]}
    from_mapping(good, "here")
    for bad in ({"name": name}, {"datasets": [name]}, {"rows": [{**row, "first_stage": {"name": name}}]}):
        with pytest.raises(ConfigError, match="expected one path component"):
            from_mapping({**good, **bad}, "here")
