"""JSON as the standard defines it: a repeated key, NaN or Infinity is a problem with a path; and one text for one value."""

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
    """One JSON text for one value: sorted keys, no spaces, ASCII, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(text: str) -> str:
    """`sha256:` and 64 hex digits."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class RepeatedKeys(dict):
    """An object of the file in which a key stands twice. `repeated`: those keys."""

    repeated: tuple[str, ...] = ()


def parse(text: str, where: str = "") -> tuple[Any, list[Problem]]:
    """The value of a JSON text and its problems; the value is None where the text is no JSON. where: prefix of the paths.

    msgspec reads what it can, four times as quickly as the standard library: it refuses NaN and all that is no JSON, but of a
    key that stands twice it keeps the last one silently. Where a key may stand twice, the standard library reads the text again
    and tells.
    """
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return explained(text, where)
    return (value, []) if repeats_no_key(text, value) else explained(text, where)


def repeats_no_key(text: str, value: Any) -> bool:
    """Whether the number of colons in a JSON text proves that no key stands twice in it; False where it does not.

    Each key is followed by one colon, and all other colons stand in strings. So the text has at least one colon for each key of its
    value and, if it holds no escapes, for each colon in the strings of the value. A repeated key would have one more.
    """
    keys, colons = keys_and_colons(value)
    return text.count(":") == keys + (0 if "\\" in text else colons)


def keys_and_colons(value: Any) -> tuple[int, int]:
    """How many keys a parsed value has, and how many colons its strings, or fewer: in objects that stand in a list only keys are
    counted, so that a list of a hundred thousand is quick.
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
    """The same, slowly, with every problem."""
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
    """Where the text stops being JSON and, for the usual slips, why."""
    path = f"{where or 'line ' + str(error.lineno)} column {error.colno}"
    rest = text[error.pos :]
    if not text.strip():
        return Problem(
            "format", path, "nothing", "a JSON object", 'A scene without detections still says so: "objects": []'
        )
    cut = not rest.strip() or error.msg.startswith("Unterminated string")
    hints = {
        "'": "JSON has double quotes only",
        "}": "Is there a comma too many before it?",
        "]": "Is there a comma too many?",
    }
    hint = "Does the file end too early, still being written or cut?" if cut else hints.get(rest[0], JSON_HINT)
    found = f"`{ascii(rest[:20].strip())[1:-1]}`" if rest.strip() else "the end of the file"
    return Problem("format", path, found, "JSON", f"{error.msg}. {hint}")


def suspects(value: Any, path: str) -> Iterator[Problem]:
    """Paths of the repeated keys and of the numbers that are not finite."""
    if isinstance(value, RepeatedKeys):
        for name in value.repeated:
            yield Problem("duplicates", path + at_key(path, name), "the key twice", "one value a key", REPEATED_HINT)
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
