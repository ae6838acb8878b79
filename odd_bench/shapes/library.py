"""A folder of mesh files as models: each file is read, closed, cut into parts and stored once, or refused with a reason.

The category of a file is the sub-folder that it lies in. Reading a stored model does not need the packages that read mesh files.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from odd_bench.atomic import write_atomically
from odd_bench.data.damage import described, read_json
from odd_bench.data.errors import DataError
from odd_bench.data.walk import walk
from odd_bench.errors import WrongUse
from odd_bench.json_lines import append_line, read_lines
from odd_bench.locking import locked
from odd_bench.names import component, name_problem
from odd_bench.plain_file import open_plain
from odd_bench.shapes.assembly import Assembly
from odd_bench.shapes.companions import MOST_BYTES
from odd_bench.shapes.limited import CRASHED, NO_ANSWER, answer_of

SUFFIXES = (".glb", ".gltf", ".obj", ".ply", ".stl", ".off")
TOP_CATEGORY = "asset"  # of files that lie in the folder itself
INDEX, JOURNAL, LOCK = "index.json", "journal.jsonl", "library.lock"
VERSION = 1
LIMIT_S = 120.0  # processor time for one file
NO_MEMORY = "no memory"
MACHINE = (NO_ANSWER, CRASHED, NO_MEMORY)  # refusals that may not occur on another machine or at another time


class LibraryError(WrongUse):
    """A folder has no usable mesh file, or a library has no such model or is damaged."""


@dataclass(frozen=True)
class Entry:
    """One mesh file of a folder, or one sub-folder that could not be read.

    path: within the folder, with forward slashes. sha256: digest of the file's bytes. name: unique name of the model.
    mended: how the mesh was closed, see repair.close; empty if the file was refused. reason, detail: why the file was refused;
    empty if it is used. missing: the files that it refers to and that cannot be used, mostly textures.
    """

    path: str
    sha256: str
    name: str
    category: str
    mended: str = ""
    reason: str = ""
    detail: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Library:
    """The models of a folder. store: the folder that they are stored in. entries: the used and the refused files."""

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

    @property
    def unpainted(self) -> tuple[Entry, ...]:
        """The models with missing textures or other missing files."""
        return tuple(entry for entry in self.used if entry.missing)

    def model(self, name: str) -> Assembly:
        """The stored model of this name. Raises LibraryError if there is none or it is damaged."""
        if name not in {entry.name for entry in self.used}:
            raise LibraryError(f"{self.store}: no model {name!r}; expected one of the {len(self.used)} in {INDEX}")
        path = self.store / f"{name}.npz"
        try:
            return Assembly.load(path)
        except Exception as error:  # a damaged or foreign file
            found = f"{type(error).__name__}: {error}"
            raise LibraryError(f"{path}: found {found}; expected a stored model; delete it and store again") from error


def open_library(store: Path) -> Library:
    """The library that `ingest` stored. Raises LibraryError if there is none, it is damaged or has another version."""
    try:
        index = read_json(store / INDEX, "a folder that a library was stored in")
        if index["version"] != VERSION:
            raise LibraryError(
                f"{store}: library version {index['version']}; expected {VERSION}; delete the folder and store again"
            )
        return Library(store, tuple(map(_entry, index["entries"])))
    except DataError as error:
        missing = isinstance(error.__cause__, FileNotFoundError)
        found = f"no {INDEX}" if missing else error.found
        raise LibraryError(f"{store}: {found}; expected {error.expected}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise LibraryError(
            f"{store / INDEX}: found {type(error).__name__}: {error}; expected entries; delete it and store again"
        ) from error


def require_up(folder: Path) -> None:
    """Raise LibraryError if the format of a file does not say which way is up, so that its shape cannot stand upright."""
    from odd_bench.shapes.mesh_file import Y_UP, Z_UP, says_up

    unsaid = [path for path in walk(folder).files if path.suffix.lower() in SUFFIXES and not says_up(path)]
    if unsaid:
        first, said = unsaid[0].relative_to(folder).as_posix(), ", ".join((*Y_UP, *Z_UP))
        raise LibraryError(
            f"{folder}: found {len(unsaid)} files whose format has no up axis, first {first}; expected {said} where toys stand "
            "upright. Hint: --rest shared lets every shape fall into any stable pose"
        )


def ingest(
    folder: Path, store: Path, limit_s: float = LIMIT_S, progress: Callable[[Entry], None] = lambda entry: None
) -> Library:
    """Read every mesh file below a folder, following links, and store its model. Each file is read in a process of its own.

    limit_s: processor time for one file, in seconds. progress: called with every finished entry. A file whose path and content
    are already known is not read again, unless it was refused because of the machine. Finished entries are kept in a journal and
    the index is replaced once, at the end, so that readers find the previous library until then. A second call on the same store
    waits for the first. Raises LibraryError if the folder does not exist or has no mesh file.
    """
    if not folder.is_dir():
        raise LibraryError(f"{folder}: found no such folder; expected a folder with mesh files")
    found = walk(folder)
    paths = [path for path in found.files if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise LibraryError(
            f"{folder}: found no mesh file; expected some of {', '.join(SUFFIXES)}, in sub-folders named after categories"
        )
    store.mkdir(parents=True, exist_ok=True)
    with locked(store / LOCK, wait=True):
        stored = _stored_entries(store)
        known = {(entry.path, entry.sha256): entry for entry in (*stored, *_journal(store))}
        entries = [_passed_over(path, folder, reason) for path, reason in sorted(found.passed_over.items())]
        names = _Names()
        for path in paths:
            entry = _described(path, folder, names)
            before = known.get((entry.path, entry.sha256))
            if entry.reason or (before and before.name == entry.name and _is_final(before, store)):
                entry = entry if entry.reason else before
            else:
                entry = _read_apart(path, entry, store, limit_s)
                append_line(store / JOURNAL, asdict(entry))
            entries.append(entry)
            progress(entry)
        if tuple(entries) != tuple(stored):
            _write_index(store, entries)
        (store / JOURNAL).unlink(missing_ok=True)
    return Library(store, tuple(entries))


def _stored_entries(store: Path) -> tuple[Entry, ...]:
    """The entries of the existing index; none if it is damaged, so that all files are read again."""
    try:
        return open_library(store).entries if (store / INDEX).exists() else ()
    except LibraryError:
        return ()


def _journal(store: Path) -> Iterator[Entry]:
    """The entries that an interrupted call had finished. A line that is not an entry is dropped, and its file is read again."""
    for line in read_lines(store / JOURNAL):
        try:
            yield _entry(line)
        except (TypeError, ValueError):
            continue


def _entry(values: dict) -> Entry:
    """An entry of an index. Raises TypeError or ValueError for wrong fields or for a name that could lead out of the store."""
    entry = Entry(**values)
    if not all(isinstance(value, str) for value in vars(entry).values()):
        raise ValueError(f"values of {str(entry)[:80]} that are not strings")
    for name in (entry.name, entry.category):
        if (entry.name or not entry.reason) and (problem := name_problem(name)):
            raise ValueError(f"{name[:60]!r} is {problem}")
    return entry


def _is_final(entry: Entry, store: Path) -> bool:
    """Whether the file need not be read again: it was refused for a fault of the file, or its model is stored."""
    return entry.reason not in MACHINE if entry.reason else (store / f"{entry.name}.npz").is_file()


def _passed_over(path: Path, folder: Path, reason: str) -> Entry:
    return Entry(_relative(path, folder), "", "", "", reason="cannot be read", detail=reason)


def _relative(path: Path, folder: Path) -> str:
    """The path within the folder, with forward slashes; bytes that are not UTF-8 become question marks."""
    return path.relative_to(folder).as_posix().encode(errors="replace").decode()


class _Names:
    """Gives every file a unique name; repeated names get numbers, in the order of the calls."""

    def __init__(self):
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def unused(self, stem: str) -> str:
        number = self._last.get(stem, 0) + 1
        while (name := stem if number == 1 else f"{stem}-{number}") in self._taken:
            number += 1
        self._last[stem] = number
        self._taken.add(name)
        return name


def _described(path: Path, folder: Path, names: _Names) -> Entry:
    """The entry of a file before it is read: path, digest, name and category. Letters of all alphabets stay in its name."""
    relative = path.relative_to(folder)
    category = relative.parts[0] if len(relative.parts) > 1 else TOP_CATEGORY
    category = component(category) if name_problem(category) else unicodedata.normalize("NFC", category)
    text = unicodedata.normalize("NFC", f"{category}-{path.stem}").lower()
    name = names.unused(component(re.sub(r"[\W_]+", "-", text), otherwise="model"))
    try:
        with open_plain(path) as file:
            if (
                size := os.fstat(file.fileno()).st_size
            ) > MOST_BYTES:  # a digest of it would take as long as reading it
                detail = f"{size:,} bytes; expected at most {MOST_BYTES:,}"
                return Entry(_relative(path, folder), "", name, category, reason="too large a file", detail=detail)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return Entry(_relative(path, folder), "", name, category, reason="cannot be read", detail=described(error))
    return Entry(_relative(path, folder), digest, name, category)


def _write_index(store: Path, entries: list[Entry]) -> None:
    """Replace the index."""
    index = {"version": VERSION, "entries": [asdict(entry) for entry in entries]}
    write_atomically(store / INDEX, (json.dumps(index, indent=1) + "\n").encode())


def _read_apart(path: Path, entry: Entry, store: Path, limit_s: float) -> Entry:
    """Read one file in a child process, which may hang or crash without harm, and return its finished entry."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(there, path, entry, store), daemon=True)
    child.start()
    there.close()
    try:
        return Entry(**{**asdict(entry), **answer_of(child, here, limit_s)})
    finally:
        child.kill()
        child.join()


def _child(connection: Connection, path: Path, entry: Entry, store: Path) -> None:
    from odd_bench.shapes.mesh_file import ShapeRefused, read_mesh
    from odd_bench.shapes.wild import model_of_mesh

    try:
        raw = read_mesh(path)
        model, mended = model_of_mesh(raw, entry.category, entry.name)
        model.save(store / f"{entry.name}.npz")
        connection.send({"mended": mended, "missing": ", ".join(raw.missing)})
    except ShapeRefused as refused:
        connection.send({"reason": refused.reason, "detail": str(refused)})
    except MemoryError:
        connection.send({"reason": NO_MEMORY})
    except Exception as error:  # one bad file is reported, and the others are still read
        connection.send({"reason": "failed", "detail": f"{type(error).__name__}: {error}"})
