"""A run: plan, hand scenes to workers, pack finished shards, describe the data set; interrupted anywhere, it goes on."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TextIO

from odd_bench.data.atomic import write_atomically
from odd_bench.errors import OddBenchError
from odd_bench.generate.config import GenerateConfig
from odd_bench.generate.finish import finish
from odd_bench.generate.plan import catalogue_of, plan_lines
from odd_bench.generate.pool import Limits, Outcome, allow_children, make_in_child, stop_children
from odd_bench.generate.quarantine import give_up, given_up, take_back
from odd_bench.generate.requirements import require_blender
from odd_bench.generate.run_folder import FolderError, RunFolder, check_writable
from odd_bench.generate.shard_work import ShardWork, find_waiting, pack, shards_of
from odd_bench.generate.source import variants_folder
from odd_bench.shapes.library import Entry, Library, ingest
from odd_bench.shapes.lookalikes import find_lookalikes
from odd_bench.shapes.similar_config import SimilarConfig


@dataclass(frozen=True)
class RunOptions:
    """How a run is carried out; none of it changes the data.

    workers: child processes. scheduler: address of a dask scheduler whose workers share the folder, None for this machine.
    slice_index, slice_count: the part of the shards that this call makes. retry_quarantined: try lost scenes again.
    """

    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    scheduler: str | None = None
    slice_index: int = 0
    slice_count: int = 1
    retry_quarantined: bool = False


@dataclass
class RunSummary:
    """What this call did. complete: the whole data set is there. seconds: spent by workers, a stage."""

    folder: Path
    made: int = 0
    already_there: int = 0
    quarantined: int = 0
    complete: bool = False
    wall_s: float = 0.0
    seconds: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)


class StorageError(OddBenchError):
    """The disk is full or the folder cannot be written: the run stops, what is finished stays."""


def generate(
    config: GenerateConfig,
    out: Path,
    options: RunOptions,
    on_scene: Callable[[Outcome, int, int], None] = lambda outcome, done, total: None,
    on_asset: Callable[[Entry], None] = lambda entry: None,
    on_look: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> RunSummary:
    """Make the data set, or go on with it.

    on_scene: called after each scene with the number done and the number wanted. on_asset: after each mesh file read.
    on_look: while similar shapes are looked for, with the stage, how much of it is done and in all.

    Raises FolderError, StorageError, ConfigError or ChildStartError; whatever is finished by then is kept.
    """
    require_blender()
    allow_children()
    check_writable(out)
    folder = RunFolder(out)
    if config.assets is None:
        lines = _draw_plan(config, None)
        folder.claim(config)
    else:
        folder.claim(config)
        library = ingest(Path(config.assets), folder.library, progress=on_asset)
        lines = _draw_plan(config, library)
        if config.odd.weights.get("similar_shape", 0) > 0:
            catalogue = catalogue_of(config, library)
            find_lookalikes(library, map(catalogue.names, config.splits), SimilarConfig(), on_look)
    summary, started = RunSummary(out), time.perf_counter()
    with folder.locked(f"slice-{options.slice_index}-of-{options.slice_count}"):
        _keep_plan(lines, folder)
        work = _open_work(lines, folder, options, summary)
        executor = _executor(options)
        try:
            _make_scenes(work, config, folder, options, executor, summary, on_scene)
        finally:
            stop_children()
            executor.shutdown(cancel_futures=True)
        summary.complete = finish(config, folder, lines)
    summary.wall_s = time.perf_counter() - started
    return summary


def _draw_plan(config: GenerateConfig, library: Library | None) -> list[str]:
    floors, environments = _listing(config.floors, folders=True), _listing(config.environments, folders=False)
    return list(plan_lines(config, catalogue_of(config, library), floors, environments))


def _keep_plan(lines: list[str], folder: RunFolder) -> None:
    """Write the plan on the first call; later ones must draw the same."""
    content = "".join(line + "\n" for line in lines).encode()
    if not folder.plan.exists():
        write_atomically(folder.plan, content)
    elif folder.plan.read_bytes() != content:
        raise FolderError(
            f"{folder.plan}: found a plan that this version of odd-bench would not draw; expected the same draws. "
            "Hint: finish the run with the version that began it, or give another folder with --out."
        )


def _listing(directory: str | None, folders: bool) -> list[str]:
    """Sorted names of the texture sets or environment files that replace the built-in ones."""
    if directory is None:
        return []
    entries = sorted(Path(directory).iterdir())
    names = [e.name for e in entries if (e.is_dir() if folders else e.suffix.lower() in (".exr", ".hdr"))]
    if not names:
        expected = "a folder of texture-set folders" if folders else "a folder with .exr or .hdr files"
        raise FolderError(f"{directory}: found nothing to use; expected {expected}. Hint: leave the option out.")
    return names


def _open_work(lines: list[str], folder: RunFolder, options: RunOptions, summary: RunSummary) -> list[ShardWork]:
    """The shards of this slice with something left to do."""
    mine = shards_of(lines, folder.root)[options.slice_index :: options.slice_count]
    if options.retry_quarantined:
        take_back(folder.quarantine, {name for shard in mine for name in shard.lines})
    lost = given_up(folder.quarantine)
    for shard in mine:
        summary.already_there += find_waiting(shard, folder, lost)
    return [shard for shard in mine if shard.waiting or not shard.path.exists()]


def _make_scenes(
    work: list[ShardWork],
    config: GenerateConfig,
    folder: RunFolder,
    options: RunOptions,
    executor: Executor,
    summary,
    on_scene,
) -> None:
    """Keep every worker busy with a short queue; pack each shard as soon as its last scene is in."""
    shard_of = {name: shard for shard in work for name in shard.waiting}
    todo = iter(
        by_turns(
            [line for shard in work for name, line in shard.lines.items() if name in shard.waiting], options.workers
        )
    )
    left = Counter(_shape_of(line) for shard in work for name, line in shard.lines.items() if name in shard.waiting)
    for shard in work:
        if not shard.waiting:
            pack(shard, folder, config.name)
    running: set[Future] = set()
    with folder.reports.open("a") as reports:
        while True:
            while len(running) < 2 * options.workers and (line := next(todo, None)) is not None:
                running.add(executor.submit(make_in_child, line, str(folder.root), options.limits))
            if not running:
                return
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for outcome in (future.result() for future in finished):
                _account(outcome, folder, reports, summary)
                shard = shard_of[outcome.scene]
                shard.waiting.discard(outcome.scene)
                if not shard.waiting:
                    pack(shard, folder, config.name)
                _forget_variants(shard.lines[outcome.scene], left, folder)
                on_scene(outcome, summary.made + summary.quarantined, len(shard_of))


def by_turns(lines: list[str], workers: int) -> list[str]:
    """The scenes of as many shapes as there are workers in turn, so that no two workers make the variants of one shape at once."""
    shapes: dict[str, list[str]] = {}
    for line in lines:
        shapes.setdefault(_shape_of(line), []).append(line)
    queues = list(shapes.values())
    groups = [queues[first : first + workers] for first in range(0, len(queues), workers)]
    return [line for group in groups for turn in zip_longest(*group) for line in turn if line is not None]


def _shape_of(line: str) -> str:
    return json.loads(line)["shape"]


def _forget_variants(line: str, left: Counter[str], folder: RunFolder) -> None:
    """Remove the stored variants of a shape with its last scene."""
    shape = _shape_of(line)
    left[shape] -= 1
    stored = variants_folder(folder.work, shape)
    if left[shape] == 0 and stored.is_dir():
        for path in stored.iterdir():
            path.unlink()
        stored.rmdir()


def _account(outcome: Outcome, folder: RunFolder, reports: TextIO, summary: RunSummary) -> None:
    if outcome.kind == "storage":
        raise StorageError(outcome.message)
    reports.write(json.dumps(outcome.as_dict()) + "\n")
    reports.flush()
    summary.seconds.update(outcome.seconds)
    summary.refusals.update(outcome.refusals)
    summary.made += outcome.made
    if not outcome.made:
        summary.quarantined += 1
        give_up(folder.quarantine, outcome)


def _executor(options: RunOptions) -> Executor:
    if options.scheduler is None:
        return ThreadPoolExecutor(options.workers, thread_name_prefix="worker")
    from dask.distributed import Client

    return Client(options.scheduler).get_executor()
