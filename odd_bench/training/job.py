"""One training as a job: the scenes and the number of steps of each stage, and the batches of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric
from torch.utils.data import DataLoader

from odd_bench.data.augment import AugmentConfig
from odd_bench.data.batch import collate
from odd_bench.data.dataset import Draws, FeatureFolder, TrainScenes
from odd_bench.data.reader import Dataset
from odd_bench.errors import WrongUse
from odd_bench.training.configuration import TrainConfig
from odd_bench.training.method import Method, SharesScenes


@dataclass(frozen=True)
class Job:
    """One training. model, config: name and resolved configuration, kept in every checkpoint. folder: of the run.

    sources: folders of the data, which the run remembers.
    """

    model: str
    config: dict[str, Any]
    train: TrainConfig
    augment: AugmentConfig
    dataset: Dataset
    features: FeatureFolder | None
    folder: Path
    sources: tuple[Path, ...] = ()


def check_stages(train: TrainConfig, stages: Sequence[str]) -> None:
    """Raise WrongUse if a key has fewer values than there are stages."""
    by_stage = {
        "learning_rate": train.learning_rate,
        **({"epochs": train.epochs} if train.steps is None else {"steps": train.steps}),
    }
    for key, values in by_stage.items():
        if len(values) < len(stages):
            raise WrongUse(f"train.{key}: found {len(values)} values; expected one for each stage: {', '.join(stages)}")


def scenes_of_stage(method: Method, job: Job, stage: str) -> list[str]:
    """Names of the training scenes that a stage learns from."""
    names = job.dataset.scene_names("train")
    return method.scenes_of(stage, names) if isinstance(method, SharesScenes) else names


def steps_before(method: Method, job: Job, number: int) -> int:
    """The total steps of all earlier stages."""
    names = method.stages[:number]
    return sum(
        job.train.stage_steps(stage, len(scenes_of_stage(method, job, name))) for stage, name in enumerate(names)
    )


def make_loader(job: Job, names: list[str], fabric: Fabric, start: int, stop: int) -> DataLoader:
    """Batches of the draws `start` to `stop`, divided between processes."""
    train = job.train
    scenes = TrainScenes(
        job.dataset,
        names,
        2 * train.views,
        train.pixels,
        job.augment if train.augment else None,
        train.seed,
        job.features,
        train.spread_views,
    )
    draws = Draws(len(names), train.seed, start, stop, fabric.global_rank, fabric.world_size)
    return DataLoader(
        scenes, max(1, train.batch // fabric.world_size), sampler=draws, num_workers=train.workers, collate_fn=collate,
        pin_memory=fabric.device.type == "cuda", persistent_workers=False,
    )  # fmt: skip
