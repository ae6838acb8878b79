"""Scenes that were given up: `quarantine.jsonl` in the data set's folder, one entry a scene with the reason."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from odd_bench.data.atomic import write_atomically
from odd_bench.generate.pool import Outcome


def give_up(path: Path, outcome: Outcome) -> None:
    """Add a scene that could not be made."""
    entry = {"scene": outcome.scene, "kind": outcome.kind, "attempts": outcome.attempts, "message": outcome.message}
    with path.open("a") as file:
        file.write(json.dumps(entry) + "\n")


def given_up(path: Path) -> dict[str, str]:
    """Kind of failure by scene name; empty if there is no quarantine."""
    if not path.exists():
        return {}
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    return {entry["scene"]: entry["kind"] for entry in entries}


def take_back(path: Path, scenes: Collection[str]) -> None:
    """Forget that these scenes were given up, so that they are tried again."""
    if path.exists():
        kept = [line for line in path.read_text().splitlines() if json.loads(line)["scene"] not in scenes]
        write_atomically(path, "".join(line + "\n" for line in kept).encode())
