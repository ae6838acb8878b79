"""The work of `odd-bench train` and `odd-bench predict`: prepare, train with progress, predict, score."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

from rich.console import Console

from odd_bench.atomic import prove_file, prove_folder
from odd_bench.configuration import to_mapping
from odd_bench.counted import counted
from odd_bench.data.dataset import TestScenes
from odd_bench.data.folder import DESCRIPTION, read_description
from odd_bench.data.reader import Dataset, joined, open_dataset
from odd_bench.errors import WrongUse, stoppable
from odd_bench.locking import InUse, locked
from odd_bench.scoring.locate import maps_beside
from odd_bench.terminal import make_console, tracked
from odd_bench.training.checkpoint import (
    LATEST,
    Checkpoint,
    Spent,
    check_same_run,
    checkpoint_file,
    fill_method,
    is_begun,
    load_checkpoint,
)
from odd_bench.training.configuration import TrainConfig
from odd_bench.training.devices import make_fabric
from odd_bench.training.freed_memory import keep_freed_memory
from odd_bench.training.job import Job, check_stages, scenes_of_stage
from odd_bench.training.loop import describe, fit
from odd_bench.training.method import Measures, Method, MethodSpec
from odd_bench.training.predict import (
    FULL,
    Run,
    localise,
    made_by,
    mean_measures,
    predict_split,
    predicted_before,
    restore_run,
)
from odd_bench.training.progress import StepReport

LINE_EVERY_S = 15.0
LOCK = "training.lock"
MOST_READERS = 8  # threads that compare scenes with their digests
GOES_ON = "run the same command again to resume"


def train_run(
    spec: MethodSpec,
    config_name: str,
    data: Sequence[Path],
    out: Path | None,
    overrides: list[str],
    start_from: Path | None,
    devices: str,
    initial: Checkpoint | None = None,
) -> None:
    """Train, then predict and score every other split, unless the last stage is skipped (0 steps).

    data: folders of one or several data sets, which are trained on together and predicted one by one. start_from: a run whose
    first stage is taken over. initial: weights from which all stages start.
    """
    if initial is not None and initial.model != spec.name:
        raise WrongUse(f"--init-from: found weights of {initial.model}; expected those of {spec.name}")
    keep_freed_memory()
    config = spec.resolved(config_name, overrides)
    datasets = [open_or_explain(one) for one in data]
    dataset = joined(datasets)
    folder = out or Path("runs") / f"{spec.name}-{config.name}-{config.train.seed}"
    prove_folder(folder)
    fabric = make_fabric(config.train, devices)
    with alone_in(folder):
        fabric.launch()
        console = make_console()
        if found := complete_run(folder, spec.name, to_mapping(config), dataset):
            if fabric.is_global_zero:
                describe(
                    Job(spec.name, to_mapping(config), config.train, config.augment, dataset, None, folder, tuple(data))
                )
                console.print(f"run: {folder}, trained before")
                if scored_at_end(config.train, found.stage, dataset):
                    finish(spec, folder, datasets, console)
            return
        with stoppable(folder, GOES_ON), fabric.rank_zero_first():
            if fabric.is_global_zero:
                verify_scenes(dataset, dataset.scene_names("train"), console)
            method, features = spec.prepare(
                config, dataset, fabric.device, lambda names, what: tracked(names, what, console)
            )
        check_stages(config.train, method.stages)
        first_stage = None
        if not is_begun(folder):  # a resumed run has weights of its own
            if initial is not None:
                take_over(method, initial.weights, "--init-from")
            if start_from is not None:
                first_stage = take_over_first_stage(method, start_from)
        job = Job(spec.name, to_mapping(config), config.train, config.augment, dataset, features, folder, tuple(data))
        display = Display(console if fabric.is_global_zero else None, job)
        display.start(method)
        with stoppable(folder, GOES_ON):
            fit(method, job, fabric, display, display.after_stage, first_stage=first_stage)
            if fabric.is_global_zero and scored_at_end(config.train, len(method.stages), dataset):
                finish(spec, folder, datasets, console)


def complete_run(folder: Path, model: str, config: dict[str, Any], dataset: Dataset) -> Checkpoint | None:
    """The last checkpoint of a run that was trained to its end before; None where there is still something to learn.

    Raises WrongUse where the folder holds a run of another configuration or of other data.
    """
    if not is_begun(folder):
        return None
    stored = load_checkpoint(folder / LATEST)
    check_same_run(folder / LATEST, stored, model, config, dataset.digest)
    return stored if stored.finished else None


def scored_at_end(train: TrainConfig, stages: int, dataset: Dataset) -> bool:
    """Whether the last of so many stages is learnt at all, so that there is a method to predict with."""
    return train.stage_steps(stages - 1, len(dataset.scene_names("train"))) > 0


def verify_scenes(dataset: Dataset, names: Sequence[str], console: Console) -> None:
    """Compare scenes with their digests, several at a time, and say so meanwhile. Raises DataError for the first that differs."""
    what = "comparing scenes with their digests"
    if not console.is_terminal:  # where no bar is drawn
        console.print(f"{what}: {counted(len(names), 'scene')}")
    pool = ThreadPoolExecutor(min(MOST_READERS, os.cpu_count() or 1))
    try:
        for _ in tracked(pool.map(dataset.verify, names), what, console, total=len(names)):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Lock the folder against other trainings. The first of several processes of one training holds the lock for all.

    Raises WrongUse if another training is running there.
    """
    with ExitStack() as held:
        if int(os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0"))) == 0:
            try:
                held.enter_context(locked(folder / LOCK))
            except InUse as error:
                raise WrongUse(
                    f"{folder}: found another training that runs in this folder; expected no other. "
                    "Wait for it to end, or give another folder with --out"
                ) from error
        yield


def take_over_first_stage(method: Method, start_from: Path) -> Spent:
    """Copy the weights of another run's first stage, without those that are trained later. Returns the cost of that run."""
    later = tuple(f"{part}." for part in getattr(method, "learnt_later", ()))
    stored = load_checkpoint(checkpoint_file(start_from))
    early = {name: value for name, value in stored.weights.items() if not name.startswith(later)}
    take_over(method, early, f"--start-from {start_from}")
    return stored.spent


def take_over(method: Method, weights: dict[str, Any], option: str) -> None:
    """Copy the weights whose names and shapes agree, and leave the others. Raises WrongUse if none agree."""
    own = method.state_dict()
    shared = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    if not shared:
        raise WrongUse(f"{option}: found no weights that fit; expected a run of a similar configuration")
    fill_method(method, {**own, **shared}, option)


def finish(spec: MethodSpec, folder: Path, datasets: Sequence[Dataset], console: Console) -> None:
    """Predict, score and report every split that was not trained on; one table shows all splits of all data sets."""
    from odd_bench.report.folder import report_folder, write_report
    from odd_bench.report.map_scores import with_maps_of
    from odd_bench.scoring.score import Options, score_file
    from odd_bench.scoring.split_table import split_table

    run, scores = restore_run(spec, load_checkpoint(folder / LATEST), folder / LATEST), {}
    facts = made_by(folder / LATEST)
    tested = [(one, split) for one in datasets for split in one.splits if split != "train"]
    for dataset, split in tested:
        name = split if len(datasets) == 1 else f"{dataset.name}-{split}"
        path = folder / f"{name}.json"
        if not predicted_before(path, read_description(dataset.folder).digest, facts):
            predict_split(run, dataset, split, path, track=lambda x: tracked(x, "predicting", console), facts=facts)
        say_where(path, console)
        scored = with_maps_of(score_file(path, Options(dataset.folder)))
        for note in write_report(report_folder(path), scored):
            console.print(note)
        scores[name] = scored.document
    if scores:
        console.print(split_table(scores))


def say_where(path: Path, console: Console) -> None:
    console.print(f"predictions: {path}")


def predict_run(
    run: Run, path: Path, split: str, views: int | None, data: Path, out: Path | None, report: Path | None, precision: str,
    overrides: list[str], maps: bool = False,
) -> Path:  # fmt: skip
    """Predict one split with a trained run, and score it if a report is requested. Returns the prediction file.

    path: the run's folder, a checkpoint, or the folder for predictions of other weights. overrides: already applied to `run`.
    maps: also write anomaly maps next to the predictions.
    """
    keep_freed_memory()
    out = out or default_file(path, split, views, precision, overrides)
    prove_file(out)
    if report is not None:
        prove_folder(report)
    if not (data / DESCRIPTION).is_file():
        raise WrongUse(f"{data}: found no data set; expected a folder with {DESCRIPTION}. Give one with --data")
    dataset, console = open_dataset(data), make_console()
    if not run.finished:
        console.print(f"{path}: the training is not finished", style="yellow")
    with stoppable(out, "no predictions are written; run the same command to start again"):
        predict_split(
            run, dataset, split, out, views, track=lambda x: tracked(x, "predicting", console), precision=precision,
            maps=maps,
        )  # fmt: skip
    say_where(out, console)
    if maps:
        console.print(f"anomaly maps: {maps_beside(out)}")
    if report is not None:
        show_score(out, dataset.folder, report, console)
    return out


def default_file(path: Path, split: str, views: int | None, precision: str, overrides: list[str]) -> Path:
    """A file in the run's folder; its name states options that differ from the defaults."""
    unusual = [f"{views}-views"] if views else []
    unusual += [precision] if precision != FULL else []
    unusual += [assignment.rsplit(".", 1)[-1].replace("=", "-") for assignment in overrides]
    return (path.parent if path.is_file() else path) / f"{'-'.join([split, *unusual])}.json"


def show_score(path: Path, data: Path, report: Path | None, console: Console) -> None:
    from odd_bench.report.folder import write_report
    from odd_bench.report.map_scores import with_maps_of
    from odd_bench.scoring.score import Options, score_file
    from odd_bench.scoring.summary import summary

    scored = with_maps_of(score_file(path, Options(data)))
    console.print(summary(scored.document))
    for note in write_report(report, scored) if report is not None else []:
        console.print(note)


def open_or_explain(data: Path) -> Dataset:
    """The data set. Raises WrongUse, which says how to make it if the folder does not exist."""
    if not (data / DESCRIPTION).is_file():
        making = f", or make this one: odd-bench generate toys --preset mini --out {data}" if not data.exists() else ""
        raise WrongUse(f"{data}: found no data set; expected a folder with {DESCRIPTION}. Give one with --data{making}")
    return open_dataset(data)


@dataclass
class Display:
    """Prints lines after steps and stages. console: None prints nothing."""

    console: Console | None
    job: Job
    last_line: float = 0.0
    stage_start: tuple[str, int, float] = ("", 0, 0.0)

    def start(self, method: Method) -> None:
        """Print what will be trained."""
        train, scenes = self.job.train, len(self.job.dataset.scene_names("train"))
        own = [len(scenes_of_stage(method, self.job, name)) for name in method.stages]
        steps = [train.stage_steps(number, count) for number, count in enumerate(own)]
        parameters = sum(parameter.numel() for parameter in method.parameters()) / 1e6
        plan = ", ".join(f"{count:,} steps of {name}" for count, name in zip(steps, method.stages, strict=True))
        self.say(
            f"{self.job.model}: {parameters:.1f} M parameters, {counted(scenes, 'scene')}, batch {train.batch}: {plan}"
        )
        self.say(f"run: {self.job.folder}")

    def __call__(self, progress: StepReport) -> None:
        now = time.monotonic()
        name, first, since = self.stage_start
        if name != progress.stage:
            self.stage_start = (progress.stage, progress.step, now)
            name, first, since = self.stage_start
        if now - self.last_line < LINE_EVERY_S and progress.step < progress.steps:
            return
        self.last_line = now
        done = progress.step - first
        left = f"{(progress.steps - progress.step) * (now - since) / done / 60:.0f} min left" if done else "starting"
        losses = " ".join(f"{key} {value:.3f}" for key, value in progress.losses.items())
        speed = f"{progress.scenes_per_second:.2f} scenes/s, {progress.memory_gb:.1f} GB"
        self.say(f"{progress.stage} {progress.step}/{progress.steps}: {losses} ({speed}, {left})")

    def after_stage(self, name: str, method: Method) -> None:
        """Print how well objects are found in the validation scenes, and the other measures of the method."""
        if self.console is None or "val" not in self.job.dataset.splits:
            return
        train = self.job.train
        scenes = TestScenes(self.job.dataset, self.job.dataset.scene_names("val"), train.views, train.pixels)
        method.eval()
        device = next(method.parameters()).device
        found = str(localise(method, scenes, device, lambda x: tracked(x, "val", self.console)))
        if isinstance(method, Measures):
            measured = mean_measures(method, scenes, device, lambda x: tracked(x, "val", self.console))
            found = ", ".join([found, *(f"{name} {value:.3f}" for name, value in measured.items() if not isnan(value))])
        self.say(f"{name}, val: {found}")
        method.train()

    def say(self, line: str) -> None:
        if self.console is not None:
            self.console.print(line)
