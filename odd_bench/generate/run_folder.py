"""The folder of a run: where the plan, staged scenes, shards and caches lie, and which configuration it belongs to."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from odd_bench.data.atomic import write_atomically
from odd_bench.data.folder import PLAN, QUARANTINE, WORK
from odd_bench.errors import WrongUse
from odd_bench.generate.config import GenerateConfig, from_mapping, to_mapping

HARMLESS = ("render.device", "render.threads")  # keys that may differ when a run is taken up again


class FolderError(WrongUse):
    """An output folder that cannot be used; the message says where, found, expected and a hint."""


@dataclass(frozen=True)
class RunFolder:
    """Paths inside the output folder. work/ holds what is only needed until the run is complete."""

    root: Path

    @property
    def plan(self) -> Path:
        return self.root / PLAN

    @property
    def work(self) -> Path:
        return self.root / WORK

    @property
    def library(self) -> Path:
        return self.root / "library"

    @property
    def config(self) -> Path:
        return self.root / "config.json"

    @property
    def quarantine(self) -> Path:
        return self.root / QUARANTINE

    @property
    def reports(self) -> Path:
        return self.work / "reports.jsonl"

    def staged(self, scene: str) -> Path:
        return self.work / "staged" / f"{scene}.h5"

    def log(self, parent: int, child: int) -> Path:
        return self.work / "logs" / f"child-{parent}-{child}.log"

    def read_config(self) -> GenerateConfig:
        return from_mapping(json.loads(self.config.read_text()), where=str(self.config))

    def claim(self, config: GenerateConfig) -> None:
        """Make the folder this run's own, or check that it already is. Raises FolderError if it belongs to another."""
        wanted = to_mapping(config)
        if self.config.exists():
            _compare(json.loads(self.config.read_text()), wanted, self.root)
        elif self.root.exists() and any(self.root.iterdir()):
            raise FolderError(
                f"{self.root}: found files that no run of odd-bench made; expected a new or empty folder. "
                "Hint: give another folder with --out."
            )
        write_atomically(self.config, (json.dumps(wanted, indent=2, sort_keys=True) + "\n").encode())

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold a lock that ends with the process. Raises FolderError if another run holds it."""
        self.work.mkdir(parents=True, exist_ok=True)
        with open(self.work / f"{name}.lock", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderError(
                    f"{self.root}: found another run at work in this folder; expected to be alone. "
                    "Hint: wait for it, or give another folder with --out."
                ) from error
            yield


def check_writable(root: Path) -> None:
    """Raise FolderError early if nothing can be written below `root`."""
    existing = next(path for path in (root, *root.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise FolderError(
            f"{root}: found a place that cannot be written; expected a writable folder. Hint: choose another with --out."
        )


def _compare(stored: dict, wanted: dict, root: Path) -> None:
    differences = [
        f"{key} = {json.dumps(found)} there, {json.dumps(asked)} now"
        for key, found, asked in _flat_differences(stored, wanted)
        if key not in HARMLESS
    ]
    if differences:
        shown = "; ".join(differences[:5])
        raise FolderError(
            f"{root}: found a data set of another configuration ({shown}); expected the same one to go on with. "
            "Hint: give another folder with --out, or repeat the options of the first run."
        )


def _flat_differences(stored: dict, wanted: dict, prefix: str = "") -> Iterator[tuple[str, object, object]]:
    for key in sorted(set(stored) | set(wanted)):
        found, asked = stored.get(key), wanted.get(key)
        if isinstance(found, dict) and isinstance(asked, dict):
            yield from _flat_differences(found, asked, f"{prefix}{key}.")
        elif found != asked:
            yield f"{prefix}{key}", found, asked
