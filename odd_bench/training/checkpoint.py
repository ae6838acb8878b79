"""Checkpoints: weights with the configuration that made them, readable without running any code stored in the file."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from odd_bench.atomic import write_atomically
from odd_bench.blocks.stored_weights import read_stored
from odd_bench.errors import OddBenchError, WrongUse
from odd_bench.training.retired_keys import without_retired

FORMAT, VERSION = "odd-bench/checkpoint", 1
LATEST = "checkpoint.pt"
AND = " and "  # between the names of devices
# keys that change nothing of what is learnt: they may differ when a run is taken up again
HARMLESS = ("train.workers", "train.report_every", "train.save_every", "train.picture_every")


class Diverged(OddBenchError):
    """A loss, a weight or the optimiser's state is no longer a finite number."""


@dataclass(frozen=True)
class Spent:
    """What a training has cost so far. seconds: on steps, by the clock. device: what they ran on; of several, all names."""

    seconds: float = 0.0
    device: str = ""

    def and_then(self, seconds: float, device: str) -> Spent:
        """With further seconds, perhaps on another device."""
        devices = [one for one in self.device.split(AND) if one]
        return Spent(self.seconds + seconds, AND.join(dict.fromkeys([*devices, device])))


@dataclass(frozen=True)
class Checkpoint:
    """One moment of a training.

    model: name in odd_bench.methods. config: resolved, plain values. stage: number of the stage, from 0. step: steps done in
    it. finished: whether the training was complete. weights, optimizer: state dicts. seconds, device: see Spent. data: digest
    of the data set trained on, empty where it is not known.
    """

    model: str
    config: dict[str, Any]
    stage: int
    step: int
    finished: bool
    weights: dict[str, Any]
    optimizer: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    device: str = ""
    data: str = ""

    @property
    def spent(self) -> Spent:
        return Spent(self.seconds, self.device)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write the file whole or not at all. Raises StorageError where the disk is full, Diverged where a number is not finite; the
    one before stays.
    """
    wrong = first_not_finite(checkpoint)
    if wrong:
        raise Diverged(
            f"step {checkpoint.step} of stage {checkpoint.stage + 1}: found {wrong} that is not finite; expected finite numbers. "
            "Use a smaller train.learning_rate; nothing of it is saved, the last checkpoint is from before"
        )
    content = io.BytesIO()
    torch.save({"format": FORMAT, "version": VERSION, **asdict(checkpoint)}, content)
    write_atomically(path, content.getvalue())


def checkpoint_file(run: Path) -> Path:
    """The latest checkpoint of a run's folder; a file is one itself."""
    return run / LATEST if run.is_dir() else run


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint to the CPU, its configuration without retired keys.

    Raises WrongUse where it is absent, damaged or of another version, or computes otherwise by a retired key.
    """
    path = Path(path)
    stored = read_stored(path, "a checkpoint of odd-bench train")
    found = (stored.pop("format", None), stored.pop("version", None)) if isinstance(stored, dict) else None
    if found != (FORMAT, VERSION):
        raise WrongUse(f"{path}: found {found}; expected {FORMAT} version {VERSION}. Train again with this release")
    try:
        checkpoint = Checkpoint(**stored)
    except TypeError as error:
        raise WrongUse(f"{path}: found {error}; expected the keys of {FORMAT} version {VERSION}") from error
    wrong = first_not_finite(checkpoint)
    if wrong:
        raise WrongUse(
            f"{path}: found {wrong} that is not finite; expected finite numbers. Delete the file and train again with a smaller "
            "train.learning_rate"
        )
    return replace(checkpoint, config=without_retired(checkpoint.model, checkpoint.config, str(path)))


def first_not_finite(checkpoint: Checkpoint) -> str:
    """Name of the first weight or optimiser value that is NaN or infinite, empty if there is none."""
    for where, value in flat({"weights": checkpoint.weights, "optimizer": checkpoint.optimizer}).items():
        if isinstance(value, torch.Tensor) and value.is_floating_point() and not torch.isfinite(value).all():
            return where
    return ""


def check_same_run(path: Path, checkpoint: Checkpoint, model: str, config: dict[str, Any], data: str) -> None:
    """Raise WrongUse naming the values in which a run's checkpoint and what is wanted differ. data: digest."""
    differences = [] if checkpoint.model == model else [f"model {checkpoint.model}, wanted {model}"]
    if checkpoint.data not in ("", data):
        differences.append(f"other training data ({checkpoint.data[:15]}, wanted {data[:15]})")
    stored, wanted = flat(checkpoint.config), flat(config)
    differences += [
        f"{key}: {stored.get(key)!r}, wanted {wanted.get(key)!r}"
        for key in sorted(stored.keys() | wanted.keys())
        if stored.get(key) != wanted.get(key) and key not in HARMLESS
    ]
    if differences:
        shown = "; ".join(differences[:5]) + (f"; and {len(differences) - 5} more" if len(differences) > 5 else "")
        hint = "Name another --out folder"
        raise WrongUse(f"{path}: found a run with {shown}; expected the same configuration and data. {hint}")


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found
