"""What games with boxes are worth beside one honest box an object, for localisers that find from few to nearly all objects.

`PYTHONPATH=. python benchmarks/games.py`: made-up scenes, scored by the real scorer. A localiser hands in one box an object,
moved or of a wrong size, so that a share of the boxes match; each game adds boxes to its answers. Prints the tables of
docs/reference/protocol.md. Half a minute of one core.

The last table is of no game: a method that knows where it is unsure adds a second box there, which fits with some chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from odd_bench.scoring.evaluate import evaluate, factors
from odd_bench.scoring.judged import Judged
from odd_bench.scoring.truth_table import TruthTable, truth_table
from tests.scoring.test_false_boxes import judged
from tests.scoring.worlds import make_truth

SCENES = 150
FOUND = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 0.95)
TIMES = (2, 3, 5, 10, 30, 100)
JITTERS_M = (0.01, 0.02, 0.04, 0.08)
SIZES = (3, 5, 9)  # boxes of so many sizes about each box
GRID_CELLS = (8, 16)  # along each side of the scene
LARGEST_GRID_M = 1.1
CHANCES = (0.05, 0.1, 0.2, 0.3, 0.5)  # that a second box fits
NAMES = ("auc", "aupr", "accuracy", "balanced_accuracy", "auc_within_scene")

Answers = tuple[np.ndarray, np.ndarray, np.ndarray]  # scene (m,), box (m, 7), score (m,)
Localiser = Callable[[TruthTable, float], Answers]


@dataclass(frozen=True)
class Worth:
    """Numbers of one submission. found: share of objects that a box matches. symmetric: the AUC if a false box were also an
    anomalous object ranked below all normal ones.
    """

    found: float
    boxes: float
    numbers: dict[str, float]
    symmetric: float


def moved(truth: TruthTable, spread_m: float) -> Answers:
    """Boxes of the right size in the wrong place."""
    rng = np.random.default_rng(0)
    box = truth.obb + np.pad(rng.normal(0, spread_m, (len(truth.label), 3)), ((0, 0), (0, 4)))
    return truth.scene, box, scores(truth)


def resized(truth: TruthTable, spread: float) -> Answers:
    """Boxes of the wrong size in the right place. spread: of the logarithm of each side."""
    rng = np.random.default_rng(0)
    box = truth.obb * np.exp(np.pad(rng.normal(0, spread, (len(truth.label), 3)), ((0, 0), (3, 1))))
    return truth.scene, box, scores(truth)


def blind(truth: TruthTable, lost: float) -> Answers:
    """Boxes that fit, and a share of boxes that stand where nothing is."""
    rng = np.random.default_rng(0)
    away = rng.random(len(truth.label)) < lost
    box = truth.obb.copy()
    box[away, 2] += 2.0
    return truth.scene, box, scores(truth)


def scores(truth: TruthTable) -> np.ndarray:
    return truth.label + np.random.default_rng(1).normal(0, 0.6, len(truth.label))


LOCALISERS: dict[str, tuple[Localiser, float]] = {
    "boxes moved": (moved, 0.5),
    "boxes of wrong sizes": (resized, 4.0),
    "boxes lost": (blind, 1.0),
}


def copies(answers: Answers, times: int, jitter_m: float) -> Answers:
    """Each box so many times, all but the first moved."""
    scene, box, score = answers
    many = np.repeat(box, times, axis=0).reshape(len(box), times, 7)
    many[:, 1:, :3] += np.random.default_rng(2).normal(0, jitter_m, (len(box), times - 1, 3))
    return np.repeat(scene, times), many.reshape(-1, 7), np.repeat(score, times)


def sizes(answers: Answers, count: int) -> Answers:
    """Each box in so many sizes, from half to twice its own in equal steps of the logarithm."""
    scene, box, score = answers
    many = np.repeat(box, count, axis=0).reshape(len(box), count, 7)
    many[:, :, 3:6] *= np.exp(np.linspace(-np.log(2), np.log(2), count))[:, None]
    return np.repeat(scene, count), many.reshape(-1, 7), np.repeat(score, count)


def everywhere(truth: TruthTable, cells: int) -> Answers:
    """The same grid of boxes in every scene, with scores by chance: no picture is looked at."""
    side = np.linspace(-LARGEST_GRID_M, LARGEST_GRID_M, cells)
    x, y = (part.ravel() for part in np.meshgrid(side, side))
    grid = np.column_stack([x, y, np.full(x.size, 0.05), np.tile([0.3, 0.15, 0.1, 0.0], (x.size, 1))])
    scene = np.repeat(np.arange(truth.scenes), len(grid))
    return scene, np.tile(grid, (truth.scenes, 1)), np.random.default_rng(3).random(len(scene))


def second_boxes(truth: TruthTable, share: float, chance: float | None) -> Answers:
    """A share of objects with a box that fits, the others with one that misses and a second one that fits with a chance; None: one
    box each.
    """
    scene, box, score = blind(truth, 1 - share)
    unsure = np.flatnonzero(box[:, 2] != truth.obb[:, 2])
    if chance is None:
        return scene, box, score
    fits = np.random.default_rng(4).permutation(len(unsure)) < chance * len(unsure)
    second = np.where(fits[:, None], truth.obb[unsure], box[unsure])
    order = np.argsort(np.append(scene, scene[unsure]), kind="stable")
    return tuple(
        np.concatenate(pair)[order] for pair in ((scene, scene[unsure]), (box, second), (score, score[unsure]))
    )


def paying_chance(truth: TruthTable, share: float) -> float:
    """The chance of fitting above which a few second boxes raise AUC_detect: q / (2 n + 2 k - q), k = 1 box an object."""
    normal = 1 - truth.label.mean()
    return share / (2 * normal + 2 - share)


def worth(truth: TruthTable, answers: Answers) -> Worth:
    found = judged(truth, *answers)
    numbers = evaluate(found, np.full(truth.scenes, np.nan), False, np.zeros((0, truth.clusters)))
    values = {name: float(numbers[name].value) for name in NAMES}
    return Worth(float(found.matched.mean()), len(answers[0]) / len(truth.label), values, symmetric_auc(found))


def symmetric_auc(found: Judged) -> float:
    anomalies = int(found.truth.label.sum())
    return factors(found)["product"] * anomalies / (anomalies + int(found.false_boxes.sum()))


def tuned(truth: TruthTable, localiser: Localiser, largest: float, share: float) -> Answers:
    """The answers of a localiser whose error is such that this share of its boxes match. largest: an error at which fewer do."""
    low, high = 0.0, largest
    for _ in range(14):
        middle = (low + high) / 2
        if judged(truth, *localiser(truth, middle)).matched.mean() > share:
            low = middle
        else:
            high = middle
    return localiser(truth, high)


def games(truth: TruthTable, answers: Answers) -> Iterator[tuple[str, Answers]]:
    """Kind of game, and what is handed in."""
    for times in TIMES:
        for jitter_m in JITTERS_M if times < 30 else JITTERS_M[1:3]:
            yield f"{times} copies", copies(answers, times, jitter_m)
    for count in SIZES:
        yield f"{count} sizes", sizes(answers, count)
    for cells in GRID_CELLS:
        yield f"a grid of {cells * cells}", everywhere(truth, cells)


def played(truth: TruthTable, localiser: Localiser, largest: float, share: float) -> list[str]:
    """A row of the table: the share found, and of each number one honest box an object, the best game, and its name."""
    answers = tuned(truth, localiser, largest, share)
    honest, tried = worth(truth, answers), [(kind, worth(truth, made)) for kind, made in games(truth, answers)]
    cells = [f"{honest.found:.0%}"]
    for name, value in honest.numbers.items():
        kind, best = max(tried, key=lambda one: one[1].numbers[name])
        cells.append(compared(value, best.numbers[name], kind))
    kind, best = max(tried, key=lambda one: one[1].symmetric)
    return [*cells, compared(honest.symmetric, best.symmetric, kind)]


def compared(honest: float, best: float, kind: str) -> str:
    text = f"{honest:.2g}, {best:.2g}"
    return f"**{text}** ({kind})" if best > honest else text


def main() -> None:
    truth = truth_table(make_truth(SCENES, per_shape=4), "test-unseen")
    for name, (localiser, largest) in LOCALISERS.items():
        print(f"\n{name}\n\n| found | {' | '.join(NAMES)} | AUC with false boxes on both sides |")
        print("|---" * (2 + len(NAMES)) + "|")
        for share in FOUND:
            print(f"| {' | '.join(played(truth, localiser, largest, share))} |", flush=True)
    print(
        f"\nAUC, second boxes where unsure\n\n| found | one box | {' | '.join(f'{c:.0%}' for c in CHANCES)} | pays above |"
    )
    print("|---" * (3 + len(CHANCES)) + "|")
    for share in FOUND:
        honest, *others = [
            worth(truth, second_boxes(truth, share, chance)).numbers["auc"] for chance in (None, *CHANCES)
        ]
        cells = [f"**{value:.2g}**" if value > honest else f"{value:.2g}" for value in others]
        print(f"| {share:.0%} | {honest:.2g} | {' | '.join(cells)} | {paying_chance(truth, share):.0%} |", flush=True)


if __name__ == "__main__":
    main()
