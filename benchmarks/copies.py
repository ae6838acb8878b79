"""What copies of a box are worth under `detect`, and under a rule that counts a false box on both sides of the ranking.

`PYTHONPATH=. python benchmarks/copies.py`: 60 scenes; every box is handed in several times, the copies moved by 2 cm. Prints the
table of docs/reference/protocol.md. A few seconds of one core.
"""

from __future__ import annotations

import numpy as np

from odd_bench.scoring.evaluate import factors
from odd_bench.scoring.truth_table import TruthTable, truth_table
from tests.scoring.test_false_boxes import judged, noisy
from tests.scoring.worlds import make_truth

SPREADS_M = (0.01, 0.02, 0.03, 0.045, 0.06)  # of the single boxes about the true ones
TIMES = (1, 2, 3, 5, 10)
COPY_SPREAD_M = 0.02


def worth(truth: TruthTable, spread_m: float, times: int) -> tuple[float, float, float]:
    """Share of objects found, AUC_detect, and the same with false boxes on both sides."""
    scene, box, score = noisy(truth, np.random.default_rng(0), spread_m)
    many = np.repeat(box, times, axis=0).reshape(len(box), times, 7)
    many[:, 1:, :3] += np.random.default_rng(1).normal(0, COPY_SPREAD_M, (len(box), times - 1, 3))
    found = judged(truth, np.repeat(scene, times), many.reshape(-1, 7), np.repeat(score, times))
    parts, anomalies = factors(found), int(truth.label.sum())
    on_both = parts["product"] * anomalies / (anomalies + int(found.false_boxes.sum()))
    return float(found.matched.mean()), parts["product"], on_both


def main() -> None:
    truth = truth_table(make_truth(60, per_shape=4), "test-unseen")
    print(f"| objects found by one box each | {' | '.join(f'{times} boxes' for times in TIMES)} |")
    print("|---" * (1 + len(TIMES)) + "|")
    for spread_m in SPREADS_M:
        cells = [worth(truth, spread_m, times) for times in TIMES]
        print(f"| {cells[0][0]:.0%} | {' | '.join(f'{auc:.2g} / {both:.2g}' for _, auc, both in cells)} |")


if __name__ == "__main__":
    main()
