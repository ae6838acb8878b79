"""A small file in the folder of a run that names its training data sets, so that later commands find them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from odd_bench.atomic import write_atomically
from odd_bench.plain_file import read_plain_text

FILE = "data.json"


def remember_data(run: Path, folders: Sequence[Path]) -> None:
    """Write the folders relative to the run's, so that both can be moved together."""
    seen = [Path(os.path.relpath(folder, run)).as_posix() for folder in folders]
    write_atomically(run / FILE, (json.dumps({"folders": seen}, indent=1) + "\n").encode())


def remembered_data(run: Path) -> tuple[Path, ...]:
    """Folders of the data sets that a run learnt from. run: its folder, or a file in it.

    Folders that no longer exist are left out; empty if the run does not name any.
    """
    folder = run.parent if run.is_file() else run
    try:
        seen = json.loads(read_plain_text(folder / FILE))["folders"]
        found = [Path(os.path.normpath(folder / one)) for one in seen]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return ()
    return tuple(one for one in found if one.is_dir())
