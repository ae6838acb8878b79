"""Short trainings for tests: a folder of small scenes, the configuration `tiny` of a method, and an interruption."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

from odd_bench.configuration import to_mapping
from odd_bench.data.reader import Dataset
from odd_bench.methods import method_spec
from odd_bench.training.devices import make_fabric
from odd_bench.training.job import Job
from odd_bench.training.loop import fit
from odd_bench.training.progress import StepReport
from tests.data.folders import planned_record, write_dataset

Report = Callable[[StepReport], None]


def write_small_scenes(
    folder: Path, pixels: int = 64, views: int = 8, depth: bool = False, train_scenes: int = 4, test_scenes: int = 1
) -> Path:
    """Write training scenes, and test scenes of other shapes, with one odd object each. Returns `folder`."""
    options = {"pixels": pixels, "views": views, "depth": depth, "odd": 1}
    scenes = [planned_record("train", "banana", i, i, objects=3 + i % 3, **options) for i in range(train_scenes)]
    scenes += [planned_record("test-seen", "banana", 9 + i, i, objects=4, **options) for i in range(test_scenes)]
    return write_dataset(folder, scenes)


def train_tiny(
    model: str, dataset: Dataset, out: Path, overrides: Iterable[str] = (), report: Report = lambda told: None
) -> list[dict[str, float]]:
    """Train the configuration `tiny` after the overrides; returns the reported losses of all steps."""
    spec = method_spec(model)
    config = spec.resolved("tiny", overrides)
    method, features = spec.prepare(config, dataset, "cpu", lambda names, what: names)
    job = Job(model, to_mapping(config), config.train, config.augment, dataset, features, out)
    losses = []

    def note(told: StepReport) -> None:
        losses.append(told.losses)
        report(told)

    fit(method, job, make_fabric(config.train), note)
    return losses


def interrupt_at(count: int) -> Report:
    """A report function that raises Ctrl-C at its `count`-th call."""
    seen = []

    def report(told: StepReport) -> None:
        seen.append(told)
        if len(seen) == count:
            os.kill(os.getpid(), signal.SIGINT)

    return report
