"""Making the scenes of a slice with workers. Each shard is packed when its last scene is made."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import suppress
from itertools import zip_longest

from odd_bench.data.outcome import Outcome
from odd_bench.data.quarantine import give_up
from odd_bench.data.run_folder import FolderError, RunFolder
from odd_bench.data.shard_work import ShardWork, pack
from odd_bench.errors import OddBenchError
from odd_bench.generate.call import Call
from odd_bench.generate.source import variants_folder
from odd_bench.generate.workers import Workers
from odd_bench.json_lines import append_line
from odd_bench.plan_line import read_plan_line

ROUNDS = 3  # times that a file vanishes from the disk before the run gives up
LOOK_EVERY_S = 2.0  # interval for noticing workers that joined or left


class DiskFull(OddBenchError):
    """The disk is full or the folder cannot be written. The run stops; finished scenes are kept."""


def make_scenes(call: Call, work: list[ShardWork], packs: bool, workers: Workers) -> None:
    """Make all waiting scenes. A short queue keeps every worker busy.

    packs: whether to pack each shard when its last scene is made. Raises DiskFull if a scene cannot be stored, and FolderError if
    staged files vanish repeatedly.
    """
    shard_of = {name: shard for shard in work for name in shard.lines}
    waiting = [name for shard in work for name in shard.lines if name in shard.waiting]
    shape_of = {name: read_plan_line(shard.lines[name]).shape for name, shard in shard_of.items()}
    todo, left = deque(by_turns(waiting, shape_of, workers.slots)), Counter(shape_of[name] for name in waiting)
    summary, total, tries, running = call.summary, len(todo), Counter(), {}
    made_before = summary.made + summary.quarantined
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
            _account(call, outcome, shard)
            left[shape_of[scene]] -= 1
            if packs and not shard.waiting:
                vanished = pack(shard, call.folder, call.config.name)
                _make_again(call, vanished, shard, tries)
                todo.extend(name for name in shard.lines if name in vanished)
            if left[shape_of[scene]] == 0:
                _forget_variants(shape_of[scene], call.folder)
            call.watcher.scene(outcome, summary.made + summary.quarantined - made_before, total)


def by_turns(scenes: list[str], shape_of: Mapping[str, str], workers: int) -> list[str]:
    """Order scenes so that as many shapes as there are workers take turns: no two workers then make variants of one shape."""
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
    with suppress(OSError):  # the folder does not exist, or another call has just stored a variant in it
        stored.rmdir()


def _account(call: Call, outcome: Outcome, shard: ShardWork) -> None:
    """Record the outcome of a scene. Raises DiskFull if the scene could not be stored."""
    folder, options, summary = call.folder, call.options, call.summary
    if outcome.kind == "storage":
        raise DiskFull(outcome.message)
    append_line(folder.slice_reports(options.slice_index, options.slice_count), outcome.as_dict())
    summary.seconds.update(outcome.seconds)
    summary.refusals.update(outcome.refusals)
    summary.made += outcome.made
    if not outcome.made:
        summary.quarantined += 1
        summary.tried_again_next_time += outcome.by_machine
        give_up(folder.quarantine, outcome)
        shard.wanted.pop(outcome.scene)
    shard.waiting.discard(outcome.scene)


def _make_again(call: Call, vanished: set[str], shard: ShardWork, tries: Counter[str]) -> None:
    """Mark scenes whose staged files have vanished as waiting. Raises FolderError if one vanishes repeatedly."""
    tries.update(vanished)
    for name in sorted(vanished):
        if tries[name] >= ROUNDS:
            raise FolderError(
                f"{call.folder.staged(name)}: found no file {ROUNDS} times after it was written; expected it to stay. "
                "Hint: check whether another program cleans the folder, and whether workers write to the same folder."
            )
    shard.waiting |= vanished
    call.summary.made -= len(vanished)
