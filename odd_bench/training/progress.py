"""The progress of a training: the report of a step, and curves and pictures in TensorBoard."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from odd_bench.data.batch import SceneBatch
from odd_bench.training.method import Measures, Method


@dataclass(frozen=True)
class StepReport:
    """The progress of a stage. losses: by name, at this step. memory_gb: peak memory, of the GPU if there is one."""

    stage: str
    step: int
    steps: int
    losses: dict[str, float]
    scenes_per_second: float
    memory_gb: float


class Clock:
    """Measures scenes a second since the last report. batch: scenes of a step."""

    def __init__(self, batch: int):
        self.batch, self.steps, self.since = batch, 0, time.monotonic()

    def tick(self) -> None:
        self.steps += 1

    def rate(self) -> float:
        """Scenes a second since the last call."""
        now = time.monotonic()
        found = self.steps * self.batch / max(now - self.since, 1e-9)
        self.steps, self.since = 0, now
        return found


def step_report(name: str, step: int, steps: int, losses: dict[str, float], clock: Clock) -> StepReport:
    """The report of a step, with the speed since the last one. name: of the stage."""
    if torch.cuda.is_available():
        memory = torch.cuda.max_memory_allocated() / 2**30
    else:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return StepReport(name, step, steps, losses, clock.rate(), memory)


@contextmanager
def board(folder: Path, fabric: Fabric, step: int) -> Iterator[Any]:
    """TensorBoard's writer, without earlier entries from `step` on; None in processes that do not write."""
    if not fabric.is_global_zero:
        yield None
        return
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder / "tensorboard"), purge_step=step or None) as writer:
        yield writer


def write_scalars(writer: Any, progress: StepReport, offset: int) -> None:
    """Write the losses and the speed of a report. offset: steps of the earlier stages."""
    if writer is None:
        return
    for name, value in progress.losses.items():
        writer.add_scalar(f"loss/{name}", value, offset + progress.step)
    writer.add_scalar("speed/scenes_per_second", progress.scenes_per_second, offset + progress.step)
    writer.add_scalar("speed/memory_gb", progress.memory_gb, offset + progress.step)


def write_pictures(writer: Any, method: Method, batch: SceneBatch, stage: str, step: int) -> None:
    """Write the method's pictures and measures of a batch, in evaluation mode."""
    if writer is None:
        return
    method.eval()
    for name, value in method.measures(batch).items() if isinstance(method, Measures) else ():
        writer.add_scalar(f"measure/{name}", value, step)
    for name, picture in method.pictures(batch).items():
        writer.add_image(f"{stage}/{name}", picture, step)
    method.train()
