"""Files that are either complete or absent: a `.part` file is written, flushed, checked and then renamed.

Every `.part` file has a unique name, because two workers, on one machine or on several, may write the same file at the same
time.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from odd_bench.errors import OddBenchError, StorageError, WrongUse

PART_NAME = re.compile(r".+\.[0-9a-f]{8}\.part")  # of the files that this module leaves when it is killed
HINT = "Free some space or make the folder writable, then run the same command again: finished work is kept"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # errors of writing only
UNUSABLE = (  # errors about the path itself, from the system or from open_plain
    errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EINVAL, errno.EFBIG, errno.ENXIO,
)  # fmt: skip
LONGEST_SHOWN = 120  # characters of a path
PROBE = bytes(4096)  # can be written unless the disk is full


def write_atomically(
    path: Path, content: bytes | Iterable[bytes], verify: Callable[[Path], None] | None = None
) -> None:
    """Write `content`, in one piece or several, to `path`. An earlier file is replaced only once the new one is on the disk.

    verify: called with the `.part` file after it has been flushed; if it raises an error, the earlier file stays.
    Raises StorageError if the disk is full, the folder cannot be written, or `path` is something other than a regular file.
    """
    path = Path(path)
    expected = (
        f"space for {len(content):,} bytes in a writable folder" if isinstance(content, bytes) else "space for the file"
    )
    with storage_errors(path, expected):
        path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_other_than_files(path)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            _write_and_flush(part, content)
            if verify is not None:
                verify(part)
            os.replace(part, path)
            _flush_folder(path.parent)
        finally:
            _remove(part)


def prove_file(path: Path) -> None:
    """Raise StorageError unless a file can be written at `path`; nothing is left behind.

    Long work calls this before it begins, because a result that cannot be written is lost.
    """
    path = Path(path)
    with storage_errors(path, "a file in a writable folder"):
        _refuse_other_than_files(path)
        _probe(path, _nearest(path.absolute().parent))


def prove_folder(path: Path) -> None:
    """Raise StorageError unless files can be written below the folder `path`, which need not exist yet."""
    path = Path(path)
    with storage_errors(path, "a writable folder"):
        _probe(path, _nearest(path.absolute()))


@contextmanager
def storage_errors(where: object, expected: str) -> Iterator[None]:
    """Turn an OSError about a path that cannot be written into a StorageError."""
    try:
        yield
    except OSError as error:
        raise StorageError(where, error.strerror or str(error), expected, HINT) from error


def told_by_system(error: OSError) -> OddBenchError:
    """The error for the user if no reader or writer has explained an OSError: a full disk, a read-only folder, a name that is too
    long, a missing permission. Raises `error` again if it is about something else.
    """
    name = os.fspath(error.filename) if isinstance(error.filename, str | os.PathLike) else ""
    if error.errno in FULL:
        return StorageError(name or "a file", error.strerror, "space for it in a writable folder", HINT)
    if name and error.errno in UNUSABLE:
        shown = name if len(name) < LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}..., {len(name):,} characters"
        return WrongUse(f"{shown}: found {error.strerror}; expected a path that can be used. Hint: check the path")
    raise error


def is_part(path: Path) -> bool:
    """Whether a file is the `.part` file of a killed writer."""
    return PART_NAME.fullmatch(path.name) is not None


def _nearest(folder: Path) -> Path:
    """The folder itself, or its nearest parent that exists."""
    return next(path for path in (folder, *folder.parents) if os.path.lexists(path))


def _probe(path: Path, folder: Path) -> None:
    if not folder.is_dir():
        raise StorageError(path, f"{folder}, which is not a folder", "a writable folder", "Choose another path")
    part = folder / f"odd-bench.{secrets.token_hex(4)}.part"
    try:
        _write_and_flush(part, PROBE)
    finally:
        _remove(part)


def _refuse_other_than_files(path: Path) -> None:
    """A folder cannot be replaced by a file, and a device must not be."""
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        found = "a folder" if path.is_dir() else "a device, a pipe or a socket"
        raise StorageError(path, found, "a file or nothing", "Choose another path")


def _write_and_flush(path: Path, content: bytes | Iterable[bytes]) -> None:
    with open(path, "wb") as file:
        for piece in [content] if isinstance(content, bytes) else content:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(part: Path) -> None:
    """Remove a left-over `.part` file; if this fails, the first error is the one to report."""
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return
