"""Files with one JSON object a line that grow line by line; a line that a killed writer did not finish is dropped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from odd_bench.atomic import storage_errors
from odd_bench.errors import FileError
from odd_bench.plain_file import open_plain, unlinked

MOST_BYTES = 1 << 30  # a million lines of a kilobyte
MOST_LINE_BYTES = 1 << 20  # the longest lines have about 10 kB


def append_line(path: Path, value: dict[str, Any]) -> None:
    """Add one object. An unfinished last line stays on a line of its own, and `read_lines` drops it.

    Raises StorageError if the disk is full, or if `path` is a link, a folder or a pipe, so that nothing elsewhere is changed.
    """
    with storage_errors(path, "a regular file in a writable folder"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a+b", opener=unlinked) as file:
            torn = b""
            if file.seek(0, os.SEEK_END) > 0:
                file.seek(-1, os.SEEK_END)
                torn = b"" if file.read(1) == b"\n" else b"\n"
            file.write(torn + json.dumps(value).encode() + b"\n")


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every object of the file, none if the file does not exist. Other lines, and lines over MOST_LINE_BYTES, are dropped.

    Raises FileError for a file of more than MOST_BYTES, OSError if the path is not a plain file.
    """
    if not path.exists():
        return
    with open_plain(path) as file:
        if (size := os.fstat(file.fileno()).st_size) > MOST_BYTES:
            raise FileError(path, f"{size:,} bytes", f"lines of at most {MOST_BYTES:,} in all", "Move the file away")
        for line in iter(lambda: file.readline(MOST_LINE_BYTES), b""):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                yield value
