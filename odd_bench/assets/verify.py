"""Verifies a collection's folder against its lock file: names every wrong, missing or unknown file."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from odd_bench.assets.checksums import sums
from odd_bench.assets.lock import LOCK, Lock, LockedFile, read_lock
from odd_bench.assets.manifest import Manifest
from odd_bench.data.errors import DataError
from odd_bench.data.walk import walk
from odd_bench.extras import install_command


class NotFetched(DataError):
    """A collection's folder in which nothing was fetched."""

    def __init__(self, folder: Path):
        super().__init__(
            folder, f"no {LOCK}", "a fetched collection", "Run `odd-bench assets fetch` with the same name"
        )


@dataclass(frozen=True)
class Verdict:
    """problems: one line each. files: number of checked files. absent: entries of the manifest that were never fetched."""

    problems: tuple[str, ...]
    files: int
    absent: tuple[str, ...]


def verify(manifest: Manifest, folder: Path) -> Verdict:
    """Check a collection's folder against its lock file, or bundled assets against their manifest."""
    if manifest.obtain == "bundled":
        return _verify_bundled(manifest, folder)
    lock = read_lock(folder)
    if lock is None:
        raise NotFetched(folder)
    problems = [
        f"{entry}: {problem}"
        for entry, locked in lock.entries.items()
        for path, file in locked.files.items()
        if (problem := file_problem(folder, path, file))
    ]
    problems += _foreign(folder, lock) + _contradictions(manifest, lock)
    files = sum(len(entry.files) for entry in lock.entries.values())
    absent = tuple(entry.name for entry in manifest.entries if entry.name not in lock.entries)
    return Verdict(tuple(problems), files, absent)


def file_problem(folder: Path, path: str, expected: LockedFile) -> str:
    """The problem of a file; empty if there is none."""
    file = folder / path
    if not file.is_file():
        return f"{path} is {'no plain file' if os.path.lexists(file) else 'missing'}"
    try:
        size = file.stat().st_size  # first: a sparse file of terabytes would be summed for hours
        if size != expected.size_bytes:
            return f"{path} has {size:,} bytes, expected {expected.size_bytes:,}"
        found = sums(file)
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    if found.sha256 != expected.sha256:
        return f"{path} has sha256 {found.sha256}, expected {expected.sha256}"
    return ""


def bundled_folder() -> Path:
    """The folder of Blender's environments. Raises DataError without bpy."""
    spec = importlib.util.find_spec("bpy")
    folders = sorted(Path(spec.origin).parent.glob("*/datafiles/studiolights/world")) if spec and spec.origin else []
    if not folders:
        raise DataError("environments", "no package bpy", "bpy 4.5, which contains them", install_command("generate"))
    return folders[-1]


def _verify_bundled(manifest: Manifest, folder: Path) -> Verdict:
    problems = []
    for entry in manifest.entries:
        expected = LockedFile(entry.size_bytes, entry.sha256)
        if problem := file_problem(folder, entry.file, expected):
            problems.append(f"{entry.name}: {problem}")
    return Verdict(tuple(problems), len(manifest.entries), ())


def _foreign(folder: Path, lock: Lock) -> list[str]:
    """Files that belong to no entry, and incomplete downloads."""
    known = {path for entry in lock.entries.values() for path in entry.files} | {LOCK}
    seen = walk(folder)
    passed = [path for path in seen.passed_over if not path.is_dir()]
    found = sorted(path.relative_to(folder).as_posix() for path in (*seen.files, *passed))
    return [
        f"{path} is an incomplete download"
        if path.endswith((".part", ".part.tag"))
        else f"{path} is not in the lock file"
        for path in found
        if path not in known
    ]


def _contradictions(manifest: Manifest, lock: Lock) -> list[str]:
    """Entries for which the manifest now states another checksum."""
    entries = {entry.name: entry for entry in manifest.entries}
    problems = []
    for name, locked in lock.entries.items():
        entry = entries.get(name)
        if entry and entry.sha256 and entry.sha256 not in locked.downloads.values():
            problems.append(
                f"{name}: fetched with sha256 {list(locked.downloads.values())}, the manifest says {entry.sha256}"
            )
    return problems
