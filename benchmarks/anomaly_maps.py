"""What scoring anomaly maps costs: processor seconds and memory for many scenes, those of a data set over and over.

python benchmarks/anomaly_maps.py data/toys-mini --scenes 3000 --views 5
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from odd_bench.data.anomaly_maps import MapWriter, open_maps
from odd_bench.data.reader import Dataset, open_dataset
from odd_bench.scoring.bootstrap import draw_resamples
from odd_bench.scoring.map_counts import SceneObjects, View, empty_counts
from odd_bench.scoring.map_metrics import map_metrics

SHAPES = 750  # base shapes, as a test split of 3,000 scenes has


def write(path: Path, dataset: Dataset, names: list[str], views: range) -> None:
    """Smooth noise for every view."""
    rng = np.random.default_rng(0)
    with MapWriter(path) as out:
        for name in names:
            camera = dataset.scene(name).cameras[0]
            coarse = (-(-camera.height // 8), -(-camera.width // 8))
            for view in views:
                smooth = np.kron(rng.integers(0, 240, coarse), np.ones((8, 8)))[: camera.height, : camera.width]
                out.add(name, view, (smooth + rng.integers(0, 16, smooth.shape)).astype(np.uint8))


def count(dataset: Dataset, path: Path, names: list[str], views: range, scenes: int) -> None:
    """Count scenes and print what it took, in tenths."""
    counts = empty_counts(SHAPES)
    start = time.process_time()
    with open_maps(path) as maps:
        for number in range(scenes):
            name = names[number % len(names)]
            objects = dataset.scene(name).objects
            asked = SceneObjects(tuple(one.id for one in objects if one.label), frozenset(one.id for one in objects))
            instance, change = dataset.masks(name, views)
            found = maps.maps(name, tuple(views), instance.shape[1:])
            seen = [View(found[view], instance[at], change[at]) for at, view in enumerate(views)]
            counts.add_scene(number % SHAPES, asked, seen)
            if (number + 1) % max(1, scenes // 5) == 0:
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(f"{number + 1:,} scenes: {time.process_time() - start:.1f} s, peak {peak:.0f} MiB", flush=True)
    start = time.process_time()
    map_metrics(counts, draw_resamples(SHAPES))
    print(f"metrics and intervals of {SHAPES} base shapes: {time.process_time() - start:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--scenes", type=int, default=3000)
    parser.add_argument("--views", type=int, default=5)
    options = parser.parse_args()
    dataset, views = open_dataset(options.data), range(options.views)
    names = dataset.scene_names()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "benchmark.maps.h5"
        write(path, dataset, names, views)
        count(dataset, path, names, views, options.scenes)


if __name__ == "__main__":
    main()
