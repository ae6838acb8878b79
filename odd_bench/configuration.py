"""Configurations: frozen dataclasses with defaults, built from YAML mappings and `key.sub=value` assignments.

A wrong key or value is named with its place, what was expected and the nearest known name.
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
MOST_WHOLE = 1 << 53  # above it not every whole number is a float
WORDS = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list",
    "object": "keys and values",
}  # fmt: skip


class ConfigError(WrongUse):
    """A configuration that cannot be used; the message says where, found, expected and a hint."""


def build(kind: type[Config], values: Any, where: str) -> Config:
    """A dataclass, or a value of another kind, from plain values; what is left out keeps its default. Raises ConfigError."""
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
            raise ConfigError(f"--set: found {assignment!r}; expected key=value, keys of parts joined by dots")
        config = _assigned(config, path.split("."), _yaml(text, path), f"--set {path}")
    return config


def to_mapping(config: Any) -> dict[str, Any]:
    """The resolved configuration as plain JSON values."""
    return json.loads(json.dumps(asdict(config)))


@dataclass(frozen=True)
class Explained:
    """One field of a configuration. key: parts joined by dots. text: its docstring, in one line. section: whether it has fields."""

    key: str
    default: Any
    text: str
    section: bool


def explained(cls: type, prefix: str = "") -> Iterator[Explained]:
    """Every field of a configuration class, those of its sections after them, with the docstrings that stand at the fields."""
    texts = field_docstrings(cls)
    for field in fields(cls):
        default = _default(field)
        yield Explained(prefix + field.name, default, texts.get(field.name, ""), is_dataclass(default))
        if is_dataclass(default):
            yield from explained(type(default), f"{prefix}{field.name}.")


def field_docstrings(cls: type) -> dict[str, str]:
    """The string that follows each field in the source of a class, white space made single blanks."""
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
    """The mapping in a YAML file. Raises ConfigError, which says what kind of file and which keys were expected."""
    try:
        values = read_yaml(read_plain_text(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: found {one_line(error)}; expected {expected}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: found {type(values).__name__}; expected {keys}")
    return values


@dataclass(frozen=True)
class Configurations(Generic[Config]):
    """How configurations of one class come about, checked every time. package, folder: that hold the named ones.

    check: raises ConfigError at the first value that cannot be used; it is given the configuration and where it stands.
    """

    cls: type[Config]
    package: str
    check: Callable[[Config, str], None]
    folder: str = "configs"

    def named(self) -> dict[str, str]:
        """Name of each configuration and its YAML text."""
        return named_texts(self.package, self.folder)

    def load(self, name: str) -> Config:
        """The named configuration. Raises ConfigError with the names there are."""
        texts = self.named()
        check_choice(name, texts, "--config")
        return self.from_mapping({"name": name, **read_yaml(texts[name])}, f"configuration {name}")

    def from_mapping(self, values: Mapping[str, Any], where: str) -> Config:
        """Built from plain values; ConfigError names an unknown key, with its nearest, or a wrong value."""
        return self._checked(build(self.cls, values, where), where)

    def with_overrides(self, config: Config, assignments: Iterable[str]) -> Config:
        """After `model.part.key=value` assignments, values read as YAML."""
        return self._checked(assign(config, assignments), "--set")

    def _checked(self, config: Config, where: str) -> Config:
        if hasattr(config, "name"):
            check_name(config.name, f"{where}: name")
        self.check(config, where)
        return config


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence to end a message with, empty where nothing is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f". Did you mean {near[0]!r}?" if near else ""


def check_choice(value: str, choices: Iterable[str], where: str) -> None:
    """Raise ConfigError unless the value is one of the choices."""
    choices = list(choices)
    if value not in choices:
        near = did_you_mean(str(value), choices)
        raise ConfigError(f"{where}: found {value!r}; expected one of {', '.join(choices)}{near}")


def check_name(name: object, where: str) -> None:
    """Raise ConfigError unless folders and files can be called so."""
    if problem := name_problem(name):
        raise ConfigError(f"{where}: found {str(name)[:60]!r}, {problem}; expected one path component")


def check_choices(config: Any, choices: Mapping[str, Iterable[str]], where: str) -> None:
    """Raise ConfigError at the first value that is not one of its choices. choices: by key, parts joined by dots."""
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
        raise ConfigError(f"{where}: {name!r} holds one value; expected no further key after it")
    return replace(config, **{name: _assigned(current, deeper, value, where)})


def _check_keys(kind: Any, value: Any, where: str) -> None:
    """Raise ConfigError at the first key that a section does not know, or does not give and has no default for."""
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        for item in value:
            _check_keys(get_args(kind)[0], item, where)
    if not is_dataclass(kind):
        return
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}: found {value!r}; expected keys of {kind.__name__}")
    known = get_type_hints(kind)
    for key in value:
        _check_known(key, known, where)
    missing = [field.name for field in fields(kind) if _default(field) is MISSING and field.name not in value]
    if missing:
        raise ConfigError(f"{where}: found no {missing}; expected these keys in every {kind.__name__}")
    for key, item in value.items():
        _check_keys(known[key], item, f"{where}: {key}")


def _unlike(value: Any, problem: str, where: str) -> ConfigError:
    """What msgspec says of a value, in words: "Expected `int`, got `str` - at `$.orbit.pixels`"."""
    expected, _, place = problem.partition(" - at `$")
    steps = re.findall(r"\w+", place)
    for step in steps:
        value = value[step if isinstance(value, Mapping) else int(step)]
    wanted = re.sub(r"`(.*?)`", _in_words, re.sub(r"Expected |, got .*", "", expected))
    return ConfigError(f"{': '.join([where, *steps])}: found {value!r}; expected {wanted}")


def _in_words(kinds: re.Match) -> str:
    """`int | null` as people say it."""
    return " or ".join(WORDS.get(kind, kind) for kind in kinds[1].split(" | "))


def _whole(value: Any) -> Any:
    """The value with whole numbers as such, however they are written, for example 1e6."""
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
