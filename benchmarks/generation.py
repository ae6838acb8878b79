"""What a scene costs, beside another checkout, and what a second worker is worth.

    python benchmarks/generation.py [--kind toys] [--preset draft] [--pixels 192] [--scenes 6] [--against PATH] [--workers]

Makes the same scenes by the preset of this checkout and, with `--against`, by that of another, in this run, and prints the
processor seconds a scene, start included, and their ratio. Processor seconds count on a busy machine too, where they grow by
perhaps a half for both. `--workers` compares the wall times of one worker and of two, which says something on idle cores only.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
BESIDE = ("blender_jobs", "baselines", "assets_manifest")  # folders that are installed below odd_bench
RUN = """
import json, sys
from pathlib import Path
from odd_bench.generate.config import load_preset, with_overrides
from odd_bench.generate.run import RunOptions, generate
kind, preset, settings, out, workers = json.loads(sys.argv[1])
summary = generate(with_overrides(load_preset(kind, preset), settings), Path(out) / "set", RunOptions(workers=workers))
print(json.dumps({"made": summary.made, "seconds": dict(summary.seconds)}))
"""


@dataclass(frozen=True)
class Cost:
    """Of one run. stages: wall seconds."""

    made: int
    cpu_s: float
    wall_s: float
    stages: dict[str, float]

    @property
    def cpu_s_a_scene(self) -> float:
        return self.cpu_s / self.made


def measured(checkout: Path, kind: str, preset: str, settings: list[str], workers: int) -> Cost:
    """A run of a checkout into a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        packages = linked(checkout, Path(folder))
        environment = {**os.environ, "PYTHONPATH": str(packages), "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
        request = json.dumps([kind, preset, settings, folder, workers])
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", RUN, request], env=environment, cwd=folder, stdout=subprocess.PIPE, check=True
        )
        after, wall_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    result = json.loads(done.stdout.splitlines()[-1])
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(result["made"], cpu_s, wall_s, result["seconds"])


def linked(checkout: Path, folder: Path) -> Path:
    """A folder to import the packages of a checkout from, wherever it keeps those that are installed below odd_bench."""
    packages = folder / "packages"
    (packages / "odd_bench").mkdir(parents=True)
    for path in (checkout / "odd_bench").iterdir():
        (packages / "odd_bench" / path.name).symlink_to(path)
    for name in BESIDE:
        (packages / "odd_bench" / name).symlink_to(checkout / name)
        (packages / name).symlink_to(checkout / name)
    return packages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=("toys", "parts"), default="toys")
    parser.add_argument("--preset", default="draft")
    parser.add_argument("--pixels", type=int, default=192)
    parser.add_argument("--scenes", type=int, default=6)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--workers", action="store_true", help="compare one worker with two")
    options = parser.parse_args()
    others = {"toys": "val: 0, test-seen: 0, test-unseen: 0", "parts": "val: 0, test: 0"}[options.kind]
    settings = [f"splits={{train: {options.scenes}, {others}}}", f"orbit.pixels={options.pixels}"]
    run = (options.kind, options.preset, settings)
    ours = measured(HERE, *run, workers=1)
    show("this checkout", ours)
    if options.against:
        theirs = measured(options.against.resolve(), *run, workers=1)
        show(str(options.against), theirs)
        print(f"processor seconds a scene, this over the other: {ours.cpu_s_a_scene / theirs.cpu_s_a_scene:.2f}")
    if options.workers:
        both = measured(HERE, *run, workers=2)
        busy = f"{both.cpu_s / both.wall_s:.2f} cores busy"
        print(f"wall time of one worker over that of two: {ours.wall_s / both.wall_s:.2f} ({busy})")


def show(name: str, cost: Cost) -> None:
    total = sum(cost.stages.values())
    shares = ", ".join(f"{stage} {seconds / total:.0%}" for stage, seconds in sorted(cost.stages.items()))
    drawing = cost.stages["render"] / total
    print(
        f"{name}: {cost.cpu_s_a_scene:.2f} processor seconds a scene, start included; {cost.wall_s / cost.made:.2f} s wall"
    )
    print(f"    of the wall time {shares}; everything but drawing {1 - drawing:.1%}", flush=True)


if __name__ == "__main__":
    main()
