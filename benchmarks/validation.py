"""What `odd-bench data validate` costs a scene, and how two processes share the shards, in one run.

`PYTHONPATH=. python benchmarks/validation.py [DATASET] [--scenes 12] [--rounds 4]`: without a data set the scenes are ray-cast
drums, 20 views of 256 px with depth.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from odd_bench.data.check_shard import check_shards
from odd_bench.data.folder import shard_paths


def drawn_shards(folder: Path, scenes: int, pixels: int) -> list[Path]:
    """Two shards of ray-cast drums, 3 to 6 in a scene."""
    from tests.data.folders import planned_record, write_dataset

    options = {"pixels": pixels, "views": 20, "odd": 1}
    made = [
        planned_record(split, "banana", first + i, i, objects=3 + i % 4, **options)
        for split, first in (("train", 0), ("test-seen", 100))
        for i in range(scenes // 2)
    ]
    return shard_paths(write_dataset(folder, made))


def spent(workers: int, paths: Sequence[Path]) -> tuple[float, float, int]:
    """Processor seconds of all processes together, seconds by the clock, and scenes."""
    before, started = _processor_s(), time.perf_counter()
    scenes = sum(len(report.scenes) for report in check_shards(paths, workers=workers))
    return _processor_s() - before, time.perf_counter() - started, scenes


def _processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def compare(shards: Sequence[Path], rounds: int) -> None:
    """Print a line for one process and one for two. rounds: how often each shard is checked, to hide how processes start."""
    spent(1, shards[:1])
    alone_s, alone_clock_s, scenes = spent(1, [*shards] * rounds)
    both_s, both_clock_s, _ = spent(2, [*shards] * rounds)
    print(
        f"one process: {1e3 * alone_s / scenes:.1f} ms of processor time a scene, {scenes} scenes in {len(shards)} shards"
    )
    print(
        f"two processes: {both_s / alone_s:.2f} times the processor time, {alone_clock_s / both_clock_s:.2f} times as fast"
    )
    waiting, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    if waiting > cores:
        print(f"the machine is busy: {waiting:.1f} processes want {cores} cores, so that the clock says little")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", nargs="?", type=Path)
    parser.add_argument("--scenes", type=int, default=12, help="drawn")
    parser.add_argument("--pixels", type=int, default=256, help="of the drawn views")
    parser.add_argument("--rounds", type=int, default=4)
    args = parser.parse_args()
    if args.dataset:
        compare(shard_paths(args.dataset), args.rounds)
    else:
        with tempfile.TemporaryDirectory() as folder:
            compare(drawn_shards(Path(folder), args.scenes, args.pixels), args.rounds)


if __name__ == "__main__":
    main()
