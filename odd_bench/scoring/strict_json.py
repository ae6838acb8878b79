"""Strict JSON: reading reports repeated keys, NaN and Infinity as problems with a path; writing gives one text for one value."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import msgspec

from odd_bench.scoring.problems import Problem, at, shown

JSON_HINT = "Write it with odd_bench.scoring.PredictionWriter or a JSON library"
REPEATED_HINT = "The standard parser would keep the last one silently; merge or remove the others"
CONSTANT_HINT = "NaN and Infinity are not JSON; write a finite number, or leave the key out"


def canonical(value: Any) -> str:
    """The canonical JSON text of a value: sorted keys, no spaces, ASCII. Raises ValueError for NaN and infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(text: str) -> str:
    """`sha256:` and the 64 hex digits of the hash of a text."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class RepeatedKeys(dict):
    """A JSON object in which keys are repeated. repeated: those keys."""

    repeated: tuple[str, ...] = ()


def parse(text: str, where: str = "") -> tuple[Any, list[Problem]]:
    """Parse a JSON text and report its problems. The value is None if the text is not JSON. where: prefix of the paths.

    msgspec reads the text four times as fast as the standard library. It refuses NaN and anything that is not JSON, but of
    repeated keys it silently keeps the last. If msgspec refuses the text, or if a key may be repeated in it, the standard library
    reads the text again, which finds the problems.
    """
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return explained(text, where)
    return (value, []) if repeats_no_key(text, value) else explained(text, where)


def repeats_no_key(text: str, value: Any) -> bool:
    """Whether the number of colons in a JSON text proves that no key is repeated; False if it does not prove that.

    One colon follows each key, and all other colons are inside strings. A text without escapes therefore has at least as many
    colons as its value has keys, plus the colons in its strings. With a repeated key it would have more.
    """
    keys, colons = keys_and_colons(value)
    return text.count(":") == keys + (0 if "\\" in text else colons)


def keys_and_colons(value: Any) -> tuple[int, int]:
    """The number of keys in a parsed value and of colons in its strings, or lower bounds of them.

    Of the objects in a list, only the keys are counted, so that a list of a hundred thousand objects is fast.
    """
    if type(value) is list:
        return sum(map(len, value)) if set(map(type, value)) == {dict} else 0, 0
    if type(value) is not dict:
        return 0, value.count(":") if type(value) is str else 0
    keys, colons = len(value), sum(map(str.count, value, repeat(":")))
    for item in value.values():
        more_keys, more_colons = keys_and_colons(item)
        keys, colons = keys + more_keys, colons + more_colons
    return keys, colons


def explained(text: str, where: str) -> tuple[Any, list[Problem]]:
    """The same as `parse` with the standard library, which is slower and finds every problem."""
    suspicious: list[Any] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = dict(items)
        if len(keys) == len(items):
            return keys
        keys = RepeatedKeys(keys)
        names = [name for name, _ in items]
        keys.repeated = tuple(name for name in keys if names.count(name) > 1)
        suspicious.append(keys)
        return keys

    def constant(name: str) -> float:
        suspicious.append(name)
        return float(name)

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
        return value, list(suspects(value, where)) if suspicious else []
    except json.JSONDecodeError as error:
        return None, [not_json(text, error, where)]
    except RecursionError:
        return None, [Problem("format", where or at(), "very deep nesting", "at most four levels", JSON_HINT)]
    except ValueError as error:  # an integer of more than 4,300 digits
        return None, [Problem("format", where or at(), str(error).split(":")[0], "ordinary numbers", JSON_HINT)]


def not_json(text: str, error: json.JSONDecodeError, where: str) -> Problem:
    """The problem of a text that is not JSON, with the place and, for common mistakes, the cause."""
    path = f"{where or 'line ' + str(error.lineno)} column {error.colno}"
    rest = text[error.pos :]
    if not text.strip():
        return Problem(
            "format", path, "nothing", "a JSON object", 'A scene without detections also has a list: "objects": []'
        )
    cut = not rest.strip() or error.msg.startswith("Unterminated string")
    hints = {
        "'": "JSON allows only double quotes",
        "}": "Is there an extra comma before it?",
        "]": "Is there an extra comma?",
    }
    hint = "Is the file incomplete: still being written, or truncated?" if cut else hints.get(rest[0], JSON_HINT)
    found = f"`{ascii(rest[:20].strip())[1:-1]}`" if rest.strip() else "the end of the file"
    return Problem("format", path, found, "JSON", f"{error.msg}. {hint}")


def suspects(value: Any, path: str) -> Iterator[Problem]:
    """Yield a problem for each repeated key and each number that is not finite."""
    if isinstance(value, RepeatedKeys):
        for name in value.repeated:
            yield Problem("duplicates", path + at_key(path, name), "a repeated key", "one value per key", REPEATED_HINT)
    if isinstance(value, dict):
        for name, item in value.items():
            yield from suspects(item, path + at_key(path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from suspects(item, path + at(index))
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem("not finite", path or at(), shown(value), "a finite number", CONSTANT_HINT)


def at_key(path: str, name: str) -> str:
    return ("." if path and name.isidentifier() else "") + at(name)
