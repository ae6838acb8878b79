"""What every method of the project offers, so that one training loop and one predictor serve them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from odd_bench.configuration import Configurations
from odd_bench.data.batch import SceneBatch
from odd_bench.data.dataset import FeatureFolder
from odd_bench.data.reader import Dataset


@dataclass(frozen=True)
class SceneAnswer:
    """What a method says about one scene.

    boxes: (n, 6) centre and size, metres, world, or (n, 7) with the yaw. scores: (n,) higher = more anomalous. objects: (n,)
    ids of the objects where the method is given the boxes, else None. seconds_before: spent on the scene before `predict` was
    called, where the result was kept. maps: (views, h, w) uint8 anomaly maps of the batch's pictures, from a method that
    `Localises` once it was asked for them: higher = more suspicious, on one scale for all scenes.
    """

    boxes: np.ndarray
    scores: np.ndarray
    objects: np.ndarray | None = None
    seconds_before: float = 0.0
    maps: np.ndarray | None = None


class Method(Protocol):
    """A torch module with these members.

    stages: names of the training stages in order; `start_stage` is called with each. threshold: scores above it mean anomalous.
    gt_boxes, gt_count: whether the method is given the true boxes, or their number, at test time.
    """

    stages: tuple[str, ...]
    threshold: float
    gt_boxes: bool
    gt_count: bool

    def start_stage(self, name: str) -> None:
        """Prepare for a stage: what to freeze, which losses count."""

    def loss(self, batch: SceneBatch) -> dict[str, Tensor]:
        """Scalars by name; `total` is what is minimised. The batch has 2M views."""

    def predict(self, batch: SceneBatch) -> list[SceneAnswer]:
        """One answer a scene, from all views of the batch, without gradients."""

    def parameter_groups(self, learning_rate: float, backbone_rate: float) -> Iterable[dict[str, Any]]:
        """Groups for the optimiser; a pre-trained 2D encoder may learn at `backbone_rate` times the rate."""

    def pictures(self, batch: SceneBatch) -> dict[str, Tensor]:
        """Pictures (3, h, w) in [0, 1] by name, to watch training by; may be empty."""


@dataclass(frozen=True)
class MethodSpec:
    """How a method comes about: what `odd-bench train --model NAME` and everything after it need to know.

    configurations: named ones, and what may be set. prepare: from a resolved configuration, the training data, a device and a
    tracker of progress to a new method and the teacher's features it learns from, None for most. restore: from a configuration
    and weights to the method; raises RuntimeError where they do not fit. describe: facts for the prediction file.
    oracle_boxes: the assignments that give the method the true boxes; none where it cannot take them.
    """

    name: str
    configurations: Configurations
    prepare: Callable[..., tuple[Method, FeatureFolder | None]]
    restore: Callable[[Any, dict[str, Tensor]], Method]
    describe: Callable[[Any], dict[str, Any]]
    oracle_boxes: tuple[str, ...] = ()

    def resolved(self, config: str, assignments: Iterable[str]) -> Any:
        """The named configuration after `key=value` assignments. Raises ConfigError."""
        return self.configurations.with_overrides(self.configurations.load(config), assignments)


@runtime_checkable
class SharesScenes(Protocol):
    """A method whose stages do not all learn from the same scenes."""

    def scenes_of(self, stage: str, names: list[str]) -> list[str]:
        """Those of all training scenes that a stage learns from, in their order. Raises WrongUse where none is left."""


@runtime_checkable
class ReadsData(Protocol):
    """A method that needs more of a scene than its batch has, or keeps what it makes of a scene beside the data."""

    def read_from(self, dataset: Dataset) -> None:
        """Called before scenes of a data set are predicted."""


@runtime_checkable
class Records(Protocol):
    """A method that can replay what a GPU does for a scene instead of launching every kernel again."""

    def record(self) -> None:
        """Called before scenes are predicted on a GPU, once the weights are there to stay."""


@runtime_checkable
class ChoosesOnVal(Protocol):
    """A method that chooses numbers of its answers on the validation scenes; it keeps them with its weights."""

    def choose(self, scenes: Iterable[SceneBatch]) -> None:
        """Called once at the end of the training, if the data set has validation scenes. scenes: of one batch each."""


@runtime_checkable
class Localises(Protocol):
    """A method that can say where in the pictures it sees an anomaly."""

    def keep_maps(self) -> None:
        """From now on the answers of `predict` carry maps. Raises WrongUse where this configuration has none."""


@runtime_checkable
class Measures(Protocol):
    """A method that can be watched by more than its losses."""

    def measures(self, batch: SceneBatch) -> dict[str, float]:
        """Numbers by name, from all views of the batch; NaN where a batch has nothing to measure."""
