"""What is still to be done for each shard of a run, found by verifying what lies there."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from odd_bench.data.digest import plan_digest
from odd_bench.data.errors import DataError
from odd_bench.data.folder import shard_path
from odd_bench.data.shards import pack_shard, verify_shard
from odd_bench.generate.run_folder import RunFolder


@dataclass
class ShardWork:
    """One shard in the making. lines: plan line by scene name, in order. waiting: scenes not yet made or given up."""

    path: Path
    split: str
    lines: dict[str, str] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)


def shards_of(lines: list[str], root: Path) -> list[ShardWork]:
    """All shards of the plan, in order, with their scenes."""
    shards: dict[Path, ShardWork] = {}
    for line in lines:
        scene = json.loads(line)
        path = shard_path(root, scene["split"], scene["index"])
        shards.setdefault(path, ShardWork(path, scene["split"])).lines[scene["scene"]] = line
    return list(shards.values())


def find_waiting(shard: ShardWork, folder: RunFolder, given_up: Collection[str]) -> int:
    """Note which scenes are still to be made; returns how many are there, verified by content and plan.

    A shard or staged scene that is damaged, or made from another plan line, is removed and made again.
    """
    wanted = {name: plan_digest(line) for name, line in shard.lines.items() if name not in given_up}
    done = _verified(shard.path, wanted)
    if not done:
        for name in wanted:
            done |= _verified(folder.staged(name), {name: wanted[name]})
    shard.waiting = set(wanted) - done
    return len(done)


def pack(shard: ShardWork, folder: RunFolder, dataset_name: str) -> None:
    """Staged scenes into one shard; they are removed only once the shard has been read back."""
    staged = [path for path in map(folder.staged, shard.lines) if path.exists()]
    if staged:
        pack_shard(staged, shard.path, dataset_name, shard.split)
    for path in staged:
        path.unlink()


def _verified(path: Path, wanted: dict[str, str]) -> set[str]:
    """Names of the scenes in a file if it holds exactly the wanted ones, made from their plan lines; else it is removed."""
    if not path.exists():
        return set()
    try:
        stored = {scene.name: scene.plan_sha256 for scene in verify_shard(path)}
    except DataError:
        stored = {}
    if stored == wanted:
        return set(stored)
    path.unlink()
    return set()
