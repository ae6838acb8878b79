"""What scoring costs, beside a scikit-learn loop that computes one of its intervals in the same run.

`PYTHONPATH=. python benchmarks/scoring.py`: 3,000 scenes with 22,800 objects (7.6 a scene, 375 base shapes), one core. Prints CPU
seconds, ratios and the peak of memory, beside what is to be reached on an otherwise idle core: a full report within 5 s
and 500 MB, the check of a 20 MB file within 1.2 times what `json.loads` takes: both in a process that has started, and as a command
beside a process of Python that does nothing else, start and end included.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from odd_bench.scoring import DatasetRef, Method, PredictionWriter
from odd_bench.scoring.bootstrap import Ranked, draw_resamples, resampled_auc
from odd_bench.scoring.check import check_file
from odd_bench.scoring.score import Options, score_file

SCENES, SKLEARN_RESAMPLES, ROUNDS = 3000, 20, 3
COPIES = 6  # of every box, for a file of 20 MB
ROOT = Path(__file__).resolve().parent.parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
BYTE_CODE = {
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "odd-bench-byte-code"),
}
ENVIRONMENT = os.environ | ONE_THREAD | BYTE_CODE


PARSE = "import json, sys; json.loads(open(sys.argv[1]).read())"


def command_seconds(*arguments: object) -> float:
    """CPU seconds of one odd-bench command in a fresh process, start and end of Python included, best of a few.

    Byte code is kept, as in any installed package: the first round compiles, the others read it.
    """
    return min(process_seconds("-m", "odd_bench", *arguments) for _ in range(ROUNDS))


def process_seconds(*arguments: object) -> float:
    """CPU seconds of one process of Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, *map(str, arguments)]
    subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def check_command_seconds(path: Path, data: Path) -> tuple[float, float]:
    """CPU seconds of `odd-bench score --check`, and of a process that parses the file and does nothing else; in turns, the
    middle of several.
    """
    pairs = [
        (
            process_seconds("-m", "odd_bench", "score", path, "--data", data, "--check"),
            process_seconds("-c", PARSE, path),
        )
        for _ in range(3 * ROUNDS)
    ]
    return tuple(map(float, np.median(pairs, axis=0)))


def write_large(path: Path, dataset: DatasetRef, answers) -> int:
    """A valid file of about 20 MB: every box several times, a little moved. Returns the number of boxes."""
    rng, count = np.random.default_rng(0), 0
    with PredictionWriter(path, dataset, Method("large")) as out:
        for scene, (boxes, scores, _) in answers.items():
            many = np.repeat(boxes, COPIES, axis=0)
            many[:, :3] += rng.normal(0, 0.005, (len(many), 3))
            out.add(
                scene, many, np.repeat(scores, COPIES) + rng.normal(0, 0.01, len(many)), views=range(20), seconds=0.1
            )
            count += len(many)
    return count


def auc_loop_seconds(scored) -> tuple[float, float]:
    """CPU seconds of 1,000 resampled AUCs: by scikit-learn, scaled up from a few, and by odd-bench."""
    from sklearn.metrics import roc_auc_score

    judged = scored.judged["upstream"]
    label, score = judged.truth.label, judged.rank_score
    cluster = judged.truth.object_cluster
    counts = draw_resamples(judged.truth.clusters, 1000)
    start = time.process_time()
    slow = [roc_auc_score(label, score, sample_weight=weight[cluster]) for weight in counts[:SKLEARN_RESAMPLES]]
    middle = time.process_time()
    fast = resampled_auc(counts, Ranked(score, label, cluster)).values[1:]
    end = time.process_time()
    assert np.allclose(slow, fast[:SKLEARN_RESAMPLES], atol=1e-12)
    return (middle - start) * 1000 / SKLEARN_RESAMPLES, end - middle


def check_seconds(path: Path, data: Path) -> tuple[float, float]:
    """CPU seconds to check a file, and to parse it with the standard library and look at nothing; in turns, best of a few."""
    text, checks, parses = path.read_text(), [], []
    for _ in range(ROUNDS):
        start = time.process_time()
        check_file(path, Options(data))
        middle = time.process_time()
        json.loads(text)
        checks.append(middle - start)
        parses.append(time.process_time() - middle)
    return min(checks), min(parses)


def write_inputs(folder: Path) -> tuple[int, int]:
    """A data set and three prediction files; nothing of them stays in memory. Returns how many objects, and boxes of large.json."""
    from tests.scoring.worlds import dataset_ref, make_truth, noisy_answers, save_truth, write_predictions

    truth = make_truth(SCENES, counts=(4, 11), per_shape=8)
    answers = noisy_answers(truth)
    save_truth(folder / "data", truth)
    write_predictions(folder / "predicted.json", truth, answers)
    write_predictions(folder / "told.json", truth, noisy_answers(truth, told=True), told=True)
    boxes = write_large(folder / "large.json", dataset_ref(truth), answers)
    return sum(len(scene.objects) for scene in truth.scenes.values()), boxes


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        predicted, told, large, data = (folder / part for part in ("predicted.json", "told.json", "large.json", "data"))
        objects, boxes = write_inputs(folder)
        report = command_seconds("score", predicted, "--data", data, "--report", folder / "r")
        report_told = command_seconds("score", told, "--data", data, "--report", folder / "t")
        memory_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        command, process = check_command_seconds(large, data)
        (check, plain), size_mb = check_seconds(large, data), large.stat().st_size / 1e6
        slow, fast = auc_loop_seconds(score_file(predicted, Options(data, resamples=10)))
    print(f"{SCENES:,} scenes, {objects:,} objects; CPU seconds on one core, start of Python included")
    print(f"  full report: detect and upstream {report:.2f} s, classify {report_told:.2f} s (to reach: 5 s)")
    print(f"  peak memory {memory_mb:.0f} MB (to reach: 500 MB)")
    print(f"  --check of {size_mb:.1f} MB, {boxes:,} boxes, beside json.loads (to reach: 1.2 times):")
    print(f"    in a process that has started {check:.3f} and {plain:.3f} s, {check / plain:.2f} times")
    print(f"    as whole processes {command:.3f} and {process:.3f} s, {command / process:.2f} times")
    print(f"  1,000 resampled AUCs: scikit-learn {slow:.1f} s, here {fast:.3f} s, {slow / fast:,.0f} times faster")


if __name__ == "__main__":
    main()
