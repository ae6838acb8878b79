"""Opening files in foreign folders: only plain files are opened, and the number of bytes that are read is limited.

Reading a pipe could wait without end, a device or a sparse file could fill the memory, a file may grow while it is read, and a
link could redirect writing to a file elsewhere.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

MOST_BYTES = 1 << 26  # of a text, such as a configuration or a description
MOST_BINARY_BYTES = 1 << 32  # of weights, points and tables
KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


def open_plain(path: Path | str) -> BinaryIO:
    """Open a file to read its bytes. Raises OSError unless it is a plain file; `strerror` says what it is."""
    descriptor = os.open(
        path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    )  # so that a pipe without a writer does not block
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, f"{KINDS.get(stat.S_IFMT(mode), 'a device')}, not a plain file", str(path))
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_plain(path: Path | str, most_bytes: int = MOST_BINARY_BYTES) -> bytes:
    """All bytes of a plain file. Raises OSError if it is not a plain file, or has more bytes than `most_bytes`."""
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(most_bytes + 1) if size <= most_bytes else b""
    if max(size, len(content)) > most_bytes:
        raise OSError(errno.EFBIG, f"more than {most_bytes:,} bytes", str(path))
    return content


def read_plain_text(path: Path | str, encoding: str = "utf-8", most_bytes: int = MOST_BYTES) -> str:
    """The text of a plain file. Raises OSError like `read_plain`, and UnicodeDecodeError."""
    return read_plain(path, most_bytes).decode(encoding)


def unlinked(name: str, flags: int) -> int:
    """An `opener` of `open` for files that are written in place: raises OSError for a link, a folder or a pipe."""
    descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "something other than a plain file", name)
    return descriptor
