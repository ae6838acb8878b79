"""Prediction files of weights: made once for the same weights, settings and scenes, and resumed if they are incomplete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from odd_bench.configuration import to_mapping
from odd_bench.data.folder import read_description
from odd_bench.data.reader import Dataset
from odd_bench.errors import WrongUse
from odd_bench.methods import method_spec
from odd_bench.plain_file import read_plain
from odd_bench.report.folder import SCORE, report_folder
from odd_bench.scoring.document import write_score
from odd_bench.scoring.predictions import DatasetRef
from odd_bench.scoring.score import Options, Scored, score_file
from odd_bench.scoring.writer import file_header
from odd_bench.training.checkpoint import checkpoint_file
from odd_bench.training.predict import Run, header, predict_split, restore_run
from odd_bench.training.run import open_or_explain
from odd_bench.weights import ENDING, find_weights, read_stored

Track = Callable[[Iterable[Any], str], Iterable[Any]]  # items, and a description of the work


@dataclass(frozen=True)
class Weights:
    """The weights that predict. name: for titles and folders. option, where: as given. digest: of weights and configuration."""

    name: str
    option: str
    where: str
    run: Run
    digest: str

    @property
    def given_boxes(self) -> bool:
        return self.run.method.gt_boxes


def open_weights(where: str, option: str, given_boxes: bool = False) -> Weights:
    """Shipped weights by name, a file or a run, ready to predict. given_boxes: give the method the ground-truth boxes.

    Raises WrongUse if there are no weights, if they have no trained comparison, or if the method cannot be given boxes.
    """
    file = checkpoint_file(find_weights(where, option))
    stored = read_stored(where, option)
    spec = method_spec(stored.model)
    if given_boxes and not spec.oracle_boxes:
        raise WrongUse(
            f"--told-boxes: found {spec.name}, which finds its own boxes; expected a method that can be given boxes"
        )
    run = restore_run(spec, stored, file, spec.oracle_boxes if given_boxes else ())
    name = file.stem if file.suffix == ENDING else file.absolute().parent.name
    require_comparison(run, f"{option} {where}")
    digest = hashlib.sha256(read_plain(file) + json.dumps(to_mapping(run.config), sort_keys=True).encode())
    return Weights(name, option, where, run, digest.hexdigest())


def require_comparison(run: Run, where: str) -> None:
    """Raise WrongUse if the training has not reached, or does not include, the comparison of objects."""
    train = run.config.train
    last = (train.steps or train.epochs)[-1]
    if run.finished and last:
        return
    found = "an unfinished training" if last else "the first stage of a training, which has no comparison"
    raise WrongUse(f"{where}: found {found}; expected a finished training with a comparison. Train it to the end first")


@dataclass(frozen=True)
class Source:
    """The subject of a figure: weights, and the split of a data set that they predict."""

    weights: Weights
    data: Path
    split: str

    @cached_property
    def dataset(self) -> Dataset:
        """The data set. Raises WrongUse if it does not exist or does not have the split."""
        dataset = open_or_explain(self.data)
        if self.split not in dataset.splits:
            known = ", ".join(dataset.splits)
            raise WrongUse(
                f"{self.data}: found no split {self.split!r}; expected one of {known}. Choose one with --split"
            )
        return dataset

    @cached_property
    def stored_views(self) -> int:
        """The fewest views that a scene of the split has."""
        return min(len(self.dataset.scene(name).cameras) for name in self.dataset.scene_names(self.split))

    def require_views(self, asked: int) -> None:
        """Raise WrongUse if a scene has fewer views."""
        if asked > self.stored_views:
            raise WrongUse(
                f"{self.data}, {self.split}: found scenes of {self.stored_views} views; expected at least {asked}. "
                f"Ask for at most {self.stored_views} with --views"
            )

    def file(self, folder: Path, views: int) -> Path:
        """The file of the predictions from a number of views."""
        told = "-told-boxes" if self.weights.given_boxes else ""
        return folder / f"{self.split}-{views:02d}-views{told}.jsonl"


def predicted(source: Source, folder: Path, views: int, track: Track = lambda items, what: items) -> Path:
    """The prediction file of a split from a number of views. Missing scenes are predicted; all are if weights or data changed."""
    path, weights, dataset = source.file(folder, views), source.weights, source.dataset
    facts = {"weights": f"sha256:{weights.digest}"}
    description = read_description(source.data)
    reference = DatasetRef(description.name, description.version, source.split, description.digest)
    wanted = file_header(reference, header(weights.run, views, facts=facts), weights.run.method.threshold)
    found = read_head(path)
    if found is not None and found[0] != wanted:
        path.unlink()
    if found is None or found[0] != wanted or not set(dataset.scene_names(source.split)) <= found[1]:
        what = f"{views} views" if views > 1 else "1 view"
        predict_split(
            weights.run, dataset, source.split, path, views, track=lambda items: track(items, what), facts=facts
        )
    return path


def read_head(path: Path) -> tuple[Any, set[str]] | None:
    """The header of a JSON Lines file and the names of its scenes; None if the file does not exist."""
    if not path.is_file():
        return None
    text = read_plain(path).decode(errors="replace")
    lines = text[: text.rfind("\n") + 1].splitlines()
    try:
        first, *scenes = [json.loads(line) for line in lines]
        return first, {line["scene"] for line in scenes}
    except (ValueError, KeyError, TypeError):
        return {}, set()  # damaged


def scored(path: Path, data: Path) -> Scored:
    """The scores of a prediction file; the score document is stored next to it."""
    found = score_file(path, Options(data))
    report = report_folder(path)
    report.mkdir(exist_ok=True)
    write_score(report / SCORE, found.document)
    return found
