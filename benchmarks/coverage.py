"""How often the intervals of odd_bench.scoring hold the true value, and how often two equal methods differ "significantly".

`PYTHONPATH=. python benchmarks/coverage.py [DRAWS]`: simulates data sets of 10, 20, 40 and 75 base shapes, whose true value is
known (the mean over all draws), and prints the table of docs/protocol.md. 1,500 draws take two minutes of one core.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from odd_bench.scoring.bootstrap import Ranked, Resampled, draw_resamples, resampled_auc, resampled_ratio
from odd_bench.scoring.interval import difference_test, interval

SHAPES, RESAMPLES, SEED = (10, 20, 40, 75), 400, 1
SCENES_A_SHAPE, NO_ANOMALY = 4, 0.1
THRESHOLD = 0.8


@dataclass(frozen=True)
class World:
    """How a method answers. separation: of anomalous from normal scores, in their standard deviations; spread: between shapes.

    missed: mean share of objects. false_boxes: mean number an object. Both vary from shape to shape.
    """

    separation: float
    spread: float
    missed: float
    false_boxes: float


WORLDS = {
    "weak": World(0.3, 0.3, 0.2, 0.3),
    "middling": World(1.0, 0.6, 0.1, 0.1),
    "good": World(2.2, 0.6, 0.05, 0.03),
    "strong": World(3.2, 0.8, 0.01, 0.01),
    "uneven": World(1.5, 1.5, 0.1, 0.1),
}


@dataclass(frozen=True)
class Draw:
    """Two equal methods on one data set. label, cluster: (n,). scores: (2, n), infinite where missed. false: (2, shapes)."""

    label: np.ndarray
    cluster: np.ndarray
    scores: np.ndarray
    false: np.ndarray


def draw(world: World, shapes: int, rng: np.random.Generator) -> Draw:
    """One data set and the answers of two methods that share how easy each shape is."""
    scenes = rng.poisson(SCENES_A_SHAPE - 1, shapes) + 1
    shape = np.repeat(np.arange(shapes), scenes)
    count = rng.integers(3, 7, len(shape))
    odd = np.where(rng.random(len(shape)) < NO_ANOMALY, 0, rng.integers(1, (count - 1) // 2 + 1))
    cluster = np.repeat(shape, count)
    place = np.arange(len(cluster)) - np.repeat(np.cumsum(count) - count, count)
    label = (place < np.repeat(odd, count)).astype(int)
    apart, level = rng.normal(world.separation, world.spread, shapes), rng.normal(0, world.spread / 2, shapes)
    missed = np.clip(10 * world.missed * rng.beta(1, 9, shapes), 0, 1)
    often = rng.gamma(1, world.false_boxes, shapes) if world.false_boxes else np.zeros(shapes)
    objects = np.bincount(cluster, minlength=shapes)
    scores = label * apart[cluster] + level[cluster] + rng.normal(size=(2, len(label)))
    lost = rng.random((2, len(label))) < missed[cluster]
    scores = np.where(lost, np.where(label == 1, -np.inf, np.inf), scores)
    return Draw(label, cluster, scores, rng.poisson(often * objects, (2, shapes)))


def numbers(drawn: Draw, counts: np.ndarray) -> Iterator[tuple[Resampled, Resampled]]:
    """AUC and accuracy of each method, resampled."""
    for score, false in zip(drawn.scores, drawn.false, strict=True):
        right = np.isfinite(score) & ((score > THRESHOLD) == (drawn.label == 1))
        shapes = counts.shape[1]
        total = np.bincount(drawn.cluster, minlength=shapes) + false
        accuracy = resampled_ratio(counts, np.bincount(drawn.cluster, right, shapes), total)
        yield resampled_auc(counts, Ranked(score, drawn.label, drawn.cluster, None, false)), accuracy


def simulate(world: World, shapes: int, draws: int) -> list[tuple[float, float, float]]:
    """For AUC and accuracy: the true value, the share of intervals that hold it, and of equal methods that differ at p < 0.05.

    Draws with fewer than 10 shapes that hold an anomaly have no interval and do not count.
    """
    rng = np.random.default_rng(SEED)
    values, bounds, significant = ([[], []] for _ in range(3))
    for number in range(draws):
        counts = draw_resamples(shapes, RESAMPLES, seed=number)
        first, second = numbers(draw(world, shapes, rng), counts)
        for metric, (a, b) in enumerate(zip(first, second, strict=True)):
            values[metric].append(a.values[0])
            bounds[metric].append(interval(a.values[0], a.values[1:], a.shapes)[0])
            gap = a.values - b.values
            significant[metric].append(difference_test(gap[0], gap[1:], min(a.shapes, b.shapes)).get("p"))
    result = []
    for metric in range(2):
        true = float(np.mean(values[metric]))
        held = [low <= true <= high for low, high in bounds[metric] if low is not None]
        differ = [p < 0.05 for p in significant[metric] if p is not None]
        result.append((true, float(np.mean(held)), float(np.mean(differ))))
    return result


def main() -> None:
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    metrics = ("AUC", "accuracy")
    print("| method | true AUC, accuracy | " + " | ".join(f"{shapes} shapes" for shapes in SHAPES) + " |")
    print("|---" * (len(SHAPES) + 2) + "|")
    for name, world in WORLDS.items():
        found = [simulate(world, shapes, draws) for shapes in SHAPES]
        true = ", ".join(f"{found[-1][metric][0]:.2f}" for metric in range(len(metrics)))
        cells = ["; ".join(f"{held:.1%} ({null:.1%})" for _, held, null in pair) for pair in found]
        print(f"| {name} | {true} | " + " | ".join(cells) + " |", flush=True)
    print(
        "\nEach cell: AUC; accuracy. Intervals that hold the true value, and in brackets equal methods with p < 0.05."
    )


if __name__ == "__main__":
    main()
