"""Files that are either whole or absent: a `.part` file, flushed, checked, then renamed.

The name of the `.part` file is drawn anew each time, for two workers, of one machine or of several, may write the same cache at
the same moment.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from odd_bench.data.errors import DataError


def write_atomically(path: Path, content: bytes, verify: Callable[[Path], None] | None = None) -> None:
    """Write `content` to `path`, replacing what is there only once the new file is on the disk.

    verify: called with the `.part` file after it has been flushed; whatever it raises keeps the old file in place.
    Raises DataError where the disk is full or the folder cannot be written.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_and_flush(part, content)
        if verify is not None:
            verify(part)
        os.replace(part, path)
        _flush_folder(path.parent)
    except OSError as error:
        raise DataError(
            path, error.strerror or str(error), f"room for {len(content):,} bytes in a writable folder",
            "Free some space or make the folder writable, then run the same command again: what is finished is kept",
        ) from error  # fmt: skip
    finally:
        _remove(part)


def _write_and_flush(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(part: Path) -> None:
    """Take a left-over `.part` file away; where even that fails the first error is the one to report."""
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return
