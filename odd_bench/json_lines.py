"""Files of one JSON object a line that grow line by line; what a killed writer left torn is dropped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def append_line(path: Path, value: dict[str, Any]) -> None:
    """Add one object. A torn last line stays alone on its line, where `read_lines` drops it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+b") as file:
        torn = b""
        if file.seek(0, os.SEEK_END) > 0:
            file.seek(-1, os.SEEK_END)
            torn = b"" if file.read(1) == b"\n" else b"\n"
        file.write(torn + json.dumps(value).encode() + b"\n")


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every object of the file, none if there is no file; lines that hold none are dropped."""
    if not path.exists():
        return
    with open(path, "rb") as file:
        for line in file:
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                yield value
