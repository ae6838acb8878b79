"""Foreign YAML: only plain values, no duplicate keys, a bounded length, and numbers like 1e-4."""

from __future__ import annotations

import re
from typing import Any

import yaml

MOST_YAML = 1 << 22  # characters, and values with all aliases written out
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
MOST_DIGITS = 400  # of a number: 1:59:59 and so on, to the base of 60, takes time that grows with their square
MOST_KEYS = 10_000  # of one mapping, merged ones included


def read_yaml(text: str) -> Any:
    """The value of a YAML text. Raises yaml.YAMLError, also for a key that occurs twice in one mapping.

    `1e-4` is a number, unlike in YAML 1.1. A byte-order mark is ignored. At most MOST_YAML characters are read.
    """
    if len(text) > MOST_YAML:
        raise yaml.YAMLError(f"{len(text):,} characters, more than {MOST_YAML:,}")
    try:
        value = yaml.load(text.removeprefix("\ufeff"), _Loader)
        if _written_out(value, {}) > MOST_YAML:
            raise ValueError(f"aliases that expand to more than {MOST_YAML:,} values")
        return value
    except yaml.YAMLError:
        raise
    except (
        Exception
    ) as error:  # `2026-99-99` looks like a date, `0o9` like a number; values of other tags raise in other ways
        raise yaml.YAMLError(f"{type(error).__name__}: {error}") from error


def _written_out(value: Any, counted: dict[int, int]) -> int:
    """The number of values with every alias expanded. counted: by identity. Raises ValueError for an alias inside itself."""
    if not isinstance(value, dict | list | tuple | set):
        return 1
    if counted.setdefault(id(value), 0):
        return counted[id(value)]
    counted[id(value)] = -1
    inside = [*value, *value.values()] if isinstance(value, dict) else value
    counts = [_written_out(one, counted) for one in inside]
    if min(counts, default=1) < 0:
        raise ValueError("an alias that contains itself")
    counted[id(value)] = 1 + sum(counts)
    return counted[id(value)]


def joined_halves(text: str) -> str:
    """A text with the letters that JSON writes as two halves, as `"\\ud83d\\ude00"`, whole. Raises ValueError for one half."""
    if text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16")


def one_line(error: Exception) -> str:
    """The problem of a YAML text with its line number, or of its file."""
    if isinstance(error, OSError):
        return "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    first = str(error).splitlines()[0]
    return f"{first}, line {mark.line + 1}{'' if problem in first else f': {problem}'}" if mark and problem else first


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, with numbers like 1e-4 and without duplicate keys."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:merge" and isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_object(self, node, deep=False):
        if isinstance(node, yaml.ScalarNode):
            node.value = joined_halves(node.value)
        if node.tag in NUMBERS and isinstance(node, yaml.ScalarNode) and len(node.value) > MOST_DIGITS:
            problem = f"a number of {len(node.value):,} characters, more than {MOST_DIGITS}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_object(node, deep)

    def flatten_mapping(self, node):
        super().flatten_mapping(node)
        if len(node.value) > MOST_KEYS:
            raise yaml.constructor.ConstructorError(None, None, f"more than {MOST_KEYS:,} keys", node.start_mark)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)
