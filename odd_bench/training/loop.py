"""The training loop of every method: stages, checkpoints that go on where they stopped, TensorBoard.

A step is a function of the seed and its number alone, so a run that was stopped sees the batches it would have seen.
"""

from __future__ import annotations

import math
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision
from torch.utils.data import DataLoader

from odd_bench.atomic import write_atomically
from odd_bench.data.augment import AugmentConfig
from odd_bench.data.batch import SceneBatch, collate
from odd_bench.data.dataset import Draws, FeatureFolder, TestScenes, TrainScenes
from odd_bench.data.reader import Dataset
from odd_bench.errors import Interrupted, WrongUse
from odd_bench.training.checkpoint import (
    LATEST,
    Checkpoint,
    Diverged,
    Spent,
    check_same_run,
    load_checkpoint,
    save_checkpoint,
)
from odd_bench.training.configuration import TrainConfig
from odd_bench.training.learnt_from import remember_data
from odd_bench.training.method import ChoosesOnVal, Measures, Method, SharesScenes

CONFIG = "config.yaml"  # of a run's folder


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


@dataclass(frozen=True)
class StepReport:
    """How far a stage has come. losses: by name, at this step. memory_gb: peak, of the GPU where there is one."""

    stage: str
    step: int
    steps: int
    losses: dict[str, float]
    scenes_per_second: float
    memory_gb: float


class Autocast(MixedPrecision):
    """Mixed precision by autocast alone: where a strategy wraps the module, Fabric would cast cameras and poses as well."""

    def convert_input(self, data: Any) -> Any:
        return data

    def convert_output(self, data: Any) -> Any:
        return data


def make_fabric(train: TrainConfig, devices: int | str = "auto") -> Fabric:
    """Fabric over the GPUs there are, or the CPU as one device; as several processes (gloo) where a number above 1 is asked for.

    Raises WrongUse for what is no number, or one that the scenes of a step cannot be shared among.
    """
    count = device_count(str(devices))
    if train.batch % count:
        raise WrongUse(f"--devices: found {count} for train.batch={train.batch}; expected a number that divides it")
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    strategy = "ddp_find_unused_parameters_true" if count > 1 else "auto"
    precision = precision_of(train)
    asked = {"plugins": Autocast(precision, kind)} if precision == "bf16-mixed" else {"precision": precision}
    return Fabric(accelerator=kind, devices=count, strategy=strategy, **asked)


def device_count(devices: str) -> int:
    """How many devices are meant: `auto` is every GPU, or the CPU as one."""
    there = torch.cuda.device_count() if torch.cuda.is_available() else 1
    if devices == "auto":
        return there
    if not devices.isdecimal() or int(devices) < 1 or (torch.cuda.is_available() and int(devices) > there):
        raise WrongUse(f"--devices: found {devices!r}; expected auto or a number from 1" + f" to {there}" * (there > 1))
    return int(devices)


def precision_of(train: TrainConfig) -> str:
    """The configured precision; for `auto`, bfloat16 where the device computes in it."""
    if train.precision != "auto":
        return train.precision
    able = getattr(torch.cpu, "get_capabilities", dict)()  # absent before torch 2.12
    native = torch.cuda.is_available() or able.get("avx512_bf16") or able.get("amx_bf16")
    return "bf16-mixed" if native else "32-true"


def fit(
    method: Method,
    job: Job,
    fabric: Fabric,
    report: Callable[[StepReport], None] = lambda step: None,
    after_stage: Callable[[str, Method], None] = lambda name, method: None,
    first_stage: Spent | None = None,
) -> None:
    """Train through all stages, from the run's latest checkpoint where there is one.

    first_stage: what it cost elsewhere, where it is left out here, because the method comes with its weights.
    Raises Interrupted after Ctrl-C or SIGTERM, once the state is saved; Diverged where a loss is not finite; WrongUse, before a
    file is changed, where the folder holds a run of another configuration.
    """
    check_stages(job.train, method.stages)
    latest = job.folder / LATEST
    resumed, data = load_checkpoint(latest) if latest.is_file() else None, data_digest(job.dataset)
    if resumed is not None:
        check_same_run(latest, resumed, job.model, job.config, data)
        method.load_state_dict(resumed.weights)
    if fabric.is_global_zero:
        write_atomically(job.folder / CONFIG, yaml.safe_dump(job.config, sort_keys=False).encode())
        if job.sources:
            remember_data(job.folder, job.sources)
    if resumed is not None and resumed.finished:
        return
    first, spent = int(first_stage is not None), first_stage or Spent()
    if resumed is not None:
        first, spent = resumed.stage, resumed.spent
    for number, name in enumerate(method.stages):
        if number >= first:
            here = resumed if resumed is not None and number == resumed.stage else None
            spent = train_stage(method, job, fabric, number, here, spent, report)
            after_stage(name, method)


def check_stages(train: TrainConfig, stages: Sequence[str]) -> None:
    """Raise WrongUse where a key has fewer values than there are stages."""
    by_stage = {
        "learning_rate": train.learning_rate,
        **({"epochs": train.epochs} if train.steps is None else {"steps": train.steps}),
    }
    for key, values in by_stage.items():
        if len(values) < len(stages):
            raise WrongUse(f"train.{key}: found {len(values)} values; expected one for each stage: {', '.join(stages)}")


def train_stage(
    method: Method,
    job: Job,
    fabric: Fabric,
    number: int,
    resumed: Checkpoint | None,
    spent: Spent,
    report: Callable[[StepReport], None],
) -> Spent:
    """One stage with its own optimiser; ends with a checkpoint at the start of the next, or a finished one.

    spent: before this call. Returns it with this stage.
    """
    train, name = job.train, method.stages[number]
    names = scenes_of_stage(method, job, name)
    steps, start = train.stage_steps(number, len(names)), resumed.step if resumed else 0
    method.start_stage(name)
    # a group may name a weight_decay, which AdamW keeps apart from the gradients
    groups = list(method.parameter_groups(train.learning_rate[number], train.backbone_rate))
    base_rates = [group["lr"] for group in groups]
    optimizer = torch.optim.AdamW(groups, betas=tuple(train.betas), weight_decay=0.0)
    if resumed and resumed.optimizer:
        optimizer.load_state_dict(resumed.optimizer)
    module, optimizer = fabric.setup(method, optimizer)
    module.mark_forward_method("loss")
    module.train()

    earlier = [(before, scenes_of_stage(method, job, stage)) for before, stage in enumerate(method.stages[:number])]
    offset = sum(train.stage_steps(before, len(scenes)) for before, scenes in earlier)
    loader = make_loader(job, names, fabric, (offset + start) * train.batch, (offset + steps) * train.batch)
    begun, data = time.monotonic(), data_digest(job.dataset)

    def spent_now() -> Spent:
        return spent.and_then(time.monotonic() - begun, device_name(fabric.device))

    def save(step: int) -> None:
        state = (number, step) if step < steps else (number + 1, 0)
        finished = state[0] == len(method.stages)
        if fabric.is_global_zero:
            kept = optimizer.state_dict() if step < steps else {}
            weights, now = method.state_dict(), spent_now()
            checkpoint = Checkpoint(
                job.model, job.config, *state, finished, weights, kept, now.seconds, now.device, data
            )
            save_checkpoint(job.folder / LATEST, checkpoint)

    with interrupts() as asked_to_stop, board(job.folder, fabric, offset + start) as writer:
        clock = Clock(train.batch)
        for step, batch in enumerate(loader, start):
            set_rates(optimizer, base_rates, rate_factor(train, step, steps))
            torch.manual_seed(step_seed(train.seed, offset + step, fabric.global_rank))
            batch = batch.to(fabric.device)
            with fabric.autocast():  # Fabric's own reaches marked methods only where a strategy wraps the module
                losses = module.loss(batch)
            finite, stopped = agreed(fabric, bool(torch.isfinite(losses["total"].detach())), asked_to_stop())
            if not finite:
                check_finite(name, step + 1, {key: float(value.detach()) for key, value in losses.items()})
                raise diverged(name, step + 1, "a loss of another process that is not finite")
            fabric.backward(losses["total"])
            if train.clip:
                fabric.clip_gradients(module, optimizer, max_norm=train.clip, error_if_nonfinite=False)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            clock.tick()
            done = step + 1
            if done % train.report_every == 0 or done == steps:
                progress = step_report(name, done, steps, mean_losses(fabric, losses), clock)
                check_finite(name, done, progress.losses)
                report(progress)
                write_scalars(writer, progress, offset)
            if done % train.picture_every == 0 or done == steps:
                write_pictures(writer, method, batch, name, offset + done)
            stopped = stopped or (fabric.world_size == 1 and asked_to_stop())  # several processes agree a step later
            if done % train.save_every == 0 or stopped:
                save(done)
            if stopped:
                hint = "The same command goes on from there"
                raise Interrupted(f"{job.folder}: stopped by the user after step {done} of {steps} of {name}. {hint}")
    if number + 1 == len(method.stages) and isinstance(method, ChoosesOnVal):
        choose_on_val(method, job, fabric.device)
    save(steps)
    return spent_now()


def scenes_of_stage(method: Method, job: Job, stage: str) -> list[str]:
    """Names of the training scenes that a stage learns from."""
    names = job.dataset.scene_names("train")
    return method.scenes_of(stage, names) if isinstance(method, SharesScenes) else names


def choose_on_val(method: ChoosesOnVal, job: Job, device: torch.device) -> None:
    """Show the validation scenes, as they are given at test, to a method that chooses on them."""
    names = job.dataset.scene_names("val") if "val" in job.dataset.splits else []
    if names:
        scenes = TestScenes(job.dataset, names, job.train.views, job.train.pixels)
        method.eval()
        method.choose(scenes[number].to(device) for number in range(len(scenes)))
        method.train()


def data_digest(dataset: Dataset) -> str:
    """What tells one data set from another."""
    return dataset.digest


def device_name(device: torch.device) -> str:
    """As in a table of costs."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} CPU threads"


def make_loader(job: Job, names: list[str], fabric: Fabric, start: int, stop: int) -> DataLoader:
    """Batches of the draws `start` to `stop`, shared between processes."""
    train = job.train
    scenes = TrainScenes(
        job.dataset,
        names,
        2 * train.views,
        train.pixels,
        job.augment if train.augment else None,
        train.seed,
        job.features,
    )
    draws = Draws(len(names), train.seed, start, stop, fabric.global_rank, fabric.world_size)
    return DataLoader(
        scenes, max(1, train.batch // fabric.world_size), sampler=draws, num_workers=train.workers, collate_fn=collate,
        pin_memory=fabric.device.type == "cuda", persistent_workers=False,
    )  # fmt: skip


def step_seed(seed: int, step: int, rank: int) -> int:
    """Of torch's generator within a step, so that a resumed run draws the same numbers."""
    return int(np.random.SeedSequence([seed, step, rank]).generate_state(1)[0])


def rate_factor(train: TrainConfig, step: int, steps: int) -> float:
    """Of the learning rate at a step, from 0."""
    if train.schedule == "constant":
        return 1.0
    if step < train.warmup:
        return (step + 1) / train.warmup
    progress = (step - train.warmup) / max(1, steps - train.warmup)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2


def set_rates(optimizer: torch.optim.Optimizer, base_rates: list[float], factor: float) -> None:
    for group, rate in zip(optimizer.param_groups, base_rates, strict=True):
        group["lr"] = rate * factor


class Clock:
    """Scenes a second since the last report."""

    def __init__(self, batch: int):
        self.batch, self.steps, self.since = batch, 0, time.monotonic()

    def tick(self) -> None:
        self.steps += 1

    def rate(self) -> float:
        """Scenes a second since this was last asked."""
        now = time.monotonic()
        found = self.steps * self.batch / max(now - self.since, 1e-9)
        self.steps, self.since = 0, now
        return found


def agreed(fabric: Fabric, finite: bool, stopped: bool) -> tuple[bool, bool]:
    """Whether the loss of a step is finite in every process, and whether any process was asked to stop: all go on or none."""
    if fabric.world_size == 1:
        return finite, stopped
    votes = torch.tensor([finite, not stopped], dtype=torch.float32, device=fabric.device)
    finite, going_on = (fabric.all_reduce(votes, reduce_op="sum") == fabric.world_size).tolist()
    return finite, not going_on


def mean_losses(fabric: Fabric, losses: dict[str, torch.Tensor]) -> dict[str, float]:
    """Over all processes, each of which saw as many scenes."""
    names = sorted(losses)
    values = torch.stack([losses[name].detach().float() for name in names])
    if fabric.world_size > 1:
        values = fabric.all_reduce(values, reduce_op="mean")
    found = dict(zip(names, values.tolist(), strict=True))
    return {name: found[name] for name in losses}


def step_report(name: str, step: int, steps: int, losses: dict[str, float], clock: Clock) -> StepReport:
    if torch.cuda.is_available():
        memory = torch.cuda.max_memory_allocated() / 2**30
    else:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return StepReport(name, step, steps, losses, clock.rate(), memory)


def check_finite(stage: str, step: int, losses: dict[str, float]) -> None:
    """Raise Diverged naming the first loss that is not finite."""
    wrong = [f"{name} = {value}" for name, value in losses.items() if not math.isfinite(value)]
    if wrong:
        raise diverged(stage, step, wrong[0])


def diverged(stage: str, step: int, found: str) -> Diverged:
    return Diverged(
        f"step {step} of {stage}: found {found}; expected finite losses. "
        "Use a smaller train.learning_rate; the last checkpoint is from before"
    )


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM has come meanwhile: a step is always finished first."""
    seen: list[int] = []
    try:
        before = {
            number: signal.signal(number, lambda *found: seen.append(1)) for number in (signal.SIGINT, signal.SIGTERM)
        }
    except ValueError:  # not the main thread: whoever runs it handles signals
        before = {}
    try:
        yield lambda: bool(seen)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def board(folder: Path, fabric: Fabric, step: int) -> Iterator[Any]:
    """TensorBoard's writer, entries from `step` on forgotten; None in the processes that do not write."""
    if not fabric.is_global_zero:
        yield None
        return
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder / "tensorboard"), purge_step=step or None) as writer:
        yield writer


def write_scalars(writer: Any, progress: StepReport, offset: int) -> None:
    if writer is None:
        return
    for name, value in progress.losses.items():
        writer.add_scalar(f"loss/{name}", value, offset + progress.step)
    writer.add_scalar("speed/scenes_per_second", progress.scenes_per_second, offset + progress.step)
    writer.add_scalar("speed/memory_gb", progress.memory_gb, offset + progress.step)


def write_pictures(writer: Any, method: Method, batch: SceneBatch, stage: str, step: int) -> None:
    """What the method shows and measures of a batch, seen as when predicting."""
    if writer is None:
        return
    method.eval()
    for name, value in method.measures(batch).items() if isinstance(method, Measures) else ():
        writer.add_scalar(f"measure/{name}", value, step)
    for name, picture in method.pictures(batch).items():
        writer.add_image(f"{stage}/{name}", picture, step)
    method.train()
