"""The plan of a run on the disk: `plan.jsonl`, of which only names and places of lines are kept in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from odd_bench.atomic import write_atomically
from odd_bench.data.folder import shard_path
from odd_bench.data.run_folder import FolderError, RunFolder
from odd_bench.data.shard_work import ShardWork
from odd_bench.generate.config import GenerateConfig, to_mapping

Draw = Callable[[], Iterator[str]]  # draws the same lines each time


@dataclass(frozen=True)
class StoredLines(Mapping[str, str]):
    """Plan lines by scene name, read when they are asked for. places: start and length in bytes, in the order of the plan."""

    path: Path
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __getitem__(self, scene: str) -> str:
        start, length = self.places[scene]
        with open(self.path, "rb") as file:
            file.seek(start)
            return file.read(length).decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def keep_plan(draw: Draw, config: GenerateConfig, folder: RunFolder) -> list[ShardWork]:
    """Write the plan on the first call; later ones must draw the same. Returns the shards of the plan, in order.

    A plan that is gone or damaged is written again, where the digest kept beside the configuration says that it was the one drawn
    now. Raises FolderError for a plan that this version would not draw.
    """
    shards, sha256, is_there = _compare(draw, folder)
    if not is_there:
        if folder.plan.exists() and folder.claimed_plan() != sha256 and _is_whole(folder.plan):
            raise FolderError(
                f"{folder.plan}: found a plan that this version of odd-bench would not draw; expected the same draws. "
                "Hint: finish the run with the version that began it, or give another folder with --out."
            )
        write_atomically(folder.plan, (_stored(line) for line in draw()))
    folder.keep_claim(to_mapping(config), sha256)
    return shards


def _compare(draw: Draw, folder: RunFolder) -> tuple[list[ShardWork], str, bool]:
    """Shards of what is drawn, its sha256, and whether the plan on the disk is the same, byte for byte."""
    digest, start, same, shards = hashlib.sha256(), 0, folder.plan.exists(), {}
    with open(folder.plan if same else "/dev/null", "rb") as stored:
        for line in draw():
            content, scene = _stored(line), json.loads(line)
            same = same and stored.read(len(content)) == content
            digest.update(content)
            path = shard_path(folder.root, scene["split"], scene["index"])
            shard = shards.setdefault(path, ShardWork(path, scene["split"], StoredLines(folder.plan)))
            shard.lines.places[scene["scene"]] = start, len(content) - 1
            start += len(content)
        same = same and not stored.read(1)
    return list(shards.values()), digest.hexdigest(), same


def _stored(line: str) -> bytes:
    return line.encode() + b"\n"


def _is_whole(plan: Path) -> bool:
    """Whether every line of a file is a planned scene: then it is another plan, not a damaged one."""
    with open(plan, "rb") as file:
        for line in file:
            try:
                planned = json.loads(line)["scene"]
            except (ValueError, KeyError, TypeError):
                return False
            if not line.endswith(b"\n") or not isinstance(planned, str):
                return False
    return True
