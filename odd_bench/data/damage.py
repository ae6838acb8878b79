"""The one place that decides what an unreadable file means and what to do about it.

A file may be absent, not a plain file, locked by another program, forbidden, on a disk that does not answer, or damaged. Only a
damaged file may be removed, and only where a command makes it again.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from odd_bench.data.errors import DataError
from odd_bench.errors import OddBenchError
from odd_bench.plain_file import read_plain

LOCKED = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOLCK, errno.EDEADLK, errno.ETXTBSY)
FORBIDDEN = (errno.EACCES, errno.EPERM)
UNANSWERED = (errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH)
TOO_MANY = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
AGAIN = "Run the same generate command again: it keeps what is whole; or restore the file from a copy"
IMPORT_AGAIN = (
    "Run the same `odd-bench data import` command again: it keeps what is whole; or restore the file from a copy"
)
RESTORE = "Restore the file from a copy"
KEEP = "the file itself may be whole: do not remove it"
MOST_JSON_BYTES = 1 << 26  # of a whole document: empty lists alone take twenty times as much memory


class Inaccessible(DataError):
    """A file that cannot be read here and now, though it may be whole: it must neither be removed nor made again."""


def again(path: Path | str) -> str:
    """How to get a damaged file of a data set back: generate or import it again, or restore it from a copy."""
    folder = Path(path).absolute()
    for root in (folder, *list(folder.parents)[:3]):
        for name in ("config.json", "dataset.json"):
            origin = _origin(root / name)
            if origin is not None:
                return IMPORT_AGAIN if origin == "imported" else AGAIN
    return RESTORE


def check_plain(path: Path, expected: str) -> None:
    """Raise DataError, with the hint of its cause, unless a file is there, is a plain one and may be read."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise unreadable(path, error, expected) from error
    if not stat.S_ISREG(mode):
        raise DataError(path, f"a {_kind(mode)}", expected, "Move it away")
    if not os.access(path, os.R_OK):
        raise unreadable(path, PermissionError(errno.EACCES, "Permission denied"), expected)


@contextmanager
def reading(path: object, expected: str, hint: str | None = None) -> Iterator[None]:
    """Turn whatever goes wrong inside into a DataError: readers of foreign bytes and HDF5 fail in more ways than can be listed.

    path: of the file, perhaps followed by a place in it; made a text only where needed. hint: for a damaged file; None asks
    `again`.
    """
    try:
        yield
    except OddBenchError:
        raise
    except Exception as error:
        raise unreadable(str(path), error, expected, hint) from error


def unreadable(path: Path | str, error: Exception, expected: str, hint: str | None = None) -> DataError:
    """The DataError that says why a file cannot be read. hint: for a damaged file; None asks `again`."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, FileNotFoundError):
        return DataError(path, "no such file", expected)
    if number in LOCKED:
        return Inaccessible(
            path, "a file in use by another program, or on a file system without locks", expected,
            f"Close the program that writes it, or set HDF5_USE_FILE_LOCKING=FALSE; {KEEP}",
        )  # fmt: skip
    if number in FORBIDDEN:
        return Inaccessible(
            path, "no permission to read it", expected, f"Ask its owner or correct its permissions; {KEEP}"
        )
    if number in UNANSWERED:
        return Inaccessible(path, error.strerror or str(error), expected, f"Check the disk or network share; {KEEP}")
    if number in TOO_MANY:
        return Inaccessible(path, error.strerror or str(error), expected, f"Close other programs or files; {KEEP}")
    return DataError(path, described(error), expected, again(path) if hint is None else hint)


def described(error: Exception) -> str:
    """The part of an error that a user can read, on one line."""
    text = str(error)
    reason = text.partition("(")[2].rstrip(")") if isinstance(error, OSError) else ""
    named = reason or text or type(error).__name__
    named = f"{type(error).__name__}: {named}" if isinstance(error, KeyError | MemoryError | RecursionError) else named
    return " ".join(named.split())[:300]


def read_json(path: Path, expected: str, hint: str | None = None, most_bytes: int = MOST_JSON_BYTES):
    """The value in a JSON file, in UTF-8, or in UTF-16 as some editors write it. Raises DataError; a byte-order mark is ignored."""
    check_plain(path, expected)
    with reading(path, expected, hint):
        content = read_plain(path, most_bytes)
        return json.loads(content.decode(json.detect_encoding(content)))


def _origin(path: Path) -> str | None:
    """The kind of data: `imported`, another word for generated data, or None where the file does not say."""
    try:
        found = json.loads(read_plain(path, MOST_JSON_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    config = found.get("config") if isinstance(found.get("config"), dict) else found
    kind = config.get("kind")
    return kind if isinstance(kind, str) else "generated"


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket", stat.S_IFLNK: "link"}
    return kinds.get(stat.S_IFMT(mode), "device")
