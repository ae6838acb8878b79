"""A run: plan, hand scenes to workers, pack finished shards, describe the data set; interrupted anywhere, it goes on."""

from __future__ import annotations

import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from odd_bench.data.outcome import Outcome
from odd_bench.data.quarantine import give_up, given_up, take_back, take_back_machine_faults
from odd_bench.data.run_folder import FolderError, RunFolder, check_writable
from odd_bench.data.shard_work import ShardWork, find_waiting, pack
from odd_bench.errors import OddBenchError
from odd_bench.generate.config import GenerateConfig, to_mapping
from odd_bench.generate.finish import Unfinished, finish
from odd_bench.generate.plan import catalogue_of, plan_lines
from odd_bench.generate.plan_file import keep_plan
from odd_bench.generate.pool import Limits
from odd_bench.generate.requirements import require_blender
from odd_bench.generate.slices import Slice, slice_of
from odd_bench.generate.source import variants_folder
from odd_bench.generate.workers import LocalWorkers, Workers
from odd_bench.json_lines import append_line
from odd_bench.plan_line import read_plan_line
from odd_bench.render.given import Given, environments_in, floors_in
from odd_bench.shapes.library import Entry, Library, ingest, require_up
from odd_bench.shapes.lookalikes import find_lookalikes
from odd_bench.shapes.similar_config import SimilarConfig

ROUNDS = 3  # how often what vanishes from the disk is made again before the run gives up
LOOK_EVERY_S = 2.0  # for workers that came or went


@dataclass(frozen=True)
class RunOptions:
    """How a run is carried out; none of it changes the data.

    workers: child processes. scheduler: address of a dask scheduler whose workers share the folder, None for this machine.
    slice_index, slice_count: the part of the shards that this call makes. retry_quarantined: try lost scenes again.
    only_finish: make nothing, but pack, check and describe what the slices have made.
    """

    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    scheduler: str | None = None
    slice_index: int = 0
    slice_count: int = 1
    retry_quarantined: bool = False
    only_finish: bool = False


@dataclass
class RunSummary:
    """What this call did. complete: the whole data set is there. seconds: spent by workers, a stage.

    tried_again_next_time: of the quarantined, those that the machine is to blame for.
    """

    folder: Path
    made: int = 0
    already_there: int = 0
    quarantined: int = 0
    tried_again_next_time: int = 0
    complete: bool = False
    wall_s: float = 0.0
    seconds: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)


class DiskFull(OddBenchError):
    """The disk is full or the folder cannot be written: the run stops, what is finished stays."""


@dataclass(frozen=True)
class Watcher:
    """What is told on the way.

    scene: each scene, with the number done and the number wanted. asset: each mesh file read. stage: what goes on meanwhile, how
    much of it is done and in all. notice: one line for the user.
    """

    scene: Callable[[Outcome, int, int], None] = lambda outcome, done, total: None
    asset: Callable[[Entry], None] = lambda entry: None
    stage: Callable[[str, int, int], None] = lambda stage, done, total: None
    notice: Callable[[str], None] = lambda text: None


def generate(config: GenerateConfig, out: Path, options: RunOptions, watcher: Watcher = Watcher()) -> RunSummary:
    """Make the data set, or go on with it.

    Several calls may work in one folder at the same time if their slices share no shard. Raises FolderError, DiskFull,
    ConfigError, ChildStartError, ClusterError or, with `only_finish`, Unfinished; whatever is finished by then is kept.
    """
    if not options.only_finish:
        require_blender()
    check_writable(out)
    folder = RunFolder(out)
    folder.refuse_foreign()
    summary, started = RunSummary(out), time.perf_counter()
    waiting = "another call is preparing this folder; waiting for it"
    with folder.locked("setup", on_wait=lambda: watcher.notice(waiting)):
        shards = _prepare(config, folder, watcher)
    mine = slice_of(options.slice_index, options.slice_count, shards)
    for attempt in range(1, ROUNDS + 1):
        with mine.held(folder):
            _make_slice(mine, [shards[number] for number in mine.shards], config, folder, options, summary, watcher)
        try:
            summary.complete = _finish(config, folder, shards, watcher)
            break
        except Unfinished as error:
            vanished = {shards[number].path.name for number in mine.shards} & set(error.shards)
            if options.only_finish or (vanished and mine.packs and attempt == ROUNDS):
                raise
            if not vanished or not mine.packs:  # the other slices are missing
                break
    summary.wall_s = time.perf_counter() - started
    return summary


def _prepare(config: GenerateConfig, folder: RunFolder, watcher: Watcher) -> list[ShardWork]:
    """Claim the folder, read the meshes if there are any, draw the plan; returns the shards of the plan."""
    if config.assets is not None and config.scene.rest == "upright":
        require_up(Path(config.assets))
    folder.claim(to_mapping(config))
    floors, environments = (
        _given(config.floors, floors_in, watcher),
        _given(config.environments, environments_in, watcher),
    )
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
    """Names of the texture sets or environment files that replace the built-in ones; those that cannot be used are told."""
    if directory is None:
        return []
    given = look(Path(directory))
    for name, reason in given.refused.items():
        watcher.notice(f"not used: {directory}/{name}: {reason}")
    return given.names


def _make_slice(
    mine: Slice,
    shards: list[ShardWork],
    config: GenerateConfig,
    folder: RunFolder,
    options: RunOptions,
    summary: RunSummary,
    watcher: Watcher,
) -> None:
    """Make whatever is missing of the slice, and pack its shards if they are wholly its own."""
    work = _open_work(mine, shards, folder, options, summary, watcher)
    for shard in work:
        if mine.packs and not shard.waiting:
            shard.waiting = pack(shard, folder, config.name)
    if options.only_finish:
        if unmade := [shard.path.name for shard in work if shard.waiting]:
            raise Unfinished(folder.root, unmade)
    elif any(shard.waiting for shard in work):
        watcher.stage("starting workers", 0, sum(len(shard.waiting) for shard in work))
        with closing(_workers(folder, options, watcher)) as workers:
            _make_scenes(work, mine.packs, config, folder, options, workers, summary, watcher)


def _open_work(
    mine: Slice,
    shards: list[ShardWork],
    folder: RunFolder,
    options: RunOptions,
    summary: RunSummary,
    watcher: Watcher,
) -> list[ShardWork]:
    """The shards of this slice with something left to do."""
    take = take_back if options.retry_quarantined else take_back_machine_faults
    if not options.only_finish:
        take(folder.quarantine, mine.names)
    lost = given_up(folder.quarantine)
    summary.already_there = 0
    for done, shard in enumerate(shards, 1):
        find_waiting(shard, folder, lost)
        shard.waiting &= mine.names
        summary.already_there += len((mine.names & set(shard.wanted)) - shard.waiting)
        watcher.stage("checking what is there", done, len(shards))
    return [shard for shard in shards if not shard.whole]


def _make_scenes(
    work: list[ShardWork],
    packs: bool,
    config: GenerateConfig,
    folder: RunFolder,
    options: RunOptions,
    workers: Workers,
    summary: RunSummary,
    watcher: Watcher,
) -> None:
    """Keep every worker busy with a short queue; pack each shard as soon as its last scene is in."""
    shard_of = {name: shard for shard in work for name in shard.lines}
    waiting = [name for shard in work for name in shard.lines if name in shard.waiting]
    shape_of = {name: read_plan_line(shard.lines[name]).shape for name, shard in shard_of.items()}
    todo, left = deque(by_turns(waiting, shape_of, workers.slots)), Counter(shape_of[name] for name in waiting)
    reports = folder.slice_reports(options.slice_index, options.slice_count)
    total, made_before, tries, running = len(todo), summary.made + summary.quarantined, Counter(), {}
    while todo or running:
        while todo and len(running) < 2 * workers.slots:
            scene = todo.popleft()
            running[workers.submit(shard_of[scene].lines[scene])] = scene
        for future in wait(running, LOOK_EVERY_S, FIRST_COMPLETED).done:
            scene = running.pop(future)
            outcome = workers.outcome(future)
            if outcome is None:
                todo.append(scene)
                continue
            shard = shard_of[scene]
            _account(outcome, shard, folder, reports, summary)
            left[shape_of[scene]] -= 1
            if packs and not shard.waiting:
                vanished = pack(shard, folder, config.name)
                _make_again(vanished, shard, tries, folder, summary)
                todo.extend(name for name in shard.lines if name in vanished)
            if left[shape_of[scene]] == 0:
                _forget_variants(shape_of[scene], folder)
            watcher.scene(outcome, summary.made + summary.quarantined - made_before, total)


def by_turns(scenes: list[str], shape_of: Mapping[str, str], workers: int) -> list[str]:
    """The scenes of as many shapes as there are workers in turn, so that no two workers make the variants of one shape at once."""
    shapes: dict[str, list[str]] = {}
    for scene in scenes:
        shapes.setdefault(shape_of[scene], []).append(scene)
    queues = list(shapes.values())
    groups = [queues[first : first + workers] for first in range(0, len(queues), workers)]
    return [scene for group in groups for turn in zip_longest(*group) for scene in turn if scene is not None]


def _forget_variants(shape: str, folder: RunFolder) -> None:
    """Remove the stored variants of a shape whose scenes are all made."""
    stored = variants_folder(folder.work, shape)
    for path in stored.glob("*"):
        path.unlink(missing_ok=True)
    with suppress(OSError):  # none was stored, or another call, for which it is too early, has just stored one
        stored.rmdir()


def _account(outcome: Outcome, shard: ShardWork, folder: RunFolder, reports: Path, summary: RunSummary) -> None:
    if outcome.kind == "storage":
        raise DiskFull(outcome.message)
    append_line(reports, outcome.as_dict())
    summary.seconds.update(outcome.seconds)
    summary.refusals.update(outcome.refusals)
    summary.made += outcome.made
    if not outcome.made:
        summary.quarantined += 1
        summary.tried_again_next_time += outcome.by_machine
        give_up(folder.quarantine, outcome)
        shard.wanted.pop(outcome.scene)
    shard.waiting.discard(outcome.scene)


def _make_again(
    vanished: set[str], shard: ShardWork, tries: Counter[str], folder: RunFolder, summary: RunSummary
) -> None:
    """Take back scenes whose staged files are gone. Raises FolderError if one goes again and again."""
    tries.update(vanished)
    for name in sorted(vanished):
        if tries[name] >= ROUNDS:
            raise FolderError(
                f"{folder.staged(name)}: found no file {ROUNDS} times after it was written; expected it to stay. "
                "Hint: see whether another program tidies the folder, and whether workers write to the same one."
            )
    shard.waiting |= vanished
    summary.made -= len(vanished)


def _finish(config: GenerateConfig, folder: RunFolder, shards: list[ShardWork], watcher: Watcher) -> bool:
    """Finish the data set if nobody else is at work in it; whether it is complete. Raises Unfinished.

    Whoever is last finishes: each lets go of its own shards first, then they come here one at a time.
    """
    with folder.locked("finish", on_wait=lambda: None):
        try:
            with folder.shards_locked(range(len(shards))):
                _pack_shared(config, folder, shards)
                finish(config, folder, shards, lambda done, total: watcher.stage("finishing", done, total))
        except FolderError:
            watcher.notice("other slices are at work; the last one finishes the data set")
            return False
    return True


def _workers(folder: RunFolder, options: RunOptions, watcher: Watcher) -> Workers:
    run = secrets.token_hex(8)  # no two calls share a child
    root = folder.root.absolute()
    if options.scheduler is None:
        return LocalWorkers(options.workers, root, options.limits, run)
    from odd_bench.generate.cluster import ClusterWorkers

    return ClusterWorkers(options.scheduler, root, options.limits, run, watcher.notice)


def _pack_shared(config: GenerateConfig, folder: RunFolder, shards: list[ShardWork]) -> None:
    """Pack the shards whose scenes were staged by several calls, or by one that was stopped before it packed them."""
    staged, lost = folder.staged_scenes(), given_up(folder.quarantine)
    for shard in shards:
        wanted = set(shard.lines) - set(lost)
        if wanted <= staged or (shard.path.exists() and wanted & staged):
            find_waiting(shard, folder, lost)
            if not shard.waiting:
                pack(shard, folder, config.name)
