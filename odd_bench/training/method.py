"""The interface of every method, which one training loop and one predictor use."""

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
    """The prediction of a method for one scene.

    boxes: (n, 6) centre and size, metres, world, or (n, 7) with the yaw. scores: (n,) higher = more anomalous. objects: (n,)
    ids of the objects if the method is given the boxes, else None. seconds_before: spent on the scene before `predict` was
    called, on stored results. maps: (views, h, w) uint8 anomaly maps of the batch's pictures, from a method that `Localises`,
    if they were requested: higher = more suspicious, on one scale for all scenes.
    """

    boxes: np.ndarray
    scores: np.ndarray
    objects: np.ndarray | None = None
    seconds_before: float = 0.0
    maps: np.ndarray | None = None


class Method(Protocol):
    """A torch module with these members.

    stages: names of the training stages in order; `start_stage` is called with each. threshold: scores above it mean anomalous.
    gt_boxes, gt_count: whether the method is given the ground-truth boxes, or their number, at test.
    """

    stages: tuple[str, ...]
    threshold: float
    gt_boxes: bool
    gt_count: bool

    def start_stage(self, name: str) -> None:
        """Prepare for a stage: freeze parameters, choose losses."""

    def loss(self, batch: SceneBatch) -> dict[str, Tensor]:
        """Losses by name, scalars; `total` is minimised. The batch has 2M views."""

    def predict(self, batch: SceneBatch) -> list[SceneAnswer]:
        """One prediction for each scene, from all views of the batch, without gradients."""

    def parameter_groups(self, learning_rate: float, backbone_rate: float) -> Iterable[dict[str, Any]]:
        """Groups for the optimiser; a pre-trained image network may learn at `backbone_rate` times the rate."""

    def pictures(self, batch: SceneBatch) -> dict[str, Tensor]:
        """Pictures (3, h, w) in [0, 1] by name, to monitor the training; may be empty."""


@dataclass(frozen=True)
class MethodSpec:
    """The specification of a method for `odd-bench train --model NAME` and later commands.

    configurations: its configuration class and named configurations. prepare: takes a resolved configuration, the training data, a
    device and a progress tracker; returns a new method and the teacher's features, None for most methods. restore: takes a
    configuration and weights, returns the method; raises RuntimeError if they do not fit. describe: returns facts for the
    prediction file. oracle_boxes: the assignments that give the method the ground-truth boxes; empty if this is not possible.
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
        """The training scenes that a stage learns from, in their order. Raises WrongUse if none is left."""


@runtime_checkable
class ReadsData(Protocol):
    """A method that needs more of a scene than its batch contains, or stores results in the data set's folder."""

    def read_from(self, dataset: Dataset) -> None:
        """Called before scenes of a data set are predicted."""


@runtime_checkable
class Records(Protocol):
    """A method that can record the GPU kernels of a scene and replay them, instead of launching each again."""

    def record(self) -> None:
        """Called before scenes are predicted on a GPU, when the weights no longer change."""


@runtime_checkable
class ChoosesOnVal(Protocol):
    """A method that chooses thresholds of its predictions on the validation scenes, and stores them with its weights."""

    def choose(self, scenes: Iterable[SceneBatch]) -> None:
        """Called once at the end of the training, if the data set has validation scenes. scenes: of one batch each."""


@runtime_checkable
class Localises(Protocol):
    """A method that can localise anomalies in the pictures."""

    def keep_maps(self) -> None:
        """Let later predictions contain maps. Raises WrongUse if this configuration has none."""


@runtime_checkable
class Measures(Protocol):
    """A method with further measures to monitor, in addition to its losses."""

    def measures(self, batch: SceneBatch) -> dict[str, float]:
        """Values by name, from all views of the batch; NaN if there is nothing to measure."""
