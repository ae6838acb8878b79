"""Import of scene folders: one scene at a time into staged files, which are packed into shards. It can always be resumed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from odd_bench.atomic import prove_folder, write_atomically
from odd_bench.data.codec import CodecConfig
from odd_bench.data.damage import described
from odd_bench.data.digest import plan_digest
from odd_bench.data.errors import DataError
from odd_bench.data.layout import check_shapes
from odd_bench.data.outcome import Outcome
from odd_bench.data.quarantine import give_up, given_up, take_back
from odd_bench.data.run_folder import FolderError, RunFolder
from odd_bench.data.shard_work import ShardWork, find_waiting, pack, shards_of
from odd_bench.data.shards import write_staged
from odd_bench.errors import StorageError
from odd_bench.json_lines import append_line
from odd_bench.plain_file import read_plain
from odd_bench.plan_line import read_plan_line
from odd_bench.published.finish import ImportReport, finish
from odd_bench.published.plan import FoundScene, ImportConfig, Listing, list_scenes, scenes_root
from odd_bench.published.refused import Refused
from odd_bench.published.scenes import published_record

MOST_MESSAGE = 400  # characters: names in a folder may be very long


@dataclass(frozen=True)
class Imported:
    """The outcome of one scene. kind: empty, or why it was refused."""

    scene: str
    kind: str = ""
    message: str = ""
    corrected: dict[str, int] = field(default_factory=dict)


def import_folders(
    config: ImportConfig, out: Path, workers: int = 1, retry_refused: bool = False,
    on_scene: Callable[[Imported, int, int], None] = lambda outcome, done, total: None,
) -> ImportReport:  # fmt: skip
    """Import every scene folder, or resume an import.

    workers: number of processes. retry_refused: try scenes again that an earlier call refused. on_scene: called after each scene
    with the number done and the total number. Raises DataError or FolderError; finished scenes are kept.
    """
    _refuse_within(out, config.source)
    prove_folder(out)
    folder = RunFolder(out)
    folder.refuse_foreign()
    listing = list_scenes(config.source, config.splits_file)
    with folder.locked("import"):
        _claim(config, listing, folder)
        shards = shards_of(listing.lines, out)
        if retry_refused:
            take_back(folder.quarantine, {name for shard in shards for name in shard.lines})
        lost = given_up(folder.quarantine)
        for shard in shards:
            find_waiting(shard, folder, lost)
        new = _import_shards(shards, config, folder, workers, on_scene)
        return finish(config, folder, listing, shards, new)


def import_scene(root: Path, line: str, staged: Path, codec: CodecConfig) -> Imported:
    """Read one scene folder and stage its record; runs in any process."""
    planned = read_plan_line(line, FoundScene)
    try:
        if planned.refused:
            raise Refused("unusable name", planned.refused)
        record, corrected = published_record(root / planned.folder, planned, plan_digest(line))
        check_shapes(record)
        write_staged(staged, record, codec)
    except Refused as refused:
        return Imported(planned.scene, refused.kind, refused.detail[:MOST_MESSAGE])
    except StorageError:
        raise
    except DataError as error:
        return Imported(planned.scene, "damaged metadata", str(error)[:MOST_MESSAGE])
    except (
        Exception
    ) as error:  # foreign files fail in more ways than can be listed; the import continues with the other scenes
        return Imported(planned.scene, "damaged metadata", described(error))
    return Imported(planned.scene, corrected={name: int(count) for name, count in corrected.items() if count})


def _refuse_within(out: Path, source: Path) -> None:
    """Raise FolderError if the data set would be among the scene folders, where the next call would mistake it for a scene."""
    if Path(os.path.realpath(out)).is_relative_to(os.path.realpath(source)):
        raise FolderError(
            f"{out}: found a folder among the scene folders of {source}; expected a folder outside. "
            "Hint: give another folder with --out."
        )


def _claim(config: ImportConfig, listing: Listing, folder: RunFolder) -> None:
    """Claim the folder for this import, or check that it already belongs to it; a damaged plan or configuration is rewritten."""
    wanted = {folder.plan: "".join(line + "\n" for line in listing.lines),
              folder.config: json.dumps({"name": config.name, **config.as_json()}, indent=2) + "\n"}  # fmt: skip
    for path, content in wanted.items():
        found = read_plain(path) if path.exists() else b""
        if _is_whole(found) and _without_digests(found.decode()) != _without_digests(content):
            raise FolderError(
                f"{path}: found an import of other scenes, splits or options; expected the same import to resume. "
                "Hint: give another folder with --out, or repeat the options and the folder of the first call."
            )
    for path, content in wanted.items():
        write_atomically(path, content.encode())


def _is_whole(content: bytes) -> bool:
    """Whether the content is one JSON object, or one in each line, and thus not truncated."""
    return any(_are_objects(pieces) for pieces in ([content], content.splitlines()))


def _are_objects(pieces: list[bytes]) -> bool:
    try:
        return bool(pieces) and all(isinstance(json.loads(piece.decode()), dict) for piece in pieces)
    except (ValueError, RecursionError):
        return False


def _without_digests(text: str) -> str:
    """The plan without digests of scene folders: if files have changed, their scenes are imported again into the same data set."""
    return re.sub(r'"source_sha256":"[0-9a-f]*"', "", text)


def _import_shards(shards: list[ShardWork], config: ImportConfig, folder: RunFolder, workers: int, on_scene) -> int:
    """Import the waiting scenes, and pack every shard after its last scene; returns the number of imported scenes."""
    total, done, new = sum(len(shard.waiting) for shard in shards), 0, 0
    root = scenes_root(config.source)
    in_parallel = _mapper(workers)
    for shard in shards:
        while not shard.whole:
            names = [name for name in shard.lines if name in shard.waiting]
            lines, staged = [shard.lines[name] for name in names], [folder.staged(name) for name in names]
            for outcome in in_parallel(import_scene, [root] * len(names), lines, staged, [config.codec] * len(names)):
                append_line(folder.reports, asdict(outcome))
                if outcome.kind:
                    give_up(folder.quarantine, Outcome(outcome.scene, outcome.kind, outcome.message))
                    shard.wanted.pop(outcome.scene)
                done, new = done + 1, new + (not outcome.kind)
                on_scene(outcome, done, total)
            shard.waiting = pack(shard, folder, config.name)  # scenes whose staged files have disappeared
            total += len(shard.waiting)
    return new


def _mapper(workers: int) -> Callable[..., Iterable[Imported]]:
    """`map` for `import_scene`, in this process or in several."""
    return map if workers == 1 else partial(_map_apart, workers)


def _map_apart(workers: int, read: Callable[..., Imported], *columns: Iterable) -> Iterator[Imported]:
    """`map` in several processes. A folder that crashes its process is read again in a separate one, and refused if it crashes."""
    calls = list(zip(*columns, strict=True))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        futures = [executor.submit(read, *call) for call in calls]
        for future, call in zip(futures, calls, strict=True):
            try:
                yield future.result()
            except BrokenProcessPool:
                yield _read_alone(read, *call)


def _read_alone(read: Callable[..., Imported], root: Path, line: str, *rest) -> Imported:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        try:
            return executor.submit(read, root, line, *rest).result()
        except BrokenProcessPool:
            return Imported(json.loads(line)["scene"], "crashes its reader", "the process that reads it crashes")
