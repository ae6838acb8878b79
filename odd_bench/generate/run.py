"""A run of `odd-bench generate`: plan, make the slice, finish the data set. It can be resumed after any interruption."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from odd_bench.atomic import prove_folder
from odd_bench.data.quarantine import given_up, take_back, take_back_machine_faults
from odd_bench.data.run_folder import FolderError, RunFolder
from odd_bench.data.shard_work import ShardWork, find_waiting, pack
from odd_bench.generate.call import SILENT, Call, RunOptions, RunSummary, Watcher
from odd_bench.generate.config import GenerateConfig, to_mapping
from odd_bench.generate.finish import Unfinished, finish
from odd_bench.generate.installation import note_libraries
from odd_bench.generate.making import ROUNDS, make_scenes
from odd_bench.generate.plan import catalogue_of, plan_lines
from odd_bench.generate.plan_file import keep_plan
from odd_bench.generate.requirements import require_blender
from odd_bench.generate.slices import Slice, slice_of
from odd_bench.generate.workers import LocalWorkers, Workers
from odd_bench.render.given import Given, environments_in, floors_in
from odd_bench.shapes.library import Library, ingest, require_up
from odd_bench.shapes.lookalikes import find_lookalikes
from odd_bench.shapes.similar_config import SimilarConfig


def generate(config: GenerateConfig, out: Path, options: RunOptions, watcher: Watcher = SILENT) -> RunSummary:
    """Make the data set, or continue one.

    Several calls may work in one folder at the same time, if their slices have no scene in common. Raises FolderError, DiskFull,
    ConfigError, ChildStartError, ClusterError, or Unfinished with `only_finish`. Finished scenes are kept.
    """
    if not options.only_finish:
        require_blender()
    if options.scheduler is not None:
        from odd_bench.generate.cluster import check_address

        check_address(options.scheduler)
    check_categories(config)
    prove_folder(out)
    call = Call(config, RunFolder(out), options, watcher, RunSummary(out))
    folder, summary, started = call.folder, call.summary, time.perf_counter()
    folder.refuse_foreign()
    waiting = "another call is preparing this folder; waiting for it"
    with folder.locked("setup", on_wait=lambda: watcher.notice(waiting)):
        shards = _prepare(call)
    mine = slice_of(options.slice_index, options.slice_count, shards)
    for attempt in range(1, ROUNDS + 1):
        with mine.held(folder):
            _make_slice(call, mine, [shards[number] for number in mine.shards])
        try:
            summary.complete = _finish(call, shards)
            break
        except Unfinished as error:
            vanished = {shards[number].path.name for number in mine.shards} & set(error.shards)
            if options.only_finish or (vanished and mine.packs and attempt == ROUNDS):
                raise
            if not vanished or not mine.packs:  # the other slices are missing
                break
    summary.wall_s = time.perf_counter() - started
    return summary


def check_categories(config: GenerateConfig) -> None:
    """Raise CatalogueError, before anything is written, if the configured categories allow no plan.

    The categories of a folder of meshes are only known after the meshes have been read, so these are not checked here.
    """
    if config.assets is None:
        catalogue = catalogue_of(config)
        for split, scenes in config.splits.items():
            if scenes:
                catalogue.base_shape(split, 0)


def _prepare(call: Call) -> list[ShardWork]:
    """Claim the folder, read the meshes if there are any, and draw the plan. Returns the shards of the plan."""
    config, folder, watcher = call.config, call.folder, call.watcher
    if config.assets is not None and config.scene.rest == "upright":
        require_up(Path(config.assets))
    folder.claim(to_mapping(config))
    floors = _given(config.floors, floors_in, watcher)
    environments = _given(config.environments, environments_in, watcher)
    library = _library(config, folder, watcher) if config.assets is not None else None
    catalogue = catalogue_of(config, library)
    watcher.stage("drawing the plan", 0, sum(config.splits.values()))
    return keep_plan(lambda: plan_lines(config, catalogue, floors, environments), config, folder)


def _library(config: GenerateConfig, folder: RunFolder, watcher: Watcher) -> Library:
    library = ingest(Path(config.assets), folder.library, progress=watcher.asset)
    if config.odd.weights.get("similar_shape", 0) > 0:
        catalogue = catalogue_of(config, library)
        find_lookalikes(library, map(catalogue.names, config.splits), SimilarConfig(), watcher.stage)
    return library


def _given(directory: str | None, look: Callable[[Path], Given], watcher: Watcher) -> list[str]:
    """Names of the texture sets or environments that replace the built-in ones. A notice names each unusable file."""
    if directory is None:
        return []
    given = look(Path(directory))
    for name, reason in given.refused.items():
        watcher.notice(f"not used: {directory}/{name}: {reason}")
    return given.names


def _make_slice(call: Call, mine: Slice, shards: list[ShardWork]) -> None:
    """Make the missing scenes of the slice, and pack its shards if no other slice shares them."""
    folder = call.folder
    work = _open_work(call, mine, shards)
    for shard in work:
        if mine.packs and not shard.waiting:
            shard.waiting = pack(shard, folder, call.config.name)
    if call.options.only_finish:
        if unmade := [shard for shard in work if shard.waiting]:
            waiting, planned = (
                sum(map(len, sets)) for sets in ([one.waiting for one in unmade], [one.lines for one in shards])
            )
            raise Unfinished(folder.root, [shard.path.name for shard in unmade], waiting, planned)
    elif any(shard.waiting for shard in work):
        note_libraries(folder, call.watcher.notice)
        call.watcher.stage("starting workers", 0, sum(len(shard.waiting) for shard in work))
        with closing(_workers(call)) as workers:
            make_scenes(call, work, mine.packs, workers)


def _open_work(call: Call, mine: Slice, shards: list[ShardWork]) -> list[ShardWork]:
    """The shards of this slice that need work."""
    folder, options, summary = call.folder, call.options, call.summary
    take = take_back if options.retry_quarantined else take_back_machine_faults
    if not options.only_finish:
        take(folder.quarantine, mine.names)
    lost = given_up(folder.quarantine)
    summary.already_there = 0
    for done, shard in enumerate(shards, 1):
        find_waiting(shard, folder, lost)
        shard.waiting &= mine.names
        summary.already_there += len((mine.names & set(shard.wanted)) - shard.waiting)
        call.watcher.stage("checking existing scenes", done, len(shards))
    return [shard for shard in shards if not shard.whole]


def _finish(call: Call, shards: list[ShardWork]) -> bool:
    """Finish the data set unless another call is working in it. Returns whether it is complete; raises Unfinished.

    The last call finishes: each call releases its own shards first, and then enters here alone.
    """
    config, folder, watcher = call.config, call.folder, call.watcher
    with folder.locked("finish", on_wait=lambda: None):
        try:
            with folder.shards_locked(range(len(shards))):
                _pack_shared(config, folder, shards)
                finish(config, folder, shards, lambda done, total: watcher.stage("finishing", done, total))
        except FolderError:
            watcher.notice("other slices are at work; the last one finishes the data set")
            return False
    return True


def _workers(call: Call) -> Workers:
    options, run = call.options, secrets.token_hex(8)  # a random name, so that no two calls share a child
    root = call.folder.root.absolute()
    if options.scheduler is None:
        return LocalWorkers(options.workers, root, options.limits, run)
    from odd_bench.generate.cluster import ClusterWorkers

    return ClusterWorkers(options.scheduler, root, options.limits, run, call.watcher.notice)


def _pack_shared(config: GenerateConfig, folder: RunFolder, shards: list[ShardWork]) -> None:
    """Pack the shards whose scenes were staged by several calls, or by a call that stopped before packing."""
    staged, lost = folder.staged_scenes(), given_up(folder.quarantine)
    for shard in shards:
        wanted = set(shard.lines) - set(lost)
        if wanted <= staged or (shard.path.exists() and wanted & staged):
            find_waiting(shard, folder, lost)
            if not shard.waiting:
                pack(shard, folder, config.name)
