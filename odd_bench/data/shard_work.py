"""The remaining work for each shard of a run, found by verifying the existing files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from odd_bench.data.damage import Inaccessible, reading
from odd_bench.data.digest import plan_digest
from odd_bench.data.errors import DataError
from odd_bench.data.folder import shard_path
from odd_bench.data.run_folder import RunFolder
from odd_bench.data.shards import pack_shard, salvage_scenes, verify_shard
from odd_bench.plan_line import read_plan_line


@dataclass
class ShardWork:
    """One shard and its remaining work.

    lines: plan lines by scene name, in order. wanted: digests of the plan lines by scene name, without scenes in quarantine.
    waiting: scenes that are neither made nor in quarantine. whole: whether the file contains exactly the wanted scenes.
    """

    path: Path
    split: str
    lines: Mapping[str, str] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    whole: bool = False


def shards_of(lines: Iterable[str], root: Path) -> list[ShardWork]:
    """The shards of a plan, in order, with their scenes."""
    shards: dict[Path, dict[str, str]] = {}
    for line in lines:
        planned = read_plan_line(line)
        path = shard_path(root, planned.split, planned.index)
        shards.setdefault(path, {})[planned.scene] = line
    return [ShardWork(path, path.name.rpartition("-")[0], own) for path, own in shards.items()]


def find_waiting(shard: ShardWork, folder: RunFolder, given_up: Collection[str]) -> int:
    """Find the scenes of a shard that must still be made, and set `wanted`, `waiting` and `whole`.

    Returns the number of existing scenes whose content and plan were verified. If the shard is damaged or does not contain the
    wanted scenes, its good scenes are staged and the others are made again; the shard stays until the new one replaces it.
    Raises DataError if a file is in use, or cannot be read for a reason other than its content.
    """
    shard.wanted = {name: plan_digest(line) for name, line in shard.lines.items() if name not in given_up}
    done = _verified(shard.path, shard.wanted)
    shard.whole = bool(shard.wanted) and done == set(shard.wanted)
    if not shard.whole:
        done = {name for name in shard.wanted if _verified(folder.staged(name), {name: shard.wanted[name]})}
        missing = {name: line for name, line in shard.wanted.items() if name not in done}
        done |= _salvaged(shard.path, missing, folder)
    shard.waiting = set(shard.wanted) - done
    return len(done)


def pack(shard: ShardWork, folder: RunFolder, dataset_name: str) -> set[str]:
    """Pack staged scenes into one shard. The staged files are removed after the shard has been read back.

    Returns the scenes whose staged files are missing or damaged. If there are any, no shard is written, and they must be made
    again.
    """
    staged = {name: folder.staged(name) for name in shard.wanted}
    if not shard.whole:
        lost = {name for name, path in staged.items() if not path.exists()}
        lost = lost or _damaged_while_packing(shard, staged, dataset_name)
        if lost:
            return lost
        shard.whole = True
    for path in staged.values():
        path.unlink(missing_ok=True)
    return set()


def _damaged_while_packing(shard: ShardWork, staged: Mapping[str, Path], dataset_name: str) -> set[str]:
    """Write the shard. If that fails, return the scenes whose staged files are damaged."""
    if not staged:
        shard.path.unlink(missing_ok=True)
        return set()
    try:
        with reading(shard.path, "staged scenes that can be packed"):
            pack_shard(list(staged.values()), shard.path, dataset_name, shard.split)
    except DataError:
        lost = {name for name, path in staged.items() if not _verified(path, {name: shard.wanted[name]})}
        if not lost:
            raise
        return lost
    return set()


def _verified(path: Path, wanted: Mapping[str, str]) -> set[str]:
    """Names of the scenes in a file, if it contains exactly the wanted ones, made from their plan lines; otherwise none."""
    if not path.exists():
        return set()
    try:
        stored = {scene.name: scene.plan_sha256 for scene in verify_shard(path)}
    except Inaccessible:
        raise
    except DataError:
        return set()
    return set(stored) if stored == wanted else set()


def _salvaged(path: Path, wanted: Mapping[str, str], folder: RunFolder) -> set[str]:
    if not wanted or not path.exists():
        return set()
    try:
        return salvage_scenes(path, wanted, folder.staged)
    except Inaccessible:
        raise
    except DataError:
        return set()
