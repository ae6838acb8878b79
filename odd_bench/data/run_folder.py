"""The folder of a run: paths of the plan, staged scenes, shards and caches, its configuration, and its locks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from odd_bench.atomic import is_part, write_atomically
from odd_bench.data.folder import DESCRIPTION, GROUND_TRUTH, PLAN, QUARANTINE, SHARDS, WORK
from odd_bench.errors import WrongUse
from odd_bench.locking import InUse, locked
from odd_bench.plain_file import read_plain_text

EMPTIED = ("staged", "modes", "variants", "logs")  # folders in work/ whose files are removed when the run is complete
HARMLESS = ("render.device", "render.threads")  # keys that may differ when a run is resumed


class FolderError(WrongUse):
    """An output folder cannot be used. The message names the place, what was found, what was expected, and a hint."""


def refuse_data_set(out: Path) -> None:
    """Raise FolderError where a data set lies in the folder: files of another layout would lie among its own."""
    if any((out / name).exists() for name in (DESCRIPTION, PLAN)):
        raise FolderError(f"{out}: found a data set; expected another folder. Hint: give a new one with --out.")


@dataclass(frozen=True)
class RunFolder:
    """Paths inside the output folder. work/ holds the locks, and files that are only needed until the run is complete."""

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
    def claim_copy(self) -> Path:
        """A copy of the configuration and the digest of the plan, to detect and restore a damaged one."""
        return self.work / "claim.json"

    @property
    def quarantine(self) -> Path:
        return self.root / QUARANTINE

    @property
    def libraries(self) -> Path:
        """The versions of the libraries that each call used."""
        return self.work / "libraries.jsonl"

    @property
    def reports(self) -> Path:
        return self.work / "reports.jsonl"

    def slice_reports(self, index: int, count: int) -> Path:
        """The reports of one slice. Each file has a single writer."""
        return self.reports if count == 1 else self.work / f"reports-{index}-of-{count}.jsonl"

    def all_reports(self) -> list[Path]:
        return sorted(self.work.glob("reports*.jsonl"), key=lambda path: (path.stat().st_mtime_ns, path.name))

    def staged_scenes(self) -> set[str]:
        """Names of the scenes that are staged."""
        return {path.stem for path in (self.work / "staged").glob("*.h5")}

    def staged(self, scene: str) -> Path:
        return self.work / "staged" / f"{scene}.h5"

    def log(self, parent: int, child: int) -> Path:
        return self.work / "logs" / f"child-{parent}-{child}.log"

    def read_config(self) -> dict:
        """The resolved configuration as plain values."""
        return json.loads(read_plain_text(self.config))

    def refuse_foreign(self) -> None:
        """Raise FolderError if the folder contains files that no run of odd-bench made. Nothing is written before."""
        if not self.root.exists():
            return
        if not self.root.is_dir():
            raise FolderError(f"{self.root}: found a file; expected a folder. Hint: give another folder with --out.")
        self._refuse_other_kinds()
        # Foreign files are looked for first, because another call may write its configuration in between.
        foreign = any(_is_foreign(path) for path in self.root.iterdir())
        if foreign and not (self.config.exists() or self.claim_copy.exists()):
            raise FolderError(
                f"{self.root}: found files that no run of odd-bench made; expected a new or empty folder. "
                "Hint: give another folder with --out."
            )

    def _refuse_other_kinds(self) -> None:
        """Raise FolderError if a folder, pipe or device has the name of one of our files, or a file that of a folder."""
        lines = (self.quarantine, self.libraries, *self.work.glob("reports*.jsonl"))
        files = (self.config, self.claim_copy, self.plan, *lines)
        described = (self.root / name for name in (DESCRIPTION, GROUND_TRUTH))
        scenes = (*self.root.glob(f"{SHARDS}/*.h5"), *self.work.glob("staged/*.h5"))
        for path in (*files, *described, *scenes):
            if path.exists() and not path.is_file():
                raise _other_kind(path, "a folder, pipe or device", "a file")
        emptied = [self.work / name for name in EMPTIED]
        for path in (self.work, *emptied, self.root / SHARDS, self.library):
            if os.path.lexists(path) and not path.is_dir():
                raise _other_kind(path, "no folder", "a folder")
        for path in (*emptied, *self.work.glob("variants/*")):
            if path.is_symlink():  # `tidy` would remove files outside this folder
                raise _other_kind(path, "a link", "a folder of its own")

    def claim(self, wanted: dict) -> None:
        """Claim the folder for this run, or check that this run already has. Raises FolderError if it belongs to another run.

        wanted: the resolved configuration as plain values. If the stored configuration is missing or unreadable, or if only its
        copy equals `wanted`, the copy is compared instead, and the configuration is written again.
        """
        self.refuse_foreign()
        found, copy = _read_object(self.config), (_read_object(self.claim_copy) or {}).get("config")
        stored = copy if found is None or copy == wanted else found
        if isinstance(stored, dict):
            _compare(stored, wanted, self.root)
        if found != wanted:
            write_atomically(self.config, (json.dumps(wanted, indent=2, sort_keys=True) + "\n").encode())
        for path in self.root.glob("*.part"):
            if is_part(path):
                path.unlink(missing_ok=True)

    def claimed_plan(self) -> str | None:
        """The SHA-256 digest of the plan with which the folder was started, or None if it is unknown."""
        found = (_read_object(self.claim_copy) or {}).get("plan_sha256")
        return found if isinstance(found, str) else None

    def keep_claim(self, config: dict, plan_sha256: str) -> None:
        """Write the copy of the configuration and of the plan's digest, see `claim_copy`."""
        wanted = {"config": config, "plan_sha256": plan_sha256}
        if _read_object(self.claim_copy) != wanted:
            write_atomically(self.claim_copy, (json.dumps(wanted, indent=1, sort_keys=True) + "\n").encode())

    @contextmanager
    def locked(self, name: str, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold the lock `name` of this folder.

        If another run holds it, raises FolderError; with `on_wait`, calls that function and waits instead.
        """
        wait = on_wait is not None
        with ExitStack() as held:
            with _alone(self.root):
                held.enter_context(locked(self.work / f"{name}.lock", wait=wait, on_wait=on_wait or (lambda: None)))
            yield

    @contextmanager
    def shards_locked(self, numbers: Iterable[int], shared: bool = False) -> Iterator[None]:
        """Hold the shards with these indices. shared: share them with other calls that make single scenes of these shards.

        Raises FolderError if another run holds one of them.
        """
        with ExitStack() as held:
            with _alone(self.root):
                held.enter_context(locked(self.work / "shards.lock", numbers, shared=shared))
            yield

    @contextmanager
    def scenes_locked(self, numbers: Iterable[int]) -> Iterator[None]:
        """Hold the scenes with these indices. Raises FolderError if another run holds one of them."""
        with ExitStack() as held:
            with _alone(self.root):
                held.enter_context(locked(self.work / "scenes.lock", numbers))
            yield

    def tidy(self) -> None:
        """Remove files that only the run needed, and half-written files of killed workers. All other files stay."""
        own = [path for place in (self.root, self.work) for path in place.glob("*.part") if is_part(path)]
        for path in (*own, *self.root.glob(f"{SHARDS}/*.h5.*.part")):
            path.unlink(missing_ok=True)
        for pattern in ("staged/*.h5", "staged/*.part", "modes/*", "variants/*/*", "logs/child-*.log"):
            for path in self.work.glob(pattern):
                if path.is_symlink() or not path.is_dir():
                    path.unlink(missing_ok=True)
        for path in (*self.work.glob("variants/*"), *(self.work / name for name in EMPTIED)):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    try:
        yield
    except InUse as error:
        raise FolderError(
            f"{root}: found another run at work in this folder; expected no other run. Hint: wait for it, give another folder "
            "with --out, or share the work between calls with --slice."
        ) from error


def _other_kind(path: Path, found: str, expected: str) -> FolderError:
    return FolderError(
        f"{path}: found {found}; expected {expected}. Hint: move it away, then run the same command again."
    )


def _is_foreign(path: Path) -> bool:
    """Whether a path in the folder is foreign: neither left by a killed run, nor a work/ that contains only locks."""
    if path.name == WORK and path.is_dir():
        return any(item.suffix != ".lock" and not is_part(item) for item in path.iterdir())
    return not is_part(path)


def _read_object(path: Path) -> dict | None:
    """The JSON object in a file, or None if the file is missing or damaged."""
    try:
        found = json.loads(read_plain_text(path))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _compare(stored: dict, wanted: dict, root: Path) -> None:
    differences = [
        f"{key} = {json.dumps(found)} there, {json.dumps(asked)} now"
        for key, found, asked in _flat_differences(stored, wanted)
        if key not in HARMLESS
    ]
    if differences:
        shown = "; ".join(differences[:5])
        raise FolderError(
            f"{root}: found a data set of another configuration ({shown}); expected the same one, to continue it. "
            "Hint: give another folder with --out, or repeat the options of the first run."
        )


def _flat_differences(stored: dict, wanted: dict, prefix: str = "") -> Iterator[tuple[str, object, object]]:
    for key in sorted(set(stored) | set(wanted)):
        found, asked = stored.get(key), wanted.get(key)
        if isinstance(found, dict) and isinstance(asked, dict):
            yield from _flat_differences(found, asked, f"{prefix}{key}.")
        elif found != asked:
            yield f"{prefix}{key}", found, asked
