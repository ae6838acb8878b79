"""Checkpoints: weights and the configuration of their training, readable without running code that is stored in the file."""

from __future__ import annotations

import io
import math
import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from odd_bench.atomic import write_atomically
from odd_bench.blocks.stored_weights import complaint, read_stored
from odd_bench.errors import OddBenchError, WrongUse
from odd_bench.training.retired_keys import with_moved_weights, without_retired

FORMAT, VERSION = "odd-bench/checkpoint", 1
LATEST = "checkpoint.pt"
AND = " and "  # between the names of devices
# keys that do not affect what is learnt: they may differ when a run is resumed
HARMLESS = ("train.workers", "train.report_every", "train.save_every", "train.picture_every")


KINDS = {  # of the fields that every checkpoint has
    "model": (str,), "config": (dict,), "stage": (int,), "step": (int,), "finished": (bool,), "weights": (dict, OrderedDict),
    "optimizer": (dict,), "seconds": (float, int), "device": (str,), "data": (str,),
}  # fmt: skip


class Diverged(OddBenchError):
    """A loss, a weight or the optimiser's state is no longer a finite number."""


@dataclass(frozen=True)
class Spent:
    """The cost of a training so far. seconds: wall-clock time of steps. device: on which they ran; of several, all names."""

    seconds: float = 0.0
    device: str = ""

    def and_then(self, seconds: float, device: str) -> Spent:
        """The cost with further seconds, perhaps on another device."""
        devices = [one for one in self.device.split(AND) if one]
        return Spent(self.seconds + seconds, AND.join(dict.fromkeys([*devices, device])))


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training.

    model: name in odd_bench.methods. config: resolved, plain values. stage: number of the stage, from 0. step: steps done in
    it. finished: whether the training is complete. weights, optimizer: state dicts. seconds, device: see Spent. data: digest
    of the training data set, empty if unknown.
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
    """Write the file atomically. Raises StorageError if the disk is full, Diverged if a number is not finite; the earlier file is
    then kept.
    """
    wrong = first_not_finite(checkpoint)
    if wrong:
        raise Diverged(
            f"step {checkpoint.step} of stage {checkpoint.stage + 1}: found {wrong} that is not finite; expected finite numbers. "
            "Use a smaller train.learning_rate. This state is not saved; the last checkpoint is from before it"
        )
    content = io.BytesIO()
    torch.save({"format": FORMAT, "version": VERSION, **asdict(checkpoint)}, content)
    write_atomically(path, content.getvalue())


def checkpoint_file(run: Path) -> Path:
    """The latest checkpoint in the folder of a run; a file is returned unchanged."""
    return run / LATEST if run.is_dir() else run


def is_begun(run: Path) -> bool:
    """Whether the path of the latest checkpoint exists, readable or not; a run never starts over it."""
    return os.path.lexists(run / LATEST)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint to the CPU, its configuration without retired keys.

    Raises WrongUse if it is missing, damaged, of another version or not finite, or if a retired key has an unusual value.
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
    wrong = [key for key, kind in KINDS.items() if type(getattr(checkpoint, key)) not in kind]
    wrong += [key for key in ("stage", "step") if key not in wrong and getattr(checkpoint, key) < 0]
    if wrong:
        raise WrongUse(
            f"{path}: found {wrong[0]} = {str(getattr(checkpoint, wrong[0]))[:60]}; expected a complete checkpoint"
        )
    require_finite(path, checkpoint)
    config = without_retired(checkpoint.model, checkpoint.config, str(path))
    return replace(checkpoint, config=config, weights=with_moved_weights(checkpoint.model, checkpoint.weights))


def require_finite(path: Path, checkpoint: Checkpoint) -> None:
    """Raise WrongUse, which names the first number of a file that is not finite."""
    if wrong := first_not_finite(checkpoint):
        raise WrongUse(
            f"{path}: found {wrong} that is not finite; expected finite numbers. Train again in another folder with a smaller "
            "train.learning_rate"
        )


def first_not_finite(checkpoint: Checkpoint) -> str:
    """Name of the first weight or optimiser value that is NaN or infinite; empty if there is none."""
    kept = {"weights": checkpoint.weights, "optimizer": checkpoint.optimizer, "seconds": checkpoint.seconds}
    return next((where for where, value in leaves(kept) if not is_finite(value)), "")


def leaves(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """All values in nested dicts, lists and tuples, with the keys that lead to them."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, f"{where}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from leaves(one, f"{where}[{number}]")
    else:
        yield where, value


def is_finite(value: Any) -> bool:
    """Whether a tensor or number is neither NaN nor infinite; other values are finite."""
    if isinstance(value, torch.Tensor):
        if value.is_floating_point() and value.element_size() == 1:
            value = value.float()  # torch.isfinite does not support 8 bits
        return not (value.is_floating_point() or value.is_complex()) or bool(torch.isfinite(value).all())
    return not isinstance(value, float) or math.isfinite(value)


def require_kinds(method: nn.Module, weights: dict[str, Any], where: object) -> None:
    """Raise WrongUse for a weight that is not a tensor, or has integers instead of floats, which would be converted silently."""
    own = method.state_dict()
    for key in sorted(own.keys() & weights.keys()):
        found, expected = _kind(weights[key]), _kind(own[key])
        if ("float" in found) != ("float" in expected):
            raise WrongUse(
                f"{where}: found {key} of type {found}; expected {expected}. Train again, or give other weights"
            )


def fill_method(method: nn.Module, weights: dict[str, Any], where: object) -> None:
    """Load weights into a method, which may store them with fewer bits than the file. Raises WrongUse if they do not fit, or are
    not finite in the method. where: their origin, for messages.
    """
    require_kinds(method, weights, where)
    own = method.state_dict()
    try:
        method.load_state_dict(weights)
    except RuntimeError as error:
        expected = "those of this method and configuration. Train again, or give other weights"
        raise WrongUse(f"{where}: found weights that do not fit: {complaint(error)}; expected {expected}") from error
    wrong = [key for key, value in method.state_dict().items() if not is_finite(value)]
    if wrong:
        raise WrongUse(
            f"{where}: found values in {wrong[0]} too large for {_kind(own[wrong[0]])}; expected finite numbers"
        )


def _kind(value: Any) -> str:
    """`float32` for a tensor of this type, the name of the type for anything else."""
    if not isinstance(value, torch.Tensor):
        return type(value).__name__
    return str(value.dtype).removeprefix("torch.").replace("bfloat", "float")


def check_same_run(path: Path, checkpoint: Checkpoint, model: str, config: dict[str, Any], data: str) -> None:
    """Raise WrongUse, which names the values in which a checkpoint differs from the requested run. data: digest."""
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
        hint = "Give another folder with --out"
        raise WrongUse(f"{path}: found a run with {shown}; expected the same configuration and data. {hint}")


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A flat dict, with nested keys joined by dots."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found
