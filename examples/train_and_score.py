"""Train the smallest detector on a data set, predict a split and score it: python examples/train_and_score.py data/toys-nano"""

import sys
from pathlib import Path

from odd_bench.data.reader import open_dataset
from odd_bench.methods import load_run, method_spec
from odd_bench.scoring.score import Options, score_file
from odd_bench.training.predict import predict_split
from odd_bench.training.run import train_run

if len(sys.argv) != 2:
    sys.exit(__doc__)
data, run = Path(sys.argv[1]), Path("runs/tiny")
train_run(method_spec("reference"), "tiny", [data], run, overrides=[], start_from=None, devices="1")
predictions = predict_split(load_run(run), open_dataset(data), "test-seen", run / "predictions.json", views=3)
auc = score_file(predictions, Options(data)).metrics["detect"]["auc"]
print(f"AUC (detect) of {predictions}: {auc.value:.3f}")
