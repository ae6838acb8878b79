"""A folder of mesh files as models: each file read, closed, cut into parts and stored once, or refused with a reason.

The category of a file is the sub-folder it lies in. What is stored is read back without the libraries that closed it.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from odd_bench.atomic import write_atomically
from odd_bench.errors import WrongUse
from odd_bench.locking import locked
from odd_bench.shapes.assembly import Assembly

SUFFIXES = (".glb", ".gltf", ".obj", ".ply", ".stl", ".off")
TOP_CATEGORY = "asset"  # of files that lie in the folder itself
INDEX = "index.json"
VERSION = 1
LIMIT_S = 120.0  # wall time for one file
WRITE_EVERY_S = 10.0  # what a call that is killed has to read again


class LibraryError(WrongUse):
    """A folder that holds no usable mesh file, or an unknown model."""


@dataclass(frozen=True)
class Entry:
    """One file. path: within the folder, with forward slashes. sha256: of the file's bytes. name: of the model, unique.

    mended: what closing it took, see repair.close; empty if refused. reason, detail: of the refusal; empty if used.
    """

    path: str
    sha256: str
    name: str
    category: str
    mended: str = ""
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Library:
    """Models of a folder, stored in another. entries: used and refused files in the order of their paths."""

    store: Path
    entries: tuple[Entry, ...]

    @property
    def used(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if not entry.reason)

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(sorted({entry.category for entry in self.used}))

    @property
    def refusals(self) -> dict[str, int]:
        """How many files were refused for each reason."""
        return dict(Counter(entry.reason for entry in self.entries if entry.reason))

    def model(self, name: str) -> Assembly:
        """The stored model of this name. Raises LibraryError if there is none."""
        if name not in {entry.name for entry in self.used}:
            raise LibraryError(f"{self.store}: no model {name!r}; found {len(self.used)} others, see {INDEX}")
        return Assembly.load(self.store / f"{name}.npz")


def open_library(store: Path) -> Library:
    """The library that `ingest` stored. Raises LibraryError if there is none of this version."""
    try:
        index = json.loads((store / INDEX).read_text())
    except FileNotFoundError:
        raise LibraryError(f"{store}: no {INDEX}; expected a folder that a library was stored in") from None
    if index["version"] != VERSION:
        raise LibraryError(
            f"{store}: library version {index['version']}; expected {VERSION}; delete the folder and store again"
        )
    return Library(store, tuple(Entry(**entry) for entry in index["entries"]))


def ingest(
    folder: Path, store: Path, limit_s: float = LIMIT_S, progress: Callable[[Entry], None] = lambda entry: None
) -> Library:
    """Read every mesh file below a folder into the store, each in a process of its own for at most `limit_s` seconds.

    Files stored before, by content and path, are not read again. progress: called with every finished entry. Raises LibraryError
    if the folder holds no mesh file.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise LibraryError(
            f"{folder}: no mesh file; expected some of {', '.join(SUFFIXES)}, in sub-folders named by category"
        )
    with locked(store / "index.lock", wait=True):
        known = {(entry.path, entry.sha256): entry for entry in _stored_entries(store)}
        described, names = [], set()
        for path in paths:
            described.append(_described(path, folder, names))
            names.add(described[-1].name)
        found = {entry.path: known.get((entry.path, entry.sha256)) for entry in described}
        written = time.monotonic()
        for path, entry in zip(paths, described, strict=True):
            before = found[entry.path]
            if before is None or before.name != entry.name:
                found[entry.path] = _read_apart(path, entry, store, limit_s)
                if time.monotonic() - written > WRITE_EVERY_S:  # the whole index each time: not after every file
                    _write_index(store, [one for one in found.values() if one is not None])
                    written = time.monotonic()
            progress(found[entry.path])
        entries = [found[entry.path] for entry in described]
        _write_index(store, entries)
    return Library(store, tuple(entries))


def _stored_entries(store: Path) -> tuple[Entry, ...]:
    """Of the index that is there; a damaged one counts as none, the files are then read again."""
    try:
        return open_library(store).entries if (store / INDEX).exists() else ()
    except (ValueError, KeyError, TypeError):
        return ()


def _described(path: Path, folder: Path, names: set[str]) -> Entry:
    relative = path.relative_to(folder)
    category = relative.parts[0] if len(relative.parts) > 1 else TOP_CATEGORY
    stem = re.sub(r"[^a-z0-9]+", "-", f"{category}-{path.stem}".lower()).strip("-")
    name, number = stem, 1
    while name in names:
        number += 1
        name = f"{stem}-{number}"
    return Entry(relative.as_posix(), hashlib.sha256(path.read_bytes()).hexdigest(), name, category)


def _write_index(store: Path, entries: list[Entry]) -> None:
    """Write the index whole, unless it is there already."""
    index = {"version": VERSION, "entries": [asdict(entry) for entry in entries]}
    content = (json.dumps(index, indent=1) + "\n").encode()
    if not (store / INDEX).exists() or (store / INDEX).read_bytes() != content:
        write_atomically(store / INDEX, content)


def _read_apart(path: Path, entry: Entry, store: Path, limit_s: float) -> Entry:
    """Read one file in a child process, which may hang or crash without harm."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(there, path, entry, store), daemon=True)
    child.start()
    there.close()
    try:
        return Entry(**{**asdict(entry), **_answer(here, limit_s)})
    finally:
        child.kill()
        child.join()


def _answer(connection: Connection, limit_s: float) -> dict[str, str]:
    """What the child says, or why it says nothing."""
    if not connection.poll(limit_s):
        return {"reason": "too slow", "detail": f"more than {limit_s:g} s"}
    try:
        return connection.recv()
    except EOFError:
        return {"reason": "reader crashed"}


def _child(connection: Connection, path: Path, entry: Entry, store: Path) -> None:
    from odd_bench.shapes.mesh_file import ShapeRefused
    from odd_bench.shapes.wild import read_model

    try:
        model, mended = read_model(path, entry.category, entry.name)
        model.save(store / f"{entry.name}.npz")
        connection.send({"mended": mended})
    except ShapeRefused as refused:
        connection.send({"reason": refused.reason, "detail": str(refused)})
    except Exception as error:  # one odd file is reported and the others are still read
        connection.send({"reason": "failed", "detail": f"{type(error).__name__}: {error}"})
