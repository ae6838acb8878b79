"""The plan of a run on disk, `plan.jsonl`. Only the names and positions of its lines stay in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from odd_bench.atomic import write_atomically
from odd_bench.data.folder import shard_path
from odd_bench.data.run_folder import FolderError, RunFolder
from odd_bench.data.shard_work import ShardWork
from odd_bench.generate.config import GenerateConfig, to_mapping
from odd_bench.plain_file import open_plain
from odd_bench.plan_line import read_plan_line

Draw = Callable[[], Iterator[str]]  # draws the same lines each time


@dataclass(frozen=True)
class StoredLines(Mapping[str, str]):
    """Plan lines by scene name, read on demand. places: start and length of each line in bytes, in the order of the plan."""

    path: Path
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __getitem__(self, scene: str) -> str:
        start, length = self.places[scene]
        with open_plain(self.path) as file:
            file.seek(start)
            return file.read(length).decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def keep_plan(draw: Draw, config: GenerateConfig, folder: RunFolder) -> list[ShardWork]:
    """Write the plan in the first call; later calls must draw the same. Returns the shards of the plan, in order.

    A missing or damaged plan is written again, if the stored digest equals that of the plan drawn now, or if there is no stored
    digest. Raises FolderError if this version of odd-bench would draw another plan.
    """
    drawn = _Drawn(folder)
    if not folder.plan.exists():
        write_atomically(folder.plan, drawn.pieces(draw()), lambda part: _refuse_another(drawn, folder))
    elif not _is_same(folder.plan, drawn.pieces(draw())):
        _refuse_another(drawn, folder)
        write_atomically(folder.plan, map(_stored, draw()))
    folder.keep_claim(to_mapping(config), drawn.sha256)
    return list(drawn.shards.values())


class _Drawn:
    """Collects the shards and the digest of the plan while its lines are written. shards: by path, in order."""

    def __init__(self, folder: RunFolder):
        self.shards: dict[Path, ShardWork] = {}
        self._folder, self._digest = folder, hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def pieces(self, lines: Iterator[str]) -> Iterator[bytes]:
        """Yield the bytes of the plan line by line."""
        start = 0
        for line in lines:
            content, planned = _stored(line), read_plan_line(line)
            path = shard_path(self._folder.root, planned.split, planned.index)
            shard = self.shards.setdefault(path, ShardWork(path, planned.split, StoredLines(self._folder.plan)))
            shard.lines.places[planned.scene] = start, len(content) - 1
            start += len(content)
            self._digest.update(content)
            yield content


def _is_same(path: Path, pieces: Iterator[bytes]) -> bool:
    """Whether a file contains exactly these bytes. All pieces are consumed."""
    with open_plain(path) as file:
        same = [file.read(len(piece)) == piece for piece in pieces]
        return all(same) and not file.read(1)


def _refuse_another(drawn: _Drawn, folder: RunFolder) -> None:
    """Raise FolderError if the folder was started with another plan than the one drawn now."""
    begun_with = folder.claimed_plan()
    if begun_with != drawn.sha256 if begun_with else _is_whole(folder.plan):
        raise FolderError(
            f"{folder.plan}: found a plan that this version of odd-bench would not draw; expected the same draws. "
            "Hint: finish the run with the version that started it, or give another folder with --out."
        )


def _stored(line: str) -> bytes:
    return line.encode() + b"\n"


def _is_whole(plan: Path) -> bool:
    """Whether the file exists and all its lines are planned scenes. It is then another plan, not a damaged one."""
    if not plan.exists():
        return False
    with open_plain(plan) as file:
        for line in file:
            try:
                read_plan_line(line)
            except (ValueError, RecursionError):
                return False
            if not line.endswith(b"\n"):
                return False
    return True
