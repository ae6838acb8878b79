"""All files below a folder. Links are followed, and folders that cannot be read are reported."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from odd_bench.data.damage import described
from odd_bench.names import is_left_by_tools


@dataclass
class Walk:
    """The files below a folder.

    files: sorted by path. passed_over: the reason by path, for everything that was not read. Neither contains files that other
    tools leave behind, such as `._city.exr` and `__MACOSX`.
    """

    files: list[Path] = field(default_factory=list)
    passed_over: dict[Path, str] = field(default_factory=dict)


def walk(folder: Path) -> Walk:
    """Find every file below a folder. A folder that is reached twice, through links, is read once."""
    found = Walk()
    seen: dict[tuple[int, int], Path] = {}
    waiting = [Path(folder)]
    while waiting:
        current = waiting.pop()
        try:
            status = current.stat()
            first = seen.setdefault((status.st_dev, status.st_ino), current)
            if first != current:
                found.passed_over[current] = f"a link to {first.relative_to(folder)}, which has already been read"
                continue
            inside = sorted(path for path in current.iterdir() if not is_left_by_tools(path.name))
        except OSError as error:
            found.passed_over[current] = described(error)
            continue
        # Folders come before links to them, so that a folder is read under its own name.
        waiting += sorted((path for path in inside if path.is_dir()), key=lambda path: (not path.is_symlink(), path))[
            ::-1
        ]
        for path in inside:
            if path.is_file():
                found.files.append(path)
            elif not path.is_dir():
                found.passed_over[path] = "a link to nothing" if os.path.islink(path) else "not a plain file"
    found.files.sort()
    return found
