"""Paths in the folder of a data set, and its description `dataset.json`."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from odd_bench.atomic import write_atomically
from odd_bench.data.damage import read_json
from odd_bench.data.errors import DataError
from odd_bench.names import is_left_by_tools, name_problem

FORMAT, VERSION = "odd-bench/dataset", 1
DESCRIPTION, PLAN, QUARANTINE, CONFIG = "dataset.json", "plan.jsonl", "quarantine.jsonl", "config.json"
GROUND_TRUTH, SHARDS, WORK = "ground_truth.json.gz", "shards", "work"
STRADDLING = "straddling shapes"  # key of Description.quality: names of shapes that occur in two splits
SPLIT_ORDER = ("train", "val", "test", "test-seen", "test-unseen")
SCENES_PER_SHARD = 50
SHARD_NAME = re.compile(r"(?P<split>[a-z-]+)-(?P<number>\d{5})\.h5")


@dataclass(frozen=True)
class Description:
    """The content of dataset.json: JSON values, without the name of a user, a host or a path.

    version: version of the data set. digest: `sha256:...` of its ground truth. config: the resolved configuration.
    libraries: versions by name. licences: licences by the part that they cover. counts: scenes per split, and other counts.
    quality: refusals, retries and other counters. seconds: time spent in each stage.
    """

    name: str
    version: str
    digest: str
    config: dict[str, Any]
    libraries: dict[str, str] = field(default_factory=dict)
    licences: dict[str, str] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def shard_path(folder: Path, split: str, index: int) -> Path:
    """Path of the shard that contains scene `index` of a split."""
    return Path(folder) / SHARDS / f"{split}-{index // SCENES_PER_SHARD:05d}.h5"


def shard_paths(folder: Path, split: str | None = None) -> list[Path]:
    """The existing shards of one split, or of all: train first, files of other names last.

    Files that other tools leave behind, such as `._a.h5`, are ignored.
    """
    there = [path for path in (Path(folder) / SHARDS).glob("*.h5") if not is_left_by_tools(path.name)]
    shards = sorted(there, key=lambda path: (_rank(split_of(path)), path.name))
    return shards if split is None else [path for path in shards if split_of(path) == split]


def split_of(shard: Path) -> str | None:
    """The split in the file name of a shard, or None if it is not the name of a shard."""
    match = SHARD_NAME.fullmatch(shard.name)
    return match["split"] if match else None


def _rank(split: str | None) -> int:
    return SPLIT_ORDER.index(split) if split in SPLIT_ORDER else len(SPLIT_ORDER)


def write_description(folder: Path, description: Description) -> None:
    """Write dataset.json completely or not at all. Raises DataError if it would contain an absolute path or an account."""
    document = {"format": FORMAT, "format_version": VERSION, **asdict(description)}
    for key, text in private_texts(document):
        raise DataError(f"{DESCRIPTION}: {key}", text, "nothing about a user, a host or a path", "Store a base name")
    text = json.dumps(document, indent=2, allow_nan=False) + "\n"
    write_atomically(Path(folder) / DESCRIPTION, text.encode())


def read_description(folder: Path) -> Description:
    """Read dataset.json. Raises DataError if it is missing, damaged or of another format."""
    path = Path(folder) / DESCRIPTION
    if not path.exists():
        hint = "Name the folder that `odd-bench generate` made, or finish it with the same generate command"
        raise DataError(path, "no such file", "a finished data set", hint)
    document = read_json(path, "a JSON file")
    expected, hint = f"the keys of {FORMAT} version {VERSION}", "Make the data set again"
    try:
        if (document.pop("format"), document.pop("format_version")) != (FORMAT, VERSION):
            raise KeyError("another format or version")
        description = Description(**document)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(path, str(error), expected, hint) from error
    for one in fields(Description):
        value, kind = getattr(description, one.name), str if one.type == "str" else dict
        if not isinstance(value, kind):
            raise DataError(f"{path}: {one.name}", type(value).__name__, f"a {kind.__name__}", hint)
    if problem := name_problem(description.name):
        raise DataError(f"{path}: name", f"{problem}: {description.name[:60]!r}", "a name of one path component", hint)
    return description


def private_texts(value: Any, key: str = "") -> list[tuple[str, str]]:
    """Pairs of key and string, for strings that look like an absolute path, or contain this user's home or account.

    Single words are not compared with the names of the user and the host: a user may be called `toys` and a host `draft`.
    """
    if isinstance(value, dict):
        return [hit for name, item in value.items() for hit in private_texts(item, f"{key}.{name}".lstrip("."))]
    if isinstance(value, (list, tuple)):
        return [hit for i, item in enumerate(value) for hit in private_texts(item, f"{key}[{i}]")]
    return [(key, value)] if isinstance(value, str) and (_is_path(value) or _names_account(value)) else []


def _is_path(text: str) -> bool:
    return text.startswith(("/", "~", "\\\\", "file:")) or re.match(r"[A-Za-z]:[\\/]", text) is not None


def _names_account(text: str) -> bool:
    """Whether a string contains the home folder, `user@` or `@host`, or is the name of this host with its domain."""
    user, host, home = os.environ.get("USER", ""), os.uname().nodename, os.path.expanduser("~")
    marks = [home] * (len(home) > 1) + [f"{user}@"] * bool(user) + [f"@{host}"] * bool(host)
    return any(mark in text for mark in marks) or (text == host and "." in host)
