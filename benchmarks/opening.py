"""What `odd-bench view` takes until the first scene is drawn, for a data set and for predictions; processor seconds.

    python benchmarks/opening.py [--scenes 3000] [--keep build/many-scenes]

The scenes are tiny, in real shards. Imports are those of the command without Python's own start.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.many_scenes import config_of, make, planned
from odd_bench.data.folder import DESCRIPTION, GROUND_TRUTH
from odd_bench.data.run_folder import RunFolder
from odd_bench.generate.finish import finish
from odd_bench.scoring import DatasetRef, Method, PredictionWriter, read_ground_truth

SPLIT, PIXELS, PORT = "train", 16, 18400


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
        began = time.process_time()
        from odd_bench.view.browser.opening import Wanted, open_collection
        from odd_bench.view.browser.panel import Panel
        from odd_bench.view.browser.serving import started

        imported = time.process_time() - began
        with started(PORT) as server:
            for name, path, wanted in (("data set", folder, Wanted()), ("predictions", predictions, Wanted(folder))):
                began = time.process_time()
                Panel(server, open_collection(path, wanted))
                spent = time.process_time() - began
                print(f"{count:5,} scenes, {name}: {spent:.2f} s, and {imported:.2f} s of imports", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=3000)
    parser.add_argument("--keep", type=Path, default=Path("build/many-scenes"), help="Folder of the scenes.")
    args = parser.parse_args()
    main(args.scenes, args.keep)
