"""Configurations: frozen dataclasses with defaults, built from YAML mappings and `key.sub=value` assignments.

Errors name the wrong key or value and its position, what was expected, and the nearest known name.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, fields, is_dataclass, replace
from importlib import resources
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec
import yaml

from odd_bench.errors import WrongUse
from odd_bench.names import name_problem
from odd_bench.plain_file import read_plain_text
from odd_bench.strict_yaml import one_line, read_yaml

Config = TypeVar("Config")
MOST_SHOWN = 200  # characters shown of a wrong value
MOST_WHOLE = 1 << 53  # larger integers cannot all be represented as floats
WORDS = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list",
    "object": "keys and values",
}  # fmt: skip


class ConfigError(WrongUse):
    """A configuration that cannot be used; the message says where, what was found and expected, and gives a hint."""


def build(kind: type[Config], values: Any, where: str) -> Config:
    """A dataclass, or a value of another type, from plain values; missing keys keep their defaults. Raises ConfigError."""
    _check_keys(kind, values, where)
    try:
        return msgspec.convert(_whole(values), kind)
    except msgspec.ValidationError as error:
        raise _unlike(values, str(error), where) from error


def assign(config: Config, assignments: Iterable[str]) -> Config:
    """The configuration after `key.sub=value` assignments, values read as YAML. Raises ConfigError."""
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"--set: found {assignment!r}; expected key=value, for example section.key=1")
        config = _assigned(config, path.split("."), _yaml(text, path), f"--set {path}")
    return config


def to_mapping(config: Any) -> dict[str, Any]:
    """The resolved configuration as plain JSON values."""
    return json.loads(json.dumps(asdict(config)))


@dataclass(frozen=True)
class Explained:
    """One field of a configuration. key: names joined by dots. text: its docstring, in one line. section: whether it has fields."""

    key: str
    default: Any
    text: str
    section: bool


def explained(cls: type, prefix: str = "") -> Iterator[Explained]:
    """Every field of a configuration class with its docstring; each section is followed by its own fields."""
    texts = field_docstrings(cls)
    for field in fields(cls):
        default = _default(field)
        yield Explained(prefix + field.name, default, texts.get(field.name, ""), is_dataclass(default))
        if is_dataclass(default):
            yield from explained(type(default), f"{prefix}{field.name}.")


def field_docstrings(cls: type) -> dict[str, str]:
    """The string that follows each field in the source of a class, with white space normalised."""
    body = ast.parse(inspect.cleandoc(inspect.getsource(cls))).body[0].body
    found = {}
    for field, after in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[field.target.id] = " ".join(str(after.value.value).split())
    return found


def named_texts(package: str, folder: str) -> dict[str, str]:
    """Name of each YAML file in a folder of an installed package, and its text."""
    files = (resources.files(package) / folder).iterdir()
    found = {file.name.removesuffix(".yaml"): file.read_text() for file in files if file.name.endswith(".yaml")}
    return dict(sorted(found.items()))


def read_mapping(path: Path, expected: str, keys: str) -> dict[str, Any]:
    """The mapping in a YAML file. Raises ConfigError. expected, keys: kind of file and keys, for the message."""
    try:
        values = read_yaml(read_plain_text(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: found {one_line(error)}; expected {expected}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: found {type(values).__name__}; expected {keys}")
    return values


@dataclass(frozen=True)
class Configurations(Generic[Config]):
    """Builds and checks configurations of one class. package, folder: of the named configurations.

    check: takes a configuration and its origin for messages; raises ConfigError at the first value that cannot be used.
    """

    cls: type[Config]
    package: str
    check: Callable[[Config, str], None]
    folder: str = "configs"

    def named(self) -> dict[str, str]:
        """Name of each configuration and its YAML text."""
        return named_texts(self.package, self.folder)

    def load(self, name: str) -> Config:
        """The named configuration. Raises ConfigError, which lists the names."""
        texts = self.named()
        check_choice(name, texts, "--config")
        return self.from_mapping({"name": name, **read_yaml(texts[name])}, f"configuration {name}")

    def from_mapping(self, values: Mapping[str, Any], where: str) -> Config:
        """A configuration from plain values. Raises ConfigError for an unknown key or a wrong value."""
        return self._checked(build(self.cls, values, where), where)

    def with_overrides(self, config: Config, assignments: Iterable[str]) -> Config:
        """The configuration after `model.part.key=value` assignments, values read as YAML."""
        return self._checked(assign(config, assignments), "--set")

    def _checked(self, config: Config, where: str) -> Config:
        if hasattr(config, "name"):
            check_name(config.name, f"{where}: name")
        self.check(config, where)
        return config


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence for the end of a message; empty if no known name is similar."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f". Did you mean {near[0]!r}?" if near else ""


def check_choice(value: str, choices: Iterable[str], where: str) -> None:
    """Raise ConfigError unless the value is one of the choices."""
    choices = list(choices)
    if value not in choices:
        near = did_you_mean(str(value), choices)
        raise ConfigError(f"{where}: found {value!r}; expected one of {', '.join(choices)}{near}")


def check_name(name: object, where: str) -> None:
    """Raise ConfigError unless the name can be that of a folder or file."""
    if problem := name_problem(name):
        raise ConfigError(f"{where}: found {str(name)[:60]!r}, {problem}; expected one path component")


def check_choices(config: Any, choices: Mapping[str, Iterable[str]], where: str) -> None:
    """Raise ConfigError at the first value that is not one of its choices. choices: by key, names joined by dots."""
    for path, known in choices.items():
        check_choice(attrgetter(path)(config), known, f"{where}: {path}")


def _assigned(config: Any, path: list[str], value: Any, where: str) -> Any:
    known = {field.name for field in fields(config)}
    name, *deeper = path
    _check_known(name, known, where)
    current = getattr(config, name)
    if not deeper:
        return replace(config, **{name: build(get_type_hints(type(config))[name], value, where)})
    if isinstance(current, Mapping):
        return _assigned(config, [name], {**current, ".".join(deeper): value}, where)
    if not is_dataclass(current):
        raise ConfigError(f"{where}: {name!r} is a single value; expected no further key after it")
    return replace(config, **{name: _assigned(current, deeper, value, where)})


def _check_keys(kind: Any, value: Any, where: str) -> None:
    """Raise ConfigError at the first key that is unknown, or that is missing and has no default."""
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        for item in value:
            _check_keys(get_args(kind)[0], item, where)
    if not is_dataclass(kind):
        return
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}: found {_shown(value)}; expected keys of {kind.__name__}")
    known = get_type_hints(kind)
    for key in value:
        _check_known(key, known, where)
    missing = [field.name for field in fields(kind) if _default(field) is MISSING and field.name not in value]
    if missing:
        raise ConfigError(f"{where}: found no {', '.join(missing)}; expected these keys in every {kind.__name__}")
    for key, item in value.items():
        _check_keys(known[key], item, f"{where}: {key}")


def _unlike(value: Any, problem: str, where: str) -> ConfigError:
    """The error for a message of msgspec such as "Expected `int`, got `str` - at `$.orbit.pixels`"."""
    expected, _, place = problem.partition(" - at `$")
    steps = re.findall(r"\w+", place)
    for step in steps:
        value = value[step if isinstance(value, Mapping) else int(step)]
    wanted = re.sub(r"`(.*?)`", _in_words, re.sub(r"Expected |, got .*", "", expected))
    return ConfigError(f"{': '.join([where, *steps])}: found {_shown(value)}; expected {wanted}")


def _shown(value: Any) -> str:
    """A value as people write it, its beginning where it is long."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]} ..."


def _in_words(kinds: re.Match) -> str:
    """`int | null` in words."""
    return " or ".join(WORDS.get(kind, kind) for kind in kinds[1].split(" | "))


def _whole(value: Any) -> Any:
    """The value with whole numbers as integers, also if they are written as 1e6."""
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < MOST_WHOLE else value


def _default(field: Field) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _check_known(key: str, known: Iterable[str], where: str) -> None:
    if key not in known:
        raise ConfigError(
            f"{where}: found unknown key {key!r}; expected one of {sorted(known)}{did_you_mean(str(key), known)}"
        )


def _yaml(text: str, where: str) -> Any:
    try:
        return read_yaml(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {where}: found {text[:80]!r} ({one_line(error)}); expected a YAML value") from error
