"""The reason why a file cannot be read, and what the user should do. No other file decides this.

A file may be missing, not a plain file, locked by another program, forbidden, on a disk that does not respond, or damaged. Only a
damaged file may be removed, and only if a command can make it again.
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
MOST_JSON_BYTES = 1 << 26  # in one document, whose empty lists can need twenty times as much memory


class Inaccessible(DataError):
    """A file cannot be read at present but may be undamaged. It must be neither removed nor made again."""


def again(path: Path | str) -> str:
    """The hint how to recover a damaged file of a data set: generate or import it again, or restore it from a copy."""
    folder = Path(path).absolute()
    for root in (folder, *list(folder.parents)[:3]):
        for name in ("config.json", "dataset.json"):
            origin = _origin(root / name)
            if origin is not None:
                return IMPORT_AGAIN if origin == "imported" else AGAIN
    return RESTORE


def check_plain(path: Path, expected: str) -> None:
    """Raise DataError, with a hint for the cause, unless a file exists, is a plain file and may be read."""
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
    """Turn any exception inside the context into a DataError. HDF5 and other decoders raise more types than can be listed.

    path: path of the file, which a place in the file may follow; converted to a string only after an exception. hint: what to
    do about a damaged file; None stands for the hint of `again`.
    """
    try:
        yield
    except OddBenchError:
        raise
    except Exception as error:
        raise unreadable(str(path), error, expected, hint) from error


def unreadable(path: Path | str, error: Exception, expected: str, hint: str | None = None) -> DataError:
    """The DataError that says why a file cannot be read.

    hint: what to do about a damaged file; None stands for the hint of `again`.
    """
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
    """The part of an exception's message that a user can understand, on one line."""
    text = str(error)
    reason = text.partition("(")[2].rstrip(")") if isinstance(error, OSError) else ""
    named = reason or text or type(error).__name__
    named = f"{type(error).__name__}: {named}" if isinstance(error, KeyError | MemoryError | RecursionError) else named
    return " ".join(named.split())[:300]


def read_json(path: Path, expected: str, hint: str | None = None, most_bytes: int = MOST_JSON_BYTES):
    """Read a JSON file in UTF-8, UTF-16 or UTF-32, with or without a byte-order mark. Raises DataError if that fails."""
    check_plain(path, expected)
    with reading(path, expected, hint):
        content = read_plain(path, most_bytes)
        return json.loads(content.decode(json.detect_encoding(content)))


def _origin(path: Path) -> str | None:
    """The `kind` in a configuration or description: `imported`, another word for generated data, or None if unreadable."""
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
