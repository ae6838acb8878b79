"""A method that knows the truth, and scenes to ask it about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from torch import nn

from odd_bench.data.batch import SceneBatch
from odd_bench.reproduce.predicted import Source, Weights
from odd_bench.training.method import SceneAnswer
from odd_bench.training.predict import Run
from tests.data.folders import planned_record, write_dataset

SPLIT = "test-seen"


class Knowing(nn.Module):
    """Answers with the true boxes and labels.

    asked: scene and views of every call. stop_at: the call at which Ctrl-C is pressed.
    """

    threshold = 0.5
    gt_boxes = gt_count = False

    def __init__(self, score: Callable[[np.ndarray], np.ndarray] = lambda labels: labels.astype(float)):
        super().__init__()
        self.score, self.asked, self.stop_at = score, [], None

    def predict(self, batch: SceneBatch) -> list[SceneAnswer]:
        if len(self.asked) == self.stop_at:
            raise KeyboardInterrupt
        self.asked.append((batch.names[0], tuple(batch.views[0])))
        return [SceneAnswer(batch.boxes[0].numpy(), self.score(batch.labels[0].numpy()))]


@dataclass
class World:
    """A folder of small scenes, and the method that is asked about them."""

    data: Path
    method: Knowing = field(default_factory=Knowing)

    def source(self, digest: str = "of-these-weights") -> Source:
        train = SimpleNamespace(views=3, pixels=None, seed=0, steps=(1, 1), epochs=(1, 1))
        spec = SimpleNamespace(name="knowing", describe=lambda config: {}, oracle_boxes=())
        run = Run(spec, SimpleNamespace(name="small", train=train, model=SimpleNamespace()), self.method, True)
        return Source(Weights("known", "--weights", "known", run, digest), self.data, SPLIT)


def write_scenes(folder: Path, counts: tuple[int, ...], views: int = 6) -> Path:
    """Write one scene of its own shape for every number of objects, with one odd object each."""
    options = {"pixels": 32, "views": views, "depth": False, "odd": 1}
    scenes = [
        planned_record(SPLIT, "banana", number, number, objects=count, **options) for number, count in enumerate(counts)
    ]
    return write_dataset(folder, scenes)
