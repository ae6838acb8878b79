"""The quarantine: scenes that could not be made, in `quarantine.jsonl` of the data set's folder, each with the reason.

Slices of a run share the file. Every change therefore reads and rewrites the whole file under a lock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from odd_bench.atomic import write_atomically
from odd_bench.data.folder import WORK
from odd_bench.data.outcome import BY_MACHINE, Outcome
from odd_bench.json_lines import read_lines
from odd_bench.locking import locked
from odd_bench.plain_file import read_plain

Entries = dict[str, dict]  # entries of the quarantine by name of the scene


def give_up(path: Path, outcome: Outcome) -> None:
    """Add a scene that could not be made."""
    entry = {"scene": outcome.scene, "kind": outcome.kind, "attempts": outcome.attempts, "message": outcome.message}
    _change(path, lambda entries: {**entries, outcome.scene: entry})


def given_up(path: Path) -> dict[str, str]:
    """The kind of failure by scene name; empty if there is no file."""
    return {name: entry["kind"] for name, entry in read_quarantine(path).items()}


def read_quarantine(path: Path) -> Entries:
    """All entries by scene name; of several for one scene, the last. Incomplete lines are ignored: their scenes are made again."""
    keys = ("scene", "kind", "message")
    return {entry["scene"]: entry for entry in read_lines(path) if all(isinstance(entry.get(k), str) for k in keys)}


def take_back(path: Path, scenes: Collection[str]) -> None:
    """Remove these scenes from the quarantine, so that they are tried again."""
    _change(path, lambda entries: {name: entry for name, entry in entries.items() if name not in scenes})


def take_back_machine_faults(path: Path, scenes: Collection[str]) -> None:
    """Remove those of these scenes that failed because of the machine: it was too busy, or a worker was killed."""
    _change(
        path,
        lambda entries: {
            name: entry for name, entry in entries.items() if name not in scenes or entry["kind"] not in BY_MACHINE
        },
    )


def tidy_quarantine(path: Path, order: Iterable[str]) -> None:
    """Keep the entries of planned scenes, in the order of the plan, so that the file does not depend on the workers."""
    _change(path, lambda entries: {name: entries[name] for name in order if name in entries})


def _change(path: Path, change: Callable[[Entries], Entries]) -> None:
    """Apply a change to the file. An empty quarantine has no file."""
    with locked(path.parent / WORK / "quarantine.lock", wait=True):
        before = read_plain(path) if path.exists() else b""
        after = "".join(json.dumps(entry) + "\n" for entry in change(read_quarantine(path)).values()).encode()
        if not after:
            path.unlink(missing_ok=True)
        elif after != before:
            write_atomically(path, after)
