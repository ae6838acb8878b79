"""What `odd-bench view` takes until the first scene is drawn, for a data set and for predictions; processor seconds.

    python benchmarks/opening.py [--scenes 3000] [--keep build/many-scenes]

The scenes are tiny, in real shards. Each is opened in a process of its own, from Python's own start on.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.many_scenes import config_of, make, planned
from odd_bench.data.folder import DESCRIPTION, GROUND_TRUTH
from odd_bench.data.run_folder import RunFolder
from odd_bench.generate.finish import finish
from odd_bench.scoring import DatasetRef, Method, PredictionWriter, read_ground_truth

SPLIT, PIXELS, PORT = "train", 16, 18400
OPEN = """
import sys, time
from pathlib import Path
import odd_bench.cli, odd_bench.cli.view
from odd_bench.view.browser.opening import Wanted, open_collection
from odd_bench.view.browser.panel import Panel
from odd_bench.view.browser.serving import started
path, data, port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
imported = time.process_time()
with started(port) as server:
    Panel(server, open_collection(path, Wanted(None if data == path else data)))
    print(f"{time.process_time():.2f} s, {imported:.2f} s of them imports")
"""


def many_scenes(folder: Path, scenes: int) -> Path:
    """A data set of so many tiny scenes and predictions of them; returns the prediction file. Made once."""
    if not (folder / DESCRIPTION).is_file():
        place, config = RunFolder(folder), config_of(scenes)
        make(place, scenes, PIXELS)
        finish(config, place, planned(config, place))
    return write_predictions(folder)


def write_predictions(folder: Path) -> Path:
    """Boxes of the truth, a third of them lost, with scores of the right tendency."""
    truth, rng, path = read_ground_truth(folder / GROUND_TRUTH), np.random.default_rng(0), folder / "predictions.json"
    with PredictionWriter(path, DatasetRef(truth.name, truth.version, SPLIT, truth.digest), Method("made up")) as out:
        for scene in truth.split(SPLIT):
            kept = [one for one in scene.objects if rng.random() > 0.3]
            scores = np.array([0.5 * one.label + rng.uniform(0, 0.6) for one in kept])
            out.add(scene.name, np.array([one.obb for one in kept]).reshape(-1, 7), scores)
    return path


def main(scenes: int, keep: Path) -> None:
    for count in sorted({scenes // 5, scenes}):
        folder = keep / str(count)
        predictions = many_scenes(folder, count)
        for name, path in (("data set", folder), ("predictions", predictions)):
            done = subprocess.run(
                [sys.executable, "-c", OPEN, path, folder, str(PORT)], capture_output=True, text=True, check=True
            )
            print(f"{count:5,} scenes, {name}: {done.stdout.strip()}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=3000)
    parser.add_argument("--keep", type=Path, default=Path("build/many-scenes"), help="Folder of the scenes.")
    args = parser.parse_args()
    main(args.scenes, args.keep)
