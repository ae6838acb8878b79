"""Carries out a table: each row is trained, predicted and scored once; a second call only does what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from odd_bench.configuration import to_mapping
from odd_bench.data.folder import read_description
from odd_bench.methods import method_spec
from odd_bench.reproduce.predicted import scored
from odd_bench.reproduce.table import Row, Table
from odd_bench.training.checkpoint import LATEST, Checkpoint, check_same_run, load_checkpoint
from odd_bench.training.predict import Run, made_by, predict_split, predicted_before, restore_run
from odd_bench.training.run import open_or_explain, train_run

NOT_TESTED = ("train", "val")


@dataclass(frozen=True)
class Setup:
    """How a table is carried out. data: folder of the data sets. out: folder of runs and scores. config: name of the configuration
    of every method. settings: `key=value` for every row, which override its own. devices: of Fabric."""

    data: Path
    out: Path
    config: str = "mini"
    settings: tuple[str, ...] = ()
    devices: str = "auto"


@dataclass(frozen=True)
class Result:
    """One seed of a row on one split. parts: protocol parts of the score documents, by protocol.

    parameters: millions. seconds: of training steps, including a shared first stage. device: on which they ran.
    """

    row: Row
    seed: int
    dataset: str
    split: str
    parts: dict[str, dict[str, Any]]
    parameters: float
    seconds: float
    device: str


def carry_out(table: Table, setup: Setup, say: Callable[[str], None] = lambda line: None) -> list[Result]:
    """All results of a table, both new and existing ones. If it is stopped, the same call resumes.

    Raises WrongUse if a data set is missing or the folder of a run holds another configuration.
    """
    for name in table.datasets:
        open_or_explain(setup.data / name)
    return [
        result
        for name in table.datasets
        for row in table.rows
        for seed in row.seeds
        for result in seed_results(row, seed, name, setup, say)
    ]


def seed_results(
    row: Row, seed: int, name: str, setup: Setup, say: Callable[[str], None] = lambda line: None
) -> Iterator[Result]:
    """Train one seed of a row unless that is done, then predict and score every test split."""
    data, folder = setup.data / name, setup.out / name / f"{row.slug}-{seed}"
    say(f"{name}: {row.name}, seed {seed}")
    begun = first_stage(row, seed, data, setup, say)
    settings = [*row.settings, *setup.settings, f"train.seed={seed}"]
    checkpoint = trained(row.model, data, folder, setup, settings, begun)
    runs = restored_runs(row.model, checkpoint, folder)
    parameters = sum(parameter.numel() for parameter in runs[""].method.parameters()) / 1e6
    for split in open_or_explain(data).splits:
        if split not in NOT_TESTED:
            parts = split_parts(runs, folder, data, split)
            yield Result(row, seed, name, split, parts, parameters, checkpoint.seconds, checkpoint.device)


def first_stage(row: Row, seed: int, data: Path, setup: Setup, say: Callable[[str], None]) -> Path | None:
    """The existing or new run whose first stage a seed of the row shares; None if it shares none."""
    if row.first_stage.name is None:
        return None
    folder = setup.out / data.name / f"first-stage-{row.first_stage.name}-{seed}"
    settings = [*row.first_stage.settings, *setup.settings, f"train.seed={seed}"]
    steps = resolved(row.model, setup, settings).train.steps[0]
    say(f"{data.name}: first stage, {row.first_stage.name}, seed {seed}")
    trained(row.model, data, folder, setup, [*settings, f"train.steps=[{steps}, 0]"])
    return folder


def trained(
    model: str, data: Path, folder: Path, setup: Setup, settings: list[str], begun: Path | None = None
) -> Checkpoint:
    """The finished run in a folder. begun: a run whose first stage it takes over. Raises WrongUse if an existing run has another
    configuration.
    """
    path = folder / LATEST
    if path.is_file() and (found := load_checkpoint(path)).finished:
        wanted = to_mapping(resolved(model, setup, settings))
        check_same_run(path, found, model, wanted, read_description(data).digest)
        return found
    train_run(method_spec(model), setup.config, [data], folder, settings, begun, setup.devices)
    return load_checkpoint(path)


def resolved(model: str, setup: Setup, settings: list[str]) -> Any:
    """The configuration of a method with these settings."""
    return method_spec(model).resolved(setup.config, settings)


def restored_runs(model: str, checkpoint: Checkpoint, folder: Path) -> dict[str, Run]:
    """Runs by the suffix of the prediction file: as trained, and with ground-truth boxes if the method accepts them."""
    spec = method_spec(model)
    settings = {"": (), "-told-boxes": spec.oracle_boxes} if spec.oracle_boxes else {"": ()}
    return {ending: restore_run(spec, checkpoint, folder / LATEST, some) for ending, some in settings.items()}


def split_parts(runs: dict[str, Run], folder: Path, data: Path, split: str) -> dict[str, dict[str, Any]]:
    """Protocol parts of a split, from all runs together."""
    parts = {}
    for ending, run in runs.items():
        parts |= scored_parts(run, folder, data, split, split + ending)
    return parts


def scored_parts(run: Run, folder: Path, data: Path, split: str, name: str) -> dict[str, dict[str, Any]]:
    """Protocol parts of one prediction file, which is made if it is missing or belongs to other ground truth."""
    path = folder / f"{name}.json"
    facts = made_by(folder / LATEST)
    if not predicted_before(path, read_description(data).digest, facts):
        predict_split(run, open_or_explain(data), split, path, facts=facts)
    return scored(path, data).document["result"]["protocols"]
