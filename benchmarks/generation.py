"""What a scene costs beside its pictures, and what a second worker is worth.

    python benchmarks/generation.py [--pixels 128] [--scenes 4]

Makes the same scenes with one worker and with two, in this run, and prints the share of each stage and the ratio of the two
wall times.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from odd_bench.generate.config import GenerateConfig, load_preset, with_overrides
from odd_bench.generate.run import RunOptions, RunSummary, generate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pixels", type=int, default=128)
    parser.add_argument("--scenes", type=int, default=4)
    arguments = parser.parse_args()
    splits = f"splits={{train: {arguments.scenes}, val: 0, test-seen: 0, test-unseen: 0}}"
    settings = [splits, f"orbit.pixels={arguments.pixels}", "scenes_per_shape=1", "render.device=cpu"]
    config = with_overrides(load_preset("toys", "nano"), settings)
    one, one_s = timed(config, workers=1)
    _, two_s = timed(config, workers=2)
    total = sum(one.seconds.values())
    for stage, seconds in one.seconds.most_common():
        print(f"{stage:8s} {seconds / one.made:7.2f} s a scene  {seconds / total:6.1%}")
    print(f"everything but rendering: {1 - one.seconds['render'] / total:.1%}")
    print(f"wall time of two workers over that of one: {two_s / one_s:.2f}")


def timed(config: GenerateConfig, workers: int) -> tuple[RunSummary, float]:
    """A run into a folder that is thrown away, and its wall time in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        summary = generate(config, Path(folder) / "set", RunOptions(workers=workers))
        return summary, time.perf_counter() - start


if __name__ == "__main__":
    main()
