"""What scoring anomaly maps costs: processor seconds and memory for a file of many scenes; the masks are those of a data set, over
and over.

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


def map_name(number: int) -> str:
    """The name of a scene in the file of maps."""
    return f"scene-{number:05d}"


def write(path: Path, dataset: Dataset, scenes: int, views: range) -> None:
    """Smooth noise for every view of every scene: one file as large as a real one."""
    rng, names = np.random.default_rng(0), dataset.scene_names()
    camera = dataset.scene(names[0]).cameras[0]
    coarse = (-(-camera.height // 8), -(-camera.width // 8))
    with MapWriter(path) as out:
        for number in range(scenes):
            for view in views:
                smooth = np.kron(rng.integers(0, 240, coarse), np.ones((8, 8)))[: camera.height, : camera.width]
                out.add(map_name(number), view, (smooth + rng.integers(0, 16, smooth.shape)).astype(np.uint8))


def count(dataset: Dataset, path: Path, scenes: int, views: range) -> None:
    """Count scenes and print what it took, in tenths."""
    counts, names = empty_counts(SHAPES), dataset.scene_names()
    start = time.process_time()
    with open_maps(path) as maps:
        for number in range(scenes):
            name = names[number % len(names)]
            objects = dataset.scene(name).objects
            asked = SceneObjects(tuple(one.id for one in objects if one.label), frozenset(one.id for one in objects))
            instance, change = dataset.masks(name, views)
            found = maps.maps(map_name(number), tuple(views), instance.shape[1:])
            seen = [View(found[view], instance[at], change[at]) for at, view in enumerate(views)]
            counts.add_scene(number % SHAPES, asked, seen)
            if (number + 1) % max(1, scenes // 10) == 0:
                memory = f"{resident_mib():.0f} MiB"
                print(f"{number + 1:,} scenes: {time.process_time() - start:.1f} s, {memory}", flush=True)
    start = time.process_time()
    map_metrics(counts, draw_resamples(SHAPES))
    print(f"metrics and intervals of {SHAPES} base shapes: {time.process_time() - start:.1f} s")


def resident_mib() -> float:
    """Memory that the process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--scenes", type=int, default=3000)
    parser.add_argument("--views", type=int, default=5)
    options = parser.parse_args()
    dataset, views = open_dataset(options.data), range(options.views)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "benchmark.maps.h5"
        write(path, dataset, options.scenes, views)
        print(f"{len(dataset.scene_names())} scenes of {dataset.name}, maps of {path.stat().st_size / 1e6:.0f} MB")
        count(dataset, path, options.scenes, views)


if __name__ == "__main__":
    main()
