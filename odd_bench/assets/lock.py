"""The lock file of fetched assets: the licence, the source and the sha256 of every file of each entry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from odd_bench.assets.manifest import Licence
from odd_bench.atomic import write_atomically
from odd_bench.data.damage import read_json, reading
from odd_bench.data.errors import DataError
from odd_bench.names import path_problem

LOCK = "assets.lock.json"
VERSION = 1


@dataclass(frozen=True)
class LockedFile:
    """size_bytes, sha256: of the file when it was fetched."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class LockedEntry:
    """One fetched entry. downloads: sha256 of the downloads by url. files: by path within the collection's folder."""

    licence: Licence
    downloads: Mapping[str, str]
    files: Mapping[str, LockedFile]


@dataclass(frozen=True)
class Lock:
    """The content of a collection's folder. manifest, source: of the collection. entries: by name."""

    manifest: str
    source: str
    entries: dict[str, LockedEntry] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        entries = {name: asdict(entry) for name, entry in sorted(self.entries.items())}
        content = {"version": VERSION, "manifest": self.manifest, "source": self.source, "entries": entries}
        write_atomically(folder / LOCK, (json.dumps(content, indent=1) + "\n").encode())


def read_lock(folder: Path) -> Lock | None:
    """The lock file of a folder, None if there is none. Raises DataError if it cannot be read."""
    path = folder / LOCK
    if not path.exists():
        return None
    hint = "Remove only this file and fetch again; intact files in the folder are used again"
    content = read_json(path, "a lock file", hint)
    with reading(path, "a lock file", hint):
        if content["version"] != VERSION:
            raise DataError(path, f"version {content['version']}", str(VERSION), hint)
        entries = {
            name: LockedEntry(
                Licence(**entry["licence"]), dict(entry["downloads"]),
                {_checked(file): LockedFile(**about) for file, about in entry["files"].items()},
            )
            for name, entry in content["entries"].items()
        }  # fmt: skip
        return Lock(content["manifest"], content["source"], entries)


def _checked(path: str) -> str:
    """The path. Raises ValueError if it leads out of the collection's folder."""
    if problem := path_problem(path):
        raise ValueError(f"{problem}: {path[:60]!r}")
    return path
