"""The training loop of every method: stages, each a loop of steps, and checkpoints from which a run resumes.

A step is a function of the seed and its number, so a resumed run gets the same batches as an uninterrupted one.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import yaml
from lightning_fabric import Fabric

from odd_bench.atomic import write_atomically
from odd_bench.data.dataset import TestScenes
from odd_bench.errors import Interrupted
from odd_bench.training.checkpoint import (
    LATEST,
    Checkpoint,
    Diverged,
    Spent,
    check_same_run,
    fill_method,
    is_begun,
    load_checkpoint,
    save_checkpoint,
)
from odd_bench.training.configuration import TrainConfig
from odd_bench.training.devices import agreed, device_name, mean_losses
from odd_bench.training.job import Job, check_stages, make_loader, scenes_of_stage, steps_before
from odd_bench.training.learnt_from import remember_data
from odd_bench.training.method import ChoosesOnVal, Method
from odd_bench.training.progress import Clock, StepReport, board, step_report, write_pictures, write_scalars

CONFIG = "config.yaml"  # of a run's folder


def fit(
    method: Method,
    job: Job,
    fabric: Fabric,
    report: Callable[[StepReport], None] = lambda step: None,
    after_stage: Callable[[str, Method], None] = lambda name, method: None,
    first_stage: Spent | None = None,
) -> None:
    """Train through all stages, from the run's latest checkpoint if there is one.

    first_stage: its cost in another run, if it is skipped here because the method already has its weights.
    Raises Interrupted after Ctrl-C or SIGTERM, once the state is saved; Diverged if a loss is not finite; WrongUse, before a
    file is changed, if the folder holds a run of another configuration.
    """
    check_stages(job.train, method.stages)
    latest = job.folder / LATEST
    resumed, data = load_checkpoint(latest) if is_begun(job.folder) else None, job.dataset.digest
    if resumed is not None:
        check_same_run(latest, resumed, job.model, job.config, data)
        fill_method(method, resumed.weights, latest)
    if fabric.is_global_zero:
        describe(job)
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


def describe(job: Job) -> None:
    """Write what the run learns from, and how, into its folder."""
    write_atomically(job.folder / CONFIG, yaml.safe_dump(job.config, sort_keys=False).encode())
    if job.sources:
        remember_data(job.folder, job.sources)


def train_stage(
    method: Method,
    job: Job,
    fabric: Fabric,
    number: int,
    resumed: Checkpoint | None,
    spent: Spent,
    report: Callable[[StepReport], None],
) -> Spent:
    """Train one stage with a new optimiser. It ends with a checkpoint at the start of the next stage, or a finished one.

    spent: the cost before this call. Returns the cost including this stage.
    """
    train, name = job.train, method.stages[number]
    names = scenes_of_stage(method, job, name)
    steps, start = train.stage_steps(number, len(names)), resumed.step if resumed else 0
    method.start_stage(name)
    # a group may have a weight_decay, which AdamW decouples from the gradients
    groups = list(method.parameter_groups(train.learning_rate[number], train.backbone_rate))
    base_rates = [group["lr"] for group in groups]
    optimizer = torch.optim.AdamW(groups, betas=tuple(train.betas), weight_decay=0.0)
    if resumed and resumed.optimizer:
        optimizer.load_state_dict(resumed.optimizer)
    module, optimizer = fabric.setup(method, optimizer)
    module.mark_forward_method("loss")
    module.train()

    offset = steps_before(method, job, number)
    loader = make_loader(job, names, fabric, (offset + start) * train.batch, (offset + steps) * train.batch)
    begun = time.monotonic()

    def spent_now() -> Spent:
        return spent.and_then(time.monotonic() - begun, device_name(fabric.device))

    def save(step: int) -> None:
        if fabric.is_global_zero:
            kept = optimizer.state_dict() if step < steps else {}
            save_checkpoint(job.folder / LATEST, state_after(method, job, kept, number, step, steps, spent_now()))

    with interrupts() as asked_to_stop, board(job.folder, fabric, offset + start) as writer:
        clock = Clock(train.batch)
        for done, batch in enumerate(loader, start + 1):
            set_rates(optimizer, base_rates, rate_factor(train, done - 1, steps))
            torch.manual_seed(step_seed(train.seed, offset + done - 1, fabric.global_rank))
            batch = batch.to(fabric.device)
            with fabric.autocast():  # Fabric's own autocast reaches marked methods only if a strategy wraps the module
                losses = module.loss(batch)
            stopped = check_together(fabric, name, done, losses, asked_to_stop())
            if not descend(fabric, module, optimizer, losses["total"], train.clip):
                raise diverged(name, done, "gradients that are not finite", "gradients")
            clock.tick()
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
                hint = "Run the same command again to resume"
                raise Interrupted(f"{job.folder}: stopped by the user after step {done} of {steps} of {name}. {hint}")
    if number + 1 == len(method.stages) and isinstance(method, ChoosesOnVal):
        choose_on_val(method, job, fabric.device)
    save(steps)
    return spent_now()


def state_after(
    method: Method, job: Job, optimizer: dict[str, Any], number: int, step: int, steps: int, spent: Spent
) -> Checkpoint:
    """The state from which a run resumes after a step: in the same stage, or at the start of the next one."""
    stage, at = (number, step) if step < steps else (number + 1, 0)
    finished, data = stage == len(method.stages), job.dataset.digest
    return Checkpoint(
        job.model, job.config, stage, at, finished, method.state_dict(), optimizer, spent.seconds, spent.device, data
    )


def check_together(fabric: Fabric, stage: str, step: int, losses: dict[str, torch.Tensor], stop: bool) -> bool:
    """Whether any process was asked to stop after this step. Raises Diverged if the total loss is not finite in any process."""
    finite, stopped = agreed(fabric, bool(torch.isfinite(losses["total"].detach())), stop)
    if not finite:
        check_finite(stage, step, {key: float(value.detach()) for key, value in losses.items()})
        raise diverged(stage, step, "a loss in another process that is not finite")
    return stopped


def descend(fabric: Fabric, module: Any, optimizer: Any, total: torch.Tensor, clip: float) -> bool:
    """One step of the optimiser, with gradients clipped to this norm unless it is 0.

    Returns False and takes no step if clipping finds gradients that are not finite: all weights would become NaN.
    """
    fabric.backward(total)
    if clip:
        norm = fabric.clip_gradients(module, optimizer, max_norm=clip, error_if_nonfinite=False)
        if not torch.isfinite(norm):
            return False
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return True


def choose_on_val(method: ChoosesOnVal, job: Job, device: torch.device) -> None:
    """Give the validation scenes, as at test, to a method that chooses values on them."""
    names = job.dataset.scene_names("val") if "val" in job.dataset.splits else []
    if names:
        scenes = TestScenes(job.dataset, names, job.train.views, job.train.pixels)
        method.eval()
        method.choose(scenes[number].to(device) for number in range(len(scenes)))
        method.train()


def step_seed(seed: int, step: int, rank: int) -> int:
    """The seed of torch's generator in a step, so that a resumed run draws the same numbers."""
    return int(np.random.SeedSequence([seed, step, rank]).generate_state(1)[0])


def rate_factor(train: TrainConfig, step: int, steps: int) -> float:
    """The factor of the learning rate at a step, counted from 0."""
    if train.schedule == "constant":
        return 1.0
    if step < train.warmup:
        return (step + 1) / train.warmup
    progress = (step - train.warmup) / max(1, steps - train.warmup)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2


def set_rates(optimizer: torch.optim.Optimizer, base_rates: list[float], factor: float) -> None:
    for group, rate in zip(optimizer.param_groups, base_rates, strict=True):
        group["lr"] = rate * factor


def check_finite(stage: str, step: int, losses: dict[str, float]) -> None:
    """Raise Diverged, which names the first loss that is not finite."""
    wrong = [f"{name} = {value}" for name, value in losses.items() if not math.isfinite(value)]
    if wrong:
        raise diverged(stage, step, wrong[0])


def diverged(stage: str, step: int, found: str, what: str = "losses") -> Diverged:
    return Diverged(
        f"step {step} of {stage}: found {found}; expected finite {what}. "
        "Use a smaller train.learning_rate. The last checkpoint is from before this step"
    )


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """A function that returns whether Ctrl-C or SIGTERM has arrived; the current step is always finished first."""
    seen: list[int] = []
    try:
        before = {
            number: signal.signal(number, lambda *found: seen.append(1)) for number in (signal.SIGINT, signal.SIGTERM)
        }
    except ValueError:  # not in the main thread: the caller handles signals
        before = {}
    try:
        yield lambda: bool(seen)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
